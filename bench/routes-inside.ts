// Runs inside the namespace that bench/routes.ts made.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatIpv4Prefix, parseIpv4 } from "#base/ipv4.ts";
import type { RouteChange } from "#host/routes.ts";
import type { OspfRoute } from "#ospf/routes.ts";
import { EventLog } from "#services/event-log.ts";
import { links } from "#services/links.ts";
import { ServiceManager } from "#services/manager.ts";
import type { RoutesApi } from "#services/routes-api.ts";
import { routes } from "#services/routes.ts";
import { systemHost } from "#system/host.ts";
import { median } from "./median.ts";

const COUNT = 50_000;
const RUNS = 5;
const GATEWAY = "10.1.0.2";

const gateway = parseIpv4(GATEWAY)!;
const first = parseIpv4("20.0.0.0")!;
const prefixes = Array.from({ length: COUNT }, (_, i) => ({ network: first + i * 256, length: 24 }));

const host = systemHost();
const monitor = await host.links.watch(() => {});
const index = monitor.links().find(({ name }) => name === "va")!.index;
monitor.close();

const rtnetlink = await byRtnetlink();
const service = await byService();
const batch = byBatch();
for (const [what, { added, deleted }] of Object.entries({ rtnetlink, service, "ip -batch": batch })) {
  const times = (values: readonly number[]): string =>
    `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
  process.stdout.write(`${what.padEnd(9)}  add ${times(added)}, delete ${times(deleted)}\n`);
}
process.stdout.write(`${COUNT} /24 routes by one gateway, ${RUNS} runs: median (least to most)\n`);

interface Times {
  readonly added: number[];
  readonly deleted: number[];
}

/** The port alone. */
async function byRtnetlink(): Promise<Times> {
  const options = { table: 254, protocol: 222, readOnly: false };
  const table = await host.routes.open(options, { changed: () => {}, lost: () => {} });
  const nextHops = [{ interface: index, gateway }];
  const changes = (type: "add" | "remove"): RouteChange[] =>
    prefixes.map((prefix) => ({ type, ...prefix, metric: 20, nextHops }));
  const apply = async (type: "add" | "remove"): Promise<void> => {
    const failures = await table.apply(changes(type));
    if (failures.length > 0) throw new Error(`${failures.length} failed: ${failures[0]!.error}`);
  };
  const times = await rounds(
    () => apply("add"),
    () => apply("remove"),
  );
  table.close();
  return times;
}

/** From OSPF's table to the kernel, with the routing table in between. */
async function byService(): Promise<Times> {
  const log = new EventLog(() => 0);
  const manager = new ServiceManager([links, routes], {
    host,
    node: { name: "n", dataFolder: "/nowhere" },
    log,
  });
  await manager.start(new Map([["routes", routes.config.parse({})]]));
  const api = manager.api("routes") as RoutesApi;
  const nextHops = [{ interface: "va", gateway }];
  const rest = { cost: 20, type2Cost: 0, tag: 0, area: 0, isConnected: false, origin: "" } as const;
  const set = prefixes.map((prefix): OspfRoute => ({ ...prefix, ...rest, pathType: "intra-area", nextHops }));
  const times = await rounds(
    async () => {
      api.setOspf({ set, removed: [] });
      await api.settled();
    },
    async () => {
      api.clearOspf();
      await api.settled();
    },
  );
  await manager.stop();
  return times;
}

/** The whole command, as people time it. */
function byBatch(): Times {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  try {
    const file = (verb: "add" | "del"): string => {
      const path = join(folder, verb);
      const via = verb === "add" ? ` via ${GATEWAY} proto 222 metric 20` : " metric 20";
      const lines = prefixes.map(
        ({ network, length }) => `route ${verb} ${formatIpv4Prefix(network, length)}${via}`,
      );
      writeFileSync(path, lines.join("\n"));
      return path;
    };
    const [add, del] = [file("add"), file("del")];
    const times: Times = { added: [], deleted: [] };
    for (let i = 0; i < RUNS; i++) {
      for (const [path, list] of [
        [add, times.added],
        [del, times.deleted],
      ] as const) {
        const began = performance.now();
        execFileSync("ip", ["-batch", path]);
        list.push(performance.now() - began);
      }
    }
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rounds(add: () => Promise<void>, remove: () => Promise<void>): Promise<Times> {
  const times: Times = { added: [], deleted: [] };
  for (let i = 0; i < RUNS; i++) {
    for (const [run, list] of [
      [add, times.added],
      [remove, times.deleted],
    ] as const) {
      const began = performance.now();
      await run();
      list.push(performance.now() - began);
    }
  }
  return times;
}
