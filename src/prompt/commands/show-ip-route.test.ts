import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "#api/gen/parley/v1/routes_pb.ts";
import { execute } from "#prompt/session.ts";
import { timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOW = 1_763_700_000_000;

const hop = (name: string, gateway = "") => ({ interface: name, gateway }) as Route["nextHops"][number];

function route(prefix: string, source: number, more: Partial<Route> = {}): Route {
  return {
    prefix,
    source,
    distance: 0,
    metric: 0,
    tag: 0,
    usable: true,
    selected: true,
    installed: true,
    queued: false,
    refusal: "",
    nextHops: [hop("eth0")],
    drops: "",
    since: timeAt(NOW - 62_000),
    protocol: 0,
    ...more,
  } as Route;
}

const OSPF = { distance: 110, metric: 20 };
const UNUSED = { selected: false, installed: false };

function promptWithRoutes() {
  const prompt = fakePrompt(NOW);
  prompt.node.routes = [
    route("0.0.0.0/0", 2, { metric: 100, protocol: 16, nextHops: [hop("eth0", "10.0.0.254")] }),
    route("10.0.0.0/24", 1, { since: timeAt(NOW - 90_061_000) }),
    route("10.0.0.0/24", 4, { ...OSPF, ...UNUSED }),
    route("10.1.0.0/24", 4, {
      ...OSPF,
      tag: 7,
      nextHops: [hop("eth0", "10.0.0.2"), hop("eth1", "10.9.0.2")],
    }),
    route("10.2.0.0/24", 4, { ...OSPF, installed: false, queued: true, nextHops: [hop("eth1", "10.9.0.2")] }),
    route("10.3.0.0/24", 3, { distance: 1, nextHops: [], drops: "blackhole" }),
    route("10.4.0.0/24", 3, { distance: 1, ...UNUSED, usable: false, nextHops: [hop("", "192.0.2.1")] }),
    route("10.5.0.0/24", 3, { distance: 1, installed: false, refusal: "EEXIST", since: undefined }),
  ];
  return prompt;
}

async function outputOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output;
}

const CODES = `Codes: K - kernel route, C - connected, S - static, O - OSPF,
       > - selected route, * - FIB route, q - queued, r - rejected

`;

test("show ip route looks as in other routers", async () => {
  assert.equal(
    await outputOf(promptWithRoutes(), "sh ip ro"),
    `${CODES}K>* 0.0.0.0/0 [0/100] via 10.0.0.254, eth0, 00:01:02
C>* 10.0.0.0/24 is directly connected, eth0, 1d01h01m
O   10.0.0.0/24 [110/20] is directly connected, eth0, 00:01:02
O>* 10.1.0.0/24 [110/20] via 10.0.0.2, eth0, 00:01:02
  *                      via 10.9.0.2, eth1, 00:01:02
O>q 10.2.0.0/24 [110/20] via 10.9.0.2, eth1, 00:01:02
S>* 10.3.0.0/24 [1/0] unreachable (blackhole), 00:01:02
S   10.4.0.0/24 [1/0] via 192.0.2.1 inactive, 00:01:02
S>r 10.5.0.0/24 [1/0] is directly connected, eth0, --:--:--
`,
  );
  assert.equal(await outputOf(promptWithRoutes(), "show ip route | count"), "9\n");
});

test("show ip route of one source has only that", async () => {
  for (const [source, letters] of [
    ["connected", "C"],
    ["kernel", "K"],
    ["static", "SSS"],
    ["ospf", "OO O"],
  ] as const) {
    const output = await outputOf(promptWithRoutes(), `show ip route ${source}`);
    assert.ok(output.startsWith(CODES));
    assert.equal(output.slice(CODES.length).replaceAll(/(.).*\n/g, "$1"), letters, source);
  }
});

test("a destination is shown in detail, with every source that knows it", async () => {
  const prompt = promptWithRoutes();
  assert.equal(
    await outputOf(prompt, "show ip route 10.0.0.9/24"),
    `Routing entry for 10.0.0.0/24
  Known via "connected", distance 0, metric 0, best
  Last update 1d01h01m ago
  * directly connected, eth0

  Known via "ospf", distance 110, metric 20
  Last update 00:01:02 ago
    directly connected, eth0

`,
  );
  assert.match(
    await outputOf(prompt, "show ip route 10.1.0.0/24"),
    /metric 20, tag 7, best\n.*\n {2}\* 10\.0\.0\.2, via eth0\n {2}\* 10\.9\.0\.2, via eth1\n/,
  );
  assert.match(await outputOf(prompt, "show ip route 10.5.0.0/24"), /The kernel refused it: EEXIST\n/);
  assert.match(await outputOf(prompt, "show ip route 10.2.0.0/24"), /The kernel has not been asked yet\n/);
  assert.match(await outputOf(prompt, "show ip route 0.0.0.0/0"), /kernel protocol 16, best\n/);
  assert.match(await outputOf(prompt, "show ip route 10.4.0.0/24"), /\n {4}192\.0\.2\.1 inactive\n/);
  await outputOf(prompt, "show ip route 10.1.2.3");
  assert.equal(await outputOf(prompt, "show ip route 9.9.9.0/24"), "No route leads to 9.9.9.0/24.\n");
  await outputOf(prompt, "show ip route 10.0.0.0/8 longer-prefixes");
  const asked = prompt.node.orders.filter((order) => /address|within/.test(order));
  assert.deepEqual([...new Set(asked)], ["routes address 10.1.2.3", "routes within 10.0.0.0/8"]);
  for (const line of ["show ip route 10.1.2", "show ip route 10.0.0.0/33", "show ip route bgp"])
    assert.notEqual((await execute(prompt.tree, line)).status, 0, line);
});

test("as JSON, routes have the keys of FRR", async () => {
  const prompt = promptWithRoutes();
  const json = JSON.parse(await outputOf(prompt, "show ip route | json")) as Record<string, unknown[]>;
  assert.deepEqual(Object.keys(json).length, 7);
  assert.deepEqual(json["10.1.0.0/24"], [
    {
      prefix: "10.1.0.0/24",
      prefixLen: 24,
      protocol: "ospf",
      selected: true,
      destSelected: true,
      distance: 110,
      metric: 20,
      tag: 7,
      installed: true,
      uptime: "00:01:02",
      since: new Date(NOW - 62_000).toISOString(),
      nexthops: [
        { fib: true, ip: "10.0.0.2", afi: "ipv4", interfaceName: "eth0", active: true },
        { fib: true, ip: "10.9.0.2", afi: "ipv4", interfaceName: "eth1", active: true },
      ],
    },
  ]);
  const [dropped] = json["10.3.0.0/24"] as { nexthops: unknown }[];
  assert.deepEqual(dropped!.nexthops, [{ fib: true, unreachable: true, blackhole: true, active: true }]);
  assert.deepEqual(
    (json["10.0.0.0/24"] as { protocol: string }[]).map(({ protocol }) => protocol),
    ["connected", "ospf"],
  );
});
