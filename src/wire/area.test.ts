import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeUtf8 } from "#base/utf8.ts";
import { seededRandom } from "#base/random.ts";
import { build, emit, givenLayers, layer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { randomValues } from "#packet/random-values.ts";
import { Registry } from "#packet/registry.ts";
import { Area, type AreaFrame } from "#wire/area.ts";
import { Data } from "#wire/data.ts";
import { isSame } from "#wire/lossless.ts";

const registry = new Registry([Area as unknown as Message], Data);
const UUID = "beccb6fb-c924-4c0f-b043-1fb618e3339b";

function packetOf(text: string | Uint8Array): Packet {
  return new Packet(registry, Area as unknown as Message, typeof text === "string" ? encodeUtf8(text) : text);
}

function framesIn(packet: Packet): readonly unknown[] {
  return packet.get(Area)?.frames ?? [];
}

function isRewritten(packet: Packet): boolean {
  return Buffer.compare(build(registry, givenLayers(packet)), packet.bytes) === 0;
}

function factsIn(packet: Packet): unknown[] {
  return factsOf(packet).flatMap(({ type, query, value }) => (type === "protocol" ? [] : [[query, value]]));
}

/** Frames as area-net 0.0.3 writes them, and what queries find in them. */
const EXAMPLES: readonly (readonly [string, unknown])[] = [
  [
    `*4\r\n+CONN_REQ\r\n+${UUID}\r\n+bob\r\n+[::1]:18095\r\n`,
    [
      ["area.command", "CONN_REQ"],
      ["area.id", UUID],
      ["area.label", "bob"],
      ["area.addr", "[::1]:18095"],
    ],
  ],
  [
    `*3\r\n+CONN_RESP\r\n+${UUID}\r\n+bob\r\n`,
    [
      ["area.command", "CONN_RESP"],
      ["area.id", UUID],
      ["area.label", "bob"],
    ],
  ],
  [
    `*3\r\n+CONN_REJECT\r\n+${UUID}\r\n+too many\r\n`,
    [
      ["area.command", "CONN_REJECT"],
      ["area.id", UUID],
      ["area.reason", "too many"],
    ],
  ],
  [
    `*4\r\n+HBT_REQ\r\n+${UUID}\r\n+bob\r\n@1795219854478001\r\n`,
    [
      ["area.command", "HBT_REQ"],
      ["area.id", UUID],
      ["area.label", "bob"],
      ["area.timestamp", 1_795_219_854_478_001n],
    ],
  ],
  [
    `*5\r\n+HBT_RESP\r\n+${UUID}\r\n+bob\r\n@1795219854478001\r\n@1795219864575088\r\n`,
    [
      ["area.command", "HBT_RESP"],
      ["area.id", UUID],
      ["area.label", "bob"],
      ["area.timestamp", 1_795_219_854_478_001n],
      ["area.peer_timestamp", 1_795_219_864_575_088n],
    ],
  ],
  ["*1\r\n+CTCT_REQ\r\n", [["area.command", "CTCT_REQ"]]],
  [
    "*4\r\n+CTCT_RESP\r\n:2\r\n+[::1]:18085\r\n+[::1]:17777\r\n",
    [
      ["area.command", "CTCT_RESP"],
      ["area.count", 2n],
      ["area.addr", "[::1]:18085"],
      ["area.addr", "[::1]:17777"],
    ],
  ],
];

test("area-net's frames are read, asked for, and written as they were", () => {
  for (const [text, facts] of EXAMPLES) {
    const packet = packetOf(text);
    assert.deepEqual(packet.problems, [], text);
    assert.equal(framesIn(packet).length, 1);
    assert.ok(!("raw" in (framesIn(packet)[0] as object)));
    assert.deepEqual(factsIn(packet), facts);
    assert.ok(isRewritten(packet));
  }
});

test("frames follow each other, and each has its place", () => {
  const packet = packetOf(EXAMPLES.map(([text]) => text).join(""));
  assert.deepEqual(packet.problems, []);
  assert.equal(framesIn(packet).length, EXAMPLES.length);
  const starts = factsOf(packet).filter(({ query }) => query === "area.command");
  let at = 0;
  for (const [i, [text]] of EXAMPLES.entries()) {
    assert.equal(starts[i]!.start, at);
    at += text.length;
  }
});

test("a command counts without regard to case, and keeps it", () => {
  const packet = packetOf("*1\r\n+ctct_Req\r\n");
  assert.deepEqual(packet.problems, []);
  assert.deepEqual(factsIn(packet), [["area.command", "CTCT_REQ"]]);
  assert.ok(isRewritten(packet));
});

test("what silences an area-net node is a problem, and what follows is read", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["*1\r\n+NOPE\r\n", /the unknown command NOPE/],
    ["*2\r\n+CTCT_REQ\r\n+x\r\n", /CTCT_REQ with 1 arguments/],
    ["*2\r\n+CONN_RESP\r\n+x\r\n", /CONN_RESP with 1 arguments/],
    ["*3\r\n+CONN_RESP\r\n+short\r\n+bob\r\n", /an id that is no UUID/],
    [`*4\r\n+CONN_REQ\r\n+${UUID}\r\n+bob\r\n+localhost:80\r\n`, /an address without IP or port/],
    [`*4\r\n+HBT_REQ\r\n+${UUID}\r\n+bob\r\n:1\r\n`, /a wrong timestamp/],
    ["*3\r\n+CTCT_RESP\r\n:2\r\n+[::1]:18085\r\n", /a wrong count/],
    ["*2\r\n+CTCT_RESP\r\n$-1\r\n", /a word that area-net cannot read/],
    ["*2\r\n+CTCT_RESP\r\n:18446744073709551616\r\n", /a word that area-net cannot read/],
    ["*1\r\n:1\r\n", /no command/],
    ["*0\r\n", /no command/],
    ["+PING\r\n", /not an array of words/],
    ["*9999999999\r\n", /not an array of words/],
  ];
  for (const [text, expected] of cases) {
    const packet = packetOf(`${text}*1\r\n+CTCT_REQ\r\n`);
    assert.match(packet.problems.map(({ error }) => error).join(), expected);
    assert.deepEqual(framesIn(packet).at(-1), { command: "CTCT_REQ", arguments: [] }, text);
    assert.ok(isRewritten(packet), text);
  }
});

test("a frame over several segments is told, since area-net cannot read it", () => {
  const text = EXAMPLES[0]![0];
  for (let cut = 1; cut < text.length; cut++) {
    const first = packetOf(text.slice(0, cut));
    assert.match(first.problems[0]!.error, /a frame over several segments/);
    const second = packetOf(`${text.slice(cut)}*1\r\n+CTCT_REQ\r\n`);
    assert.deepEqual(framesIn(second).at(-1), { command: "CTCT_REQ", arguments: [] });
    assert.ok(isRewritten(first) && isRewritten(second));
  }
});

test("other writings of a value are kept, until it is changed", () => {
  const packet = packetOf("*02\r\n+CTCT_RESP\r\n:00\r\n");
  const [frame] = framesIn(packet) as AreaFrame[];
  assert.deepEqual(frame!.arguments, [{ type: "unsigned", value: 0n }]);
  assert.ok(isRewritten(packet));
  const bytes = build(registry, [layer(Area, { frames: [{ ...frame!, command: "X" }] })]);
  assert.equal(Buffer.from(bytes).toString(), "*2\r\n+X\r\n:0\r\n");
});

test("a word that would be another frame, or no number of 64 bits, is refused", () => {
  const refused: readonly AreaFrame[] = [
    { command: "X\r\n+Y", arguments: [] },
    { command: "X", arguments: [{ type: "text", value: "a\nb" }] },
    { command: "X", arguments: [{ type: "unsigned", value: -1n }] },
    { command: "X", arguments: [{ type: "signed", value: 2n ** 63n }] },
  ];
  for (const frame of refused) assert.throws(() => emit(Area, { frames: [frame] }), TypeError);
});

test("every frame comes back the same", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const values = randomValues(Area, seededRandom(seed));
      const back = parse(Area, emit(Area, values));
      assert.ok(back.ok && isSame(back.value.frames, values.frames));
    }),
    { numRuns: 500 },
  );
});

test("any bytes are read without an error thrown and written back as they were", () => {
  const piece = fc.constantFrom(
    "*",
    "+",
    "-",
    ":",
    "@",
    "$",
    "\r\n",
    "\r",
    "1",
    "2",
    "-1",
    "CTCT_REQ",
    ...EXAMPLES.map(([text]) => text),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((parts) => encodeUtf8(parts.join("")));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      const packet = packetOf(bytes);
      factsOf(packet);
      assert.ok(Array.isArray(packet.problems));
      assert.ok(bytes.length === 0 || isRewritten(packet));
    }),
    { numRuns: 3_000 },
  );
});

test("a long segment takes time in its length", () => {
  for (const text of [
    "*2\r\n".repeat(15_000),
    "*999999\r\n+x\r\n".repeat(4_000),
    "*1\r\n$\r\n".repeat(8_000),
  ]) {
    const packet = packetOf(text);
    assert.ok(framesIn(packet).length <= text.length);
    assert.ok(isRewritten(packet));
  }
});
