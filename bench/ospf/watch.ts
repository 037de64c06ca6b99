import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { OspfLab } from "../../test/interop/ospf/ospf-lab.ts";
import { timesFull, type Kind } from "./routers.ts";

/** The kernel's own words about routes and interfaces of a node, with its times. */
export class RouteWatch {
  readonly #child: ChildProcess;
  #text = "";

  private constructor(lab: OspfLab, node: string) {
    const namespace = lab.network.namespaceOf(node);
    this.#child = spawn("ip", ["-n", namespace, "-ts", "monitor", "route", "link"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child.stdout!.on("data", (data: Buffer) => (this.#text += data.toString()));
  }

  static async start(lab: OspfLab, node: string): Promise<RouteWatch> {
    const watch = new RouteWatch(lab, node);
    await pause(500);
    return watch;
  }

  /** When a route to `prefix` was put there first, ms since 1970. */
  async first(prefix: string, via = ""): Promise<number> {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await pause(20)) {
      const line = this.#lines().find(
        (each) => each.includes(`] ${prefix} `) && !each.includes("Deleted") && each.includes(via),
      );
      if (line) return timeOf(line);
    }
    throw new Error(`no route to ${prefix} within ${LIMIT_MS} ms`);
  }

  /** When an interface lost its carrier first. */
  get carrierLost(): number | undefined {
    const line = this.#lines().find((each) => each.includes("NO-CARRIER"));
    return line === undefined ? undefined : timeOf(line);
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }

  #lines(): readonly string[] {
    return this.#text.split("\n");
  }
}

/** When a router says for the next time that a neighbor is Full, ms since 1970; `before`: how often it has said so. */
export async function nextFull(lab: OspfLab, kind: Kind, node: string, before: number): Promise<number> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await pause(10))
    if (timesFull(lab, kind, node) > before) return Date.now();
  throw new Error(`${node} is not Full within ${LIMIT_MS} ms`);
}

export async function untilRoute(lab: OspfLab, node: string, route: string): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await pause(200))
    if ((await lab.routes(node)).includes(route)) return;
  throw new Error(`${node} has no ${route}`);
}

/** What the programs of a node use. */
export class Programs {
  readonly #pids: readonly string[];

  constructor(lab: OspfLab, node: string) {
    const listed = ["netns", "pids", lab.network.namespaceOf(node)];
    this.#pids = execFileSync("ip", listed, { encoding: "utf8" }).split("\n").filter(Boolean);
  }

  /** MB, resident. */
  get memory(): number {
    const kilobytes = this.#pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(this.#read(pid, "status"))?.[1]));
    return kilobytes.reduce((sum, each) => sum + each, 0) * 1.024e-3;
  }

  /** Seconds of processor time since they began, in the kernel too. */
  get seconds(): number {
    const ticks = this.#pids.map((pid) => {
      const fields = this.#read(pid, "stat").split(") ").at(-1)!.split(" ");
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((sum, each) => sum + each, 0) / 100;
  }

  /** IPv4 routes in the node's kernel: counting costs next to nothing, listing would take the machine's time. */
  get routes(): number {
    const counts = this.#read(this.#pids[0]!, "net/fib_triestat").matchAll(/Prefixes:\s+(\d+)/g);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  #read(pid: string, name: string): string {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  }
}

/** "[2026-01-01T00:00:00.123456] …" is in local time. */
function timeOf(line: string): number {
  return Date.parse(line.slice(1, line.indexOf("]")));
}

const LIMIT_MS = 90_000;
