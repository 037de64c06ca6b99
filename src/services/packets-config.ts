import { z } from "zod";
import { filePath, limit } from "#config/schema.ts";
import { MOST_RESPONDERS, QUERY_CHARACTERS } from "#services/packets-limits.ts";

/** Names of responders and files: letters, digits, _ and -, so that no name is a path. */
export const NAME = /^[\w-]{1,64}$/;
/** Linux has 15 letters, others more; a name is never a path. */
export const INTERFACE = /^[^\s/\0]{1,64}$/;

const name = z.string().regex(NAME, "is no name; use letters, digits, _ and -, without a path or an ending");
const interfaceName = z.string().regex(INTERFACE, "is no name of an interface; write one of `ip link`");

const responder = z.strictObject({
  name,
  interface: interfaceName,
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

const capture = z.strictObject({
  interface: interfaceName,
  query: z.string().max(QUERY_CHARACTERS).default(""),
  file: name,
  rotate: z
    .string("expected a size; write text such as 100M")
    .refine((text) => (sizeOf(text) ?? 0) >= LEAST_ROTATE, "is no size from 64k on; write one such as 100M")
    .default("100M"),
  keep: limit(1, 10_000, 10),
});

export type ResponderConfig = z.output<typeof responder>;
export type CaptureConfig = z.output<typeof capture>;

/** The section `packets`. */
export const packetsConfig = z
  .strictObject({
    folder: filePath().optional().meta({
      description:
        "Where responders live, NAME.ts or NAME.mjs; without it there are none. They run as parleyd",
    }),
    responders: z
      .array(responder)
      .max(MOST_RESPONDERS)
      .default([])
      .refine((list) => areUnique(list.map((each) => `${each.name} ${each.interface}`)), {
        message: "names one responder on one interface twice; remove one of them",
      })
      .meta({ description: "Started with the node: `{ name, interface, options }`" }),
    captures: z
      .array(capture)
      .max(64)
      .default([])
      .refine((list) => areUnique(list.map(({ file }) => file)), {
        message: "has two captures with one file; give each its own name",
      })
      .meta({
        description:
          "Written to captures/FILE_00001.pcapng, … in the data folder: `{ interface, query, file, rotate: 100M, keep: 10 }`",
      }),
  })
  .refine(({ folder, responders }) => folder !== undefined || responders.length === 0, {
    path: ["responders"],
    message: "needs packets.folder, where their files are; set it",
  })
  .prefault({});

export type PacketsConfig = z.output<typeof packetsConfig>;

/** Bytes of "100M"; undefined for what is no size. */
export function sizeOf(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,9})([kMG]?)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[unit]!;
}

function areUnique(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

/** A file for a handful of packets would be made many times a second. */
const LEAST_ROTATE = 64_000;
