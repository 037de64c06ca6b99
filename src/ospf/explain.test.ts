import type { AttachedLink } from "#ospf/attached-links.ts";
import { MAX_AGE, MAX_LINK_METRIC } from "#ospf/constants.ts";
import { explanationLines } from "#ospf/explanation-lines.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { RouteCalculator } from "#ospf/route-calculator.ts";
import {
  externalLsa,
  ip,
  networkLsa,
  routerLsa,
  summaryLsa,
  toNetwork,
  toRouter,
  toStub,
} from "#ospf/testing/lsas.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

const [R1, R2, R3, R4, R5] = ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4", "5.5.5.5"].map(ip) as [
  number,
  number,
  number,
  number,
  number,
];

function link(
  name: string,
  address: string,
  mask: string,
  neighbor?: readonly [number, string],
): AttachedLink {
  const neighbors = new Map(neighbor ? [[neighbor[0], ip(neighbor[1])]] : []);
  return { interface: name, address: ip(address), mask: ip(mask), neighbors };
}

/**
 * R1 - R2 - R4 and R1 - R3 - R4 are cables of cost 10; R4's LAN 10.4.0.0/24 has R5. R2 and R4 are AS boundary routers,
 * R3 is a border router.
 */
function square(changed: readonly Lsa[] = []): RouteCalculator {
  const calculator = new RouteCalculator({ routerId: R1 });
  const mask = "255.255.255.252";
  calculator.attach(0, [
    link("p2", "10.0.2.1", mask, [R2, "10.0.2.2"]),
    link("p3", "10.0.3.1", mask, [R3, "10.0.3.2"]),
  ]);
  const lan = ip("10.4.0.4");
  const lsas = [
    routerLsa(R1, [
      toRouter(R2, ip("10.0.2.1"), 10),
      toRouter(R3, ip("10.0.3.1"), 10),
      toStub(ip("10.0.2.0"), 30, 10),
    ]),
    routerLsa(
      R2,
      [toRouter(R1, ip("10.0.2.2"), 10), toRouter(R4, ip("10.2.4.1"), 10), toStub(ip("10.2.2.2"), 32, 0)],
      { isAsBoundary: true },
    ),
    routerLsa(R3, [toRouter(R1, ip("10.0.3.2"), 10), toRouter(R4, ip("10.3.4.1"), 10)], { isBorder: true }),
    routerLsa(
      R4,
      [toRouter(R2, ip("10.2.4.2"), 10), toRouter(R3, ip("10.3.4.2"), 10), toNetwork(lan, lan, 1)],
      { isAsBoundary: true },
    ),
    routerLsa(R5, [toNetwork(lan, ip("10.4.0.5"), 1), toStub(ip("10.5.0.0"), 16, 3)], { sequence: 9 }),
    networkLsa(lan, R4, 24, [R4, R5], { sequence: 3 }),
  ];
  for (const some of [lsas, changed]) {
    for (const lsa of some) calculator.lsaChanged(lsa.type === 5 ? undefined : 0, undefined, lsa);
    calculator.run(0);
  }
  return calculator;
}

function told(calculator: RouteCalculator, address: string): string {
  return explanationLines(calculator.explain(ip(address))).join("\n");
}

/** Without the indentation of the test. */
function lines(text: string): string {
  return text.replace(/^\n/, "").replace(/\n *$/, "").replaceAll(/^ {4}/gm, "");
}

const N = ip("203.0.113.0");
const LAN = ip("10.4.0.4");
const R5_LINKS = [toNetwork(LAN, ip("10.4.0.5"), 1), toStub(ip("10.5.0.0"), 16, 3)];
const throughR2 = (cost: number): Lsa =>
  routerLsa(R2, [toRouter(R1, ip("10.0.2.2"), cost), toRouter(R4, ip("10.2.4.1"), cost)], {
    isAsBoundary: true,
  });

test("equal paths are told hop by hop, with the LSA behind each cost", () => {
  assert.equal(
    told(square(), "10.5.1.2"),
    lines(`
    10.5.1.2 is in 10.5.0.0/16: intra-area of area 0.0.0.0, cost 24
      via 10.0.2.2, p2
      via 10.0.3.2, p3
    Told by router-LSA 5.5.5.5, sequence 0x80000009
      path 1 of 2 equal ones:
      router 1.1.1.1 -> router 2.2.2.2: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      router 2.2.2.2 -> router 4.4.4.4: cost 10, total 20 (router-LSA 2.2.2.2, sequence 0x80000001)
      router 4.4.4.4 -> network 10.4.0.0/24: cost 1, total 21 (router-LSA 4.4.4.4, sequence 0x80000001)
      network 10.4.0.0/24 -> router 5.5.5.5: cost 0, total 21 (network-LSA 10.4.0.4 of 4.4.4.4, sequence 0x80000003)
      router 5.5.5.5 -> stub network 10.5.0.0/16: cost 3, total 24 (router-LSA 5.5.5.5, sequence 0x80000009)
      path 2 of 2 equal ones:
      router 1.1.1.1 -> router 3.3.3.3: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      router 3.3.3.3 -> router 4.4.4.4: cost 10, total 20 (router-LSA 3.3.3.3, sequence 0x80000001)
      router 4.4.4.4 -> network 10.4.0.0/24: cost 1, total 21 (router-LSA 4.4.4.4, sequence 0x80000001)
      network 10.4.0.0/24 -> router 5.5.5.5: cost 0, total 21 (network-LSA 10.4.0.4 of 4.4.4.4, sequence 0x80000003)
      router 5.5.5.5 -> stub network 10.5.0.0/16: cost 3, total 24 (router-LSA 5.5.5.5, sequence 0x80000009)
    `),
  );
});

test("a network of this router itself", () => {
  assert.equal(
    told(square(), "10.0.2.2"),
    lines(`
    10.0.2.2 is in 10.0.2.0/30: intra-area of area 0.0.0.0, cost 10
      directly attached to p2
      a network of this router itself
    Told by router-LSA 1.1.1.1, sequence 0x80000001
      router 1.1.1.1 -> stub network 10.0.2.0/30: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
    `),
  );
});

test("what comes second: other kinds of paths, shorter prefixes, dearer ones through a router without transit", () => {
  const near = routerLsa(R3, [toRouter(R1, ip("10.0.3.2"), 10), toStub(ip("10.5.0.0"), 16, 7)]);
  const others = [
    summaryLsa(ip("10.5.0.0"), 16, R3, 1),
    externalLsa(ip("10.5.0.0"), 16, R2, 1),
    externalLsa(ip("10.0.0.0"), 8, R2, 1, { isType2: true }),
  ];
  assert.equal(
    told(square([throughR2(MAX_LINK_METRIC), near, ...others]), "10.5.1.2"),
    lines(`
    10.5.1.2 is in 10.5.0.0/16: intra-area of area 0.0.0.0, cost 17
      via 10.0.3.2, p3
    Told by router-LSA 3.3.3.3, sequence 0x80000001
      router 1.1.1.1 -> router 3.3.3.3: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      router 3.3.3.3 -> stub network 10.5.0.0/16: cost 7, total 17 (router-LSA 3.3.3.3, sequence 0x80000001)
    Not used:
      router-LSA 5.5.5.5, sequence 0x80000009: costs 65549, more than 17; router 2.2.2.2 offers no transit (its links cost the most that a link can)
      summary-LSA 10.5.0.0 of 3.3.3.3, sequence 0x80000001: no path leads to 3.3.3.3 as a border router
      external-LSA 10.5.0.0 of 2.2.2.2, sequence 0x80000001: intra-area routes come before external-1 ones
    Less specific: 10.0.0.0/8 (external-2)
    `),
  );
});

test("externals: the metric of type 2, then the distance; and every way to lose", () => {
  const isType2 = true;
  const lsas = [
    externalLsa(N, 24, R2, 20, { isType2, tag: 7 }),
    externalLsa(N, 24, R4, 20, { isType2 }),
    externalLsa(N, 24, R5, 2),
    externalLsa(N + 1, 24, R4, 5, { isType2, forwardingAddress: ip("10.99.0.1") }),
    externalLsa(N + 2, 24, R4, 30, { isType2 }),
    externalLsa(N + 3, 24, R4, 1, { age: MAX_AGE }),
    externalLsa(N + 4, 24, R4, 0xff_ffff),
    externalLsa(N + 5, 24, R4, 5, { forwardingAddress: ip("10.0.2.1") }),
    externalLsa(N, 24, R1, 1),
  ];
  assert.equal(
    told(square(lsas), "203.0.113.9"),
    lines(`
    203.0.113.9 is in 203.0.113.0/24: external-2, type 2 metric 20, cost 10 inside, tag 7
      via 10.0.2.2, p2
    Told by external-LSA 203.0.113.0 of 2.2.2.2, sequence 0x80000001
      router 1.1.1.1 -> router 2.2.2.2: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      metric 20 of type 2, compared before costs inside
    Not used:
      external-LSA 203.0.113.0 of 1.1.1.1, sequence 0x80000001: it is this router's own
      external-LSA 203.0.113.0 of 4.4.4.4, sequence 0x80000001: costs 20, more than 10
      external-LSA 203.0.113.1 of 4.4.4.4, sequence 0x80000001: no route inside leads to the forwarding address 10.99.0.1
      external-LSA 203.0.113.2 of 4.4.4.4, sequence 0x80000001: type 2 metric 30, more than 20
      external-LSA 203.0.113.3 of 4.4.4.4, sequence 0x80000001: it has reached MaxAge and is on its way out
      external-LSA 203.0.113.4 of 4.4.4.4, sequence 0x80000001: its metric says that the network cannot be reached
      external-LSA 203.0.113.5 of 4.4.4.4, sequence 0x80000001: the forwarding address 10.0.2.1 is this router's own
      external-LSA 203.0.113.0 of 5.5.5.5, sequence 0x80000001: no path leads to 5.5.5.5 as an AS boundary router
    `),
  );
});

test("the way to a forwarding address, and to an AS boundary router of another area", () => {
  const forwarded = externalLsa(N, 24, R4, 20, { forwardingAddress: ip("10.2.2.2") });
  assert.equal(
    told(square([forwarded]), "203.0.113.9"),
    lines(`
    203.0.113.9 is in 203.0.113.0/24: external-1, cost 30
      via 10.0.2.2, p2
    Told by external-LSA 203.0.113.0 of 4.4.4.4, sequence 0x80000001
      router 1.1.1.1 -> router 2.2.2.2: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      router 2.2.2.2 -> stub network 10.2.2.2/32: cost 0, total 10 (router-LSA 2.2.2.2, sequence 0x80000001)
      to the forwarding address 10.2.2.2
      metric 20, total 30
    `),
  );
  const far = ip("7.7.7.7");
  assert.equal(
    told(square([externalLsa(N, 24, far, 20), summaryLsa(far, undefined, R3, 4)]), "203.0.113.9"),
    lines(`
    203.0.113.9 is in 203.0.113.0/24: external-1, cost 34
      via 10.0.3.2, p3
    Told by external-LSA 203.0.113.0 of 7.7.7.7, sequence 0x80000001
      router 1.1.1.1 -> router 3.3.3.3: cost 10, total 10 (router-LSA 1.1.1.1, sequence 0x80000001)
      router 3.3.3.3 -> router 7.7.7.7 of another area: cost 4, total 14 (asbr-summary-LSA 7.7.7.7 of 3.3.3.3, sequence 0x80000001)
      metric 20, total 34
    `),
  );
});

const unusableCases: readonly (readonly [string, readonly Lsa[], string])[] = [
  [
    "not two-way, the router's side is missing",
    [routerLsa(R5, R5_LINKS.slice(1))],
    "network 10.4.0.0/24 has a link to router 5.5.5.5, which has none back",
  ],
  [
    "not two-way, the network's side is missing",
    [networkLsa(LAN, R4, 24, [R4])],
    "router 5.5.5.5 has a link to network 10.4.0.0/24, which has none back",
  ],
  ["MaxAge", [routerLsa(R5, R5_LINKS, { age: MAX_AGE })], "it has reached MaxAge and is on its way out"],
  [
    "nobody knows it",
    [routerLsa(R5, R5_LINKS.slice(1)), networkLsa(LAN, R4, 24, [R4])],
    "no path leads to router 5.5.5.5, which has told this",
  ],
];

for (const [name, lsas, why] of unusableCases) {
  test(`no way: ${name}`, () => {
    const sequence = lsas[0]!.type === 1 ? "0x80000001" : "0x80000009";
    assert.equal(
      told(square(lsas), "10.5.1.2"),
      lines(`
    No OSPF route leads to 10.5.1.2.
    10.5.0.0/16 cannot be used:
      router-LSA 5.5.5.5, sequence ${sequence}: ${why}
      `),
    );
  });
}

test("an interface that is missing behind an own link is named", () => {
  const calculator = square();
  calculator.attach(0, []);
  calculator.run(0);
  const { unusable } = calculator.explain(ip("10.2.2.2"));
  assert.deepEqual(
    unusable.map(({ prefix, candidates }) => [prefix, candidates.map(({ verdict }) => verdict)]),
    [["10.2.2.2/32", ["no-interface"]]],
  );
});

test("an address that no LSA names", () => {
  assert.equal(told(square(), "192.0.2.1"), "No OSPF route leads to 192.0.2.1.");
});

test("an explanation shows the instance that has only refreshed the one before", () => {
  const calculator = square();
  calculator.lsaChanged(
    0,
    routerLsa(R5, R5_LINKS, { sequence: 9 }),
    routerLsa(R5, R5_LINKS, { sequence: 10 }),
  );
  assert.equal(calculator.explain(ip("10.5.0.1")).candidates[0]!.lsa.sequence, "0x8000000a");
});

test("an explanation is plain data", () => {
  const explanation = square([externalLsa(N, 24, R2, 20, { tag: 5 })]).explain(N);
  assert.deepEqual(JSON.parse(JSON.stringify(explanation)), {
    address: "203.0.113.0",
    route: {
      prefix: "203.0.113.0/24",
      pathType: "external-1",
      cost: 30,
      tag: 5,
      isConnected: false,
      nextHops: [{ interface: "p2", gateway: "10.0.2.2" }],
    },
    candidates: [
      {
        lsa: { type: "external", id: "203.0.113.0", advertisingRouter: "2.2.2.2", sequence: "0x80000001" },
        pathType: "external-1",
        metric: 20,
        cost: 30,
        paths: [
          [
            {
              from: "router 1.1.1.1",
              to: "router 2.2.2.2",
              cost: 10,
              total: 10,
              lsa: { type: "router", id: "1.1.1.1", advertisingRouter: "1.1.1.1", sequence: "0x80000001" },
              isMaxMetric: false,
            },
          ],
        ],
        verdict: "used",
        why: "",
      },
    ],
    unusable: [],
    lessSpecific: [],
  });
});

test("in a grid with thousands of equal paths a few are shown", () => {
  const calculator = new RouteCalculator({ routerId: 1 });
  const side = 12;
  calculator.attach(0, [
    link("e0", "10.0.0.1", "255.255.255.0", [2, "10.0.0.2"]),
    link("e1", "10.0.0.1", "255.255.255.0", [1 + side, "10.0.0.3"]),
  ]);
  for (let i = 0; i < side * side; i++) {
    const column = i % side;
    const near = [column > 0 ? i - 1 : -1, column < side - 1 ? i + 1 : -1, i - side, i + side];
    const links = near
      .filter((to) => to >= 0 && to < side * side)
      .map((to) => toRouter(1 + to, ip("10.0.0.1"), 1));
    calculator.lsaChanged(0, undefined, routerLsa(1 + i, [...links, toStub(0x2000_0000 + i, 32, 0)]));
  }
  calculator.run(0);
  const [candidate] = calculator.explain(0x2000_0000 + side * side - 1).candidates;
  assert.equal(candidate!.paths.length, 8);
  for (const path of candidate!.paths) assert.equal(path.at(-1)!.total, 2 * (side - 1));
});
