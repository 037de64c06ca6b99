import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import { hexText } from "#packet/primitive.ts";
import { isSame } from "#wire/lossless.ts";
import { budgetOf } from "#wire/memberlist/format.ts";
import { MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { ALIVE, DEFAULT_VERSIONS, PING, SUSPECT, type Alive } from "#wire/memberlist/messages.ts";
import {
  compressMessage,
  decodePacket,
  encodeCompound,
  encodeMessage,
  PACKET_MESSAGES,
  type GossipMessage,
} from "#wire/memberlist/packet.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { readLabel, withCrc, withLabel, withoutCrc } from "#wire/memberlist/wrapping.ts";

const ALIVE_GAMMA: Alive = {
  address: Uint8Array.of(127, 0, 0, 4),
  incarnation: 1,
  meta: bytesOf("6d2d67616d6d61"),
  node: "gamma",
  port: 7946,
  versions: DEFAULT_VERSIONS,
};
const source = { sourceAddress: Uint8Array.of(127, 0, 0, 3), sourceNode: "beta", sourcePort: 7946 };

/** Captured from memberlist 0.2.2, behind the checksum. */
const EXAMPLES: readonly (readonly [string, GossipMessage])[] = [
  [
    `0085a44e6f6465a567616d6d61a55365714e6f01aa536f7572636541646472a47f000003aa536f757263654e6f6465a462657461
     aa536f75726365506f7274cd1f0a`,
    { type: "ping", body: { node: "gamma", sequenceNumber: 1, ...source } },
  ],
  ["0282a75061796c6f6164c0a55365714e6f01", { type: "ack", body: { sequenceNumber: 1 } }],
  [
    `0188a44e61636bc3a44e6f6465a567616d6d61a4506f7274cd1f0aa55365714e6f06aa536f7572636541646472a47f000003
     aa536f757263654e6f6465a462657461aa536f75726365506f7274cd1f0aa6546172676574a47f000004`,
    {
      type: "indirectPing",
      body: {
        nack: true,
        node: "gamma",
        port: 7946,
        sequenceNumber: 6,
        target: Uint8Array.of(127, 0, 0, 4),
        ...source,
      },
    },
  ],
  ["0b81a55365714e6f08", { type: "nack", body: { sequenceNumber: 8 } }],
  [
    "0383a446726f6da462657461ab496e6361726e6174696f6e01a44e6f6465a567616d6d61",
    { type: "suspect", body: { from: "beta", incarnation: 1, node: "gamma" } },
  ],
  [
    `0486a441646472a47f000004ab496e6361726e6174696f6e01a44d657461a76d2d67616d6d61a44e6f6465a567616d6d61
     a4506f7274cd1f0aa356736ea6010502000000`,
    { type: "alive", body: ALIVE_GAMMA },
  ],
  [
    "087564702d757365722d6d657373616765",
    { type: "user", body: { payload: Buffer.from("udp-user-message") } },
  ],
];

test("captured messages are read as what they say and written as they were", () => {
  for (const [hex, message] of EXAMPLES) {
    const bytes = bytesOf(hex);
    const { messages, problems } = decodePacket(bytes);
    assert.deepEqual(problems, []);
    assert.ok(isSame(messages, [message]), message.type);
    assert.equal(hexText(encodeMessage(message)), hexText(bytes));
  }
});

test("a checksum is the one that peers take", () => {
  const suspect = bytesOf(EXAMPLES[4]![0]);
  const packet = withCrc(suspect);
  assert.equal(hexText(packet.subarray(0, 5)), "0cda3f3b66");
  assert.deepEqual(withoutCrc(packet), { ok: true, value: suspect, end: packet.length });
  assert.deepEqual(withoutCrc(suspect), { ok: true, value: suspect, end: suspect.length });
  const bad = packet.with(9, 0);
  assert.deepEqual(withoutCrc(bad), { ok: false, error: "a bad checksum", truncated: false });
});

test("a label goes around everything", () => {
  const packet = withLabel("blue", Uint8Array.of(12, 1));
  assert.equal(hexText(packet), "f404626c75650c01");
  assert.deepEqual(readLabel(packet), { ok: true, value: "blue", end: 6 });
  assert.deepEqual(readLabel(Uint8Array.of(0, 1)), { ok: true, value: "", end: 0 });
  for (let cut = 1; cut < 6; cut++)
    assert.deepEqual(readLabel(packet.subarray(0, cut)), {
      ok: false,
      error: "a label that ends too early",
      truncated: true,
    });
  assert.equal(readLabel(Uint8Array.of(244, 0, 1)).ok, false);
  assert.throws(() => withLabel("", packet), TypeError);
  assert.throws(() => withLabel("é".repeat(128), packet), TypeError);
});

test("compounds and compression are undone, in any order that Go peers send", () => {
  const parts = EXAMPLES.map(([hex]) => bytesOf(hex));
  const packet = compressMessage(encodeCompound(parts));
  const { messages, problems } = decodePacket(packet);
  assert.deepEqual(problems, []);
  assert.ok(
    isSame(
      messages,
      EXAMPLES.map(([, message]) => message),
    ),
  );
  assert.equal(
    hexText(encodeMessage(PACKET_MESSAGES.decode(packet, budgetOf(MEMBERLIST_LIMITS)))),
    hexText(packet),
  );
});

test("every message that can be sent is read back the same", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const message = PACKET_MESSAGES.random(seededRandom(seed));
      const back = PACKET_MESSAGES.decode(encodeMessage(message), budgetOf(MEMBERLIST_LIMITS));
      assert.ok(isSame(back, message), JSON.stringify([message, back]));
    }),
    { numRuns: 1_000 },
  );
});

test("what Go peers take is taken: any order, new strings, arrays for bytes, wide integers, unknown and missing keys", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["82a55365714e6f07a44e6f6465a161", "another order"],
    ["82d9044e6f6465d90161a55365714e6f07", "str8"],
    ["82c4044e6f6465c40161a55365714e6f07", "bin8"],
    ["82a44e6f6465a161a55365714e6fd30000000000000007", "a wide integer"],
    ["84a44e6f6465a161a55365714e6f07a3457874cb3ff8000000000000a24f6693c0c2a161", "unknown keys"],
    ["83a44e6f6465a161a55365714e6f07a44e6f6465a161", "a key twice"],
  ];
  for (const [hex, what] of cases) {
    const found = PING.decode(bytesOf(hex));
    assert.ok(found.ok && isSame(found.value, { node: "a", sequenceNumber: 7 }), what);
  }
  const alive = ALIVE.decode(bytesOf("83a44e6f6465a161a44d657461c0a356736e96010502000000"));
  assert.ok(alive.ok && alive.problem === undefined);
  assert.ok(
    isSame(alive.value, {
      node: "a",
      address: new Uint8Array(0),
      incarnation: 0,
      port: 0,
      versions: DEFAULT_VERSIONS,
    }),
  );
});

test("what Go peers refuse is refused", () => {
  const float = SUSPECT.decode(bytesOf("81ab496e6361726e6174696f6ecb3ff0000000000000"));
  assert.deepEqual(float, { ok: false, error: "not an integer but 0xcb", at: 13, truncated: false });
  const wide = PING.decode(bytesOf("81a55365714e6fcf0000000100000000"));
  assert.equal(wide.ok, false);
  // A key in another case is an unknown one, and a map of unknown keys is no message.
  assert.deepEqual(decodePacket(bytesOf("0081a46e6f6465a161")).problems, ["no field that is known"]);
  for (const hex of ["", "63", "0663", "0a00", "0d81a5457272 6f72a161", "0091a161", "00c0", "07", "0702"])
    assert.equal(decodePacket(bytesOf(hex)).problems.length, 1, hex);
});

test("what crashes Go peers is read and told, and never written", () => {
  const three = { ...ALIVE_GAMMA, versions: Uint8Array.of(1, 5, 2) };
  const bytes = bytesOf(
    `0486a441646472a47f000004ab496e6361726e6174696f6e01a44d657461a76d2d67616d6d61a44e6f6465a567616d6d61
     a4506f7274cd1f0aa356736ea3010502`,
  );
  const { messages } = decodePacket(bytes);
  assert.ok(isSame(messages, [{ type: "alive", body: three, problem: "Vsn has 3 bytes, not 6" }]));
  assert.throws(() => encodeMessage({ type: "alive", body: three }), /alive.versions has 3 bytes, not 6/);
  assert.throws(
    () => encodeMessage({ type: "alive", body: { ...ALIVE_GAMMA, meta: new Uint8Array(513) } }),
    TypeError,
  );

  const nack = bytesOf("0b81a55365714e6f08");
  const empty = decodePacket(bytesOf("0702 0000 0009 0b81a55365714e6f08"));
  assert.deepEqual(
    [empty.messages.length, empty.problems],
    [1, ["an empty part of a compound, which crashes memberlist 0.2.2", "an empty message"]],
  );
  assert.throws(() => encodeCompound([nack, new Uint8Array(0)]), TypeError);
  const many = new Uint8Array(2 + 128 * 11);
  many.set([7, 128]);
  for (let i = 0; i < 128; i++) {
    many[3 + 2 * i] = 9;
    many.set(nack, 2 + 256 + 9 * i);
  }
  assert.deepEqual(
    [decodePacket(many).messages.length, decodePacket(many).problems],
    [128, ["a compound of 128 parts, which memberlist 0.2.2 loses"]],
  );
  assert.throws(() => encodeCompound(Array.from({ length: 128 }, () => nack)), TypeError);
  assert.throws(() => withCrc(new Uint8Array(0)), TypeError);
  assert.deepEqual(withoutCrc(bytesOf("0c00000000")).ok, false);
  assert.throws(() => compressMessage(new Uint8Array(0)), TypeError);
  // Clear and end: nothing inside.
  assert.deepEqual(decodePacket(bytesOf("0982a4416c676f00a3427566a3000302")).problems, [
    "nothing in compression, which crashes memberlist 0.2.2",
  ]);
});

test("parts that are missing are told, and those that are there are read", () => {
  const nack = bytesOf("0b81a55365714e6f08");
  const packet = encodeCompound([nack, nack, nack]);
  const { messages, problems } = decodePacket(packet.subarray(0, packet.length - 1));
  assert.deepEqual([messages.length, problems], [2, ["1 parts of a compound are missing"]]);
});

test("a value that a field cannot hold is refused with its name", () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ node: "a", sequenceNumber: -1 }, /ping.sequenceNumber takes an integer from 0 to 4294967295, not -1/],
    [{ node: "a", sequenceNumber: 1.5 }, /sequenceNumber/],
    [{ node: 1, sequenceNumber: 1 }, /ping.node takes text/],
    [{ sequenceNumber: 1 }, /ping.node takes text/],
    [{ node: "a", sequenceNumber: 1, sourceAddress: "127.0.0.1" }, /ping.sourceAddress takes bytes/],
    [{ node: "a", sequenceNumber: 1, payload: 1 }, /ping has no field payload/],
  ];
  for (const [value, expected] of wrong) assert.throws(() => PING.encode(value as never), expected);
});

test("a packet costs no more than its limits, whatever is compressed in it", () => {
  const bomb = compressMessage(new Uint8Array(20_000_000));
  assert.ok(bomb.length < 30_000);
  const limits = { ...MEMBERLIST_LIMITS, decompressedBytes: 1_000_000 };
  assert.deepEqual(decodePacket(bomb, limits).problems, ["more than 1000000 bytes when decompressed"]);
  // Below that it costs no more than its size is worth.
  const dear = { ...MEMBERLIST_LIMITS, decompressedFreely: 1_000, decompressedTimes: 8 };
  const [problem] = decodePacket(bomb, dear).problems;
  const most = Number(/^more than (\d+) bytes when decompressed$/.exec(problem!)![1]);
  assert.ok(most > 7 * bomb.length && most < 8 * bomb.length, `${most}`);
  assert.deepEqual(
    decodePacket(compressMessage(Uint8Array.of(8, ...new Uint8Array(999))), dear).problems,
    [],
  );
  // Each part alone is within the limit; together they are not.
  const part = compressMessage(Uint8Array.of(8, ...new Uint8Array(99_999)));
  const { messages, problems } = decodePacket(
    encodeCompound(Array.from({ length: 127 }, () => part)),
    limits,
  );
  assert.equal(messages.length, 10);
  assert.equal(problems.length, 117);
  let nested = bytesOf("0b81a55365714e6f08");
  for (let i = 0; i < 9; i++) nested = compressMessage(nested);
  assert.deepEqual(decodePacket(nested).problems, ["messages nested too deep"]);
  const wide = encodeCompound(
    Array.from({ length: 100 }, () => encodeCompound(Array.from({ length: 100 }, () => bytesOf("08")))),
  );
  assert.ok(decodePacket(wide).messages.length < MEMBERLIST_LIMITS.messages);
});

test("any bytes are read without an error thrown, within a second", () => {
  const type = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 9, 11);
  const noise = fc
    .tuple(type, fc.uint8Array({ maxLength: 300 }))
    .map(([first, rest]) => Uint8Array.of(first, ...rest));
  const changed = fc
    .tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([seed, changes]) => {
      const bytes = encodeMessage(PACKET_MESSAGES.random(seededRandom(seed)));
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(noise, changed), (bytes) => {
      const { messages, problems } = decodePacket(bytes);
      assert.ok(messages.length + problems.length <= bytes.length + 1_000);
    }),
    { numRuns: 3_000 },
  );
});
