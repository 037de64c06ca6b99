import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "#base/bytes.ts";
import { seededRandom } from "#base/random.ts";
import { hexText } from "#packet/primitive.ts";
import { isSame } from "#wire/lossless.ts";
import { budgetOf } from "#wire/memberlist/format.ts";
import { FRAME_LIMITS, MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { DEFAULT_VERSIONS, PUSH_PULL, USER } from "#wire/memberlist/messages.ts";
import { compressMessage } from "#wire/memberlist/packet.ts";
import {
  decodeStreamMessage,
  encodeStreamMessage,
  STREAM_MESSAGES,
  type PushPull,
  type StreamMessage,
} from "#wire/memberlist/stream.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { joinSealed, splitSealed } from "#wire/memberlist/wrapping.ts";

/** Captured from memberlist 0.2.2. */
const PUSH_PULL_HEX = `0683a44a6f696ec3a54e6f64657301ac5573657253746174654c656e0787a441646472a47f000003ab496e6361726e6174696f6e
  01a44d657461a66d2d62657461a44e616d65a462657461a4506f7274cd1f0aa5537461746500a356736ea601050200000053544154452d42`;
const BETA = {
  address: Uint8Array.of(127, 0, 0, 3),
  incarnation: 1,
  meta: Buffer.from("m-beta"),
  name: "beta",
  port: 7946,
  state: 0,
  versions: DEFAULT_VERSIONS,
};
const EXAMPLES: readonly (readonly [string, StreamMessage])[] = [
  [
    PUSH_PULL_HEX,
    { type: "pushPull", body: { join: true, states: [BETA], userState: Buffer.from("STATE-B") } },
  ],
  [
    "0881aa557365724d73674c656e107463702d757365722d6d657373616765",
    { type: "user", body: { payload: Buffer.from("tcp-user-message") } },
  ],
];

test("captured messages are read as what they say and written as they were", () => {
  for (const [hex, message] of EXAMPLES) {
    const bytes = bytesOf(hex);
    const found = decodeStreamMessage(concatBytes([bytes, Uint8Array.of(1, 2, 3)]));
    assert.ok(found.ok);
    assert.ok(isSame(found.value, message), message.type);
    assert.equal(found.end, bytes.length);
    assert.equal(hexText(encodeStreamMessage(message)), hexText(bytes));
  }
});

test("a message cut anywhere asks for more bytes", () => {
  const sealed = joinSealed({
    version: 1,
    nonce: new Uint8Array(12),
    ciphertext: Uint8Array.of(1, 2, 3),
    tag: new Uint8Array(16),
  });
  const envelope = concatBytes([Uint8Array.of(10, 0, 0, 0, sealed.length), sealed]);
  const plain = EXAMPLES.map(([hex]) => bytesOf(hex));
  for (const bytes of [...plain, envelope, ...plain.map(compressMessage)]) {
    for (let cut = 0; cut < bytes.length; cut++) {
      const found = decodeStreamMessage(bytes.subarray(0, cut));
      assert.deepEqual([found.ok, !found.ok && found.truncated], [false, true], `${cut} of ${bytes.length}`);
    }
    assert.equal(decodeStreamMessage(bytes).ok, true);
  }
});

test("of one segment a push/pull is read as far as it goes", () => {
  const body: PushPull = { join: false, states: [BETA, BETA, BETA], userState: Buffer.from("state") };
  const bytes = encodeStreamMessage({ type: "pushPull", body });
  let most = 0;
  for (let cut = 30; cut < bytes.length; cut++) {
    const found = STREAM_MESSAGES.decodePart(bytes.subarray(0, cut), budgetOf(FRAME_LIMITS, true));
    assert.ok(found.ok && found.value.type === "pushPull", String(cut));
    const { states, part } = found.value.body;
    assert.deepEqual([part?.nodes, part?.userStateLength], [3, 5]);
    assert.ok(states.length >= most);
    most = states.length;
    assert.deepEqual(encodeStreamMessage(found.value), bytes.slice(0, cut));
  }
  assert.equal(most, 3);
});

test("every message that can be sent is read back the same", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const message = STREAM_MESSAGES.random(seededRandom(seed));
      const bytes = encodeStreamMessage(message);
      const back = decodeStreamMessage(bytes);
      assert.ok(back.ok && back.end === bytes.length && isSame(back.value, message), message.type);
    }),
    { numRuns: 1_000 },
  );
});

test("counts and sizes have limits that no waiting gets around", () => {
  const header = (nodes: number, userStateLength: number): Uint8Array =>
    concatBytes([Uint8Array.of(6), PUSH_PULL.encode({ join: true, nodes, userStateLength })]);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [header(2 ** 21, 0), "a push/pull of 2097152 nodes"],
    [header(0, 2 ** 31), "a user state of 2147483648 bytes"],
    [concatBytes([Uint8Array.of(8), USER.encode({ length: 2 ** 31 })]), "a user message of 2147483648 bytes"],
    [bytesOf("0a ffffffff 00"), "an encrypted message of 4294967295 bytes"],
    [bytesOf("0a 0000001c 00"), "an encrypted message of 28 bytes"],
    [bytesOf("0681a54e6f646573ff"), "-1 does not fit 0 to 9007199254740991, at byte 7"],
    [bytesOf("0982a4416c676f00a3427566dbffffffff"), "a string of 4294967295 bytes, at byte 16"],
  ];
  for (const [bytes, error] of cases)
    assert.deepEqual(decodeStreamMessage(bytes), { ok: false, error, truncated: false });
});

test("a decompression bomb in a stream stops at the limit", () => {
  const limits = { ...MEMBERLIST_LIMITS, decompressedBytes: 1_000_000 };
  const found = decodeStreamMessage(compressMessage(new Uint8Array(5_000_000)), limits);
  assert.ok(found.ok && found.value.type === "compress" && "buffer" in found.value.body);
  assert.equal(found.problem, "more than 1000000 bytes when decompressed");
});

test("a state that crashes Go peers is told, and never written", () => {
  const bytes = bytesOf(PUSH_PULL_HEX.replace("a356736ea6010502000000", "a356736ea3010502"));
  const found = decodeStreamMessage(bytes);
  assert.ok(found.ok && found.value.type === "pushPull");
  assert.equal(found.problem, "Vsn has 3 bytes, not 6");
  const message = found.value;
  assert.throws(() => encodeStreamMessage(message), /versions has 3 bytes/);
});

test("the parts of what is encrypted are those of its bytes", () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i);
  const found = splitSealed(bytes);
  assert.ok(found.ok);
  assert.deepEqual(found.value.nonce, bytes.subarray(1, 13));
  assert.deepEqual(found.value.ciphertext, bytes.subarray(13, 24));
  assert.deepEqual(joinSealed(found.value), bytes);
  assert.equal(splitSealed(bytes.subarray(0, 28)).ok, false);
  assert.throws(() => joinSealed({ ...found.value, nonce: bytes }), TypeError);
  assert.throws(() => joinSealed({ ...found.value, tag: bytes }), TypeError);
});

test("any bytes are read without an error thrown", () => {
  const type = fc.constantFrom(0, 2, 6, 8, 9, 10, 13);
  fc.assert(
    fc.property(type, fc.uint8Array({ maxLength: 300 }), fc.boolean(), (first, rest, segment) => {
      STREAM_MESSAGES.decodePart(Uint8Array.of(first, ...rest), budgetOf(FRAME_LIMITS, segment));
    }),
    { numRuns: 2_000 },
  );
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.nat(), changes, fc.boolean(), (seed, list, segment) => {
      const bytes = encodeStreamMessage(STREAM_MESSAGES.random(seededRandom(seed)));
      for (const [at, value] of list) bytes[at % bytes.length] = value;
      STREAM_MESSAGES.decodePart(bytes, budgetOf(FRAME_LIMITS, segment));
    }),
    { numRuns: 2_000 },
  );
});
