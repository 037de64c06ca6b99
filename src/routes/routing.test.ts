import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4Prefix, parseIpv4 } from "#base/ipv4.ts";
import type { RedistributionChanges } from "#routes/redistribution.ts";
import { USUAL_DISTANCES } from "#routes/route.ts";
import { Routing, type KernelTableChange, type KernelTableRoute } from "#routes/routing.ts";

const ip = (text: string): number => parseIpv4(text)!;

function routing(mostForeign = 100): Routing {
  const options = { metric: 20, protocol: 222, install: true, distances: USUAL_DISTANCES, mostForeign };
  const made = new Routing(options);
  const addresses = [{ base: ip("10.0.0.1"), length: 24 }];
  const lo = [
    { base: ip("127.0.0.1"), length: 8 },
    { base: ip("10.255.0.1"), length: 32 },
  ];
  made.setInterfaces(
    [
      { name: "lo", index: 1, up: true, running: true, addresses: lo },
      { name: "eth0", index: 2, up: true, running: true, addresses },
      { name: "eth1", index: 3, up: true, running: false, addresses: [{ base: ip("10.1.0.1"), length: 24 }] },
    ],
    1,
  );
  return made;
}

function theirs(prefix: string, more: Partial<KernelTableRoute> = {}): KernelTableRoute {
  const [address, length] = prefix.split("/");
  const nextHops = [{ interface: 2, gateway: ip("10.0.0.9") }];
  const place = { network: ip(address!), length: Number(length) };
  return { ...place, metric: 0, protocol: 4, type: "unicast", nextHops, ...more };
}

const change = (route: KernelTableRoute, more: Partial<KernelTableChange> = {}): KernelTableChange => ({
  removed: false,
  replaced: false,
  route,
  ...more,
});

/** Every prefix with its sources, the best one in front. */
function shown({ table }: Routing): string[] {
  return [...table.from(0)].map((routes) => {
    const { network, length } = routes[0]!;
    const sources = routes.map(({ source, metric }) => (source === "kernel" ? `kernel ${metric}` : source));
    return `${formatIpv4Prefix(network, length)} ${sources.join(", ")}`;
  });
}

const OWN = ["10.0.0.0/24 connected", "10.255.0.1/32 connected"];

test("networks of interfaces that run are connected, loopback's own network is not", () => {
  assert.deepEqual(shown(routing()), OWN);
});

test("routes of others follow what the kernel tells; ours and its own are none of them", () => {
  const made = routing();
  const redirect = theirs("10.5.0.0/24", { protocol: 1 });
  const made222 = theirs("10.6.0.0/24", { protocol: 222, metric: 20 });
  const list = [theirs("10.0.0.0/24", { protocol: 2 }), theirs("10.4.0.0/24"), redirect, made222];
  made.setKernel(list, 2);
  assert.deepEqual(shown(made), [OWN[0], "10.4.0.0/24 kernel 0", OWN[1]]);
  const more = theirs("10.4.0.0/24", { metric: 50 });
  assert.equal(made.changeKernel([change(more), change(more), change(theirs("10.4.0.0/24"))], 3), false);
  assert.equal(shown(made)[1], "10.4.0.0/24 kernel 0, kernel 50");
  const blackhole = theirs("10.4.0.0/24", { type: "prohibit", nextHops: [] });
  made.changeKernel([change(blackhole, { replaced: true })], 4);
  const [first, second] = made.table.at(ip("10.4.0.0") * 64 + 24);
  assert.deepEqual([first!.drops, first!.since, second!.metric, second!.since], ["prohibit", 4, 50, 3]);
  made.changeKernel([change(blackhole, { removed: true }), change(more, { removed: true })], 5);
  assert.deepEqual(shown(made), OWN);
  made.setKernel(list, 6);
  made.setKernel([], 7);
  assert.deepEqual(shown(made), OWN);
});

test("whoever touches ours, or the place where ours is, has all of it listed", () => {
  const made = routing();
  const ours = theirs("10.6.0.0/24", { protocol: 222, metric: 20 });
  assert.equal(made.changeKernel([change(ours, { removed: true })], 2), true);
  assert.equal(
    made.changeKernel([change(theirs("10.6.0.0/24", { metric: 20 }), { replaced: true })], 2),
    true,
  );
  assert.equal(
    made.changeKernel([change(theirs("10.6.0.0/24", { metric: 21 }), { replaced: true })], 2),
    false,
  );
});

test("of more foreign prefixes than there is room for, the rest is counted", () => {
  const made = routing(2);
  const many = ["10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24"].map((prefix) => theirs(prefix));
  made.setKernel([...many, theirs("10.2.0.0/24", { metric: 9 })], 2);
  assert.deepEqual([made.ignored, shown(made).length], [1, 4]);
  made.changeKernel([change(theirs("10.7.0.0/24")), change(theirs("10.3.0.0/24", { metric: 9 }))], 3);
  assert.deepEqual([made.ignored, shown(made)[2]], [2, "10.3.0.0/24 kernel 0, kernel 9"]);
  made.changeKernel([change(many[0]!, { removed: true })], 4);
  made.changeKernel([change(theirs("10.2.0.0/24", { metric: 9 }), { removed: true })], 4);
  made.changeKernel([change(theirs("10.7.0.0/24"))], 5);
  assert.deepEqual([made.ignored, shown(made).includes("10.7.0.0/24 kernel 0")], [2, true]);
});

test("whoever redistributes may answer with routes of its own", () => {
  const made = routing();
  const heard: RedistributionChanges[] = [];
  const nextHops = [{ interface: "eth0", gateway: ip("10.0.0.2") }];
  const offer = { network: ip("10.8.0.0"), length: 24, metric: 1, tag: 0, nextHops, isConnected: false };
  const listener = (changes: RedistributionChanges): void => {
    heard.push(changes);
    made.changeOspf(heard.length % 2 === 0 ? [offer] : [], heard.length % 2 === 0 ? [] : [offer], 9);
  };
  made.subscribe({ sources: ["static"], rules: [], listener });
  const drop = { network: ip("10.7.0.0"), length: 24, distance: 1, tag: 3 };
  made.setStatics([drop, { ...drop, network: ip("10.8.0.0") }], 2);
  made.setStatics([drop], 3);
  const texts = heard.map(({ set, removed }) => [set.length, removed.length]);
  assert.deepEqual(texts, [
    [0, 0],
    [2, 0],
    [0, 1],
  ]);
  assert.equal(heard[1]!.set[0]!.tag, 3);
  assert.deepEqual(made.table.best(ip("10.8.0.0") * 64 + 24), undefined);
});
