import { formatIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import { AttachedLinks, type AttachedLink } from "#ospf/attached-links.ts";
import { MAX_AGE, MAX_LINK_METRIC } from "#ospf/constants.ts";
import { Destinations } from "#ospf/destinations.ts";
import { Graph } from "#ospf/graph.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { NextHopSets } from "#ospf/next-hop-sets.ts";
import { calculateTree, type AreaTree } from "#ospf/spf.ts";
import { ip, networkLsa, routerLsa, toNetwork, toRouter, toStub } from "#ospf/testing/lsas.ts";
import { hopText, plainPaths, prefixText, type PlainPath } from "#ospf/testing/plain-paths.ts";
import { attachmentsOf, lsasOf, randomArea } from "#ospf/testing/random-area.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

/** An area in which LSAs come one after another. */
class Area {
  readonly destinations = new Destinations();
  readonly graph = new Graph(this.destinations);
  readonly sets: NextHopSets;

  constructor(most = 16) {
    this.sets = new NextHopSets(most);
  }

  tree(routerId: number, attachments: readonly AttachedLink[], now = 0): AreaTree {
    const { graph, sets, destinations } = this;
    graph.prepare(now);
    const links = new AttachedLinks(attachments);
    return calculateTree({
      area: 0,
      routerId,
      graph,
      links,
      sets,
      destinations: destinations.all.length,
      now,
    });
  }

  /** In the words of plainPaths. */
  found(tree: AreaTree): Map<string, PlainPath> {
    const found = new Map<string, PlainPath>();
    const hops = (set: number): string[] => this.sets.hops(set).map(hopText).sort();
    for (const [slot, id] of this.graph.ids.entries())
      if (tree.distances[slot] !== Infinity)
        found.set(`${this.graph.isNetwork[slot] ? "n" : "r"}${id}`, {
          cost: tree.distances[slot]!,
          hops: hops(tree.hops[slot]!),
        });
    for (const { slot, network, length } of this.destinations.all)
      if (tree.costs[slot] !== Infinity)
        found.set(prefixText(network, length), {
          cost: tree.costs[slot]!,
          hops: hops(tree.destinationHops[slot]!),
        });
    return found;
  }
}

function routesOf(
  lsas: readonly Lsa[],
  routerId: number,
  attachments: readonly AttachedLink[],
  now = 0,
): string[] {
  const area = new Area();
  for (const lsa of lsas) area.graph.put(lsa);
  const tree = area.tree(routerId, attachments, now);
  return area.destinations.all.flatMap(({ slot, network, length }) => {
    if (tree.costs[slot] === Infinity) return [];
    const hops = area.sets
      .hops(tree.destinationHops[slot]!)
      .map((hop) => `${hop.gateway === undefined ? "" : `${formatIpv4(hop.gateway)} `}${hop.interface}`);
    return [`${formatIpv4(network)}/${length} ${tree.costs[slot]} via ${hops.join(", ") || "nothing"}`];
  });
}

function attached(
  name: string,
  address: string,
  mask: string,
  neighbors: Record<string, string> = {},
): AttachedLink {
  const pairs = Object.entries(neighbors).map(([id, at]) => [ip(id), ip(at)] as const);
  return { interface: name, address: ip(address), mask: ip(mask), neighbors: new Map(pairs) };
}

test("4,000 random areas: distances and next hops are those of the plain way", () => {
  let vertices = 0;
  let equal = 0;
  for (let seed = 0; seed < 4_000; seed++) {
    const plan = randomArea(seededRandom(seed), 8);
    const area = new Area();
    for (const lsa of lsasOf(plan)) area.graph.put(lsa);
    const expected = plainPaths(plan);
    const found = area.found(area.tree(plan.routers[0]!, attachmentsOf(plan)));
    assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()), `seed ${seed}`);
    vertices += found.size;
    for (const { hops } of found.values()) equal += hops.length > 1 ? 1 : 0;
  }
  assert.ok(vertices > 20_000 && equal > 2_000, `${vertices} vertices, ${equal} of them with equal paths`);
});

test("a graph that is told change after change is as one made anew", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(`changes ${seed}`);
    const area = new Area();
    let plan = randomArea(random, 10);
    const root = plan.routers[0]!;
    const lsas = new Map<string, Lsa>();
    for (let round = 1; round < 12; round++) {
      plan = { ...randomArea(random, 10), routers: plan.routers };
      for (const lsa of lsasOf(renamed(plan), round)) {
        const isGone = random.below(8) === 0;
        const known = lsas.get(lsa.key);
        if (isGone && known) {
          area.graph.remove(known);
          lsas.delete(lsa.key);
        } else if (random.below(2) === 0) {
          area.graph.put(lsa);
          lsas.set(lsa.key, lsa);
        }
      }
      const anew = new Area();
      for (const lsa of lsas.values()) anew.graph.put(lsa);
      const attachments = attachmentsOf(plan);
      const [one, other] = [area, anew].map((each) => each.found(each.tree(root, attachments)));
      assert.deepEqual(
        new Map([...one!].sort()),
        new Map([...other!].sort()),
        `seed ${seed}, round ${round}`,
      );
    }
  }
});

/** A plan whose links are between the routers that it has. */
function renamed(plan: ReturnType<typeof randomArea>): ReturnType<typeof randomArea> {
  const id = (router: number): number => plan.routers[router % plan.routers.length]!;
  return {
    ...plan,
    cables: plan.cables.map((cable) => {
      const [a, b] = cable.ends;
      return {
        ...cable,
        ends: [
          { ...a, router: id(a.router) },
          { ...b, router: id(b.router) },
        ],
      };
    }),
    lans: plan.lans.map((lan) => ({
      ...lan,
      members: lan.members.map((each) => ({ ...each, router: id(each.router) })),
    })),
    stubs: plan.stubs.map((stub) => ({ ...stub, router: id(stub.router) })),
  };
}

test("a link that one end alone knows is no link", () => {
  const one = routerLsa(1, [toRouter(2, ip("10.0.0.1"), 1)]);
  const other = (links: boolean): Lsa =>
    routerLsa(2, [...(links ? [toRouter(1, ip("10.0.0.2"), 9)] : []), toStub(ip("10.2.0.0"), 16, 5)]);
  const at = [attached("p0", "10.0.0.1", "255.255.255.252", { "0.0.0.2": "10.0.0.2" })];
  assert.deepEqual(routesOf([one, other(false)], 1, at), []);
  assert.deepEqual(routesOf([one, other(true)], 1, at), ["10.2.0.0/16 6 via 10.0.0.2 p0"]);
});

test("parallel links to one neighbor: the cheaper one, or both", () => {
  const at = [
    attached("p0", "10.0.0.1", "255.255.255.252", { "0.0.0.2": "10.0.0.2" }),
    attached("p1", "10.0.0.5", "255.255.255.252", { "0.0.0.2": "10.0.0.6" }),
  ];
  const other = routerLsa(2, [toRouter(1, ip("10.0.0.2"), 9), toStub(ip("10.2.0.0"), 16, 5)]);
  const one = (cost: number): Lsa =>
    routerLsa(1, [toRouter(2, ip("10.0.0.1"), 10), toRouter(2, ip("10.0.0.5"), cost)]);
  assert.deepEqual(routesOf([one(10), other], 1, at), ["10.2.0.0/16 15 via 10.0.0.2 p0, 10.0.0.6 p1"]);
  assert.deepEqual(routesOf([one(9), other], 1, at), ["10.2.0.0/16 14 via 10.0.0.6 p1"]);
});

test("unnumbered links are named by interface index, point-to-multipoint ones by the neighbor", () => {
  const other = routerLsa(2, [toRouter(1, 7, 1), toStub(ip("10.2.0.0"), 16, 0)]);
  const unnumbered = {
    ...attached("p0", "192.0.2.1", "255.255.255.255", { "0.0.0.2": "192.0.2.2" }),
    linkData: 3,
  };
  const second = { ...unnumbered, interface: "p1", linkData: 4 };
  const one = routerLsa(1, [toRouter(2, 3, 2), toRouter(2, 4, 1)]);
  assert.deepEqual(routesOf([one, other], 1, [unnumbered, second]), ["10.2.0.0/16 1 via 192.0.2.2 p1"]);
  const { linkData: _, ...untold } = unnumbered;
  assert.deepEqual(routesOf([one, other], 1, [untold]), ["10.2.0.0/16 1 via 192.0.2.2 p0"]);
  const neighbors = { "0.0.0.2": "10.0.0.2", "0.0.0.3": "10.0.0.3" };
  const multipoint = [attached("m0", "10.0.0.1", "255.255.255.0", neighbors)];
  const hub = routerLsa(1, [
    toRouter(2, ip("10.0.0.1"), 4),
    toRouter(3, ip("10.0.0.1"), 4),
    toStub(ip("10.0.0.1"), 32, 0),
  ]);
  const spoke = (id: number): Lsa =>
    routerLsa(id, [toRouter(1, ip("10.0.0.0") + id, 4), toStub(ip("10.0.0.0") + id, 32, 0)]);
  assert.deepEqual(routesOf([hub, spoke(2), spoke(3)], 1, multipoint), [
    "10.0.0.1/32 0 via m0",
    "10.0.0.2/32 4 via 10.0.0.2 m0",
    "10.0.0.3/32 4 via 10.0.0.3 m0",
  ]);
});

test("routers that offer no transit are a last resort (RFC 6987)", () => {
  const at = [
    attached("p0", "10.0.0.1", "255.255.255.252", { "0.0.0.2": "10.0.0.2" }),
    attached("p1", "10.0.0.5", "255.255.255.252", { "0.0.0.3": "10.0.0.6" }),
  ];
  const links = (id: number, back: string, cost: number, onward: number): Lsa =>
    routerLsa(id, [
      toRouter(1, ip(back), cost),
      toRouter(4, id, cost),
      toStub(ip("10.9.0.0") + id, 32, onward),
    ]);
  const one = routerLsa(1, [toRouter(2, ip("10.0.0.1"), 1), toRouter(3, ip("10.0.0.5"), 1)]);
  const far = routerLsa(4, [toRouter(2, 1, 1), toRouter(3, 2, 1), toStub(ip("10.4.0.0"), 16, 1)]);
  const stub = links(2, "10.0.0.2", MAX_LINK_METRIC, 1);
  const through = routesOf([one, stub, links(3, "10.0.0.6", 1_000, 1), far], 1, at);
  assert.deepEqual(through, [
    "10.9.0.2/32 2 via 10.0.0.2 p0",
    "10.9.0.3/32 2 via 10.0.0.6 p1",
    "10.4.0.0/16 1002 via 10.0.0.6 p1",
  ]);
  assert.ok(routesOf([one, stub, far], 1, at).includes(`10.4.0.0/16 ${MAX_LINK_METRIC + 2} via 10.0.0.2 p0`));
});

test("of two network-LSAs that are one IP network the larger Link State ID names it", () => {
  const at = [attached("e0", "10.0.0.1", "255.255.255.0")];
  const lsas = [
    routerLsa(1, [
      toNetwork(ip("10.0.0.1"), ip("10.0.0.1"), 1),
      toNetwork(ip("10.0.0.2"), ip("10.0.0.1"), 1),
    ]),
    routerLsa(2, [
      toNetwork(ip("10.0.0.1"), ip("10.0.0.2"), 1),
      toNetwork(ip("10.0.0.2"), ip("10.0.0.2"), 1),
    ]),
    networkLsa(ip("10.0.0.1"), 1, 24, [1, 2]),
    networkLsa(ip("10.0.0.2"), 2, 24, [1, 2]),
  ];
  for (const order of [lsas, lsas.toReversed()]) {
    const area = new Area();
    for (const lsa of order) area.graph.put(lsa);
    const tree = area.tree(1, at);
    const { slot } = area.destinations.find(ip("10.0.0.0"), 24)!;
    assert.equal(area.graph.ids[tree.origins[slot]!], ip("10.0.0.2"));
  }
});

test("a designated router that has changed its router id leaves a network-LSA behind that does no harm", () => {
  const at = [attached("e0", "10.0.0.1", "255.255.255.0")];
  const dr = ip("10.0.0.9");
  const lsas = [
    routerLsa(1, [toNetwork(dr, ip("10.0.0.1"), 1)]),
    routerLsa(2, [toNetwork(dr, dr, 1), toStub(ip("10.2.0.0"), 16, 1)]),
    networkLsa(dr, 2, 24, [1, 2]),
    networkLsa(dr, 99, 24, [99, 1]),
  ];
  const expected = ["10.2.0.0/16 2 via 10.0.0.9 e0", "10.0.0.0/24 1 via e0"];
  assert.deepEqual(routesOf(lsas, 1, at).sort(), expected.sort());
  assert.deepEqual(routesOf(lsas.reverse(), 1, at).sort(), expected.sort());
});

test("what has reached MaxAge, is malformed or bears another router's name does not count", () => {
  const at = [attached("p0", "10.0.0.1", "255.255.255.252", { "0.0.0.2": "10.0.0.2" })];
  const one = routerLsa(1, [toRouter(2, ip("10.0.0.1"), 1)]);
  const links = [toRouter(1, ip("10.0.0.2"), 1), toStub(ip("10.2.0.0"), 16, 1)];
  const route = ["10.2.0.0/16 2 via 10.0.0.2 p0"];
  const aging = routerLsa(2, links, { age: MAX_AGE - 10, at: 1_000 });
  assert.deepEqual(routesOf([one, aging], 1, at, 10_999), route);
  assert.deepEqual(routesOf([one, aging], 1, at, 11_000), []);
  const area = new Area();
  for (const lsa of [one, aging]) area.graph.put(lsa);
  assert.equal(area.found(area.tree(1, at, 10_999)).has(prefixText(ip("10.2.0.0"), 16)), true);
  assert.equal(area.found(area.tree(1, at, 11_000)).has(prefixText(ip("10.2.0.0"), 16)), false);
  const cut = routerLsa(2, links);
  cut.bytes[23] = 9;
  assert.deepEqual(routesOf([one, cut], 1, at), []);
});

test("equal paths beyond the limit are left out, the last in order", () => {
  const names = Array.from({ length: 6 }, (_, i) => i);
  const at = names.map((i) =>
    attached(`p${i}`, `10.0.${i}.1`, "255.255.255.252", { "0.0.0.2": `10.0.${i}.2` }),
  );
  const area = new Area(4);
  area.graph.put(routerLsa(1, names.map((i) => toRouter(2, ip(`10.0.${i}.1`), 1)).reverse()));
  area.graph.put(
    routerLsa(
      2,
      names.map((i) => toRouter(1, ip(`10.0.${i}.2`), 1)),
    ),
  );
  const { hops } = area.found(area.tree(1, at)).get("r2")!;
  assert.deepEqual(
    hops.map((hop) => hop.split(" ")[0]),
    ["p0", "p1", "p2", "p3"],
  );
});
