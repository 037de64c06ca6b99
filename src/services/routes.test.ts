import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, formatIpv4Prefix, parseIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import type { KernelRoute } from "#host/routes.ts";
import type { OspfRoute } from "#ospf/routes.ts";
import { parsePrefixRule } from "#routes/prefix-list.ts";
import type { RedistributionChanges } from "#routes/redistribution.ts";
import { links } from "#services/links.ts";
import type { ServiceManager } from "#services/manager.ts";
import type { RoutesApi } from "#services/routes-api.ts";
import { routes } from "#services/routes.ts";
import { ServiceBench } from "#services/testing/bench.ts";
import { simLink } from "#sim/links.ts";

/** The service on a machine with eth0 10.0.0.1/24 and eth1 10.1.0.1/24, and its simulated kernel. */
class RoutesBench extends ServiceBench {
  readonly running: ServiceManager = this.manager(links, routes);

  constructor() {
    super();
    this.host.links.put(simLink(3, "eth1", ["10.1.0.1", 24]));
  }

  async start(section: unknown = {}): Promise<RoutesApi> {
    await this.running.start(new Map([["routes", routes.config.parse(section)]]));
    return this.api();
  }

  api(): RoutesApi {
    return this.running.api("routes") as RoutesApi;
  }

  /** The kernel's routes, as text and sorted. */
  kernel(): string[] {
    return this.host.routes.routes().map(kernelText).sort();
  }

  /** All routes as text: ">" for the best, "*" for what is in use, "!" for what was refused. */
  table(): string[] {
    return [...this.api().routes({})].map(({ route, isSelected, isInstalled, refusal }) => {
      const { source, network, length, distance, metric, nextHops } = route;
      const marks = `${isSelected ? ">" : " "}${isInstalled ? "*" : " "}`;
      const hops = nextHops.map(
        ({ interface: name, gateway }) => `${gateway ? formatIpv4(gateway) : ""}@${name}`,
      );
      const prefix = formatIpv4Prefix(network, length);
      return [marks, source, prefix, `${distance}/${metric}`, ...hops, ...(refusal ? [refusal] : [])].join(
        " ",
      );
    });
  }

  set(name: string, change: { up?: boolean; addresses?: [] }): void {
    const link = this.host.links.find(name)!;
    const up = change.up ?? link.up;
    this.host.links.put({ ...link, ...change, up, running: up });
  }

  foreign(prefix: string, metric: number): string | undefined {
    return this.host.routes.put({ ...parsed(prefix), metric, protocol: 4, type: "blackhole", nextHops: [] });
  }
}

function kernelText({ network, length, metric, protocol, type, nextHops }: KernelRoute): string {
  const hops = nextHops.map(
    ({ interface: index, gateway, onLink }) =>
      `${gateway ? formatIpv4(gateway) : ""}@${index}${onLink ? "!" : ""}`,
  );
  return [
    formatIpv4Prefix(network, length),
    `${protocol}/${metric}`,
    ...(type === "unicast" ? hops : [type]),
  ].join(" ");
}

function parsed(prefix: string): { network: number; length: number } {
  const [address, length] = prefix.split("/");
  return { network: parseIpv4(address!)!, length: Number(length) };
}

function ospf(prefix: string, ways: readonly string[], more: Partial<OspfRoute> = {}): OspfRoute {
  const nextHops = ways.map((way) => {
    const [gateway, name] = way.split("@");
    return gateway === "" ? { interface: name! } : { interface: name!, gateway: parseIpv4(gateway!)! };
  });
  const costs = { cost: 20, type2Cost: 0, tag: 0 };
  const rest = { pathType: "intra-area", area: 0, isConnected: false, origin: "" } as const;
  return { ...parsed(prefix), ...costs, ...rest, nextHops, ...more };
}

const STATICS = {
  static: [
    { prefix: "10.9.0.0/24", via: "10.0.0.2" },
    { prefix: "10.9.1.0/24", via: "10.0.0.2" },
    { prefix: "10.9.1.0/24", via: "10.1.0.2" },
    { prefix: "10.9.2.0/24", interface: "eth1" },
    { prefix: "10.9.3.0/24", blackhole: true },
    { prefix: "10.9.4.0/24", via: "192.0.2.9", interface: "eth1" },
    { prefix: "10.9.5.0/24", via: "198.51.100.1" },
  ],
};

const STATICS_IN_KERNEL = [
  "10.9.0.0/24 222/20 10.0.0.2@2",
  "10.9.1.0/24 222/20 10.0.0.2@2 10.1.0.2@3",
  "10.9.2.0/24 222/20 @3",
  "10.9.3.0/24 222/20 blackhole",
  "10.9.4.0/24 222/20 192.0.2.9@3!",
];

test("static routes are in the kernel when the service runs, and gone when it has stopped", async () => {
  const bench = new RoutesBench();
  await bench.start(STATICS);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
  assert.deepEqual(bench.table(), [
    ">* connected 10.0.0.0/24 0/0 @eth0",
    ">* connected 10.1.0.0/24 0/0 @eth1",
    ">* static 10.9.0.0/24 1/0 10.0.0.2@eth0",
    ">* static 10.9.1.0/24 1/0 10.0.0.2@eth0 10.1.0.2@eth1",
    ">* static 10.9.2.0/24 1/0 @eth1",
    ">* static 10.9.3.0/24 1/0",
    ">* static 10.9.4.0/24 1/0 192.0.2.9@eth1",
    "   static 10.9.5.0/24 1/0 198.51.100.1@",
  ]);
  bench.foreign("10.8.0.0/24", 0);
  await bench.running.stop();
  assert.deepEqual(bench.kernel(), ["10.8.0.0/24 4/0 blackhole"]);
});

test("what a crash left is put right: own stale routes go, missing ones come, those of others stay", async () => {
  const bench = new RoutesBench();
  const { routes: kernel } = bench.host;
  const put = (prefix: string, protocol: number, metric: number): void =>
    void kernel.put({ ...parsed(prefix), metric, protocol, type: "unicast", nextHops: [{ interface: 3 }] });
  put("10.9.2.0/24", 222, 20);
  put("10.9.3.0/24", 222, 20);
  put("10.77.0.0/24", 222, 20);
  put("10.78.0.0/24", 222, 5);
  put("10.79.0.0/24", 188, 20);
  await bench.start(STATICS);
  assert.deepEqual(bench.kernel(), ["10.79.0.0/24 188/20 @3", ...STATICS_IN_KERNEL]);
});

test("routes that the kernel dropped without a word are back after the interface is", async () => {
  const bench = new RoutesBench();
  await bench.start(STATICS);
  bench.set("eth1", { up: false });
  await bench.pass(50);
  assert.deepEqual(bench.kernel(), [
    STATICS_IN_KERNEL[0],
    "10.9.1.0/24 222/20 10.0.0.2@2",
    STATICS_IN_KERNEL[3],
  ]);
  bench.set("eth1", { up: true });
  await bench.pass(100);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
  const { addresses } = bench.host.links.find("eth1")!;
  bench.set("eth1", { addresses: [] });
  await bench.pass(1_000);
  assert.ok(bench.kernel().includes("10.9.2.0/24 222/20 @3"), "a route by an interface needs no address");
  bench.host.links.put({ ...bench.host.links.find("eth1")!, addresses });
  await bench.pass(400);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
});

test("an operator who removes a route of ours gets it back, and one who adds his own keeps it", async () => {
  const bench = new RoutesBench();
  await bench.start(STATICS);
  bench.host.routes.remove({ ...parsed("10.9.2.0/24"), metric: 20 });
  await bench.pass(100);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
  bench.foreign("10.9.2.0/24", 0);
  await bench.pass(100);
  assert.deepEqual(
    bench.kernel().filter((text) => text.startsWith("10.9.2.")),
    ["10.9.2.0/24 4/0 blackhole"],
  );
  assert.deepEqual(
    bench.table().filter((text) => text.includes("10.9.2.")),
    [">* kernel 10.9.2.0/24 0/0", "   static 10.9.2.0/24 1/0 @eth1"],
  );
  bench.host.routes.remove({ ...parsed("10.9.2.0/24"), metric: 0 });
  await bench.pass(100);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
});

test("a route of others with our metric is never overwritten; ours waits until it is gone", async () => {
  const bench = new RoutesBench();
  bench.foreign("10.9.2.0/24", 20);
  await bench.start({ ...STATICS, distance: { kernel: 200 } });
  const mine = () => bench.table().filter((text) => text.includes("10.9.2."));
  assert.deepEqual(mine(), [">  static 10.9.2.0/24 1/0 @eth1 EEXIST", "   kernel 10.9.2.0/24 200/20"]);
  assert.equal(bench.kernel()[2], "10.9.2.0/24 4/20 blackhole");
  assert.match(
    bench.log
      .since(0)
      .map(({ text }) => text)
      .join("\n"),
    /refused routes: 10\.9\.2\.0\/24 \(EEXIST\)/,
  );
  bench.host.routes.remove({ ...parsed("10.9.2.0/24"), metric: 20 });
  await bench.pass(100);
  assert.deepEqual(mine(), [">* static 10.9.2.0/24 1/0 @eth1"]);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL);
});

test("OSPF's routes follow its changes, lose to nearer ones, and go with it", async () => {
  const bench = new RoutesBench();
  const api = await bench.start(STATICS);
  api.setOspf({
    set: [
      ospf("10.0.0.0/24", ["@eth0"], { isConnected: true }),
      ospf("10.9.0.0/24", ["10.1.0.7@eth1"]),
      ospf("10.10.0.0/16", ["10.1.0.8@eth1", "10.0.0.8@eth0"]),
      ospf("10.11.0.0/16", ["10.1.0.7@eth1"], { pathType: "external-2", type2Cost: 7, tag: 9 }),
    ],
    removed: [],
  });
  await api.settled();
  const own = () => bench.kernel().filter((text) => !STATICS_IN_KERNEL.includes(text));
  assert.deepEqual(own(), ["10.10.0.0/16 222/20 10.0.0.8@2 10.1.0.8@3", "10.11.0.0/16 222/20 10.1.0.7@3"]);
  const lines = bench.table().filter((text) => text.includes(" ospf "));
  assert.deepEqual(lines, [
    "   ospf 10.0.0.0/24 110/20 @eth0",
    "   ospf 10.9.0.0/24 110/20 10.1.0.7@eth1",
    ">* ospf 10.10.0.0/16 110/20 10.0.0.8@eth0 10.1.0.8@eth1",
    ">* ospf 10.11.0.0/16 110/7 10.1.0.7@eth1",
  ]);
  assert.deepEqual(
    api.lookup(parseIpv4("10.10.3.4")!).map(({ route }) => route.metric),
    [20],
  );
  api.setOspf({ set: [ospf("10.11.0.0/16", ["10.0.0.7@eth0"])], removed: [parsed("10.10.0.0/16")] });
  await api.settled();
  assert.deepEqual(own(), ["10.11.0.0/16 222/20 10.0.0.7@2"]);
  api.clearOspf();
  await api.settled();
  assert.deepEqual(own(), []);
  assert.equal(bench.table().filter((text) => text.includes(" ospf ")).length, 0);
});

test("whoever redistributes hears of all that is in use, of changes, and only of what a prefix list permits", async () => {
  const bench = new RoutesBench();
  const api = await bench.start({ static: STATICS.static.slice(0, 2) });
  const ends = new AbortController();
  const known = new Map<string, string>();
  const listener = ({ set, removed }: RedistributionChanges): void => {
    for (const { network, length, source } of set) known.set(formatIpv4Prefix(network, length), source);
    for (const { network, length } of removed) assert.ok(known.delete(formatIpv4Prefix(network, length)));
  };
  const rules = [parsePrefixRule("deny 10.1.0.0/24")!, parsePrefixRule("permit any")!];
  api.redistributable(["connected", "static", "kernel"], listener, { signal: ends.signal, rules });
  const all = [
    ["10.0.0.0/24", "connected"],
    ["10.9.0.0/24", "static"],
    ["10.9.1.0/24", "static"],
  ];
  assert.deepEqual([...known], all);
  bench.foreign("10.20.0.0/16", 100);
  bench.set("eth0", { up: false });
  await bench.pass(100);
  assert.deepEqual([...known], [["10.20.0.0/16", "kernel"]]);
  bench.set("eth0", { up: true });
  await bench.pass(100);
  assert.deepEqual([...known].sort(), [...all, ["10.20.0.0/16", "kernel"]].sort());
  ends.abort();
  bench.set("eth0", { up: false });
  await bench.pass(100);
  assert.equal(known.size, 4);
});

test("a change of static routes or distances is taken in place, another metric restarts", async () => {
  const bench = new RoutesBench();
  const api = await bench.start(STATICS);
  const reconfigure = (section: unknown) =>
    bench.running.reconfigure(new Map([["routes", routes.config.parse(section)]]));
  await reconfigure({ static: STATICS.static.slice(3, 4), distance: { static: 7 } });
  await api.settled();
  assert.equal(bench.api(), api);
  assert.deepEqual(bench.kernel(), STATICS_IN_KERNEL.slice(2, 3));
  assert.ok(bench.table().includes(">* static 10.9.2.0/24 7/0 @eth1"));
  await reconfigure({ static: STATICS.static.slice(3, 4), metric: 30 });
  assert.notEqual(bench.api(), api);
  assert.deepEqual(bench.kernel(), ["10.9.2.0/24 222/30 @3"]);
});

test("with install off nothing is changed, and nothing needs a capability", async () => {
  const bench = new RoutesBench();
  bench.host.routes.isForbidden = true;
  await bench.start({ ...STATICS, install: false });
  assert.deepEqual(bench.kernel(), []);
  assert.ok(bench.table().includes(">  static 10.9.2.0/24 1/0 @eth1"));
  await bench.running.stop();
  const other = new RoutesBench();
  other.host.routes.isForbidden = true;
  await assert.rejects(other.start(STATICS), /CAP_NET_ADMIN/);
});

test("what cannot be meant is refused with the remedy", () => {
  const parse = (section: unknown): string =>
    routes.config
      .safeParse(section)
      .error?.issues.map(({ message }) => message)
      .join(" | ") ?? "accepted";
  for (const [section, message] of [
    [{ static: [{ prefix: "10.9.0.1/24", via: "10.0.0.2" }] }, /write 10\.9\.0\.0\/24/],
    [{ static: [{ prefix: "10.9.0.0", via: "10.0.0.2" }] }, /such as 192\.0\.2\.0\/24/],
    [{ static: [{ prefix: "10.9.0.0/24", via: "10.0.0.300" }] }, /expected an IPv4 address/],
    [{ static: [{ prefix: "10.9.0.0/24" }] }, /leads nowhere/],
    [{ static: [{ prefix: "10.9.0.0/24", via: "10.0.0.2", blackhole: true }] }, /two places/],
    [{ static: [{ prefix: "10.9.0.0/24", via: "10.0.0.2", distance: 0 }] }, /from 1 to 255/],
    [{ protocol: 188 }, /belongs to others/],
    [{ protocol: 4 }, /belongs to others/],
  ] as const)
    assert.match(parse(section), message);
  assert.equal(parse({ protocol: 200, static: STATICS.static }), "accepted");
});

for (let seed = 1; seed <= 30; seed++) {
  test(`whatever happens, the kernel has what the table says in the end (seed ${seed})`, async () => {
    const bench = new RoutesBench();
    const random = seededRandom(seed);
    const api = await bench.start({ ...STATICS, distance: { kernel: 5 } });
    const prefixes = ["10.9.0.0/24", "10.9.1.0/24", "10.9.5.0/24", "10.10.0.0/16", "0.0.0.0/0"];
    const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]!;
    const ways = ["10.0.0.7@eth0", "10.1.0.7@eth1", "192.0.2.7@eth1", "@eth0"];
    const address = { eth0: bench.host.links.find("eth0")!, eth1: bench.host.links.find("eth1")! };
    const acts: (() => void)[] = [
      () => api.setOspf({ set: [ospf(pick(prefixes), [pick(ways), pick(ways)])], removed: [] }),
      () => api.setOspf({ set: [], removed: [parsed(pick(prefixes))] }),
      () => bench.set(pick(["eth0", "eth1"]), { up: random.below(2) === 0 }),
      () => bench.set(pick(["eth0", "eth1"]), { addresses: [] }),
      () => void bench.foreign(pick(prefixes), pick([0, 20, 50])),
      () => bench.host.routes.remove({ ...parsed(pick(prefixes)), metric: pick([0, 20, 50]) }),
      () => bench.host.routes.lose(),
    ];
    for (let i = 0; i < 60; i++) {
      pick(acts)();
      if (random.below(3) === 0) await bench.pass(random.below(400));
    }
    const theirs = bench.kernel().filter((text) => text.includes(" 4/"));
    for (const name of ["eth0", "eth1"] as const) bench.host.links.put(address[name]);
    await bench.pass(15_000);
    const best = [...api.routes({})].filter(({ isSelected }) => isSelected);
    for (const { route, isInstalled, refusal } of best) {
      const at = formatIpv4Prefix(route.network, route.length);
      const taken = theirs.some((text) => text.startsWith(`${at} 4/20 `));
      assert.equal(refusal, route.isForKernel && taken ? "EEXIST" : "", at);
      assert.equal(isInstalled, refusal === "", at);
    }
    const wanted = best.filter(({ route, isInstalled }) => route.isForKernel && isInstalled);
    const ours = bench.kernel().filter((text) => text.includes(" 222/20"));
    assert.deepEqual(
      ours.map((text) => text.replaceAll(/ \d+\/\d+| blackhole|!/g, "")),
      wanted
        .map(({ route: { network, length, nextHops } }) => {
          const index = (name: string): number => bench.host.links.find(name)!.index;
          const hops = nextHops.map(
            (hop) => `${hop.gateway ? formatIpv4(hop.gateway) : ""}@${index(hop.interface)}`,
          );
          return [formatIpv4Prefix(network, length), ...hops].join(" ");
        })
        .sort(),
    );
    assert.deepEqual(
      bench.kernel().filter((text) => text.includes(" 4/")),
      theirs,
    );
    await bench.running.stop();
    assert.deepEqual(bench.kernel(), theirs);
  });
}
