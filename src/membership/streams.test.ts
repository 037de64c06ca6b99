import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { Envelope } from "#membership/envelope.ts";
import type { MembershipOutput, MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { StreamReader, type StreamRead } from "#membership/stream-reader.ts";
import { SETUP, TestNode } from "#membership/testing/node.ts";
import { simCipher } from "#sim/cipher.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";

const KEY = new Uint8Array(16).fill(3);
const OTHER = new Uint8Array(16).fill(4);
const PING = encodeStreamMessage({ type: "ping", body: { node: "", sequenceNumber: 5 } });

function envelopeOf(changes: Partial<MembershipSetup>): Envelope {
  return new Envelope({ ...SETUP, ...changes }, simCipher(seededRandom(9)));
}

/** What a node of `changes` answers to bytes on a stream, before it closes it; undefined for nothing. */
function answerTo(changes: Partial<MembershipSetup>, bytes: Uint8Array): Uint8Array | undefined {
  const node = new TestNode(changes);
  node.put({ type: "accepted", connection: -1, from: { host: "192.0.2.9", port: 40_000 } });
  const outputs = node.put({ type: "data", connection: -1, data: bytes });
  const ofStream = (output: MembershipOutput): boolean => "connection" in output;
  const said = outputs.filter(ofStream);
  assert.equal(said.at(-1)?.type, "close");
  const [first] = said;
  return first?.type === "write" ? first.data : undefined;
}

/** As a dialler with those settings reads it. */
function read(changes: Partial<MembershipSetup>, answer: Uint8Array): StreamRead {
  return new StreamReader(envelopeOf(changes), DEFAULT_MEMBERSHIP_LIMITS, false).read(answer);
}

function errorIn(found: StreamRead): string {
  assert.ok(found.state === "message" && found.message.type === "error", JSON.stringify(found));
  return found.message.body.error;
}

test("a stream that cannot be read is answered with the reason", () => {
  assert.equal(errorIn(read({}, answerTo({}, bytesOf("63"))!)), "a message of type 99");
  // A push/pull of -1 nodes.
  const wrong = bytesOf("06 81 a54e6f646573 ff");
  assert.match(errorIn(read({}, answerTo({}, wrong)!)), /-1/);
  const sealed = envelopeOf({ keys: [KEY] }).sealStream(PING, true);
  assert.equal(errorIn(read({}, answerTo({}, sealed)!)), "encrypted, and we have no key");
});

test("the reason is encrypted and labelled as every answer", () => {
  const changes = { keys: [KEY], label: "blue", compression: true };
  const wrong = envelopeOf({ keys: [OTHER], label: "blue" }).sealStream(PING, true);
  assert.equal(errorIn(read(changes, answerTo(changes, wrong)!)), "no key opens it");
  const plain = envelopeOf({ label: "blue" }).sealStream(PING, true);
  assert.equal(errorIn(read(changes, answerTo(changes, plain)!)), "not encrypted");
  const right = envelopeOf(changes).sealStream(PING, true);
  const answer = read(changes, answerTo(changes, right)!);
  assert.ok(answer.state === "message" && answer.message.type === "ack");
});

test("one of another cluster gets no answer", () => {
  assert.equal(answerTo({ label: "blue" }, PING), undefined);
  assert.equal(answerTo({ label: "blue" }, envelopeOf({ label: "red" }).sealStream(PING, true)), undefined);
  assert.equal(answerTo({}, envelopeOf({ label: "red" }).sealStream(PING, true)), undefined);
});

test("whoever is refused tells the reason, and does not answer it", () => {
  const node = new TestNode({ join: ["192.0.2.8:7946"] });
  node.run(10);
  const dial = node.outputs.find(({ type }) => type === "dial");
  assert.ok(dial?.type === "dial");
  const { connection, to } = dial;
  node.put({ type: "connected", connection, to });
  const error = encodeStreamMessage({ type: "error", body: { error: "go away" } });
  const outputs = node.put({ type: "data", connection, data: error });
  assert.deepEqual(
    outputs.map((output) => (output.type === "event" ? output.event : output.type)),
    ["close", { type: "unreachable", address: "192.0.2.8:7946", reason: "it says: go away" }],
  );
  assert.equal(answerTo({}, error), undefined);
});
