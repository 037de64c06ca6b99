import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import { eventMessage } from "#api/convert.ts";
import { startServer } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import { parseIpv4, writeIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
import { Lsa } from "#ospf/lsa.ts";
import { OspfRouter } from "#ospf/router.ts";
import { Neighbor } from "#ospf/state.ts";
import { OspfViews } from "#services/ospf-view.ts";
import { simCipher } from "#sim/cipher.ts";

const NOW = 1_763_700_000_000;
const ip = (text: string): number => parseIpv4(text)!;

/** An external of 10.255.0.9 to 20.0.0.0/24, 20.0.1.0/24, …. */
function external(at: number): Lsa {
  const bytes = new Uint8Array(36);
  bytes.set([0, 7, 2, 5]);
  writeIpv4(bytes, 4, ip("20.0.0.0") + 256 * at);
  writeIpv4(bytes, 8, ip("10.255.0.9"));
  writeIpv4(bytes, 12, 0x8000_0001);
  bytes.set([0, 36], 18);
  writeIpv4(bytes, 20, 0xffff_ff00);
  writeIpv4(bytes, 24, 0x8000_0014);
  writeIpv4(bytes, 32, 99);
  return new Lsa(bytes, 0);
}

/** Router 10.255.0.1 with an interface, a neighbor on it, a mismatch and so many externals. */
function router(externals = 0): OspfRouter {
  const random = seededRandom(1);
  const made = new OspfRouter(
    { ...ospfDefaults(ip("10.255.0.1")), areas: [{ areaId: 0, interfaces: [interfaceDefaults("eth0")] }] },
    { random, cipher: simCipher(random), authenticationSequence: 0 },
  );
  const eth0 = made.state.interfaces.get("eth0")!;
  const neighbor = new Neighbor(eth0, ip("10.255.0.2"), ip("10.0.0.2"));
  Object.assign(neighbor, { state: "Full", since: 1_000, changes: 6, lastReason: "it has nothing newer" });
  eth0.neighbors.set(neighbor.key, neighbor);
  const mismatch = {
    address: ip("10.0.0.3"),
    routerId: ip("10.255.0.3"),
    text: "area 0.0.0.1, here 0.0.0.0",
  };
  eth0.mismatches.set(mismatch.address, { ...mismatch, stage: "any", at: 4_000, toldAt: 0, count: 3 });
  eth0.traffic.dropped.set("area", 3);
  for (let i = 0; i < externals; i++) made.state.lsdb.put(external(i), 0, true);
  return made;
}

async function start(context: TestContext, externals = 0) {
  const server = await startServer(context);
  const views = new OspfViews(router(externals), { now: () => 5_000, wallTime: () => NOW });
  const asked: string[] = [];
  server.control.ospf = {
    views,
    clearNeighbors: (routerId) => void asked.push(`clear ${routerId ?? "all"}`),
    clearProcess: () => void asked.push("clear process"),
  };
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  return { server, asked, ospf: client.ospf };
}

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return `${Code[error.code]}: ${error.rawMessage}`;
}

test("the router, its neighbors and interfaces are told with all that is known of them", async (context) => {
  const { ospf } = await start(context, 2);
  const { routerId, lsas, areas, asCounts, spf } = await ospf.getOspf({});
  assert.deepEqual(
    [routerId, lsas, areas[0]?.area, areas[0]?.fullNeighbors],
    ["10.255.0.1", 2, "0.0.0.0", 1],
  );
  assert.deepEqual(
    [asCounts[0]?.type, asCounts[0]?.count, spf?.state, spf?.lastRun],
    [5, 2, "QUIET", undefined],
  );
  const { neighbors, mismatches } = await ospf.listNeighbors({});
  const [neighbor] = neighbors;
  assert.deepEqual(
    [neighbor?.routerId, neighbor?.state, neighbor?.role, neighbor?.changes, neighbor?.lastReason],
    ["10.255.0.2", "Full", "DROther", 6, "it has nothing newer"],
  );
  assert.equal(neighbor?.since?.seconds, BigInt((NOW - 4_000) / 1_000));
  assert.equal(neighbor?.deadInMs, undefined);
  assert.deepEqual([mismatches[0]?.text, mismatches[0]?.count], ["area 0.0.0.1, here 0.0.0.0", 3]);
  assert.equal((await ospf.listNeighbors({ routerId: "10.255.0.2" })).mismatches.length, 0);
  const { interfaces } = await ospf.listInterfaces({ name: "eth0" });
  assert.deepEqual([interfaces[0]?.name, interfaces[0]?.neighbors, interfaces[0]?.index], ["eth0", 1, 0]);
  const [dropped] = interfaces[0]?.traffic?.dropped ?? [];
  assert.deepEqual([dropped?.reason, dropped?.count], ["area", 3n]);
  assert.equal((await ospf.listInterfaces({ name: "eth1" })).interfaces.length, 0);
  assert.deepEqual((await ospf.listBorderRouters({})).routers, []);
});

test("a database of 50,000 LSAs comes in portions that stay small, each LSA once", async (context) => {
  const { ospf } = await start(context, 50_000);
  const ids = new Set<string>();
  let portions = 0;
  let most = 0;
  for await (const { routerId, areas, lsas } of ospf.listDatabase({})) {
    assert.equal(routerId, "10.255.0.1");
    assert.deepEqual(areas, portions++ === 0 ? ["0.0.0.0"] : []);
    most = Math.max(most, lsas.length);
    for (const lsa of lsas) ids.add(lsa.linkStateId);
  }
  assert.equal(ids.size, 50_000);
  assert.ok(most <= 1_000 && portions >= 50, `${portions} portions of up to ${most}`);
});

test("what is asked of the database has to agree, all of it", async (context) => {
  const { ospf } = await start(context, 3);
  const count = async (query: Parameters<typeof ospf.listDatabase>[0]): Promise<number> => {
    let found = 0;
    for await (const { lsas } of ospf.listDatabase(query)) found += lsas.length;
    return found;
  };
  assert.equal(await count({}), 3);
  assert.equal(await count({ type: 5 }), 3);
  assert.equal(await count({ type: 1 }), 0);
  assert.equal(await count({ linkStateId: "20.0.1.0" }), 1);
  assert.equal(await count({ linkStateId: "20.0.1.0", advertisingRouter: "10.255.0.8" }), 0);
  assert.equal(await count({ advertisingRouter: "10.255.0.9" }), 3);
  assert.equal(await count({ selfOriginated: true }), 0);
  for await (const { lsas } of ospf.listDatabase({ linkStateId: "20.0.1.0" })) {
    const { area, age, sequence, received, body } = lsas[0]!;
    assert.deepEqual([area, age, sequence, received], ["", 12, 0x8000_0001, true]);
    assert.ok(body.case === "external");
    const { prefixLength, metricType, metric, tag } = body.value;
    assert.deepEqual([prefixLength, metricType, metric, tag], [24, 2, 20, 99]);
  }
});

test("adjacencies and the process are cleared, and nobody who is no neighbor", async (context) => {
  const { ospf, asked } = await start(context);
  assert.equal((await ospf.clearNeighbors({})).cleared, 1);
  assert.equal((await ospf.clearNeighbors({ routerId: "10.255.0.2" })).cleared, 1);
  await ospf.clearProcess({});
  assert.match(
    await errorOf(ospf.clearNeighbors({ routerId: "10.255.0.7" })),
    /^NotFound: no neighbor is 10\.255\.0\.7; see/,
  );
  assert.match(await errorOf(ospf.clearNeighbors({ routerId: "x" })), /^InvalidArgument: "x" is no IPv4/);
  assert.match(await errorOf(ospf.explainRoute({ address: "10.0.0.0/8" })), /^InvalidArgument/);
  assert.deepEqual(asked, ["clear all", `clear ${ip("10.255.0.2")}`, "clear process"]);
});

test("an explanation of a route that is not there says so", async (context) => {
  const { ospf } = await start(context);
  const { route, lines } = await ospf.explainRoute({ address: "192.0.2.7" });
  assert.equal(route, undefined);
  assert.deepEqual(lines, ["No OSPF route leads to 192.0.2.7."]);
});

test("without a running service, and without the role, calls are refused", async (context) => {
  const { server, ospf } = await start(context);
  for (const [token, expected] of [
    ["read-token", /^PermissionDenied/],
    ["write-token", /^PermissionDenied/],
  ] as const) {
    const remote = await connectTo({ server: formatEndpoint(server.listen), token });
    context.after(remote.close);
    assert.equal((await remote.client.ospf.listNeighbors({})).neighbors.length, 1);
    assert.match(await errorOf(remote.client.ospf.clearProcess({})), expected);
    if (token === "read-token") assert.match(await errorOf(remote.client.ospf.clearNeighbors({})), expected);
    else assert.equal((await remote.client.ospf.clearNeighbors({})).cleared, 1);
  }
  server.control.ospf = undefined;
  assert.match(await errorOf(ospf.getOspf({})), /^Unavailable: ospf is not configured/);
});

test("what happens to neighbors and interfaces is a typed part of events", () => {
  const base = { sequence: 1, time: NOW, service: "ospf", level: "info", text: "x" } as const;
  const place = { interface: "eth0", routerId: "10.255.0.2", address: "10.0.0.2" };
  const change = { type: "ospf-neighbor", ...place, from: "Loading", to: "Full", reason: "done" } as const;
  const neighbor = eventMessage({ ...base, detail: change }).detail;
  assert.ok(neighbor.case === "ospfNeighbor");
  assert.deepEqual([neighbor.value.routerId, neighbor.value.to], ["10.255.0.2", "Full"]);
  const up = { type: "ospf-interface", interface: "eth0", from: "Down", to: "Waiting" } as const;
  const state = eventMessage({ ...base, detail: up }).detail;
  assert.ok(state.case === "ospfInterface");
  assert.deepEqual([state.value.interface, state.value.to], ["eth0", "Waiting"]);
  const differs = { type: "ospf-mismatch", ...place, text: "MTU 9000, here 1500" } as const;
  const mismatch = eventMessage({ ...base, detail: differs }).detail;
  assert.ok(mismatch.case === "ospfMismatch");
  assert.deepEqual([mismatch.value.address, mismatch.value.text], ["10.0.0.2", "MTU 9000, here 1500"]);
});
