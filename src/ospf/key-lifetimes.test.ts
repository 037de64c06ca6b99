import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthenticationKey } from "#ospf/config.ts";
import { keysInForce } from "#ospf/key-lifetimes.ts";
import { Bench } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";

function key(id: number, sendFrom?: number, acceptUntil?: number): AuthenticationKey {
  const lifetime = {
    ...(sendFrom !== undefined && { sendFrom }),
    ...(acceptUntil !== undefined && { acceptUntil }),
  };
  return { id, algorithm: "sha256", secret: `key ${id}`, ...lifetime };
}

/** The first is the one that is sent with. */
function at(seconds: number, ...keys: readonly AuthenticationKey[]): number[] {
  return keysInForce(keys, seconds).map(({ id }) => id);
}

test("without times the first key is sent with, and all are taken", () => {
  assert.deepEqual(at(5, key(1), key(2), key(3)), [1, 2, 3]);
});

test("the key whose time came last is sent with", () => {
  const keys = [key(1), key(2, 100), key(3, 200)];
  assert.deepEqual(at(99, ...keys), [1, 2, 3]);
  assert.deepEqual(at(100, ...keys), [2, 1, 3]);
  assert.deepEqual(at(200, ...keys), [3, 1, 2]);
});

test("a key is taken to the end of its last second, and the last one for ever", () => {
  const keys = [key(1, 0, 150), key(2, 100, 300)];
  assert.deepEqual(at(150, ...keys), [2, 1]);
  assert.deepEqual(at(151, ...keys), [2]);
  assert.deepEqual(at(301, ...keys), [1]);
  assert.deepEqual(at(301, key(1, 0, 150)), [1]);
});

test("a key that cannot be taken any more is not sent with while another can", () => {
  assert.deepEqual(at(301, key(1, 100, 300), key(2, 400)), [2]);
});

test("a neighbor stays Full while both go over to the next key by the clock", () => {
  // The bench's clock says 1,000 s at the beginning.
  const keys = [key(1, 0, 1_060), key(2, 1_030)];
  const authentication = { type: "cryptographic", keys } as const;
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24", config: { authentication } } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  const use = (id: number) =>
    (peer.authentication = { type: "cryptographic", keys: keys.filter((each) => each.id === id) });
  use(1);
  peer.becomeFull();
  const sentWith = (ms: number) => [...new Set(bench.advance(ms).map(({ payload }) => payload[18]!))];
  assert.deepEqual(sentWith(29_000), [1]);
  peer.hello();
  assert.deepEqual(sentWith(20_000), [2]);
  // It is late, and still taken.
  peer.hello();
  use(2);
  peer.hello();
  assert.deepEqual([peer.state, bench.dropped("eth0")], ["Full", {}]);
  bench.advance(20_000);
  use(1);
  peer.hello();
  assert.deepEqual(bench.dropped("eth0"), { "authentication-key": 1 });
});
