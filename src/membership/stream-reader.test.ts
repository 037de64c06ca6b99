import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "#base/bytes.ts";
import { Envelope } from "#membership/envelope.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { StreamReader, type StreamRead } from "#membership/stream-reader.ts";
import { aliveOf, TestNode } from "#membership/testing/node.ts";
import { systemCipher } from "#system/cipher.ts";
import { DEFAULT_VERSIONS, PUSH_PULL } from "#wire/memberlist/messages.ts";
import { compressMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage, type StreamMessage } from "#wire/memberlist/stream.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";

const PLAIN = { keys: [], label: "", acceptPlain: false, sendPlain: false, protocol: 2 };
const KEYS = [new Uint8Array(16).fill(3)];

function reader(envelope = new Envelope(PLAIN, systemCipher), labelled = true): StreamReader {
  return new StreamReader(envelope, DEFAULT_MEMBERSHIP_LIMITS, labelled);
}

const STATES = Array.from({ length: 300 }, (_, i) => ({
  ...{ name: `n${i}`, address: Uint8Array.of(192, 0, 2, i), port: 7946, incarnation: i, state: i % 4 },
  ...{ meta: new Uint8Array(i), versions: DEFAULT_VERSIONS },
}));
const PUSH: StreamMessage = {
  type: "pushPull",
  body: { join: true, states: STATES, userState: Uint8Array.of(1, 2, 3) },
};

function readInPieces(bytes: Uint8Array, size: number, from: StreamReader): StreamRead {
  let read: StreamRead = { state: "more" };
  for (let at = 0; at < bytes.length && read.state === "more"; at += size)
    read = from.read(bytes.subarray(at, at + size));
  return read;
}

test("a push/pull is read in pieces of any size, plain, compressed, encrypted and labelled", () => {
  const bytes = encodeStreamMessage(PUSH);
  for (const settings of [PLAIN, { ...PLAIN, keys: KEYS, label: "blue" }, { ...PLAIN, label: "blue" }]) {
    const envelope = new Envelope(settings, systemCipher);
    for (const message of [bytes, compressMessage(bytes)])
      for (const size of [7, 100, 1_460, 1_000_000]) {
        const read = readInPieces(envelope.sealStream(message, true), size, reader(envelope));
        assert.ok(read.state === "message" && read.message.type === "pushPull");
        assert.equal(read.message.body.states.length, 300);
        assert.deepEqual(Uint8Array.from(read.message.body.userState), Uint8Array.of(1, 2, 3));
        const answer = readInPieces(envelope.sealStream(message, false), size, reader(envelope, false));
        assert.equal(answer.state, "message");
      }
  }
});

test("a large message in small pieces costs little time", () => {
  const states = Array.from({ length: 20_000 }, (_, i) => ({ ...STATES[100]!, name: `node-${i}` }));
  const bytes = encodeStreamMessage({
    type: "pushPull",
    body: { join: false, states, userState: new Uint8Array(0) },
  });
  const user = encodeStreamMessage({ type: "user", body: { payload: new Uint8Array(4_000_000) } });
  const start = performance.now();
  for (const message of [bytes, user, compressMessage(bytes)])
    assert.equal(readInPieces(message, 500, reader()).state, "message");
  // Looking at all of it for each piece would take minutes.
  assert.ok(performance.now() - start < 15_000);
});

test("what is wrong with a stream is told at once", () => {
  const encrypted = new Envelope({ ...PLAIN, keys: KEYS }, systemCipher);
  const labelled = new Envelope({ ...PLAIN, label: "blue" }, systemCipher);
  const header = (nodes: number, userStateLength: number): Uint8Array =>
    concatBytes([Uint8Array.of(6), PUSH_PULL.encode({ join: false, nodes, userStateLength })]);
  const cases: readonly (readonly [RegExp, Uint8Array, StreamReader])[] = [
    [/not encrypted/, encodeStreamMessage(PUSH), reader(encrypted)],
    [/no key/, encrypted.sealStream(encodeStreamMessage(PUSH), true), reader()],
    [/no label/, encodeStreamMessage(PUSH), reader(labelled)],
    [/another label/, labelled.sealStream(encodeStreamMessage(PUSH), true), reader()],
    [/too many nodes/, header(1_000_000, 0), reader()],
    [/user state that is too long/, header(0, 100_000_000), reader()],
    [/too long/, bytesOf("0affffffff"), reader(encrypted)],
    [/too long/, bytesOf("0881aa557365724d73674c656ece7fffffff"), reader()],
    [/a message of type/, bytesOf("63"), reader()],
    [/not a map/, bytesOf("0601"), reader()],
    [/without a known start/, concatBytes([bytesOf("09dfffffffff"), new Uint8Array(5_000)]), reader()],
    [
      /a node that is too long/,
      concatBytes([header(1, 0), bytesOf("87db00010000"), new Uint8Array(5_000)]),
      reader(),
    ],
    [/end code|means nothing/, bytesOf("0982a4416c676f00a3427566a2ffff"), reader()],
  ];
  for (const [expected, bytes, from] of cases) {
    const read = from.read(bytes);
    assert.ok(read.state === "bad", `${expected} ${read.state}`);
    assert.match(read.problem, expected);
  }
});

test("any bytes, in packets and in streams, leave a node unharmed", () => {
  const type = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 244);
  const push = encodeStreamMessage(PUSH).slice(0, 3_000);
  const changed = fc
    .array(fc.tuple(fc.nat(2_999), fc.nat(255)), { maxLength: 8 })
    .map((changes) => changes.reduce((bytes, [at, value]) => bytes.with(at, value), push));
  const random = fc
    .tuple(type, fc.uint8Array({ maxLength: 80 }))
    .map(([first, rest]) => Uint8Array.of(first, ...rest));
  const node = new TestNode();
  node.message(aliveOf(2, 1));
  let connection = 0;
  fc.assert(
    fc.property(fc.oneof(random, changed), fc.boolean(), (bytes, isStream) => {
      node.now += 1;
      if (!isStream) return void node.packet(bytes);
      node.put({ type: "accepted", connection: --connection, from: { host: "192.0.2.7", port: 1 } });
      node.put({ type: "data", connection, data: bytes });
      node.put({ type: "closed", connection });
    }),
    { numRuns: 3_000 },
  );
  assert.ok(node.core.member("self")!.state === "alive");
  assert.ok(node.core.counters().size <= DEFAULT_MEMBERSHIP_LIMITS.reasons + 1);
});
