import { formatIpv4, formatIpv4Prefix } from "#base/ipv4.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { AttachedLink } from "#ospf/attached-links.ts";
import { MAX_AGE } from "#ospf/constants.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { RouteCalculator } from "#ospf/route-calculator.ts";
import type { OspfRoute, RouteChanges } from "#ospf/routes.ts";
import { diffRoutes } from "#ospf/testing/diff-routes.ts";
import {
  externalLsa,
  ip,
  networkLsa,
  routerLsa,
  summaryLsa,
  toNetwork,
  toRouter,
  toStub,
  type ExternalOptions,
} from "#ospf/testing/lsas.ts";
import {
  attachmentsOf,
  lsasOf,
  randomArea,
  type AreaPlan,
  type CableEnd,
} from "#ospf/testing/random-area.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

/** "10.2.0.0/16 intra-area 6 via 10.0.0.2 p0". */
function text(route: OspfRoute): string {
  const { network, length, pathType, cost, type2Cost, tag, nextHops, isConnected } = route;
  const hops = nextHops.map(
    (hop) => `${hop.gateway === undefined ? "" : `${formatIpv4(hop.gateway)} `}${hop.interface}`,
  );
  const costs = pathType === "external-2" ? `${cost}/${type2Cost}` : cost;
  const via = isConnected ? "connected" : `via ${hops.join(", ")}`;
  return `${formatIpv4Prefix(network, length)} ${pathType} ${costs}${tag ? ` tag ${tag}` : ""} ${via}`;
}

const neighbors = (pairs: Record<string, string>): Map<number, number> =>
  new Map(Object.entries(pairs).map(([id, address]) => [ip(id), ip(address)]));

const P2: AttachedLink = {
  interface: "p2",
  address: ip("10.0.2.1"),
  mask: ip("255.255.255.252"),
  neighbors: neighbors({ "0.0.0.2": "10.0.2.2" }),
};
const P3: AttachedLink = {
  interface: "p3",
  address: ip("10.0.3.1"),
  mask: ip("255.255.255.252"),
  neighbors: neighbors({ "0.0.0.3": "10.0.3.2" }),
};
const E0: AttachedLink = {
  interface: "e0",
  address: ip("10.1.0.1"),
  mask: ip("255.255.255.0"),
  neighbors: new Map(),
};

/** Router 1 with 2 behind p2 (cost 10), 3 behind p3 (cost 20), and a network e0 (cost 5) with 4 on it. */
function network(
  options: { rfc1583Compatible?: boolean; area?: number; areaOf3?: number } = {},
): RouteCalculator {
  const { area = 0, areaOf3 = area, ...rest } = options;
  const calculator = new RouteCalculator({ routerId: 1, ...rest });
  calculator.attach(area, areaOf3 === area ? [P2, P3, E0] : [P2, E0]);
  if (areaOf3 !== area) calculator.attach(areaOf3, [P3]);
  const to2 = [
    toRouter(2, ip("10.0.2.1"), 10),
    toStub(ip("10.0.2.0"), 30, 10),
    toNetwork(ip("10.1.0.4"), ip("10.1.0.1"), 5),
  ];
  const to3 = [toRouter(3, ip("10.0.3.1"), 20), toStub(ip("10.0.3.0"), 30, 20)];
  const bits = { isBorder: true, isAsBoundary: true };
  if (area === areaOf3) put(calculator, area, routerLsa(1, [...to2, ...to3]));
  else {
    put(calculator, area, routerLsa(1, to2));
    put(calculator, areaOf3, routerLsa(1, to3));
  }
  put(
    calculator,
    area,
    routerLsa(2, [toRouter(1, ip("10.0.2.2"), 10), toStub(ip("10.0.2.0"), 30, 10)], bits),
  );
  put(
    calculator,
    areaOf3,
    routerLsa(3, [toRouter(1, ip("10.0.3.2"), 20), toStub(ip("10.33.0.0"), 24, 1)], bits),
  );
  put(calculator, area, routerLsa(4, [toNetwork(ip("10.1.0.4"), ip("10.1.0.4"), 5)], bits));
  put(calculator, area, networkLsa(ip("10.1.0.4"), 4, 24, [1, 4]));
  calculator.run(0);
  return calculator;
}

function put(calculator: RouteCalculator, area: number | undefined, ...lsas: readonly Lsa[]): void {
  for (const lsa of lsas) calculator.lsaChanged(area, undefined, lsa);
}

function told({ set, removed }: RouteChanges): string[] {
  return [
    ...set.map(text),
    ...removed.map(({ network: at, length }) => `${formatIpv4Prefix(at, length)} gone`),
  ].sort();
}

const N = ip("203.0.113.0");
const external = (router: number, metric: number, options: ExternalOptions = {}): Lsa =>
  externalLsa(N, 24, router, metric, options);

test("connected networks and those of others", () => {
  const calculator = network();
  assert.deepEqual(calculator.routes.map(text), [
    "10.0.2.0/30 intra-area 10 connected",
    "10.0.3.0/30 intra-area 20 connected",
    "10.1.0.0/24 intra-area 5 connected",
    "10.33.0.0/24 intra-area 21 via 10.0.3.2 p3",
  ]);
  assert.deepEqual(
    calculator.routers.map(({ routerId, cost, pathType, isBorder, isAsBoundary }) => [
      routerId,
      cost,
      pathType,
      isBorder,
      isAsBoundary,
    ]),
    [
      [2, 10, "intra-area", true, true],
      [3, 20, "intra-area", true, true],
      [4, 5, "intra-area", true, true],
    ],
  );
});

const externalCases: readonly (readonly [string, readonly Lsa[], string | undefined])[] = [
  ["type 1 adds up", [external(2, 7)], "external-1 17 via 10.0.2.2 p2"],
  ["type 2 does not", [external(2, 7, { isType2: true, tag: 99 })], "external-2 10/7 tag 99 via 10.0.2.2 p2"],
  ["the cheapest sum of type 1", [external(2, 7), external(3, 1)], "external-1 17 via 10.0.2.2 p2"],
  ["equal sums use both", [external(2, 20), external(3, 10)], "external-1 30 via 10.0.2.2 p2, 10.0.3.2 p3"],
  [
    "the tag of the larger router id",
    [external(2, 20, { tag: 8 }), external(3, 10, { tag: 7 })],
    "external-1 30 tag 7 via 10.0.2.2 p2, 10.0.3.2 p3",
  ],
  [
    "type 1 before type 2",
    [external(2, 1, { isType2: true }), external(3, 5_000)],
    "external-1 5020 via 10.0.3.2 p3",
  ],
  [
    "the smaller metric of type 2",
    [external(2, 7, { isType2: true }), external(3, 6, { isType2: true })],
    "external-2 20/6 via 10.0.3.2 p3",
  ],
  [
    "equal metrics of type 2: the nearer router",
    [external(2, 7, { isType2: true }), external(3, 7, { isType2: true })],
    "external-2 10/7 via 10.0.2.2 p2",
  ],
  [
    "a forwarding address on an own network is the gateway",
    [external(2, 7, { forwardingAddress: ip("10.1.0.77") })],
    "external-1 12 via 10.1.0.77 e0",
  ],
  [
    "a forwarding address elsewhere",
    [external(2, 7, { forwardingAddress: ip("10.33.0.9") })],
    "external-1 28 via 10.0.3.2 p3",
  ],
  [
    "a forwarding address that nothing leads to",
    [external(2, 7, { forwardingAddress: ip("10.99.0.1") })],
    undefined,
  ],
  [
    "a forwarding address of this router's own",
    [external(2, 7, { forwardingAddress: ip("10.1.0.1") })],
    undefined,
  ],
  ["a forwarding address inside another external", [external(2, 7, { forwardingAddress: N + 1 })], undefined],
  [
    "the router has to be reachable also then",
    [external(9, 7, { forwardingAddress: ip("10.1.0.77") })],
    undefined,
  ],
  ["an unknown router", [external(9, 7)], undefined],
  ["infinity", [external(2, 0xff_ffff)], undefined],
  ["almost infinity", [external(2, 0xff_fffe)], "external-1 16777224 via 10.0.2.2 p2"],
  ["MaxAge", [external(2, 7, { age: MAX_AGE })], undefined],
  ["this router's own", [external(1, 7)], undefined],
  ["host bits in the Link State ID", [externalLsa(N + 255, 24, 2, 7)], "external-1 17 via 10.0.2.2 p2"],
  ["a mask with holes", [spoilt(external(2, 7))], undefined],
];

function spoilt(lsa: Lsa): Lsa {
  lsa.bytes[21] = 0x7f;
  return lsa;
}

for (const [name, lsas, expected] of externalCases) {
  test(`externals: ${name}`, () => {
    for (const order of [lsas, [...lsas].reverse()]) {
      const calculator = network();
      put(calculator, undefined, ...order);
      const { changes, ran } = calculator.run(0);
      assert.deepEqual(told(changes), expected === undefined ? [] : [`203.0.113.0/24 ${expected}`]);
      assert.equal(
        ran,
        expected === undefined && ["a mask with holes"].includes(name) ? "nothing" : "partial",
      );
    }
  });
}

test("an intra-area route hides an external one, which comes back when it goes", () => {
  const calculator = network();
  const inside = (links: boolean): Lsa =>
    routerLsa(2, [toRouter(1, ip("10.0.2.2"), 10), ...(links ? [toStub(N, 24, 90)] : [])], {
      isAsBoundary: true,
    });
  put(calculator, undefined, external(2, 7));
  calculator.run(0);
  put(calculator, 0, inside(true));
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 intra-area 100 via 10.0.2.2 p2"]);
  put(calculator, 0, inside(false));
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 external-1 17 via 10.0.2.2 p2"]);
  put(calculator, 0, routerLsa(2, [toRouter(1, ip("10.0.2.2"), 10)]));
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 gone"]);
});

test("paths inside another area than the backbone are preferred, unless RFC 1583 is to be followed", () => {
  const lsas = [external(2, 7, { isType2: true }), external(3, 7, { isType2: true })];
  const preferred = network({ areaOf3: 1 });
  put(preferred, undefined, ...lsas);
  assert.deepEqual(told(preferred.run(0).changes), ["203.0.113.0/24 external-2 20/7 via 10.0.3.2 p3"]);
  const compatible = network({ areaOf3: 1, rfc1583Compatible: true });
  put(compatible, undefined, ...lsas);
  assert.deepEqual(told(compatible.run(0).changes), ["203.0.113.0/24 external-2 10/7 via 10.0.2.2 p2"]);
});

test("summaries: the cheapest path by a border router, all of equal ones, and only usable ones", () => {
  const calculator = network();
  const at = ip("172.16.0.0");
  const cases: readonly (readonly [readonly Lsa[], string | undefined])[] = [
    [[summaryLsa(at, 16, 2, 5)], "inter-area 15 via 10.0.2.2 p2"],
    [[summaryLsa(at, 16, 3, 5)], "inter-area 15 via 10.0.2.2 p2"],
    [[summaryLsa(at, 16, 2, 15)], "inter-area 25 via 10.0.2.2 p2, 10.0.3.2 p3"],
    [[summaryLsa(at, 16, 2, 16)], "inter-area 25 via 10.0.3.2 p3"],
    [[summaryLsa(at, 16, 4, 1)], "inter-area 6 via 10.1.0.4 e0"],
    [[summaryLsa(at, 16, 4, 0xff_ffff)], "inter-area 25 via 10.0.3.2 p3"],
    [[summaryLsa(at, 16, 3, 5, { age: MAX_AGE }), summaryLsa(at, 16, 1, 1)], "inter-area 26 via 10.0.2.2 p2"],
    [[summaryLsa(at, 16, 9, 1)], "inter-area 26 via 10.0.2.2 p2"],
  ];
  for (const [lsas, expected] of cases) {
    put(calculator, 0, ...lsas);
    assert.ok(["partial", "nothing"].includes(calculator.run(0).ran));
    assert.equal(text(calculator.route(at, 16)!), `172.16.0.0/16 ${expected}`);
  }
  calculator.lsaChanged(0, summaryLsa(at, 16, 2, 16), undefined);
  assert.deepEqual(told(calculator.run(0).changes), ["172.16.0.0/16 gone"]);
});

test("a border router looks at the backbone's summaries only", () => {
  const calculator = network({ areaOf3: 1 });
  put(calculator, 1, summaryLsa(ip("172.16.0.0"), 16, 3, 1));
  assert.deepEqual(told(calculator.run(0).changes), []);
  put(calculator, 0, summaryLsa(ip("172.16.0.0"), 16, 2, 50));
  assert.deepEqual(told(calculator.run(0).changes), ["172.16.0.0/16 inter-area 60 via 10.0.2.2 p2"]);
  const other = network({ area: 2, areaOf3: 1 });
  put(other, 1, summaryLsa(ip("172.16.0.0"), 16, 3, 1));
  assert.deepEqual(told(other.run(0).changes), ["172.16.0.0/16 inter-area 21 via 10.0.3.2 p3"]);
});

test("an AS boundary router in another area is found by the summaries of border routers", () => {
  const calculator = network();
  put(calculator, undefined, external(77, 3));
  put(calculator, 0, summaryLsa(77, undefined, 2, 5), summaryLsa(77, undefined, 3, 5));
  const { ran, changes } = calculator.run(0);
  assert.equal(ran, "partial");
  assert.deepEqual(told(changes), ["203.0.113.0/24 external-1 18 via 10.0.2.2 p2"]);
  assert.deepEqual(
    calculator.routers
      .filter(({ routerId }) => routerId === 77)
      .map(({ pathType, cost }) => [pathType, cost]),
    [["inter-area", 15]],
  );
  calculator.lsaChanged(0, summaryLsa(77, undefined, 2, 5), undefined);
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 external-1 28 via 10.0.3.2 p3"]);
});

test("an AS boundary router of this area is not looked for elsewhere", () => {
  const calculator = network();
  put(calculator, undefined, external(2, 7));
  put(calculator, 0, summaryLsa(2, undefined, 4, 1));
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 external-1 17 via 10.0.2.2 p2"]);
});

/** Router 8 hangs behind 2 in the backbone and behind 3 in area 1; it is a boundary router with a network. */
function twoWays(cost2: number, cost3: number, rfc1583Compatible = false): RouteCalculator {
  const calculator = network({ areaOf3: 1, rfc1583Compatible });
  const router = (id: number, address: string, back: number, cost: number): Lsa =>
    routerLsa(id, [toRouter(1, ip(address), back), toRouter(8, ip("10.8.0.1"), cost)], { isBorder: true });
  put(calculator, 0, router(2, "10.0.2.2", 10, cost2));
  put(calculator, 1, router(3, "10.0.3.2", 20, cost3));
  for (const [area, id] of [
    [0, 2],
    [1, 3],
  ] as const)
    put(
      calculator,
      area,
      routerLsa(8, [toRouter(id, ip("10.8.0.2"), 1), toStub(ip("10.8.8.0"), 24, 1)], { isAsBoundary: true }),
    );
  put(calculator, undefined, external(8, 1));
  calculator.run(0);
  return calculator;
}

test("what is in two areas: the cheaper way inside, the way outside the backbone to what is outside", () => {
  const inside = (calculator: RouteCalculator): string => text(calculator.route(ip("10.8.8.0"), 24)!);
  const outside = (calculator: RouteCalculator): string => text(calculator.route(N, 24)!);
  const unequal = twoWays(5, 5);
  assert.equal(inside(unequal), "10.8.8.0/24 intra-area 16 via 10.0.2.2 p2");
  assert.equal(outside(unequal), "203.0.113.0/24 external-1 26 via 10.0.3.2 p3");
  assert.equal(outside(twoWays(5, 5, true)), "203.0.113.0/24 external-1 16 via 10.0.2.2 p2");
  const equal = twoWays(15, 5, true);
  assert.equal(inside(equal), "10.8.8.0/24 intra-area 26 via 10.0.3.2 p3");
  assert.equal(outside(equal), "203.0.113.0/24 external-1 26 via 10.0.3.2 p3");
});

test("a router that is a border router no more looks at all summaries", () => {
  const calculator = network({ areaOf3: 1 });
  put(calculator, 1, summaryLsa(ip("172.16.0.0"), 16, 3, 1));
  calculator.run(0);
  calculator.attach(0, []);
  const changes = told(calculator.run(0).changes);
  assert.ok(changes.includes("172.16.0.0/16 inter-area 21 via 10.0.3.2 p3"), changes.join("\n"));
});

test("a route tells the LSA that named it, also when only that changes", () => {
  const calculator = network();
  const before = networkLsa(ip("10.1.0.4"), 4, 24, [1, 4]);
  const after = networkLsa(ip("10.1.0.4"), 9, 24, [1, 4]);
  calculator.lsaChanged(0, undefined, after);
  calculator.lsaChanged(0, before, undefined);
  assert.deepEqual(told(calculator.run(0).changes), ["10.1.0.0/24 intra-area 5 connected"]);
  assert.equal(calculator.route(ip("10.1.0.0"), 24)!.origin, after.key);
});

test("a forwarding address that becomes this router's own leads nowhere", () => {
  const calculator = network();
  put(calculator, undefined, external(2, 7, { forwardingAddress: ip("10.33.0.9") }));
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 external-1 28 via 10.0.3.2 p3"]);
  calculator.attach(0, [
    P2,
    P3,
    E0,
    { ...E0, interface: "e1", address: ip("10.33.0.9"), mask: ip("255.255.255.252") },
  ]);
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 gone"]);
});

test("says what has to run: nothing for what is only refreshed", () => {
  const calculator = network();
  const lsa = (sequence: number, metric: number): Lsa => external(2, metric, { sequence });
  assert.equal(calculator.lsaChanged(undefined, undefined, lsa(1, 7)), "partial");
  calculator.run(0);
  assert.equal(calculator.lsaChanged(undefined, lsa(1, 7), lsa(2, 7)), "nothing");
  assert.equal(calculator.run(0).ran, "nothing");
  assert.equal(calculator.lsaChanged(undefined, lsa(2, 7), lsa(3, 8)), "partial");
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 external-1 18 via 10.0.2.2 p2"]);
  assert.equal(calculator.lsaChanged(undefined, lsa(3, 8), lsa(3, 8).withAge(MAX_AGE, 0)), "partial");
  assert.deepEqual(told(calculator.run(0).changes), ["203.0.113.0/24 gone"]);
  const [before, after] = [1, 2].map((sequence) =>
    routerLsa(3, [toRouter(1, ip("10.0.3.2"), 20), toStub(ip("10.33.0.0"), 24, 1)], {
      isBorder: true,
      isAsBoundary: true,
      sequence,
    }),
  );
  assert.equal(calculator.lsaChanged(0, before, after), "nothing");
  assert.equal(calculator.lsaChanged(0, after, undefined), "full");
  assert.deepEqual(told(calculator.run(0).changes), ["10.33.0.0/24 gone"]);
  assert.equal(calculator.lsaChanged(5, undefined, after), "nothing");
});

test("interfaces that come and go change next hops and what is connected", () => {
  const calculator = network();
  calculator.attach(0, [P2, { ...P3, interface: "renamed" }, E0]);
  const { ran, changes } = calculator.run(0);
  assert.equal(ran, "full");
  assert.deepEqual(told(changes), [
    "10.0.3.0/30 intra-area 20 connected",
    "10.33.0.0/24 intra-area 21 via 10.0.3.2 renamed",
  ]);
  calculator.attach(0, [P2, { ...P3, interface: "renamed" }, E0]);
  assert.equal(calculator.run(0).ran, "nothing");
  calculator.attach(0, [P2, E0]);
  assert.deepEqual(told(calculator.run(0).changes), [
    "10.0.3.0/30 intra-area 20 connected",
    "10.33.0.0/24 gone",
  ]);
  calculator.removeArea(0);
  assert.equal(told(calculator.run(0).changes).length, 3);
  assert.deepEqual(calculator.routes, []);
});

test("other options are taken in place, and only what they change is told", () => {
  const calculator = network();
  put(calculator, undefined, external(2, 20), external(3, 10));
  calculator.run(0);
  calculator.configure({ routerId: 1, maximumPaths: 1 });
  const { ran, changes } = calculator.run(0);
  assert.equal(ran, "full");
  assert.deepEqual(told(changes), ["203.0.113.0/24 external-1 30 via 10.0.2.2 p2"]);
  calculator.configure({ routerId: 1, maximumPaths: 1 });
  assert.equal(calculator.run(0).ran, "nothing");
  calculator.configure({ routerId: 6, maximumPaths: 1 });
  assert.deepEqual(
    told(calculator.run(0).changes).filter((each) => !each.endsWith(" gone")),
    [],
  );
});

/** Two areas and the world outside, of which anything may change. */
class RandomWorld {
  readonly lsas = new Map<string, { readonly area: number | undefined; readonly lsa: Lsa }>();
  readonly attachments = new Map<number, AttachedLink[]>();
  readonly #random: Random;
  readonly #plans: AreaPlan[];
  #sequence = 1;

  constructor(random: Random) {
    this.#random = random;
    const first = randomArea(random, 7);
    this.#plans = [first, randomArea(random, 7)].map((plan) => this.#rooted(plan, first.routers[0]!));
    for (const area of [0, 1]) this.attachments.set(area, attachmentsOf(this.#plans[area]!));
  }

  get routerId(): number {
    return this.#plans[0]!.routers[0]!;
  }

  /** Tells a calculator of all that there is at first. */
  begin(calculator: RouteCalculator): void {
    for (const [area, links] of this.attachments) {
      calculator.attach(area, links);
      for (const lsa of lsasOf(this.#plans[area]!)) {
        this.lsas.set(`${area} ${lsa.key}`, { area, lsa });
        calculator.lsaChanged(area, undefined, lsa);
      }
    }
  }

  /** Tells a calculator of some changes. */
  change(calculator: RouteCalculator): void {
    const random = this.#random;
    if (random.below(6) === 0) this.#attach(calculator);
    for (const { area, lsa } of this.#candidates()) {
      if (random.below(3) > 0) continue;
      const known = this.lsas.get(`${area} ${lsa.key}`)?.lsa;
      const isGone = known !== undefined && random.below(4) === 0;
      if (isGone) this.lsas.delete(`${area} ${lsa.key}`);
      else this.lsas.set(`${area} ${lsa.key}`, { area, lsa });
      calculator.lsaChanged(area, known, isGone ? undefined : lsa);
    }
  }

  #attach(calculator: RouteCalculator): void {
    const area = this.#random.below(2);
    const links = attachmentsOf(this.#plans[area]!).filter(() => this.#random.below(5) > 0);
    this.attachments.set(area, links);
    calculator.attach(area, links);
  }

  #candidates(): { area: number | undefined; lsa: Lsa }[] {
    const random = this.#random;
    const sequence = ++this.#sequence;
    const routers = this.#plans.flatMap((plan) => plan.routers);
    const router = (): number => routers[random.below(routers.length)]!;
    const network = (): number => 0xac10_0000 + 256 * random.below(8);
    const all: { area: number | undefined; lsa: Lsa }[] = [];
    // Often only the outside changes, as in life.
    if (random.below(3) === 0)
      for (const area of [0, 1]) {
        const plan = this.#disturbed(this.#plans[area]!);
        for (const lsa of lsasOf(plan, sequence)) all.push({ area, lsa });
      }
    for (let i = random.below(6); i > 0; i--) {
      const area = random.below(2);
      const metric = random.below(9) === 0 ? 0xff_ffff : random.below(4);
      const options = { sequence, age: random.below(9) === 0 ? MAX_AGE : 0 };
      all.push({ area, lsa: summaryLsa(network(), 24, router(), metric, options) });
      all.push({ area, lsa: summaryLsa(router(), undefined, router(), metric, options) });
      const forwardingAddress =
        random.below(2) === 0 ? 0 : random.below(2) === 0 ? network() + 7 : 0xc0a8_0000 + random.below(512);
      const more = { ...options, isType2: random.below(2) === 0, forwardingAddress, tag: random.below(3) };
      all.push({ area: undefined, lsa: externalLsa(network(), 24, router(), metric, more) });
    }
    return all;
  }

  /** The same routers and links; some cost something else, some ends keep still about them. */
  #disturbed(plan: AreaPlan): AreaPlan {
    const random = this.#random;
    const end = (each: CableEnd): CableEnd => {
      const cost = random.below(4) === 0 ? 1 + random.below(3) : each.cost;
      return { ...each, cost, isTold: random.below(12) > 0 };
    };
    return {
      ...plan,
      cables: plan.cables.map(({ network, ends: [a, b] }) => ({ network, ends: [end(a), end(b)] })),
      stubs: plan.stubs.filter(() => random.below(6) > 0),
      asBoundary: new Set(plan.routers.filter(() => random.below(2) === 0)),
      border: new Set(plan.routers.filter(() => random.below(3) > 0)),
    };
  }

  /** A plan of the same shape with this router as the first. */
  #rooted(plan: AreaPlan, root: number): AreaPlan {
    const id = (router: number): number => (router === plan.routers[0] ? root : router);
    return {
      ...plan,
      routers: [...new Set([root, ...plan.routers.slice(1)])],
      cables: plan.cables.map(({ network, ends: [a, b] }) => {
        return {
          network,
          ends: [
            { ...a, router: id(a.router) },
            { ...b, router: id(b.router) },
          ],
        };
      }),
      lans: plan.lans.map((lan) => {
        return { ...lan, members: lan.members.map((each) => ({ ...each, router: id(each.router) })) };
      }),
      stubs: plan.stubs.map((stub) => ({ ...stub, router: id(stub.router) })),
    };
  }
}

test("any changes in any order: the table is as if it were computed anew, and changes say what has changed", () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(`calculator ${seed}`);
    const world = new RandomWorld(random);
    const options = {
      routerId: world.routerId,
      rfc1583Compatible: seed % 3 === 0,
      maximumPaths: seed % 5 === 0 ? 2 : 16,
    };
    const calculator = new RouteCalculator(options);
    world.begin(calculator);
    calculator.run(0);
    for (let round = 0; round < 15; round++) {
      const where = `seed ${seed}, round ${round}`;
      const before = calculator.routes;
      world.change(calculator);
      const { changes, ran } = calculator.run(round);
      const anew = new RouteCalculator(options);
      for (const [area, links] of world.attachments) anew.attach(area, links);
      for (const { area, lsa } of world.lsas.values()) put(anew, area, lsa);
      anew.run(round);
      assert.deepEqual(calculator.routes, anew.routes, where);
      assert.deepEqual(calculator.routers, anew.routers, where);
      assert.deepEqual(told(changes), told(diffRoutes(before, calculator.routes)), where);
      count(ran);
      for (const { pathType } of calculator.routes) count(pathType);
    }
  }
  for (const what of ["full", "partial", "intra-area", "inter-area", "external-1", "external-2"])
    assert.ok((seen.get(what) ?? 0) > 300, `${what}: ${seen.get(what)}`);
});

test("networks that come and go for ever do not fill the memory", () => {
  const calculator = network();
  const hub = (round: number): Lsa =>
    routerLsa(2, [
      toRouter(1, ip("10.0.2.2"), 10),
      ...Array.from({ length: 500 }, (_, i) => toRouter(0x0100_0000 + 500 * round + i, ip("10.9.9.9"), 1)),
      ...Array.from({ length: 500 }, (_, i) => toStub(0x2000_0000 + 500 * round + i, 32, 1)),
    ]);
  let before: Lsa | undefined;
  for (let round = 0; round < 100; round++) {
    const after = hub(round);
    calculator.lsaChanged(0, before, after);
    calculator.lsaChanged(
      undefined,
      undefined,
      externalLsa(0x3000_0000 + 256 * round, 24, 4, 1, { age: MAX_AGE }),
    );
    calculator.lsaChanged(undefined, externalLsa(0x3000_0000 + 256 * round, 24, 4, 1), undefined);
    const { changes } = calculator.run(0);
    assert.equal(changes.set.length, 500);
    assert.equal(changes.removed.length, round === 0 ? 0 : 500);
    before = after;
  }
  const { destinations, areas } = calculator.inputs();
  assert.ok(destinations.all.length < 12_000, `${destinations.all.length} destinations`);
  assert.ok(areas.get(0)!.tree.graph.size < 12_000, `${areas.get(0)!.tree.graph.size} vertices`);
});
