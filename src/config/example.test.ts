import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { OperatorError } from "#base/operator-error.ts";
import {
  loadConfiguration,
  type Configuration,
  type ConfigurationSchema,
  type ConfigurationSource,
} from "#config/load.ts";
import { ConfigurationError } from "#config/problem.ts";
import { endpointText, filePath, limit } from "#config/schema.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";

/** Sections that use every kind of value. */
export const exampleSchema: ConfigurationSchema = {
  sections: {
    node: z.strictObject({ name: z.string().min(1).max(8).optional(), data: filePath().default("./data") }),
    whisper: z.strictObject({
      listen: endpointText().optional(),
      advertise: endpointText().optional(),
      nick: z
        .string()
        .regex(/^[a-z]+$/)
        .optional(),
      discovery: z.boolean().default(false),
      limits: z
        .strictObject({ dials: limit(1, 64, 8), queue: z.int().multipleOf(8).default(64) })
        .prefault({}),
    }),
    mesh: z.strictObject({
      listen: endpointText().prefault("[::]:8083"),
      d2: z.boolean().default(false),
      profile: z.enum(["lan", "wan", "local"]).default("lan"),
      target: z.strictObject({ path: filePath() }).optional(),
      load: z.number().gt(0).lt(1).optional(),
    }),
    api: z.strictObject({
      tokens: z.array(z.string().min(4)).max(2).default([]),
      listen: endpointText().optional(),
    }),
    peers: z.array(
      z.union([z.string(), z.strictObject({ address: z.string(), kind: z.string().optional() })]),
    ),
    packets: z.strictObject({
      captures: z
        .array(
          z.discriminatedUnion("type", [
            z.strictObject({ type: z.literal("file"), path: z.string() }),
            z.strictObject({ type: z.literal("link"), name: z.string() }),
          ]),
        )
        .default([]),
      names: z.record(z.string().regex(/^[a-z]+$/, "must be letters; write eth"), z.number()).optional(),
    }),
  },
  secrets: ["api.tokens"],
};

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Loads from a temporary folder with these files, which is the working folder. */
export async function load(
  files: Files,
  source: Partial<ConfigurationSource>,
  use = exampleSchema,
): Promise<Configuration> {
  await using folder = await temporaryFolder(files);
  return await loadConfiguration({ settings: [], ...source, folder: folder.path }, use);
}

/** The parsed sections. */
export async function sections(files: Files, source: Partial<ConfigurationSource>): Promise<unknown> {
  return Object.fromEntries((await load(files, source)).sections);
}

/** The lines of the ConfigurationError that loading must end in. */
export async function problems(
  files: Files,
  source: Partial<ConfigurationSource> = { path: "." },
  use = exampleSchema,
): Promise<string[]> {
  const error = await load(files, source, use).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof ConfigurationError, String(error));
  assert.equal(error.exitStatus, 1);
  return error.message.split("\n");
}

/** "message; remedy" of the OperatorError that loading must end in. */
export async function refusal(
  files: Files,
  source: Partial<ConfigurationSource>,
  exitStatus = 1,
): Promise<string> {
  const error = await load(files, source).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof OperatorError && !(error instanceof ConfigurationError), String(error));
  assert.equal(error.exitStatus, exitStatus);
  return `${error.message}; ${error.remedy}`;
}

test("The example's defaults are complete.", async () => {
  const settings = ["node={}", "whisper={}", "mesh={}", "api={}", "packets={}"];
  assert.deepEqual(Object.keys((await load({}, { settings })).sections.get("mesh") as object), [
    "listen",
    "d2",
    "profile",
  ]);
});
