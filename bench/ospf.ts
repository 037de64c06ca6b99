import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { OspfLab } from "../test/interop/ospf/ospf-lab.ts";
import { median } from "./median.ts";

type Kind = "parley" | "frr" | "bird";
const KINDS: readonly Kind[] = ["parley", "frr", "bird"];
const ROUNDS = 3;

/**
 * Parley beside FRR and BIRD, each as people run it, in namespaces: times until the kernel has the routes, memory. Further
 * words choose parts: `npm run bench -- ospf join ring externals`. The shortest paths alone are `ospf-spf`.
 */
export async function run(): Promise<void> {
  const args = process.argv.slice(3);
  const wanted = (name: string) => args.length === 0 || args.includes(name);
  if (wanted("join")) await timeToRoutes();
  if (wanted("ring")) await ringFailures();
  if (wanted("externals")) for (const count of [10_000, 50_000]) await externals(count);
}

async function timeToRoutes(): Promise<void> {
  console.log("s until both kernels have the other's route, hello 1 s, dead 4 s");
  for (const type of ["point-to-point", "broadcast"] as const)
    for (const [a, b] of PAIRS) {
      const times = await repeat(async (lab) => {
        await router(lab, a, 1, [{ name: "e0", type }]);
        await router(lab, b, 2, [{ name: "e0", type }]);
        await lab.network.addWire("w", [
          { node: "r1", interface: "e0", address: "10.0.0.1/24" },
          { node: "r2", interface: "e0", address: "10.0.0.2/24" },
        ]);
        await lab.start();
        // Counted from a wire that comes up between routers that run.
        await lab.network.cut("w");
        await lab.expectRoutes("r1", []);
        await lab.expectRoutes("r2", []);
        await pause(5_000);
        const watches = [new RouteWatch(lab, "r1"), new RouteWatch(lab, "r2")];
        await pause(300);
        const begin = Date.now();
        await lab.network.heal("w");
        const ends = await Promise.all([watches[0]!.first(idOf(2)), watches[1]!.first(idOf(1))]);
        for (const watch of watches) watch.stop();
        return (Math.max(...ends) - begin) / 1_000;
      });
      row(`${a} - ${b}, ${type}`, times, "s");
    }
}

/** 1 - 2 - 3 - 4 - 1; the way from 1 to 2 turns round. */
async function ringFailures(): Promise<void> {
  console.log("ring of four, ms until 1's route to 2 is another one");
  for (const kind of KINDS)
    for (const how of ["carrier", "silent"] as const) {
      const times = await repeat(async (lab) => {
        const type = "point-to-point";
        for (const at of [1, 2, 3, 4])
          await router(lab, kind, at, [
            { name: "left", type },
            { name: "right", type },
          ]);
        for (const at of [1, 2, 3, 4]) {
          const next = (at % 4) + 1;
          await lab.network.addWire(`w${at}`, [
            { node: `r${at}`, interface: "right", address: `10.0.${at}.1/24` },
            { node: `r${next}`, interface: "left", address: `10.0.${at}.2/24` },
          ]);
        }
        await lab.start();
        await untilRoute(lab, "r1", `${idOf(2)} via 10.0.1.2`);
        await untilRoute(lab, "r2", `${idOf(1)} via 10.0.1.1`);
        await pause(6_000);
        const watch = new RouteWatch(lab, "r1");
        await pause(300);
        const begin = Date.now();
        await lab.network.cut("w1", how);
        const end = await watch.first(idOf(2), "10.0.4.1");
        watch.stop();
        const from = how === "carrier" ? (watch.carrierLost ?? begin) : begin;
        return end - from;
      });
      row(
        `${kind}, ${how === "carrier" ? "carrier lost, since the kernel's event" : "silent drop"}`,
        times,
        "ms",
      );
    }
}

/** BIRD tells many externals; another router joins it. */
async function externals(count: number): Promise<void> {
  console.log(`${count} external LSAs of BIRD, joined by`);
  for (const kind of KINDS) {
    const memory: number[] = [];
    const times = await repeat(async (lab) => {
      const lines = Array.from(
        { length: count },
        (_, i) => `route 100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32 blackhole;`,
      );
      await router(lab, "bird", 1, [{ name: "e0", type: "point-to-point" }], lines.join("\n"));
      await router(lab, kind, 2, [{ name: "e0", type: "point-to-point" }]);
      await lab.network.addWire("w", [
        { node: "r1", interface: "e0", address: "10.0.0.1/24" },
        { node: "r2", interface: "e0", address: "10.0.0.2/24" },
      ]);
      await lab.network.cut("w");
      await lab.start();
      await pause(8_000);
      const begin = Date.now();
      await lab.network.heal("w");
      for (const end = begin + 90_000; Date.now() < end; await pause(100)) {
        if (routeCount(lab, "r2") >= count) break;
      }
      const seconds = (Date.now() - begin) / 1_000;
      memory.push(memoryOf(lab, "r2"));
      return seconds;
    });
    row(`${kind}, until its kernel has all`, times, "s");
    row(`${kind}, resident memory of its programs`, memory, "MB");
  }
}

const PAIRS: readonly (readonly [Kind, Kind])[] = [
  ["parley", "parley"],
  ["frr", "frr"],
  ["bird", "bird"],
  ["parley", "frr"],
  ["parley", "bird"],
];

interface Leg {
  readonly name: string;
  readonly type: "point-to-point" | "broadcast";
}

function idOf(at: number): string {
  return `192.0.2.${at}`;
}

async function router(
  lab: OspfLab,
  kind: Kind,
  at: number,
  legs: readonly Leg[],
  statics = "",
): Promise<void> {
  const [name, id] = [`r${at}`, idOf(at)];
  if (kind === "parley") {
    const interfaces = legs.map((leg) => `  interface ${leg.name}: { type: ${leg.type} }\n`).join("");
    await lab.parley(
      name,
      id,
      `hello-interval: 1\ndead-interval: 4\narea 0:\n${interfaces}  interface lo: {}`,
    );
  } else if (kind === "frr") {
    const interfaces = legs.map(
      (leg) =>
        `interface ${leg.name}\n ip ospf network ${leg.type}\n ip ospf hello-interval 1\n ip ospf dead-interval 4\n`,
    );
    await lab.frr(
      name,
      id,
      `${interfaces.join("")}router ospf\n ospf router-id ${id}\n network 10.0.0.0/8 area 0\n network ${id}/32 area 0\n`,
    );
  } else {
    const interfaces = legs.map(
      (leg) =>
        `interface "${leg.name}" { type ${leg.type === "broadcast" ? "bcast" : "ptp"}; hello 1; dead 4; };`,
    );
    await lab.bird(
      name,
      id,
      `protocol static s1 { ipv4; ${statics} }
protocol ospf v2 o1 { ipv4 { import all; export where source = RTS_STATIC; };
  area 0 { ${interfaces.join("\n")} interface "lo" { stub; }; }; }
`,
    );
  }
}

/** The kernel's own words about routes of a node, with its times. */
class RouteWatch {
  readonly #child: ChildProcess;
  #text = "";
  carrierLost: number | undefined;

  constructor(lab: OspfLab, node: string) {
    const namespace = lab.network.namespaceOf(node);
    this.#child = spawn("ip", ["-n", namespace, "-ts", "monitor", "route", "link"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child.stdout!.on("data", (data: Buffer) => (this.#text += data.toString()));
  }

  /** When a route to `prefix` was put there first, ms since 1970. */
  async first(prefix: string, via = ""): Promise<number> {
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(20)) {
      const lines = this.#text.split("\n");
      const lost = lines.find((line) => line.includes("NO-CARRIER"));
      if (lost) this.carrierLost ??= timeOf(lost);
      const line = lines.find(
        (each) => each.includes(`] ${prefix} `) && !each.includes("Deleted") && each.includes(via),
      );
      if (line) return timeOf(line);
    }
    throw new Error(`no route to ${prefix} within 60 s`);
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }
}

/** "[2026-01-01T00:00:00.123456] …" is in local time. */
function timeOf(line: string): number {
  return Date.parse(line.slice(1, line.indexOf("]")));
}

async function untilRoute(lab: OspfLab, node: string, route: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(200))
    if ((await lab.routes(node)).includes(route)) return;
  throw new Error(`${node} has no ${route}`);
}

function routeCount(lab: OspfLab, node: string): number {
  const text = execFileSync("ip", ["-n", lab.network.namespaceOf(node), "route"], { maxBuffer: 2 ** 28 });
  let lines = 0;
  for (const byte of text) if (byte === 10) lines++;
  return lines;
}

/** MB, of all programs in a node. */
function memoryOf(lab: OspfLab, node: string): number {
  const pids = execFileSync("ip", ["netns", "pids", lab.network.namespaceOf(node)], { encoding: "utf8" });
  const kilobytes = pids
    .split("\n")
    .filter((pid) => pid !== "")
    .map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1_000;
}

async function repeat(run: (lab: OspfLab) => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const lab = await OspfLab.make();
    try {
      results.push(await run(lab));
    } finally {
      await lab.close();
    }
  }
  return results;
}

function row(what: string, values: readonly number[], unit: string): void {
  const shown = values.map((value) => value.toFixed(value < 10 ? 2 : 0)).join(" ");
  console.log(`  ${what.padEnd(58)} median ${median(values).toFixed(2)} ${unit}  (${shown})`);
}
