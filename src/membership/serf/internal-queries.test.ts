import assert from "node:assert/strict";
import { test } from "node:test";
import { toBase64 } from "#base/base64.ts";
import { hexText } from "#packet/primitive.ts";
import { TestSerf } from "#membership/serf/testing/node.ts";
import {
  decodeConflictResponse,
  decodeKeyResponse,
  encodeConflictResponse,
  encodeKeyRequest,
  encodeKeyResponse,
} from "#wire/memberlist/serf-answers.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import type { SerfMessage } from "#wire/memberlist/serf.ts";

const [A, B] = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)];
/** Encrypted members also take and send plain packets here, so that the test reads them. */
const ENCRYPTED = { keys: [A], acceptPlain: true, sendPlain: true };

function acquainted(changes: object = {}): TestSerf {
  const node = new TestSerf(changes);
  for (const x of [2, 3, 4, 5]) node.meets(x);
  node.takeSent();
  return node;
}

let queries = 0;
function internal(name: string, payload?: Uint8Array): SerfMessage {
  const body = {
    ...{ address: Uint8Array.of(192, 0, 2, 2), port: 7946, sourceNode: "n2", flags: 0, id: ++queries },
    ...{ ltime: BigInt(queries), name: `_serf_${name}`, relayFactor: 0, timeout: 1_000_000_000n },
    ...(payload && { payload }),
  };
  return { type: "query", body };
}

/** What the node answers at once. */
function answered(node: TestSerf, query: SerfMessage): Uint8Array | undefined {
  node.takeSent();
  node.hears(query);
  const [answer] = node.takeSaid().filter(({ message }) => message.type === "response");
  assert.equal(node.eventsOf("query-received").length, 0);
  return answer?.message.type === "response" ? answer.message.body.payload : undefined;
}

test("keys are changed and listed for whoever asks, and told to be kept", () => {
  const node = acquainted(ENCRYPTED);
  const change = (name: string, key: Uint8Array): string | undefined => {
    const answer = decodeKeyResponse(answered(node, internal(name, encodeKeyRequest(key)))!);
    assert.equal(answer!.result, answer!.message === "");
    return answer!.message;
  };
  assert.equal(change("use-key", B), "Requested key is not in the keyring");
  assert.equal(change("install-key", B), "");
  assert.equal(change("install-key", B), "");
  assert.equal(change("use-key", B), "");
  assert.equal(change("remove-key", B), "Removing the primary key is not allowed");
  const list = decodeKeyResponse(answered(node, internal("list-keys", encodeKeyRequest(new Uint8Array(0))))!);
  assert.deepEqual(list, {
    ...{ keys: [toBase64(B), toBase64(A)], primaryKey: toBase64(B), message: "", result: true },
  });
  assert.equal(change("remove-key", A), "");
  assert.deepEqual(
    node.eventsOf("keyring-changed").map(({ keys }) => keys),
    [[A, B], [B, A], [B]],
  );
  assert.deepEqual(node.core.keys, [B]);
});

test("as many keys are listed as fit, and none where nothing is encrypted", () => {
  const keys = Array.from({ length: 40 }, (_, i) => new Uint8Array(32).fill(i));
  const list = internal("list-keys", encodeKeyRequest(new Uint8Array(0)));
  const answer = answered(acquainted({ ...ENCRYPTED, keys }), list)!;
  assert.ok(answer.length < 1_024);
  const { keys: shown = [], message } = decodeKeyResponse(answer)!;
  assert.ok(shown.length > 10);
  assert.equal(message, `truncated key list response, showing first ${shown.length} of 40 keys`);
  const plain = decodeKeyResponse(answered(acquainted(), list)!);
  assert.deepEqual(plain, {
    primaryKey: "",
    message: "Keyring is empty (encryption not enabled)",
    result: false,
  });
});

test("what we answer is byte for byte what Serf 0.9.4 answers", () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const node = acquainted({ ...ENCRYPTED, keys: [key] });
  node.meets(6);
  const tail = "aa5072696d6172794b6579a0a6526573756c74";
  const refusal = (bytes: string): string => `0884a44b657973c0a74d657373616765${bytes}${tail}c2`;
  for (const [name, payload, expected] of [
    [
      "list-keys",
      encodeKeyRequest(new Uint8Array(0)),
      `0884a44b65797391b841414543417751464267634943516f4c4441304f44773d3da74d657373616765a0
       aa5072696d6172794b6579b841414543417751464267634943516f4c4441304f44773d3da6526573756c74c3`,
    ],
    [
      "install-key",
      encodeKeyRequest(new Uint8Array(3)),
      refusal("da00236b65792073697a65206d7573742062652031362c203234206f72203332206279746573"),
    ],
    ["install-key", encodeKeyRequest(B), `0884a44b657973c0a74d657373616765a0${tail}c3`],
    [
      "remove-key",
      encodeKeyRequest(key),
      refusal("da002752656d6f76696e6720746865207072696d617279206b6579206973206e6f7420616c6c6f776564"),
    ],
    [
      "use-key",
      encodeKeyRequest(new Uint8Array(16)),
      refusal("da0023526571756573746564206b6579206973206e6f7420696e20746865206b657972696e67"),
    ],
    [
      "conflict",
      Buffer.from("n6"),
      `068ba441646472a4c0000206ab44656c656761746543757205ab44656c65676174654d617805ab44656c65676174654d696e02
       a44e616d65a26e36a4506f7274cd1f0aab50726f746f636f6c43757202ab50726f746f636f6c4d617805ab50726f746f636f6c4d696e01
       a653746174757301a45461677380`,
    ],
    ["conflict", Buffer.from("nobody"), "06c0"],
  ] as const)
    assert.equal(hexText(answered(node, internal(name, payload))!), hexText(bytesOf(expected)), name);
});

test("our command asks all, ourselves first, and tells each answer", () => {
  const node = acquainted(ENCRYPTED);
  node.put({ type: "keyring", id: 3, action: "install", key: B });
  assert.deepEqual(node.core.keys, [A, B]);
  node.run(500);
  const asked = node.takeSaid().find(({ message }) => message.type === "query")!.message;
  assert.ok(asked.type === "query");
  assert.equal(asked.body.name, "_serf_install-key");
  assert.equal(hexText(asked.body.payload!), `0781a34b6579da0020${"02".repeat(32)}`);
  const { id, ltime } = asked.body;
  const answer = (from: string, payload: Uint8Array): SerfMessage => ({
    type: "response",
    body: { id, ltime, from, flags: 0, payload },
  });
  const refused = { primaryKey: "", message: "no room", result: false };
  node.hears(answer("n2", encodeKeyResponse({ primaryKey: "", message: "", result: true })));
  node.hears(answer("n3", encodeKeyResponse(refused)));
  node.hears(answer("n4", Uint8Array.of(8)));
  node.run(5_000);
  assert.deepEqual(
    node.eventsOf("keyring-answered").map(({ from, ok, message }) => [from, ok, message]),
    [
      ["self", true, ""],
      ["n2", true, ""],
      ["n3", false, "no room"],
      ["n4", false, "an answer that is none"],
    ],
  );
  assert.deepEqual(node.eventsOf("query-ended")[0]!.answers, 4);
  node.put({ type: "keyring", id: 4, action: "use", key: new Uint8Array(3) });
  assert.match(node.eventsOf("refused")[0]!.reason, /3 bytes/);
});

test("where a disputed name is known is answered, but not about ourselves", () => {
  const node = acquainted();
  const known = decodeConflictResponse(answered(node, internal("conflict", Buffer.from("n3")))!);
  assert.deepEqual(
    [known!.name, [...known!.address], known!.port, known!.status],
    ["n3", [192, 0, 2, 3], 7946, 1],
  );
  const unknown = answered(node, internal("conflict", Buffer.from("n99")))!;
  assert.equal(hexText(unknown), "06c0");
  assert.equal(decodeConflictResponse(unknown), undefined);
  assert.equal(answered(node, internal("conflict", Buffer.from("self"))), undefined);
  assert.equal(answered(node, internal("ping")), undefined);
  assert.equal(answered(node, internal("whatever")), undefined);
  assert.equal(node.counted("ignored: an internal query that is not known"), 1);
});

/** A node whose name somebody at 192.0.2.77 has too, after others have voted. */
function disputed(votes: readonly (readonly [from: string, last: number])[]): TestSerf {
  const node = acquainted();
  node.claimedBy(77);
  node.run(500);
  const asked = node.takeSaid().find(({ message }) => message.type === "query")!.message;
  assert.ok(asked.type === "query" && asked.body.name === "_serf_conflict");
  const { id, ltime } = asked.body;
  const zero = { delegateSpoken: 5, delegateHighest: 5, delegateLowest: 2, status: 1, tags: undefined };
  const versions = { protocolSpoken: 2, protocolHighest: 5, protocolLowest: 1 };
  for (const [from, last] of votes) {
    const address = Uint8Array.of(...new Array<number>(10).fill(0), 255, 255, 192, 0, 2, last);
    const payload = encodeConflictResponse(
      last === 0 ? undefined : { ...zero, ...versions, address, name: "self", port: 7946 },
    );
    node.hears({ type: "response", body: { id, ltime, from, flags: 0, payload } });
  }
  node.run(4_000);
  return node;
}

test("of two of one name the one stays that most members know", () => {
  const won = disputed([
    ["n2", 1],
    ["n3", 77],
    ["n4", 1],
    ["n5", 0],
  ]);
  assert.equal(won.counted("disputes about our name won"), 1);
  assert.ok(won.core.wakeAt < Infinity);
  assert.equal(disputed([]).counted("disputes about our name won"), 1);
  const lost = disputed([
    ["n2", 1],
    ["n3", 77],
  ]);
  assert.deepEqual(lost.eventsOf("name-lost"), [
    { type: "name-lost", name: "self", matching: 1, answers: 2 },
  ]);
  // Not a word from now on: a leave would take the other one's name too.
  assert.equal(lost.core.wakeAt, Infinity);
  assert.deepEqual(lost.put({ type: "leave" }), []);
});
