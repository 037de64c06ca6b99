import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, parseIpv4 } from "#base/ipv4.ts";
import type { InterfaceConfig } from "#ospf/config.ts";
import type { OspfEvent } from "#ospf/io.ts";
import { OspfNetwork, type NodeOptions, type OspfNode } from "./ospf-network.ts";
import { Topology } from "./ospf-topology.ts";

const POINT_TO_POINT: Partial<InterfaceConfig> = { type: "point-to-point" };

function router(at: number, config: Partial<InterfaceConfig> = POINT_TO_POINT, wire = "ab"): NodeOptions {
  return {
    routerId: `192.0.2.${at}`,
    legs: [
      { name: "eth1", wire, address: `10.0.0.${at}/24`, config },
      { name: "stub", wire: `stub${at}`, address: `172.16.${at}.1/24`, config: { passive: true } },
    ],
  };
}

function statesOf(node: OspfNode): string[] {
  return [...node.core.state.neighbors()].map(({ routerId, state }) => `${formatIpv4(routerId)} ${state}`);
}

/** Routes of others. */
function learnt(node: OspfNode): string[] {
  return [...node.routes].flatMap(([prefix, how]) => (how.includes(" 10.") ? [`${prefix} ${how}`] : []));
}

function mismatchesOf(node: OspfNode): string[] {
  return node.events.flatMap(({ event }) => (event.type === "mismatch" ? [event.text] : []));
}

/** When a router had a route first, ms. */
function hadRoute(node: OspfNode, prefix: string): number {
  const isIt = (event: OspfEvent) =>
    event.type === "routes" &&
    event.changes.set.some(({ network, length }) => `${formatIpv4(network)}/${length}` === prefix);
  return node.events.find(({ event }) => isIt(event))?.at ?? Infinity;
}

test("two routers on a point-to-point link know each other's networks within a tenth of a second", async () => {
  const network = new OspfNetwork({ seed: 1 });
  const [a, b] = [network.add(router(1)), network.add(router(2))];
  await network.run(2_000);
  assert.deepEqual(statesOf(a!), ["192.0.2.2 Full"]);
  assert.deepEqual(statesOf(b!), ["192.0.2.1 Full"]);
  assert.deepEqual(learnt(a!), ["172.16.2.0/24 20 eth1 10.0.0.2"]);
  assert.ok(hadRoute(a!, "172.16.2.0/24") < 100, `${hadRoute(a!, "172.16.2.0/24")} ms`);
});

test("the same seed gives the same run, and another seed another one", async () => {
  const run = async (seed: number) => {
    const topology = new Topology(seed, 8);
    await topology.storm(20_000);
    return topology.network.trace;
  };
  assert.equal(await run(5), await run(5));
  assert.notEqual(await run(5), await run(6));
});

test("on a broadcast network the highest priority leads, and who comes later changes nothing", async () => {
  // Nothing overtakes anything: an old Hello that came late would change who leads.
  const network = new OspfNetwork({ seed: 2, latencyMs: [1, 1] });
  const low = network.add(router(9, { type: "broadcast", priority: 1 }));
  const never = network.add(router(3, { type: "broadcast", priority: 0 }));
  // It is missed between the Hellos of the others, not in their very moment: this network turns such packets round.
  await network.run(300);
  const high = network.add(router(1, { type: "broadcast", priority: 7 }));
  await network.run(10_000);
  const roleOf = (node: OspfNode) => node.core.state.interfaces.get("eth1")!.state;
  assert.deepEqual([roleOf(high), roleOf(low), roleOf(never)], ["DR", "Backup", "DROther"]);
  const late = network.add(router(4, { type: "broadcast", priority: 200 }));
  await network.run(10_000);
  assert.deepEqual([roleOf(high), roleOf(low), roleOf(late)], ["DR", "Backup", "DROther"]);
  high.crash();
  await network.run(12_000);
  assert.deepEqual([roleOf(low), roleOf(late)], ["DR", "Backup"]);
  assert.equal(learnt(late).length, 2);
});

for (const [what, other, text] of [
  ["the hello interval", { helloInterval: 2 }, "hello interval 2 s, here 1 s"],
  ["the dead interval", { deadInterval: 5 }, "dead interval 5 s, here 4 s"],
  [
    "the password",
    { authentication: { type: "simple", password: "other" } },
    "authentication type simple, here null",
  ],
] as const satisfies readonly (readonly [string, Partial<InterfaceConfig>, string])[]) {
  test(`a mismatch of ${what} is named, and nobody becomes a neighbor`, async () => {
    const network = new OspfNetwork({ seed: 3 });
    const a = network.add(router(1));
    network.add(router(2, { ...POINT_TO_POINT, ...other }));
    await network.run(5_000);
    assert.deepEqual(mismatchesOf(a), [text]);
    assert.deepEqual(statesOf(a), []);
  });
}

test("a mismatch of the mask and of the MTU, and a router id that two have, are named", async () => {
  const network = new OspfNetwork({ seed: 4 });
  const broadcast: Partial<InterfaceConfig> = { type: "broadcast" };
  const a = network.add(router(1, broadcast));
  const mask = router(2, broadcast);
  network.add({ ...mask, legs: [{ ...mask.legs[0]!, address: "10.0.0.2/25" }] });
  const twin = router(3, broadcast);
  network.add({ ...twin, routerId: "192.0.2.1" });
  const long = network.add(router(4, broadcast));
  long.host.links.put({ ...long.host.links.find("eth1")!, mtu: 9_000 });
  await network.run(15_000);
  assert.deepEqual(mismatchesOf(a).sort(), [
    "MTU 9000, here 1500",
    "duplicate router id 192.0.2.1",
    "mask 255.255.255.128, here 255.255.255.0",
  ]);
  assert.ok(["192.0.2.4 ExStart", "192.0.2.4 Exchange"].includes(statesOf(a).join()), statesOf(a).join());
});

test("keys are changed without losing a neighbor", async () => {
  const network = new OspfNetwork({ seed: 5 });
  const key = (id: number) => ({ id, algorithm: "sha256", secret: `secret ${id}` }) as const;
  const withKeys = (...ids: number[]): Partial<InterfaceConfig> => ({
    ...POINT_TO_POINT,
    authentication: { type: "cryptographic", keys: ids.map(key) },
  });
  const nodes = [network.add(router(1, withKeys(1))), network.add(router(2, withKeys(1)))];
  const rekey = (node: OspfNode, ...ids: number[]) => {
    const config = node.config();
    const interfaces = config.areas[0]!.interfaces.map((each) =>
      each.passive ? each : { ...each, ...withKeys(...ids) },
    );
    node.push({ type: "configure", config: { ...config, areas: [{ areaId: 0, interfaces }] } });
  };
  await network.run(3_000);
  for (const ids of [[1, 2], [2, 1], [2]])
    for (const node of nodes) {
      rekey(node, ...ids);
      await network.run(6_000);
      assert.deepEqual(nodes.flatMap(statesOf), ["192.0.2.2 Full", "192.0.2.1 Full"]);
      assert.equal(
        nodes[0]!.events.filter(({ event }) => event.type === "neighbor" && event.to === "Down").length,
        0,
      );
    }
});

test("a new cost originates one LSA and keeps every adjacency", async () => {
  const network = new OspfNetwork({ seed: 6 });
  const [a, b] = [network.add(router(1)), network.add(router(2))];
  await network.run(5_000);
  const before = a.core.state.areas.get(0)!.lsdb;
  const sequences = [...before.lsas()].map(({ sequence }) => sequence);
  const config = a.config();
  const interfaces = config.areas[0]!.interfaces.map((each) => ({ ...each, cost: 77 }));
  a.push({ type: "configure", config: { ...config, areas: [{ areaId: 0, interfaces }] } });
  await network.run(3_000);
  const after = [...a.core.state.areas.get(0)!.lsdb.lsas()].map(({ sequence }) => sequence);
  assert.deepEqual(after.sort(), [sequences[0]!, sequences[1]! + 1].sort());
  assert.equal(b.routes.get("172.16.1.0/24"), "87 eth1 10.0.0.1");
  assert.equal(a.events.filter(({ event }) => event.type === "neighbor" && event.from === "Full").length, 0);
});

test("externals of one network with several lengths are told side by side, and leave again", async () => {
  const network = new OspfNetwork({ seed: 7 });
  const [a, b] = [network.add(router(1)), network.add(router(2))];
  const external = (length: number) => ({
    network: parseIpv4("198.18.0.0")!,
    length,
    metric: length,
    isType2: length % 2 === 0,
    tag: length,
    forwardingAddress: 0,
  });
  a.push({
    type: "externals",
    set: [8, 15, 16, 24, 25, 32].filter((each) => each >= 15).map(external),
    removed: [],
  });
  await network.run(5_000);
  const found = learnt(b).filter((each) => each.startsWith("198"));
  assert.deepEqual(found.map((each) => each.split(" ")[0]!).sort(), [
    "198.18.0.0/15",
    "198.18.0.0/16",
    "198.18.0.0/24",
    "198.18.0.0/25",
    "198.18.0.0/32",
  ]);
  const removed = [15, 16, 24, 25, 32].map((length) => ({ network: parseIpv4("198.18.0.0")!, length }));
  a.push({ type: "externals", set: [], removed });
  await network.run(5_000);
  assert.deepEqual(
    learnt(b).filter((each) => each.startsWith("198")),
    [],
  );
  assert.equal(b.core.state.lsdb.size, 0);
});

test("a stub router is passed by where there is another way", async () => {
  const network = new OspfNetwork({ seed: 8 });
  const leg = (name: string, wire: string, at: number) => ({
    name,
    wire,
    address: `10.0.${wire.charCodeAt(0) - 96}.${at}/24`,
    config: POINT_TO_POINT,
  });
  // 1 - 2 - 4 is shorter than 1 - 3 - 4, but 2 does not want to pass anything on.
  const a = network.add({ routerId: "192.0.2.1", legs: [leg("e0", "a", 1), leg("e1", "c", 1)] });
  network.add({
    routerId: "192.0.2.2",
    legs: [leg("e0", "a", 2), leg("e1", "b", 2)],
    config: { maxMetric: true },
  });
  const slow = { ...POINT_TO_POINT, cost: 100 };
  network.add({
    routerId: "192.0.2.3",
    legs: [
      { ...leg("e0", "c", 3), config: slow },
      { ...leg("e1", "d", 3), config: slow },
    ],
  });
  const end = { name: "stub", wire: "s", address: "172.16.4.1/24", config: { passive: true } };
  network.add({ routerId: "192.0.2.4", legs: [leg("e0", "b", 4), leg("e1", "d", 4), end] });
  await network.run(6_000);
  assert.equal(a.routes.get("172.16.4.0/24"), "120 e1 10.0.3.3");
});

test("what a router told leaves with it; what one that died told lives an hour, no longer", async () => {
  const network = new OspfNetwork({ seed: 9 });
  const [a, b, c] = [1, 2, 3].map((at) => network.add(router(at, { type: "broadcast" })));
  await network.run(10_000);
  const tellers = () =>
    [
      ...new Set(
        [...a!.core.state.areas.get(0)!.lsdb.lsas()].map((lsa) => formatIpv4(lsa.advertisingRouter)),
      ),
    ].sort();
  assert.deepEqual(tellers(), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  b!.push({ type: "leave" });
  await network.run(8_000);
  assert.deepEqual(tellers(), ["192.0.2.1", "192.0.2.3"]);
  assert.equal(a!.routes.has("172.16.2.0/24"), false);
  c!.crash();
  await network.run(8_000);
  assert.equal(a!.routes.has("172.16.3.0/24"), false);
  assert.deepEqual(tellers(), ["192.0.2.1", "192.0.2.3"]);
  await network.run(3_600_000, 10_000);
  assert.deepEqual(tellers(), ["192.0.2.1"]);
  const own = [...a!.core.state.areas.get(0)!.lsdb.lsas()];
  assert.ok(
    own.every((lsa) => lsa.ageAt(network.world.now) <= 1_800),
    "own LSAs are renewed",
  );
});
