import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpv4Prefix, maskOf, parseIpv4 } from "#base/ipv4.ts";
import {
  keyOf,
  prefixOf,
  ROUTE_SOURCES,
  sortNextHops,
  type Route,
  type RouteOffer,
  type RouteSource,
} from "#routes/route.ts";
import { RouteTable } from "#routes/route-table.ts";

const key = (text: string): number => {
  const [address, length] = text.split("/");
  return keyOf({ network: parseIpv4(address!)!, length: Number(length) });
};

const offer = (distance: number, more: Partial<RouteOffer> = {}): RouteOffer => ({
  distance,
  metric: 0,
  tag: 0,
  nextHops: [{ interface: "eth0" }],
  isUsable: true,
  isForKernel: false,
  ...more,
});

const textOf = (route: Route | undefined): string =>
  route
    ? `${formatIpv4Prefix(route.network, route.length)} ${route.source} ${route.distance}/${route.metric}`
    : "-";

function tableWithLog() {
  const log: string[] = [];
  const table = new RouteTable((at, before, after) => {
    const { network, length } = prefixOf(at);
    log.push(`${formatIpv4Prefix(network, length)}: ${before?.source ?? "-"} > ${after?.source ?? "-"}`);
  });
  return { table, news: () => log.splice(0) };
}

test("of several sources the nearest is used, and when it goes the next one", () => {
  const { table, news } = tableWithLog();
  const at = key("10.0.0.0/24");
  table.set(at, "ospf", [offer(110, { metric: 20 })], 1);
  table.set(at, "static", [offer(200), offer(1)], 2);
  table.set(at, "connected", [offer(0)], 3);
  table.set(at, "kernel", [offer(0)], 4);
  assert.deepEqual(table.at(at).map(textOf), [
    "10.0.0.0/24 connected 0/0",
    "10.0.0.0/24 kernel 0/0",
    "10.0.0.0/24 static 1/0",
    "10.0.0.0/24 ospf 110/20",
    "10.0.0.0/24 static 200/0",
  ]);
  table.set(at, "connected", [], 5);
  table.set(at, "kernel", [], 6);
  table.set(at, "static", [offer(1, { isUsable: false })], 7);
  assert.deepEqual(news(), [
    "10.0.0.0/24: - > ospf",
    "10.0.0.0/24: ospf > static",
    "10.0.0.0/24: static > connected",
    "10.0.0.0/24: connected > kernel",
    "10.0.0.0/24: kernel > static",
    "10.0.0.0/24: static > ospf",
  ]);
  assert.deepEqual(table.at(at).map(textOf), ["10.0.0.0/24 ospf 110/20", "10.0.0.0/24 static 1/0"]);
});

test("a route that is told again as it was keeps its age and is no news", () => {
  const { table, news } = tableWithLog();
  const at = key("10.0.0.0/24");
  table.set(at, "ospf", [offer(110)], 1);
  table.set(at, "ospf", [offer(110)], 2);
  assert.equal(table.best(at)!.since, 1);
  assert.equal(news().length, 1);
  table.set(at, "ospf", [offer(110, { tag: 7 })], 3);
  assert.equal(table.best(at)!.since, 3);
  assert.equal(news().length, 1);
});

test("the longest prefix that leads somewhere is found", () => {
  const { table } = tableWithLog();
  table.set(key("0.0.0.0/0"), "static", [offer(1)], 1);
  table.set(key("10.0.0.0/8"), "ospf", [offer(110)], 1);
  table.set(key("10.1.0.0/16"), "static", [offer(1, { isUsable: false })], 1);
  table.set(key("10.1.2.3/32"), "ospf", [offer(110)], 1);
  for (const [address, expected] of [
    ["10.1.2.3", "10.1.2.3/32 ospf 110/0"],
    ["10.1.2.4", "10.0.0.0/8 ospf 110/0"],
    ["255.255.255.255", "0.0.0.0/0 static 1/0"],
  ] as const)
    assert.equal(textOf(table.lookup(parseIpv4(address)!)[0]), expected);
  table.set(key("0.0.0.0/0"), "static", [], 2);
  assert.deepEqual(table.lookup(parseIpv4("192.0.2.1")!), []);
  assert.equal(table.size, 3);
});

test("next hops are sorted once and told once", () => {
  const hops = [{ interface: "b" }, { interface: "a", gateway: 7 }, { interface: "a" }, { interface: "b" }];
  const sorted = sortNextHops(hops);
  assert.deepEqual(sorted, [{ interface: "a" }, { interface: "a", gateway: 7 }, { interface: "b" }]);
  assert.equal(sortNextHops(sorted), sorted);
});

const NETWORKS = [0, 0x0a000000, 0x0a010000, 0x0a0102_00, 0x0a010203, 0xffffff00, 0xffffffff];

test("any sequence of offers leaves what a plain list says: best, order, longest match, notices", () => {
  const step = fc.record({
    address: fc.constantFrom(...NETWORKS),
    length: fc.constantFrom(0, 1, 8, 16, 24, 31, 32),
    source: fc.constantFrom(...ROUTE_SOURCES),
    offers: fc.array(
      fc.record({ distance: fc.constantFrom(0, 1, 110), metric: fc.nat(2), isUsable: fc.boolean() }),
      { maxLength: 2 },
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(0xffff_ffff), (steps, anywhere) => {
      const heard = new Map<number, Route | undefined>();
      const table = new RouteTable((at, before, after) => {
        assert.equal(heard.get(at), before);
        heard.set(at, after);
      });
      const model = new Map<number, Map<RouteSource, RouteOffer[]>>();
      for (const { address, length, source, offers } of steps) {
        const at = keyOf({ network: (address & maskOf(length)) >>> 0, length });
        const full = offers.map(({ distance, metric, isUsable }) => offer(distance, { metric, isUsable }));
        table.set(at, source, full, 1);
        model.set(at, (model.get(at) ?? new Map()).set(source, full));
      }
      const best = new Map<number, string>();
      for (const [at, sources] of model) {
        const all = [...sources].flatMap(([source, offers]) => offers.map((each) => ({ source, ...each })));
        assert.equal(table.at(at).length, all.length);
        const ranked = all
          .filter(({ isUsable }) => isUsable)
          .map(({ source, distance, metric }) => [distance, ROUTE_SOURCES.indexOf(source), metric])
          .sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);
        const found = table.best(at);
        const rank = found && [found.distance, ROUTE_SOURCES.indexOf(found.source), found.metric];
        assert.deepEqual(rank, ranked[0]);
        assert.equal(heard.get(at), found);
        if (found) best.set(at, textOf(found));
      }
      for (const address of [anywhere, ...NETWORKS]) {
        const holding = [...best.keys()]
          .map((at) => ({ at, ...prefixOf(at) }))
          .filter(({ network, length }) => (address & maskOf(length)) >>> 0 === network)
          .sort((a, b) => b.length - a.length)[0];
        assert.equal(textOf(table.lookup(address)[0]), holding ? best.get(holding.at) : "-");
      }
      const keys = [...table.from(0)].map(([first]) => keyOf(first!));
      assert.deepEqual(
        keys,
        [...keys].sort((a, b) => a - b),
      );
      assert.equal(keys.length, table.size);
      assert.deepEqual([...table.from(keys[1] ?? 0)].length, keys.length < 2 ? keys.length : keys.length - 1);
    }),
    { numRuns: 300 },
  );
});
