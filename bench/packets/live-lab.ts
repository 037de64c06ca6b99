import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export const INTERFACE = "p0";

/** What a process used: all of it, and before it was ready. */
export interface Used {
  readonly seconds: number;
  readonly startSeconds: number;
}

/**
 * Two network namespaces, "a" and "b", and a cable between: p0 in each, 10.78.0.1 and 10.78.0.2. They go when this
 * process does, with what runs in them.
 */
export class LiveLab {
  readonly #names = { a: `parley-bench-${process.pid}-a`, b: `parley-bench-${process.pid}-b` };
  readonly #running = new Set<ChildProcess>();

  /** Throws where the rights for it are missing. */
  constructor() {
    process.once("exit", () => this.#delete());
    const { a, b } = this.#names;
    for (const name of [a, b]) ip("netns", "add", name);
    ip("-n", a, "link", "add", INTERFACE, "type", "veth", "peer", "name", INTERFACE, "netns", b);
    for (const [i, name] of [a, b].entries()) {
      // Neighbor discovery would be counted as well.
      ip("netns", "exec", name, "sysctl", "-qw", `net.ipv6.conf.${INTERFACE}.disable_ipv6=1`);
      ip("-n", name, "addr", "add", `10.78.0.${i + 1}/24`, "dev", INTERFACE);
      ip("-n", name, "link", "set", INTERFACE, "up");
    }
  }

  /** Runs a command to its end; what it printed on both outputs. */
  async run(side: "a" | "b", command: readonly string[]): Promise<string> {
    const child = this.#spawn(["ip", "netns", "exec", this.#names[side], ...command]);
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream!.setEncoding("utf8").on("data", (part: string) => (text += part));
    const status = await ended(child);
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${text.slice(-2_000)}`);
    return text;
  }

  /** Starts a command, and waits until it has said `ready` on its standard error. */
  async start(side: "a" | "b", command: readonly string[], ready: RegExp): Promise<LiveProcess> {
    // The shell tells what a process used, threads and all, and leaves signals to it.
    const script = `trap : INT TERM; TIMEFORMAT="used %U %S"; time "$@" >/dev/null`;
    const child = this.#spawn([
      ...["bash", "-c", script, "bash"],
      ...["ip", "netns", "exec", this.#names[side], ...command],
    ]);
    const live = new LiveProcess(child);
    await live.until(ready);
    return live;
  }

  /** Packets that have come to an interface, those that it dropped included. */
  received(side: "a" | "b"): number {
    const text = ip("-n", this.#names[side], "-s", "-j", "link", "show", INTERFACE);
    const [{ stats64 }] = JSON.parse(text) as [{ stats64: { rx: { packets: number; dropped: number } } }];
    return stats64.rx.packets;
  }

  #spawn(command: readonly string[]): ChildProcess {
    // A group of its own, so that signals reach what a shell has started.
    const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#running.add(child);
    prefer(child.pid);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  #delete(): void {
    for (const { pid } of this.#running) signal(pid, "SIGKILL");
    for (const name of Object.values(this.#names)) spawnSync("ip", ["netns", "del", name]);
  }
}

/** A program that runs until it is asked to end. */
export class LiveProcess {
  readonly #child: ChildProcess;
  #text = "";
  #startSeconds = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.resume();
    child.stderr!.setEncoding("utf8").on("data", (part: string) => (this.#text += part));
  }

  async until(ready: RegExp): Promise<void> {
    for (let waited = 0; !ready.test(this.#text); waited += 10) {
      if (this.#child.exitCode !== null || waited > 60_000) throw new Error(`never ready: ${this.#text}`);
      await sleep(10);
    }
    // What it still has to do at its start.
    await sleep(500);
    this.#startSeconds = cpuSeconds(childOf(this.#child.pid!));
  }

  /** Asks it to end; what it said and used. */
  async end(): Promise<{ readonly text: string; readonly used: Used }> {
    signal(this.#child.pid, "SIGINT");
    const status = this.#child.exitCode ?? (await ended(this.#child));
    const found = /used ([\d.]+) ([\d.]+)/.exec(this.#text);
    if (status !== 0 || !found) throw new Error(`ended with ${status}: ${this.#text.slice(-2_000)}`);
    const seconds = Number(found[1]) + Number(found[2]);
    return { text: this.#text, used: { seconds, startSeconds: this.#startSeconds } };
  }
}

/** Before what else the machine does, which disturbs less then: processes of a session share its priority. */
function prefer(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "-19");
  } catch {
    // It has ended, or the kernel makes no groups of sessions.
  }
}

/** `ip ARGUMENTS`; its standard output. */
function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended.
  }
}

/** The process that a shell runs. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

/** What a process has used until now, in hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
