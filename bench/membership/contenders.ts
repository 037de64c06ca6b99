import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GO_CACHE } from "../../test/interop/membership/nodes.ts";

export type Kind = "parley" | "memberlist";
export const KINDS: readonly Kind[] = ["parley", "memberlist"];

const GO_PATH = "/usr/share/gocode";
const MAIN = fileURLToPath(new URL("../../test/interop/membership/main.go", import.meta.url));
const MEMBER = fileURLToPath(new URL("../../test/interop/membership/member-process.ts", import.meta.url));

interface Told {
  readonly ev: string;
  readonly node?: string;
  readonly name?: string;
  readonly t: number;
}

/** A namespace with nothing but loopback, and programs in it; all of it goes with the bench. */
export class Arena {
  readonly name = `pl-mbench-${process.pid}`;
  /** The Go agent. */
  readonly agent: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  readonly #children = new Set<ChildProcess>();

  constructor() {
    process.on("exit", () => this.#end());
    execFileSync("ip", ["netns", "add", this.name]);
    execFileSync("ip", ["-n", this.name, "link", "set", "lo", "up"]);
    this.agent = this.buildGo(MAIN, "agent");
  }

  /** A Go program of one file. */
  buildGo(source: string, name: string): string {
    cpSync(source, join(this.#folder, name, "main.go"));
    const cwd = join(this.#folder, name);
    const own = { GOPATH: GO_PATH, GO111MODULE: "off", GOFLAGS: "", GOCACHE: GO_CACHE };
    execFileSync("go", ["build", "-o", "program", "main.go"], { cwd, env: { ...process.env, ...own } });
    return join(cwd, "program");
  }

  start(command: readonly string[]): ChildProcess {
    const args = ["netns", "exec", this.name, ...command];
    const child = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  /** Packets and bytes that crossed loopback, each counted once. */
  traffic(): { packets: number; bytes: number } {
    const text = execFileSync("ip", ["netns", "exec", this.name, "cat", "/proc/net/dev"], {
      encoding: "utf8",
    });
    const numbers = /lo:\s*(\d+)\s+(\d+)/.exec(text)!;
    return { bytes: Number(numbers[1]), packets: Number(numbers[2]) };
  }

  #end(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    spawnSync("ip", ["netns", "del", this.name]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One process, with one member or several. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(arena: Arena, command: readonly string[], heard: (told: Told) => void) {
    this.#child = arena.start(command);
    this.#exited = new Promise((resolve) => this.#child.once("exit", () => resolve()));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => heard(JSON.parse(line) as Told));
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Processor time of all its threads, ms, and memory, MB. */
  usage(): { cpuMs: number; megabytes: number } {
    const folder = `/proc/${this.#child.pid}`;
    let nanoseconds = 0;
    for (const task of readdirSync(`${folder}/task`))
      nanoseconds += Number(readFileSync(`${folder}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    const pages = Number(readFileSync(`${folder}/statm`, "utf8").split(" ")[1]);
    return { cpuMs: nanoseconds / 1e6, megabytes: (pages * 4_096) / 1e6 };
  }
}

/** Whom each member knows, and since when. */
export class Cluster {
  readonly kind: Kind;
  readonly programs: Program[] = [];
  readonly #arena: Arena;
  /** By member: whom it knows, with the time, ms since 1970. */
  readonly #known = new Map<string, Map<string, number>>();
  readonly #gone = new Map<string, Map<string, number>>();
  #up = 0;

  constructor(arena: Arena, kind: Kind) {
    this.#arena = arena;
    this.kind = kind;
  }

  /** Starts members that listen and know nobody. Ours share a process unless `apart`; Go's never do. */
  async start(names: readonly string[], firstHost: number, apart = false): Promise<Program[]> {
    const hosts = names.map((name, i) => `${name}=${hostOf(firstHost + i)}`);
    const wanted = this.#up + (this.kind === "parley" && !apart ? 1 : names.length);
    const groups = this.kind === "parley" && !apart ? [hosts] : hosts.map((host) => [host]);
    const programs = groups.map((group) => this.#program(group));
    for (const name of names) this.#known.set(name, new Map());
    for (const name of names) this.#gone.set(name, new Map());
    await until("all are up", () => this.#up >= wanted, 60_000);
    this.programs.push(...programs);
    return programs;
  }

  #program(group: readonly string[]): Program {
    const [name, host] = group[0]!.split("=") as [string, string];
    const command =
      this.kind === "parley"
        ? [process.execPath, "--disable-warning=ExperimentalWarning", MEMBER, ...group]
        : [this.#arena.agent, "-name", name, "-bind", host, "-port", "7946"];
    return new Program(this.#arena, command, (told) => this.#hear(told, name));
  }

  #hear({ ev, node = "", name = "", t }: Told, process: string): void {
    if (ev === "up") this.#up++;
    const member = node === "" ? process : node;
    // Go's times are nanoseconds.
    const at = t > 1e15 ? t / 1e6 : t;
    if (ev === "join" && name !== member && !this.#known.get(member)?.has(name))
      this.#known.get(member)?.set(name, at);
    if (ev === "leave") this.#gone.get(member)?.set(name, at);
  }

  /** When a member first knew so many others; undefined when it does not. */
  knewAt(member: string, others: number): number | undefined {
    const times = [...this.#known.get(member)!.values()].sort((a, b) => a - b);
    return times[others - 1];
  }

  goneAt(member: string, name: string): number | undefined {
    return this.#gone.get(member)!.get(name);
  }

  knows(member: string, name: string): boolean {
    return this.#known.get(member)!.has(name);
  }

  /** Deaths that members told of. */
  get failures(): number {
    return [...this.#gone.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.programs.splice(0).map((program) => program.kill()));
  }
}

export function hostOf(i: number): string {
  return `127.85.${1 + (i >> 7)}.${1 + (i & 127)}`;
}

export function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `m${i}`);
}

/** ms since 1970, as precise as members tell it. */
export function wallTime(): number {
  return performance.timeOrigin + performance.now();
}

/** False when it took too long. */
export async function waitFor(done: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!done()) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}

export async function until(what: string, done: () => boolean, limitMs: number): Promise<void> {
  if (!(await waitFor(done, limitMs))) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
}
