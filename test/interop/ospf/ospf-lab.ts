import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import type { ChildProcess } from "node:child_process";
import { LabNetwork } from "#lab/network.ts";
import { BirdRouter, ended, FrrRouter, type PeerRouter } from "#lab/peers.ts";
import { isLeftOut, missingProgram } from "../left-out.ts";

const PARLEYD = fileURLToPath(new URL("../../../bin/parleyd", import.meta.url));
const PARLEY = fileURLToPath(new URL("../../../bin/parley", import.meta.url));

/** parleyd in a node of a lab. */
export class ParleyRouter implements PeerRouter {
  readonly #lab: OspfLab;
  readonly #node: string;
  #child: ChildProcess | undefined;

  constructor(lab: OspfLab, node: string) {
    this.#lab = lab;
    this.#node = node;
  }

  async start(): Promise<void> {
    const { network, folder } = this.#lab;
    const file = join(folder, `${this.#node}.yaml`);
    this.#child = network.spawn(this.#node, [PARLEYD, "-c", file, "--until-stdin-ends"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on("data", (data: Buffer) => {
        said += data.toString();
        this.#lab.log += data.toString().replaceAll(/^(?=.)/gm, `${this.#node}: `);
      });
    await until(() => said.includes("starting service: ospf"), `${this.#node} to start; it said ${said}`);
  }

  async stop(): Promise<void> {
    // Of `ip netns exec`, which becomes the program.
    this.#child?.kill("SIGTERM");
    if (this.#child) await ended(this.#child);
    this.#child = undefined;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    if (this.#child) await ended(this.#child);
    this.#child = undefined;
  }

  async ask(command: string): Promise<string> {
    const { network, folder } = this.#lab;
    const socket = join(folder, `${this.#node}.sock`);
    // On a machine that does much else the prompt's own limit may pass before the daemon has had its turn.
    for (let left = 3; ; left--)
      try {
        return await network.exec(this.#node, PARLEY, "--socket", socket, "-c", command);
      } catch (error) {
        if (left === 0 || !String(error).includes("does not answer")) throw error;
      }
  }
}

/** Parley, FRR and BIRD as routers in namespaces; gone with the test. */
export class OspfLab {
  readonly network: LabNetwork;
  readonly folder: string;
  readonly routers = new Map<string, PeerRouter>();
  /** What the parleyds printed. */
  log = "";

  #atExit = (): void => {};

  private constructor(network: LabNetwork, folder: string) {
    this.network = network;
    this.folder = folder;
  }

  static async make(): Promise<OspfLab> {
    const folder = await mkdtemp(join(tmpdir(), "parley-ospf-"));
    // FRR's programs give up root and still have to come through.
    await chmod(folder, 0o711);
    const id = `po${folder.slice(-6)}`;
    const lab = new OspfLab(new LabNetwork(id), folder);
    lab.#atExit = () => removeNow(`${id}-`, folder);
    process.once("exit", lab.#atExit);
    return lab;
  }

  /** `id`: also its address on lo, with /32. */
  async #node(name: string, id: string): Promise<void> {
    await this.network.addNode(name);
    await this.network.addAddress(name, "lo", `${id}/32`);
  }

  /** `ospf`: lines of the section below router-id; `more`: further sections. */
  async parley(name: string, id: string, ospf: string, more = ""): Promise<ParleyRouter> {
    await this.#node(name, id);
    const router = new ParleyRouter(this, name);
    this.routers.set(name, router);
    await this.configure(name, id, ospf, more);
    return router;
  }

  /** Writes a Parley's configuration; a running one takes it. */
  async configure(name: string, id: string, ospf: string, more = ""): Promise<void> {
    const api = `api: { socket: ${join(this.folder, `${name}.sock`)} }`;
    const node = `node: { name: ${name}, data: ${join(this.folder, `${name}-data`)} }`;
    const body = ospf.trimEnd().replaceAll(/^/gm, "  ");
    const text = `${node}\n${api}\n${more}\nospf:\n  router-id: ${id}\n${body}\n`;
    await writeFile(join(this.folder, `${name}.yaml`), text);
  }

  async frr(name: string, id: string, configuration: string): Promise<FrrRouter> {
    await this.#node(name, id);
    const router = new FrrRouter({
      network: this.network,
      node: name,
      folder: join(this.folder, name),
      configuration,
    });
    this.routers.set(name, router);
    return router;
  }

  async bird(name: string, id: string, protocol: string): Promise<BirdRouter> {
    await this.#node(name, id);
    const configuration = `router id ${id};
protocol device { scan time 1; }
protocol kernel { scan time 2; merge paths on; ipv4 { export all; import none; }; }
${protocol}`;
    const router = new BirdRouter({
      network: this.network,
      node: name,
      folder: join(this.folder, name),
      configuration,
    });
    this.routers.set(name, router);
    return router;
  }

  async start(): Promise<void> {
    await Promise.all([...this.routers.values()].map((router) => router.start()));
  }

  /** What the kernel of a node has that a routing protocol put there: "10.0.0.0/24 via 10.1.0.2". */
  async routes(node: string): Promise<string[]> {
    const text = await this.network.exec(node, "ip", "-j", "route");
    const routes = JSON.parse(text) as KernelRoute[];
    return routes
      .filter(({ protocol }) => PROTOCOLS.has(protocol))
      .filter(({ type, scope }) => type !== "blackhole" && scope !== "link")
      .map(({ dst, gateway, nexthops }) => {
        const gateways = nexthops ? nexthops.map((hop) => hop.gateway).sort() : [gateway];
        return `${dst} via ${gateways.join(" ")}`;
      })
      .sort();
  }

  /** Waits until a node's kernel has these routes, and no others that it learnt. */
  async expectRoutes(node: string, expected: readonly string[], limitMs = 20_000): Promise<void> {
    const wanted = [...expected].sort();
    let found: string[] = [];
    const end = performance.now() + limitMs;
    do {
      found = await this.routes(node);
      if (JSON.stringify(found) === JSON.stringify(wanted)) return;
      await pause(100);
    } while (performance.now() < end);
    assert.deepEqual(found, wanted, `the routes of ${node} after ${limitMs} ms`);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.routers.values()].map((router) => router.stop()));
    await this.network.close();
    await rm(this.folder, { recursive: true, force: true });
    process.off("exit", this.#atExit);
  }
}

/** For a bench that is interrupted: what runs in the lab's namespaces, they themselves, and its folder. */
function removeNow(prefix: string, folder: string): void {
  const said = (...args: readonly string[]) => spawnSync("ip", args, { encoding: "utf8" }).stdout;
  const names = said("netns", "list").split(/\s+/);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    for (const pid of said("netns", "pids", name).split(/\s+/))
      if (pid !== "") spawnSync("kill", ["-KILL", pid]);
    said("netns", "del", name);
  }
  rmSync(folder, { recursive: true, force: true });
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly protocol: string;
  readonly type?: string;
  readonly scope?: string;
  readonly nexthops?: readonly { readonly gateway: string }[];
}

/** Of ours, FRR's ospfd and BIRD. */
const PROTOCOLS = new Set(["222", "ospf", "bird"]);

/** A test with routers of these kinds; left out without root or where one is not installed. */
export function labTest(
  name: string,
  peers: readonly ("frr" | "bird")[],
  run: (lab: OspfLab) => Promise<void>,
  { timeoutMs = 115_000 }: { readonly timeoutMs?: number } = {},
): void {
  test(name, { timeout: timeoutMs }, async (context) => {
    const isRoot = process.getuid?.() === 0;
    const programs = [
      "ip",
      ...peers.map((peer) => (peer === "frr" ? "/usr/lib/frr/ospfd" : "/usr/sbin/bird")),
    ];
    if (isLeftOut(context, isRoot ? missingProgram(programs) : "needs root")) return;
    const lab = await OspfLab.make();
    try {
      await run(lab);
    } catch (error) {
      context.diagnostic(lab.log);
      throw error;
    } finally {
      await lab.close();
    }
  });
}

export async function until(
  done: () => Promise<boolean> | boolean,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await done())) {
    assert.ok(performance.now() < end, `waited ${limitMs} ms for ${what}`);
    await pause(50);
  }
}
