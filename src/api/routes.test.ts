import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import { sourceOf } from "#api/convert-routes.ts";
import { RouteSource } from "#api/gen/parley/v1/routes_pb.ts";
import { startServer } from "#api/test-server.ts";
import { parseIpv4 } from "#base/ipv4.ts";
import { keyOf, USUAL_DISTANCES, type NextHop } from "#routes/route.ts";
import { Routing } from "#routes/routing.ts";
import { routesIn, statusesOf } from "#services/routes-view.ts";

const NOW = 1_763_700_000_000;
const ip = (text: string): number => parseIpv4(text)!;

async function start(context: TestContext, routing: Routing) {
  const server = await startServer(context);
  const { table, installation } = routing;
  server.control.routes = {
    routes: (query) => routesIn(routing, query),
    lookup: (address) => statusesOf(table.lookup(address), installation),
    at: (prefix) => statusesOf(table.at(keyOf(prefix)), installation),
  };
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  return client.routes;
}

/** eth0 is 10.0.0.1/24; a static blackhole for 10/8; so many routes of ospf to 20.0.0.0/24, 20.0.1.0/24, …. */
function routing(count: number): Routing {
  const made = new Routing({ metric: 20, protocol: 222, install: true, distances: USUAL_DISTANCES });
  const addresses = [{ base: ip("10.0.0.1"), length: 24 }];
  made.setInterfaces([{ name: "eth0", index: 2, up: true, running: true, addresses }], NOW);
  made.setStatics([{ network: ip("10.0.0.0"), length: 8, distance: 1, tag: 5 }], NOW);
  const nextHops: NextHop[] = [{ interface: "eth0", gateway: ip("10.0.0.2") }];
  const rest = { length: 24, metric: 20, tag: 0, nextHops, isConnected: false };
  const offers = Array.from({ length: count }, (_, i) => ({ network: ip("20.0.0.0") + i * 256, ...rest }));
  made.changeOspf([...offers, { ...rest, network: ip("10.0.0.0"), isConnected: true }], [], NOW + 5);
  return made;
}

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return `${Code[error.code]}: ${error.rawMessage}`;
}

test("routes are told with all that is known of them", async (context) => {
  const made = routing(1);
  made.installation.applied(made.installation.take(1).map((change) => ({ change, error: "ENETUNREACH" })));
  const { routes, nextAfter } = await (await start(context, made)).listRoutes({});
  assert.equal(nextAfter, "");
  const told = routes.map(
    ({ prefix, source, distance, metric, tag, selected, installed, queued, refusal, drops }) =>
      [prefix, sourceOf(source), distance, metric, tag, selected, installed, queued, refusal, drops].join(
        " ",
      ),
  );
  assert.deepEqual(told, [
    "10.0.0.0/8 static 1 0 5 true false false ENETUNREACH blackhole",
    "10.0.0.0/24 connected 0 0 0 true true false  ",
    "10.0.0.0/24 ospf 110 20 0 false false false  ",
    "20.0.0.0/24 ospf 110 20 0 true false true  ",
  ]);
  const { nextHops, since, usable } = routes.at(-1)!;
  assert.deepEqual(
    nextHops.map(({ interface: name, gateway }) => [name, gateway]),
    [["eth0", "10.0.0.2"]],
  );
  assert.deepEqual([since?.seconds, since?.nanos, usable], [1_763_700_000n, 5_000_000, true]);
});

test("an address, a prefix, what is within one, and sources choose", async (context) => {
  const client = await start(context, routing(3));
  const prefixes = async (request: Parameters<typeof client.listRoutes>[0]): Promise<string[]> => {
    const { routes } = await client.listRoutes(request);
    return routes.map(({ prefix, source }) => `${prefix} ${sourceOf(source)}`);
  };
  const address = (value: string) => ({ which: { case: "address" as const, value } });
  const prefix = (value: string) => ({ which: { case: "prefix" as const, value } });
  const within = (value: string) => ({ which: { case: "within" as const, value } });
  assert.deepEqual(await prefixes(address("10.0.0.77")), ["10.0.0.0/24 connected", "10.0.0.0/24 ospf"]);
  assert.deepEqual(await prefixes(address("10.1.0.77")), ["10.0.0.0/8 static"]);
  assert.deepEqual(await prefixes(address("192.0.2.1")), []);
  assert.deepEqual(await prefixes(prefix("10.0.0.0/8")), ["10.0.0.0/8 static"]);
  assert.deepEqual(await prefixes(prefix("10.0.0.0/9")), []);
  assert.deepEqual(await prefixes(within("20.0.0.0/23")), ["20.0.0.0/24 ospf", "20.0.1.0/24 ospf"]);
  assert.equal((await prefixes(within("10.0.0.0/8"))).length, 3);
  assert.equal((await prefixes(within("10.0.0.0/9"))).length, 2);
  const sources = [RouteSource.STATIC, RouteSource.CONNECTED];
  assert.deepEqual(await prefixes({ sources }), ["10.0.0.0/8 static", "10.0.0.0/24 connected"]);
  assert.deepEqual(await prefixes({ ...address("10.0.0.7"), sources: [RouteSource.OSPF] }), [
    "10.0.0.0/24 ospf",
  ]);
  assert.deepEqual(await prefixes({ sources: [99 as RouteSource] }), []);
});

test("many routes come in pages, each once", async (context) => {
  const client = await start(context, routing(9_000));
  const found: string[] = [];
  let pages = 0;
  for (let after: string | undefined = ""; after !== undefined; pages++) {
    const page = await client.listRoutes({ after });
    found.push(...page.routes.map(({ prefix, source }) => `${prefix} ${source}`));
    after = page.nextAfter === "" ? undefined : page.nextAfter;
  }
  assert.deepEqual([pages, found.length, new Set(found).size], [3, 9_003, 9_003]);
});

test("what is no address, no prefix, and a service that does not run are refused in clear words", async (context) => {
  const client = await start(context, routing(0));
  for (const [which, expected] of [
    [{ case: "address", value: "10.0.0" }, /^InvalidArgument: "10\.0\.0" is no IPv4 address; write one/],
    [{ case: "prefix", value: "10.0.0.1/8" }, /^InvalidArgument: "10\.0\.0\.1\/8" is no IPv4 prefix/],
    [{ case: "within", value: "2001:db8::/32" }, /^InvalidArgument/],
  ] as const)
    assert.match(await errorOf(client.listRoutes({ which })), expected);
  assert.match(await errorOf(client.listRoutes({ after: "x" })), /^InvalidArgument/);
  const other = await startServer(context);
  const { client: without, close } = await connectTo({ socket: other.socket });
  context.after(close);
  assert.match(await errorOf(without.routes.listRoutes({})), /^Unavailable: routes is not configured/);
});
