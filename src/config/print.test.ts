import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { loadConfiguration, type ConfigurationSchema } from "#config/load.ts";
import { endpointText, limit } from "#config/schema.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";

const schema: ConfigurationSchema = {
  sections: {
    node: z.strictObject({ name: z.string().optional(), data: z.string().default("./data") }),
    whisper: z.strictObject({
      listen: endpointText().optional(),
      nick: z.string().default("gopher"),
      limits: z
        .strictObject({ dials: limit(1, 64, 8), from: endpointText().prefault("[::]:0") })
        .prefault({}),
      friends: z
        .array(z.strictObject({ at: endpointText(), trusted: z.boolean().default(false) }))
        .default([]),
    }),
    api: z.strictObject({
      tokens: z.array(z.union([z.string(), z.number()])).default([]),
      key: z.string().optional(),
      users: z
        .record(z.string(), z.strictObject({ password: z.string(), level: z.number().default(1) }))
        .optional(),
    }),
    peers: z.array(z.string()),
  },
  secrets: ["api.tokens", "api.key", "api.users.*.password"],
};

// Nulls in maps would take their keys away; integers beyond 2^53 and "__proto__" are refused.
const key = fc
  .string({
    minLength: 0,
    maxLength: 6,
    unit: fc.oneof(
      fc.constantFrom(..."ab: #-'\"\\[]{},&*!|>%@`\n\t?=.~"),
      fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
    ),
  })
  .filter((name) => name !== "__proto__");
const text = fc.oneof(
  key,
  fc.constantFrom(
    "null",
    "~",
    "true",
    "5",
    "0x1f",
    "1e3",
    ".inf",
    "2001-01-01",
    "a\nb",
    " a ",
    "[::1]:5",
    "- a",
    "a: b",
    "a #b",
    "x".repeat(200),
    "two words ".repeat(20),
  ),
);
const { json } = fc.letrec<{ json: unknown; map: unknown; list: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    text,
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)),
  ),
  map: fc.dictionary(key, tie("json"), { maxKeys: 3 }),
  list: fc.array(fc.oneof(tie("json"), fc.constant(null)), { maxLength: 3 }),
  json: fc.oneof({ maxDepth: 3 }, tie("leaf"), tie("map"), tie("list")),
}));

test("Every value is shown with the place it comes from, defaults included, secrets masked.", async () => {
  await using folder = await temporaryFolder({
    "five/default.yaml":
      "node:\nwhisper:\n  listen: '[::1]:5'\n  friends:\n    - at: 192.0.2.1:1\npeers: []\n",
    "five/bob.toml":
      '[whisper]\nnick = "b#b"\n[api]\nkey = "hunter2"\nusers."é: x" = { password = "hunter2" }\n',
  });
  const source = {
    path: "five",
    profile: "bob",
    settings: ["whisper.limits.dials=3", "api.tokens=[hunter2, 5]"],
  };
  const { print } = await loadConfiguration({ ...source, folder: folder.path }, schema);
  assert.equal(
    print(),
    [
      "node:",
      "  data: ./data # default",
      "whisper:",
      '  listen: "[::1]:5" # five/default.yaml:3:11',
      "  nick: b#b # five/bob.toml:2:8",
      "  limits:",
      "    dials: 3 # -s 1",
      '    from: "[::]:0" # default',
      "  friends:",
      "    - at: 192.0.2.1:1 # five/default.yaml:5:11",
      "      trusted: false # default",
      "api:",
      "  tokens:",
      '    - "********" # -s 2',
      '    - "********" # -s 2',
      '  key: "********" # five/bob.toml:4:7',
      "  users:",
      '    "é: x":',
      '      password: "********" # five/bob.toml:5:29',
      "      level: 1 # default",
      "peers: [] # five/default.yaml:6:8",
      "",
    ].join("\n"),
  );
});

test("An empty configuration and an empty section are shown as such.", async () => {
  const empty = { sections: { peers: z.strictObject({}) }, secrets: [] };
  const none = await loadConfiguration({ settings: [], folder: "/" }, empty);
  assert.equal(none.print(), "{}\n");
  const one = await loadConfiguration({ settings: ["peers={}"], folder: "/" }, empty);
  assert.equal(one.print(), "peers: {} # -s 1\n");
});

test("Every value is one line, so that its comment stands beside it.", async () => {
  const settings = [
    `peers=${JSON.stringify(["a\nb", `${"long and ".repeat(20)}\n\u0007\u2028`, " a ", "null", "5"])}`,
  ];
  const { print } = await loadConfiguration({ settings, folder: "/" }, schema);
  assert.deepEqual(print().split("\n"), [
    "peers:",
    '  - "a\\nb" # -s 1',
    `  - "${"long and ".repeat(20)}\\n\\u0007\u2028" # -s 1`,
    '  - " a " # -s 1',
    '  - "null" # -s 1',
    '  - "5" # -s 1',
    "",
  ]);
});

test("A schema without a way back is shown as it was written, completed by what it became.", async () => {
  const oneWay: ConfigurationSchema = {
    sections: {
      a: z.strictObject({
        size: z.string().transform((text) => text.length),
        b: z.number().default(2),
        list: z.array(z.string()),
      }),
    },
    secrets: [],
  };
  const { sections, print } = await loadConfiguration(
    { settings: ["a={size: long, list: [x]}"], folder: "/" },
    oneWay,
  );
  assert.deepEqual(sections.get("a"), { size: 4, b: 2, list: ["x"] });
  assert.equal(print(), "a:\n  size: long # -s 1\n  list:\n    - x # -s 1\n  b: 2 # default\n");
});

test("What is printed loads back to equal values.", async () => {
  await using folder = await temporaryFolder({});
  const anything: ConfigurationSchema = {
    sections: { any: z.record(z.string(), z.json()), list: z.array(z.json()) },
    secrets: [],
  };
  const file = join(folder.path, "a.yaml");
  const load = async (text: string) => {
    await writeFile(file, text);
    return loadConfiguration({ path: "a.yaml", settings: [], folder: folder.path }, anything);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(key, json, { maxKeys: 5 }),
      fc.array(json, { maxLength: 5 }),
      async (any, list) => {
        const first = await load(JSON.stringify({ any, list }));
        assert.deepEqual(Object.fromEntries(first.sections), JSON.parse(JSON.stringify({ any, list })));
        const printed = first.print();
        const second = await load(printed);
        assert.deepEqual(second.sections, first.sections, printed);
      },
    ),
    { numRuns: 500 },
  );
});

test("With codecs and defaults, what is printed loads back to equal values.", async () => {
  await using folder = await temporaryFolder({});
  const endpoint = fc.tuple(fc.ipV4(), fc.nat({ max: 65_535 })).map(([ip, port]) => `${ip}:${port}`);
  const whisper = fc.record(
    { nick: fc.string(), listen: endpoint, friends: fc.array(fc.record({ at: endpoint }), { maxLength: 3 }) },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(whisper, async (section) => {
      const settings = [`whisper=${JSON.stringify(section)}`];
      const first = await loadConfiguration({ settings, folder: "/" }, schema);
      await writeFile(join(folder.path, "a.yaml"), first.print());
      const second = await loadConfiguration({ path: "a.yaml", settings: [], folder: folder.path }, schema);
      assert.deepEqual(second.sections, first.sections);
    }),
  );
});
