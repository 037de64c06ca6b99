import { z } from "zod";
import { ipv4PrefixText, ipv4Text } from "#config/ipv4-schema.ts";

/** What a lab file may hold; sections of it are checked one by one, so that each problem has its place. */

/** More than this, each a process of 60 MB or three of FRR's, are no longer a lab on one machine. */
export const MOST_NODES = 64;
const MOST_LINKS = 256; // each is a bridge; a grid of 64 nodes has 112
const MOST_STUBS = 16;

const NAME = /^[a-z\d][a-z\d-]{0,31}$/;
const nodeName = z.string().regex(NAME, "a name has letters, digits and -; write one such as r1");
const linkName = z
  .string()
  .regex(/^[a-z\d][a-z\d-]{0,14}$/, "is no name of an interface; write at most 15 letters, digits and -");
const cost = z.int().min(1).max(65_535).optional();
const seconds = z.int().min(1).max(65_535);

/** Each with the words of FRR and BIRD beside it, in configurations.ts. */
const LINK_TYPES = ["point-to-point", "broadcast", "point-to-multipoint", "non-broadcast"] as const;
export type LinkType = (typeof LINK_TYPES)[number];

const NODE_KINDS = ["parley", "frr", "bird"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

const section = z.record(z.string(), z.unknown());

const nodeKeys = {
  kind: z.enum(NODE_KINDS).default("parley"),
  "router-id": ipv4Text().optional(),
  loopback: ipv4Text().optional(),
  "stub-networks": z.array(ipv4PrefixText()).max(MOST_STUBS).default([]),
  /** A file of its own instead of what is made from this one. */
  config: z.string().min(1).optional(),
  /** Laid over the sections that are made; of Parley. */
  ospf: section.optional(),
  routes: section.optional(),
  /** Behind the lines that are made; of FRR and BIRD. */
  lines: z.string().optional(),
};
const node = z.strictObject(nodeKeys);
export type NodeSection = z.output<typeof node>;

const end = z.union([
  nodeName.transform((name): EndSection => ({ node: name })),
  z.strictObject({
    node: nodeName,
    address: ipv4Text().optional(),
    cost,
    priority: z.int().min(0).max(255).optional(),
  }),
]);
export interface EndSection {
  readonly node: string;
  readonly address?: number | undefined;
  readonly cost?: number | undefined;
  readonly priority?: number | undefined;
}

const link = z.strictObject({
  ends: z
    .array(end)
    .min(2, "needs two ends; what only one node has is one of its stub-networks")
    .max(MOST_NODES),
  name: linkName.optional(),
  network: ipv4PrefixText().optional(),
  type: z.enum(LINK_TYPES).optional(),
  cost,
  mtu: z.int().min(576).max(9_216).optional(),
});
export type LinkSection = z.output<typeof link>;

/** A node and where it stands in the file: its key below `nodes`. */
export interface NodeEntry {
  readonly name: string;
  readonly key: string | number;
  /** Of a list, a mere name has none: then it may also be a profile. */
  readonly section: NodeSection | undefined;
}
type Listed = Omit<NodeEntry, "key">;

const listed = z.union([
  nodeName.transform((name): Listed => ({ name, section: undefined })),
  z
    .strictObject({ name: nodeName, ...nodeKeys })
    .transform(({ name, ...section }): Listed => ({ name, section })),
]);

const MOST = `a lab has at most ${MOST_NODES} nodes; remove some`;
const EMPTY = "is empty; write nodes: [bob, alice]";
const nodes = z.union([
  z
    .array(listed)
    .min(1, EMPTY)
    .max(MOST_NODES, MOST)
    .transform((all): NodeEntry[] => all.map((each, key) => ({ ...each, key }))),
  z
    .record(nodeName, node.nullable())
    .refine((all) => Object.keys(all).length > 0, EMPTY)
    .refine((all) => Object.keys(all).length <= MOST_NODES, MOST)
    .transform((all): NodeEntry[] =>
      Object.entries(all).map(([name, keys]) => ({ name, key: name, section: keys ?? node.parse({}) })),
    ),
]);

const timers = z
  .strictObject({ "hello-interval": seconds.default(10), "dead-interval": seconds.optional() })
  .refine((all) => (all["dead-interval"] ?? Infinity) > all["hello-interval"], {
    path: ["dead-interval"],
    message: "is not longer than hello-interval; four times that is usual",
  });
export type TimersSection = z.output<typeof timers>;

export const SECTIONS = {
  name: nodeName,
  prompt: z.string(),
  nodes,
  links: z.array(link).max(MOST_LINKS, `a lab has at most ${MOST_LINKS} links; remove some`),
  timers,
} as const;

/** A lab file whose sections are right by themselves. */
export interface LabFile {
  readonly name?: string;
  readonly prompt?: string;
  readonly nodes: readonly NodeEntry[];
  readonly links?: readonly LinkSection[];
  readonly timers?: TimersSection;
}
