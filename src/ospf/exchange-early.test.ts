import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";

const INIT = { isInit: true, hasMore: true, isMaster: true };

/** A peer that leads the exchange and begins it while this router still waits for a designated router, until 4 s. */
function early() {
  const config = { type: "broadcast", helloInterval: 1, deadInterval: 4, retransmitInterval: 5 } as const;
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24", config } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.9", address: "10.0.0.2" });
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      bench.advance(1_000);
      peer.hello();
    }
  };
  peer.hello();
  return { peer, pass };
}

test("an exchange that a neighbor began before this router wanted one goes on once it does", () => {
  const { peer, pass } = early();
  pass(2);
  peer.describe(INIT);
  assert.equal(peer.state, "2-Way");
  pass(3);
  assert.equal(peer.state, "Exchange");
  assert.equal(peer.neighbor.isMaster, false);
  assert.equal(peer.neighbor.ddSequence, peer.sequence);
});

test("an exchange that a neighbor began and gave up is not taken up", () => {
  const { peer, pass } = early();
  peer.describe(INIT);
  pass(1);
  peer.hello({ neighbors: [] });
  pass(4);
  assert.equal(peer.state, "ExStart");
  assert.equal(peer.neighbor.isMaster, true);
});
