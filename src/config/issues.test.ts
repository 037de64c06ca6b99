import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleSchema, load, problems } from "#config/example.test.ts";
import type { ConfigurationSchema } from "#config/load.ts";
import { ConfigurationError } from "#config/problem.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";

test("Unknown names are refused where they stand, with the nearest that is known.", async () => {
  const yaml =
    "wisper:\n  nick: bob\nwhisper:\n  nik: bob\n  xyzzy: 1\n  limits: { dial: 1 }\nfoo: {}\nwhisper.nick: bob\n";
  assert.deepEqual(await problems({ "default.yaml": yaml }), [
    "default.yaml:1:1: wisper: is not a known section; did you mean whisper?",
    "default.yaml:4:3: whisper.nik: is not a known key; did you mean nick?",
    "default.yaml:5:3: whisper.xyzzy: is not a known key; known are advertise, discovery, limits, listen and nick",
    "default.yaml:6:13: whisper.limits.dial: is not a known key; did you mean dials?",
    "default.yaml:7:1: foo: is not a known section; known are api, mesh, node, packets, peers and whisper",
    'default.yaml:8:1: "whisper.nick": is not a known section; in a file write "whisper:" and below it, indented, "nick:"',
  ]);
  const toml = '[whisper.limits]\ndials = 1\n"dia ls" = 2\n[foo.bar]\n';
  assert.deepEqual(await problems({ "default.toml": toml }), [
    "default.toml:3:1: whisper.limits.dia ls: is not a known key; did you mean dials?",
    "default.toml:4:2: foo: is not a known section; known are api, mesh, node, packets, peers and whisper",
  ]);
});

const WRONG_VALUES: readonly (readonly [yaml: string, expected: string])[] = [
  ["node: { name: 5 }", '1:15: node.name: expected text, got a number; write it in quotes: "5"'],
  ["node: { name: true }", '1:15: node.name: expected text, got true; write it in quotes: "true"'],
  ["node: { name: [a] }", "1:15: node.name: expected text, got a list; write text, in quotes"],
  ["node: { name: '' }", "1:15: node.name: must have at least 1 character; write more"],
  ["node: { name: abcdefghi }", "1:15: node.name: must have at most 8 characters; shorten it"],
  ["node:\n  name:\n", "2:8: node.name: has no value; write text after the key, or remove the key"],
  ["node:\n  data: ''", "2:9: node.data: is empty; write a path, such as ./data"],
  ["node: 5", "1:7: node: expected a map, got a number; write keys and values, such as { key: value }"],
  [
    "whisper: { discovery: 'yes' }",
    "1:23: whisper.discovery: expected true or false, got text; write true or false without quotes",
  ],
  ["whisper: { nick: BOB }", "1:18: whisper.nick: has the wrong form; write text that matches /^[a-z]+$/"],
  [
    "whisper: { listen: 55555 }",
    '1:20: whisper.listen: expected an IP address and a port; write 127.0.0.1:55555 or "[::1]:55555"',
  ],
  [
    "whisper: { listen: ['::1'] }",
    '1:20: whisper.listen: expected text, got a list; put an address in brackets in quotes, such as "[::1]:55555"',
  ],
  [
    "whisper: { limits: { dials: 65 } }",
    "1:29: whisper.limits.dials: must be from 1 to 64; the default is 8",
  ],
  [
    "whisper: { limits: { dials: '8' } }",
    "1:29: whisper.limits.dials: expected a number, got text; write a number without quotes, such as 10",
  ],
  [
    "whisper: { limits: { dials: 1.5 } }",
    "1:29: whisper.limits.dials: expected a whole number, got the number 1.5; write a whole number without quotes, such as 10",
  ],
  [
    "whisper: { limits: { queue: 9 } }",
    "1:29: whisper.limits.queue: must be a multiple of 8; write 8, for example",
  ],
  ["mesh: { profile: lann }", "1:18: mesh.profile: must be lan, wan or local; did you mean lan?"],
  ["mesh: { profile: 5 }", "1:18: mesh.profile: must be lan, wan or local; write lan, wan or local"],
  ["mesh:\n  target: {}", "2:3: mesh.target.path: is missing; write text, such as ./data"],
  ["mesh: { load: 0 }", "1:15: mesh.load: must be more than 0; write a larger number"],
  ["mesh: { load: 1 }", "1:15: mesh.load: must be less than 1; write a smaller number"],
  [
    "mesh: { load: .nan }",
    "1:15: mesh.load: expected a number, got the number NaN; write a number without quotes, such as 10",
  ],
  ["api: { tokens: abcd }", "1:16: api.tokens: expected a list, got text; write a list, such as [a, b]"],
  ["api: { tokens: [aaaa, bbbb, cccc] }", "1:16: api.tokens: must have at most 2 entries; remove some"],
  ["api: { tokens: [12345] }", "1:17: api.tokens[0]: expected text, got a number; write text, in quotes"],
  ["peers: [true]", "1:9: peers[0]: expected text or a map, got true; write one of these"],
  ["peers: [{ adress: a, address: b }]", "1:11: peers[0].adress: is not a known key; did you mean address?"],
  ["peers: [{ kind: a }]", "1:9: peers[0].address: is missing; set it to text"],
  ["peers: [null]", "1:9: peers[0]: expected text or a map, got null; write one of these"],
  [
    "packets: { captures: [{ type: fil }] }",
    "1:31: packets.captures[0].type: must be file or link; did you mean file?",
  ],
  ["packets: { captures: [{ path: x }] }", "1:23: packets.captures[0].type: is missing; write file or link"],
  ["packets: { names: { eth: 1, E0: 2 } }", "1:29: packets.names.E0: the name must be letters; write eth"],
];

test("Wrong values are refused where they stand, with what to write.", async () => {
  for (const [yaml, expected] of WRONG_VALUES) {
    assert.deepEqual(await problems({ "default.yaml": yaml }), [`default.yaml:${expected}`], yaml);
  }
});

test("Problems of all layers come together, sorted by layer and position.", async () => {
  const files = {
    "five/default.yaml": "mesh:\n  d2: 1\n  profile: x\nwhisper: { discovery: 1 }\n",
    "five/bob.toml": "[mesh]\ntarget = {}\nload = 2\n[node]\nname = 1\n",
  };
  const found = await problems(files, {
    path: "five",
    profile: "bob",
    settings: ["mesh.profile=y", "node.data=1"],
  });
  assert.deepEqual(
    found.map((line) => line.split("; ")[0]),
    [
      "five/default.yaml:2:7: mesh.d2: expected true or false, got a number",
      "five/default.yaml:4:23: whisper.discovery: expected true or false, got a number",
      "five/bob.toml:2:1: mesh.target.path: is missing",
      "five/bob.toml:3:8: mesh.load: must be less than 1",
      "five/bob.toml:5:8: node.name: expected text, got a number",
      "-s 1 (mesh.profile=y): mesh.profile: must be lan, wan or local",
      "-s 2 (node.data=1): node.data: expected a path",
    ],
  );
});

test("Text that cannot be read is refused for all files at once, before any value is judged.", async () => {
  const files = { "default.yaml": "mesh: { d2: 5 }\na: @b\n", "bob.toml": "x\n" };
  assert.deepEqual(await problems(files, { path: ".", profile: "bob" }), [
    "default.yaml:2:4: plain value cannot start with reserved character @; put the value in quotes",
    'bob.toml:1:2: illegal character in key; write key = value, and quote a key with spaces: "area 0"',
  ]);
});

test("An error lists its problems as data, and its text stops at fifty lines.", async () => {
  const error = await load(
    { "default.yaml": Array.from({ length: 60 }, (_, i) => `x${i}: 1`).join("\n") },
    { path: "." },
  ).catch((thrown: unknown) => thrown);
  assert(error instanceof ConfigurationError);
  assert.equal(error.problems.length, 60);
  const { remedy, ...first } = error.problems[0]!;
  assert.deepEqual(first, {
    file: "default.yaml",
    line: 1,
    column: 1,
    key: "x0",
    message: "is not a known section",
  });
  assert.match(remedy, /^known are/);
  assert.equal(error.message.split("\n").length, 51);
  assert.match(error.message, /\nand 10 more$/);
});

test("Files outside of the working directory are named by their whole path.", async () => {
  await using elsewhere = await temporaryFolder({ "default.yaml": "x: 1" });
  const [only] = await problems({}, { path: elsewhere.path });
  assert.match(only!, new RegExp(`^${elsewhere.path}/default.yaml:1:1: x: `));
});

test("Clashes are reported where the second key is set.", async () => {
  const clashing: ConfigurationSchema = {
    ...exampleSchema,
    clashes: (all) => [
      ...(all.has("api")
        ? [
            {
              keys: ["whisper.listen", "api.listen"] as const,
              message: "is the address of whisper.listen too",
              remedy: "choose another port",
            },
          ]
        : []),
      ...(all.has("mesh")
        ? [
            {
              keys: ["node.name", "mesh.listen"] as const,
              message: "cannot be the default here",
              remedy: "set it",
            },
          ]
        : []),
    ],
  };
  const files = {
    "default.yaml": "whisper:\n  listen: 127.0.0.1:1\n",
    "bob.yaml": "api:\n  listen: 127.0.0.1:1\n",
  };
  assert.deepEqual(await problems(files, { path: ".", profile: "bob" }, clashing), [
    "bob.yaml:2:3: api.listen: is the address of whisper.listen too (whisper.listen is set at default.yaml:2:3); choose another port",
  ]);
  assert.deepEqual(
    await problems(files, { path: "default.yaml", settings: ["mesh={}", "node.name=a"] }, clashing),
    [
      "-s 1 (mesh={}): mesh.listen: cannot be the default here (node.name is set at -s 2 (node.name=a)); set it",
    ],
  );
});

test("Keys of every object's prototype are unknown names like others.", async () => {
  assert.deepEqual(
    await problems({
      "default.yaml": "constructor: 1\nnode: { toString: 1, constructor: { prototype: { x: 1 } } }",
    }),
    [
      "default.yaml:1:1: constructor: is not a known section; known are api, mesh, node, packets, peers and whisper",
      "default.yaml:2:9: node.toString: is not a known key; known are data and name",
      "default.yaml:2:22: node.constructor: is not a known key; known are data and name",
    ],
  );
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});
