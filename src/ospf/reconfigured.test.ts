import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterfaceConfig } from "#ospf/config.ts";
import { interfaceDefaults } from "#ospf/defaults.ts";
import { Bench } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { parseIpv4 } from "#base/ipv4.ts";

function reconfigure(bench: Bench, config: Partial<InterfaceConfig>): void {
  const [area] = bench.config.areas;
  const interfaces = [{ ...interfaceDefaults("eth0"), ...config }];
  bench.step({ type: "configure", config: { ...bench.config, areas: [{ ...area!, interfaces }] } });
}

test("a type that an interface has anyway may be written down or left out", () => {
  const bench = new Bench({
    interfaces: { eth0: { address: "10.0.0.1/24", config: { type: "broadcast" } } },
  });
  bench.advance(40_000);
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  const changes = () => bench.events.filter(({ event }) => event.type !== "routes").length;
  const before = changes();
  reconfigure(bench, {});
  reconfigure(bench, { type: "broadcast" });
  bench.advance(2_000);
  assert.deepEqual([peer.state, changes()], ["Full", before]);
  reconfigure(bench, { type: "point-to-point" });
  assert.equal(peer.state, "Down");
});

test("neighbors that are no longer configured stay if multicast finds them, and are forgotten otherwise", () => {
  const type = "point-to-multipoint";
  const neighbors = ["10.0.0.2", "10.0.0.3"].map((text) => ({ address: parseIpv4(text)!, priority: 1 }));
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24", config: { type, neighbors } } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  assert.deepEqual(bench.neighbors(), ["192.0.2.2 Full", "0.0.0.0 Attempt"]);
  reconfigure(bench, { type });
  assert.deepEqual(bench.neighbors(), ["192.0.2.2 Full"]);
});

test("a neighbor that takes the link for another type of network is named, and still a neighbor", () => {
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24" } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  const { mismatches } = bench.interface("eth0");
  peer.hello({ designated: peer.address });
  assert.match([...mismatches.values()][0]!.text, /elects a designated router/);
  assert.equal(peer.state, "Full");
  peer.hello();
  assert.equal(mismatches.size, 0);
});
