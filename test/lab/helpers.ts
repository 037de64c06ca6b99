import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export const ROOT = resolve(import.meta.dirname, "../..");
export const NAMES = ["bob", "alice", "carol", "dave", "erin"] as const;

/** A lab of five on free ports, in a folder that is removed at the end of the test. */
export interface LabFolder extends AsyncDisposable {
  readonly path: string;
  /** In the order of NAMES. */
  readonly ports: readonly number[];
}

/** The same network as examples/five: whoever knows whom, one is enough to find all. */
export async function labFolder(): Promise<LabFolder> {
  const path = await mkdtemp(join(tmpdir(), "lab-test-"));
  const ports = await freePorts(NAMES.length);
  await writeFile(join(path, "lab.yaml"), `nodes: [${NAMES.join(", ")}]\nprompt: bob\n`);
  await writeFile(join(path, "default.yaml"), "whisper: { links: 16 }\n");
  for (const [i, name] of NAMES.entries()) {
    const next = ports[(i + 1) % ports.length]!;
    const lines = [
      `node: { name: ${name} }`,
      `whisper: { listen: "127.0.0.1:${ports[i]!}", nick: ${name} }`,
      `peers: ["127.0.0.1:${next}"]`,
    ];
    await writeFile(join(path, `${name}.yaml`), `${lines.join("\n")}\n`);
  }
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, ports, [Symbol.asyncDispose]: remove };
}

/** A program with what it printed; ended, whatever happened, at the end of the test. */
export class RunningProgram implements AsyncDisposable {
  readonly child: ChildProcess;
  output = "";
  errors = "";
  /** Status or signal, when all it printed has been read. */
  readonly ended: Promise<number | NodeJS.Signals>;

  /** `detached`: in a process group of its own, as a terminal has it. */
  constructor(
    file: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    { detached = false }: { readonly detached?: boolean } = {},
  ) {
    this.child = spawn(file, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      detached,
      env: { ...process.env, ...environment },
    });
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    this.ended = once(this.child, "close").then(
      ([status, signal]) => (status as number | null) ?? (signal as NodeJS.Signals),
    );
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.child.kill("SIGTERM");
    await this.ended;
  }
}

/** The processes that still run with `text` in their arguments; those that have ended have none. */
export async function processesWith(text: string): Promise<readonly string[]> {
  if (!existsSync("/proc/self/cmdline")) {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" }).split("\n");
    return lines.filter((line) => line.includes(text)).map((line) => line.trim().split(" ")[0]!);
  }
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (args.includes(text)) found.push(pid);
  }
  return found;
}

/** Waits until `condition` holds; `told` is what to say when it does not in time. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  told: () => string,
  limitMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${told()}`);
    await delay(20);
  }
}

/**
 * Ports that nobody listens on, below those that systems give out by themselves: a connection of another test may take
 * one of those before the lab does.
 */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
