import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpv4 } from "#base/ipv4.ts";
import type { InterfaceConfig } from "#ospf/config.ts";
import { OspfViews } from "#services/ospf-view.ts";
import { OspfNetwork, type OspfNode } from "./ospf-network.ts";

/** Router 192.0.2.AT with an interface on the LAN and a network of its own. */
function add(network: OspfNetwork, at: number, config: Partial<InterfaceConfig>): OspfNode {
  return network.add({
    routerId: `192.0.2.${at}`,
    legs: [
      { name: "eth10", wire: "lan", address: `10.0.0.${at}/24`, config },
      { name: "eth2", wire: `own${at}`, address: `172.16.${at}.1/24`, config: { passive: true } },
    ],
  });
}

function viewsOf({ core, host }: OspfNode): OspfViews {
  return new OspfViews(core, host.clock);
}

/** Three routers that agree, 192.0.2.3 as DR, and one whose Hellos differ. */
async function lan() {
  // On a cable packets do not overtake each other.
  const network = new OspfNetwork({ seed: 3, latencyMs: [1, 1] });
  const nodes = [1, 2, 3].map((at) => add(network, at, { priority: at }));
  add(network, 4, { helloInterval: 2 });
  nodes[0]!.push({
    type: "externals",
    set: [
      {
        network: parseIpv4("198.18.0.0")!,
        length: 15,
        metric: 20,
        isType2: true,
        tag: 7,
        forwardingAddress: 0,
      },
    ],
    removed: [],
  });
  await network.run(12_000);
  return { network, nodes, views: nodes.map(viewsOf) };
}

test("neighbors are told with their state, role and timers, mismatches with what differs", async () => {
  const { views } = await lan();
  const neighbors = views[0]!.neighbors();
  assert.deepEqual(
    neighbors.map(({ routerId, address, state, role, priority }) =>
      [routerId, address, state, role, priority].join(" "),
    ),
    ["192.0.2.2 10.0.0.2 Full Backup 2", "192.0.2.3 10.0.0.3 Full DR 3"],
  );
  const [first] = neighbors;
  assert.deepEqual(
    [first!.interface, first!.interfaceAddress, first!.area, first!.designatedRouter],
    ["eth10", "10.0.0.1", "0.0.0.0", "10.0.0.3"],
  );
  assert.ok(first!.deadInMs! > 2_000 && first!.deadInMs! <= 4_000, `${first!.deadInMs}`);
  assert.deepEqual([first!.retransmissions, first!.requests, first!.summaries], [0, 0, 0]);
  assert.notEqual(first!.lastReason, "");
  const mismatches = views[0]!.mismatches();
  assert.deepEqual(
    mismatches.map(({ routerId, address, interface: name, text }) =>
      [routerId, address, name, text].join(" "),
    ),
    ["192.0.2.4 10.0.0.4 eth10 hello interval 2 s, here 1 s"],
  );
  assert.ok(mismatches[0]!.count >= 4, `${mismatches[0]!.count}`);
});

test("a moment of the router's clock is told by the wall clock", async () => {
  const { nodes, views } = await lan();
  const { clock } = nodes[0]!.host;
  const [neighbor] = views[0]!.neighbors();
  const [own] = [...nodes[0]!.core.state.neighbors()];
  // Simulated clocks drift.
  const difference = neighbor!.since - clock.wallTime() - (own!.since - clock.now());
  assert.ok(Math.abs(difference) < 50, `${difference} ms`);
});

test("a mismatch that was not seen for two minutes is told no more", async () => {
  const { network, nodes, views } = await lan();
  network.nodes[3]!.crash();
  await network.run(100_000, 1_000);
  assert.equal(views[0]!.mismatches().length, 1);
  await network.run(30_000, 1_000);
  assert.equal(views[0]!.mismatches().length, 0);
  assert.equal(nodes[0]!.core.state.interfaces.get("eth10")!.mismatches.size, 1);
});

test("interfaces are told by name, with the DR, timers and traffic", async () => {
  const { views } = await lan();
  const [own, onLan] = views[2]!.interfaces();
  assert.deepEqual([own!.name, own!.passive, own!.helloInMs], ["eth2", true, undefined]);
  assert.deepEqual(
    [
      onLan!.name,
      onLan!.address,
      onLan!.networkType,
      onLan!.state,
      onLan!.neighbors,
      onLan!.adjacentNeighbors,
    ],
    ["eth10", "10.0.0.3/24", "broadcast", "DR", 2, 2],
  );
  assert.deepEqual(
    [onLan!.designatedRouterId, onLan!.backupDesignatedRouter, onLan!.backupDesignatedRouterId],
    ["192.0.2.3", "10.0.0.2", "192.0.2.2"],
  );
  assert.deepEqual(onLan!.groups, ["224.0.0.5", "224.0.0.6"]);
  assert.ok(onLan!.networkLsaSequence! >= 0x8000_0001);
  assert.ok(onLan!.helloInMs! <= 1_000);
  const { received, sent, dropped } = onLan!.traffic;
  assert.ok(received.hello >= 22 && sent.hello >= 11 && received.bytes > 1_000 && sent.linkStateUpdate > 0);
  assert.deepEqual(
    dropped.map(({ reason }) => reason),
    ["hello-interval"],
  );
  const [, ofFirst] = views[0]!.interfaces();
  assert.deepEqual([ofFirst!.state, ofFirst!.networkLsaSequence], ["DROther", undefined]);
});

test("the database is told with all that its LSAs say, in order, and filtered", async () => {
  const { views } = await lan();
  const lsas = [...views[1]!.database({})];
  assert.deepEqual(
    lsas.map(({ area, type, linkStateId, advertisingRouter }) =>
      [area, type, linkStateId, advertisingRouter].join(" "),
    ),
    [
      "0.0.0.0 1 192.0.2.1 192.0.2.1",
      "0.0.0.0 1 192.0.2.2 192.0.2.2",
      "0.0.0.0 1 192.0.2.3 192.0.2.3",
      "0.0.0.0 2 10.0.0.3 192.0.2.3",
      " 5 198.18.0.0 192.0.2.1",
    ],
  );
  const [router, own, , network, external] = lsas.map(({ body }) => body);
  assert.ok(router?.case === "router" && router.value.asBoundary && !router.value.border);
  assert.ok(own?.case === "router");
  assert.deepEqual(
    own.value.links.map(({ type, id, data }) => `${type} ${id} ${data}`),
    ["2 10.0.0.3 10.0.0.2", "3 172.16.2.0 255.255.255.0"],
  );
  assert.ok(network?.case === "network");
  assert.equal(network.value.prefixLength, 24);
  assert.deepEqual(network.value.attachedRouters.toSorted(), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  assert.deepEqual(external, {
    case: "external",
    value: { prefixLength: 15, metricType: 2, metric: 20, forwardingAddress: "0.0.0.0", tag: 7 },
  });
  assert.deepEqual(
    lsas.map(({ selfOriginated, received }) => [selfOriginated, received]),
    [
      [false, true],
      [true, false],
      [false, true],
      [false, true],
      [false, true],
    ],
  );
  const idsOf = (query: Parameters<OspfViews["database"]>[0]) =>
    [...views[1]!.database(query)].map(({ type, linkStateId }) => `${type} ${linkStateId}`);
  assert.deepEqual(idsOf({ selfOriginated: true }), ["1 192.0.2.2"]);
  assert.deepEqual(idsOf({ advertisingRouter: parseIpv4("192.0.2.3")! }), ["1 192.0.2.3", "2 10.0.0.3"]);
  assert.deepEqual(idsOf({ type: 2, linkStateId: parseIpv4("10.0.0.3")! }), ["2 10.0.0.3"]);
  assert.deepEqual(idsOf({ type: 2, linkStateId: parseIpv4("10.0.0.4")! }), []);
});

test("a database that is being read is as it was when it was asked for", async () => {
  const { network, views } = await lan();
  const asked = views[1]!.database({})[Symbol.iterator]();
  assert.equal(asked.next().value?.linkStateId, "192.0.2.1");
  network.nodes[0]!.push({ type: "clear-process" });
  await network.run(10_000);
  const rest: string[] = [];
  for (let next = asked.next(); !next.done; next = asked.next()) rest.push(next.value.linkStateId);
  assert.deepEqual(rest, ["192.0.2.2", "192.0.2.3", "10.0.0.3", "198.18.0.0"]);
});

test("routes, border routers and the router as a whole", async () => {
  const { views } = await lan();
  const routes = [...views[1]!.routes()];
  assert.deepEqual(
    routes.map(({ prefix, pathType, cost, type2Cost, nextHops }) => {
      const hops = nextHops.map(({ interface: name, gateway }) => `${name}:${gateway}`);
      return [prefix, pathType, cost, type2Cost, ...hops].join(" ");
    }),
    [
      "10.0.0.0/24 intra-area 10 0 eth10:",
      "172.16.1.0/24 intra-area 20 0 eth10:10.0.0.1",
      "172.16.2.0/24 intra-area 10 0 eth2:",
      "172.16.3.0/24 intra-area 20 0 eth10:10.0.0.3",
      "198.18.0.0/15 external-2 10 20 eth10:10.0.0.1",
    ],
  );
  assert.deepEqual(routes[1]!.origin, {
    type: "router",
    linkStateId: "192.0.2.1",
    advertisingRouter: "192.0.2.1",
  });
  assert.deepEqual(
    views[1]!.borderRouters().map(({ routerId, asBoundaryRouter, areaBorderRouter, cost }) => {
      return [routerId, asBoundaryRouter, areaBorderRouter, cost];
    }),
    [["192.0.2.1", true, false, 10]],
  );
  const router = views[0]!.router();
  assert.deepEqual(
    [router.routerId, router.asBoundaryRouter, router.areaBorderRouter, router.lsas, router.routes],
    ["192.0.2.1", true, false, 5, 4],
  );
  const [area] = router.areas;
  assert.deepEqual([area!.interfaces, area!.activeInterfaces, area!.fullNeighbors], [2, 2, 2]);
  const countOf = (type: number) => area!.counts.find((each) => each.type === type)!.count;
  assert.deepEqual([countOf(1), countOf(2), countOf(3)], [3, 1, 0]);
  assert.equal(router.spf.state, "QUIET");
  assert.ok(router.spf.fullRuns > 0 && router.spf.dueInMs === undefined);
  // Equal databases have equal sums.
  const sums = views.map((each) => each.router().areas[0]!.counts.map(({ checksumSum }) => checksumSum));
  assert.deepEqual(sums[1], sums[0]);
  assert.deepEqual(sums[2], sums[0]);
});

test("an explanation names the LSAs that led to a route", async () => {
  const { views } = await lan();
  const { explanation, lines } = views[1]!.explain(parseIpv4("172.16.1.9")!);
  assert.equal(explanation.route?.prefix, "172.16.1.0/24");
  assert.match(lines.join("\n"), /router-LSA 192\.0\.2\.1/);
});
