// Runs inside a network namespace: many routes of OSPF go into the kernel and out of it again by the service that does it
// in parleyd. Prints how long it took and how long nothing else could happen meanwhile.
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { parseIpv4 } from "#base/ipv4.ts";
import type { OspfRoute, RouteChanges } from "#ospf/routes.ts";
import { EventLog } from "#services/event-log.ts";
import { links } from "#services/links.ts";
import { ServiceManager } from "#services/manager.ts";
import type { RoutePrefix, RoutesApi } from "#services/routes-api.ts";
import { routes } from "#services/routes.ts";
import { systemHost } from "#system/host.ts";

const COUNT = 50_000;
/** A routing protocol hands over its table in pieces, too. */
const PIECE = 5_000;

const log = new EventLog(() => 0);
const manager = new ServiceManager([links, routes], {
  host: systemHost(),
  node: { name: "n", dataFolder: "/nowhere" },
  log,
});
await manager.start(new Map([["routes", routes.config.parse({})]]));
const api = manager.api("routes") as RoutesApi;
const nextHops = [{ interface: "va", gateway: parseIpv4("10.1.0.2")! }];
const first = parseIpv4("20.0.0.0")!;
const all = Array.from({ length: COUNT }, (_, i) => ({ network: first + i * 256, length: 24 }));
const rest = { area: 0, cost: 20, type2Cost: 0, tag: 0, isConnected: false, origin: "" } as const;

const memoryBeforeMb = Math.round(process.memoryUsage.rss() / 1e6);
const added = await timed(() =>
  inPieces((prefixes) => ({
    set: prefixes.map((prefix): OspfRoute => ({ ...prefix, ...rest, pathType: "intra-area", nextHops })),
    removed: [],
  })),
);
const memoryMb = Math.round(process.memoryUsage.rss() / 1e6);
const inKernel = await count();
await run("ip link set va down");
await sleep(600);
const whileDown = await count();
const restored = await timed(async () => {
  await run("ip link set va up");
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(5)) {
    await api.settled();
    if (api.at(all.at(-1)!)[0]!.isInstalled) break;
  }
});
const afterUp = await count();
const listed = await timed(async () => {
  // Page by page, as the API does it.
  for (let after: RoutePrefix | undefined; ;) {
    let last: RoutePrefix | undefined;
    let room = PIECE;
    for (const { route } of api.routes(after ? { after } : {})) {
      last = route;
      if (--room === 0) break;
    }
    if (room > 0) return;
    after = last;
    await new Promise((resolve) => void setImmediate(resolve));
  }
});
const deleted = await timed(() => inPieces((removed) => ({ set: [], removed })));
const left = await count();
await manager.stop();
const times = { added, restored, listed, deleted };
process.stdout.write(
  JSON.stringify({ count: COUNT, inKernel, whileDown, afterUp, left, memoryBeforeMb, memoryMb, ...times }),
);

async function inPieces(changes: (prefixes: typeof all) => RouteChanges): Promise<void> {
  for (let at = 0; at < COUNT; at += PIECE) {
    api.setOspf(changes(all.slice(at, at + PIECE)));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await api.settled();
}

/**
 * ms from begin to end; the longest turn of the event loop in ms, and in ms of the processor's time, which does not count
 * that others had the processor.
 */
async function timed(work: () => Promise<void>): Promise<{ ms: number; turnMs: number; turnCpuMs: number }> {
  let [turnMs, turnCpuMs, isDone] = [0, 0, false];
  let [last, lastCpu] = [performance.now(), cpuMs()];
  const turn = (): void => {
    const [now, nowCpu] = [performance.now(), cpuMs()];
    turnMs = Math.max(turnMs, now - last);
    turnCpuMs = Math.max(turnCpuMs, nowCpu - lastCpu);
    [last, lastCpu] = [now, nowCpu];
    if (!isDone) setImmediate(turn);
  };
  turn();
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  // The turn that has just been is measured at the next one.
  await new Promise((resolve) => void setImmediate(resolve));
  await new Promise((resolve) => void setImmediate(resolve));
  isDone = true;
  return { ms: Math.round(ms), turnMs: Math.round(turnMs), turnCpuMs: Math.round(turnCpuMs) };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

async function count(): Promise<number> {
  return Number(await run("ip -4 route show proto 222 | wc -l"));
}

async function run(command: string): Promise<string> {
  return (await promisify(execFile)("sh", ["-c", command])).stdout;
}
