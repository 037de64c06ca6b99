import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ip, Namespace, namespaceTest } from "./namespace.ts";

/** How a program ended, and all that it said. */
export interface Ended {
  /** Exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs in a namespace. */
export class Program {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #ended: Promise<Ended>;
  readonly #listeners = new Set<() => void>();
  #isOver = false;

  constructor(space: Namespace, command: readonly string[]) {
    this.#command = command.join(" ");
    // It does not outlive this process, however that ends.
    const args = ["--pdeathsig", "KILL", "ip", "netns", "exec", space.name, ...command];
    const child = spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#heard("stdout", text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#heard("stderr", text));
    this.#ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        this.#isOver = true;
        this.#wake();
        resolve({ status: code ?? signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.#ended.catch(() => {});
  }

  /** Resolves with what `pattern` finds in what the program has said or says. */
  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    const find = (): RegExpExecArray | null => pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
    await this.#when(() => this.#isOver || find() !== null, `to say ${pattern}`);
    const found = find();
    assert.ok(found, `${this.#command} ended without ${pattern}:\n${this.stdout}${this.stderr}`);
    return found;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ended(): Promise<Ended> {
    await this.#when(() => this.#isOver, "to end");
    return this.#ended;
  }

  /** Asks it to end, as Ctrl-C does. */
  async interrupt(): Promise<Ended> {
    this.signal("SIGINT");
    return this.ended();
  }

  /** Ends it, whatever it does. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.signal("SIGKILL");
    await this.#ended.catch(() => {});
  }

  #heard(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    this.#wake();
  }

  #wake(): void {
    for (const each of [...this.#listeners]) each();
  }

  async #when(done: () => boolean, what: string): Promise<void> {
    if (done()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = (): void =>
      reject(new Error(`waited in vain for ${this.#command} ${what}:\n${this.stdout}${this.stderr}`));
    const timer = setTimeout(late, PATIENCE_MS);
    const look = (): void => (done() ? resolve() : undefined);
    this.#listeners.add(look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }
}

/** Namespaces, cables and programs of one test, which all end with it. */
export class Lab {
  /** The namespace that programs run in where no other is named. */
  readonly home: Namespace;
  /** For files; deleted in the end. */
  readonly folder: string;
  readonly #spaces: Namespace[] = [];
  readonly #programs: Program[] = [];

  constructor(home: Namespace) {
    this.home = home;
    quiet(home);
    this.folder = mkdtempSync(join(tmpdir(), "parley-live-"));
  }

  /** One more namespace. */
  space(): Namespace {
    const space = new Namespace(`${this.home.name}-${this.#spaces.length + 2}`);
    this.#spaces.push(space);
    quiet(space);
    return space;
  }

  /** A cable: [namespace, interface's name, address with prefix length or nothing] of both ends; up when it resolves. */
  async cable(...ends: readonly [End, End]): Promise<void> {
    const [[one, name], [other, otherName]] = ends;
    const names = [name, "type", "veth", "peer", "name", otherName, "netns", other.name];
    ip("-n", one.name, "link", "add", ...names);
    for (const [space, link, address] of ends) {
      if (address !== undefined) ip("-n", space.name, "addr", "add", address, "dev", link);
      ip("-n", space.name, "link", "set", link, "up");
    }
    // The kernel tells of a carrier up to a second late, and drops packets till then.
    const isUp = ([space, link]: End): boolean =>
      ip("-n", space.name, "-br", "link", "show", link).split(/\s+/)[1] === "UP";
    await until(() => isUp(ends[0]) && isUp(ends[1]), "the carrier");
  }

  /** Another host: a cable between p0 at home, 10.77.0.1, and its p0, 10.77.0.2. */
  async neighbor(): Promise<Namespace> {
    const other = this.space();
    await this.cable([this.home, "p0", "10.77.0.1/24"], [other, "p0", "10.77.0.2/24"]);
    return other;
  }

  /** Starts a program. */
  start(space: Namespace, ...command: readonly string[]): Program {
    const program = new Program(space, command);
    this.#programs.push(program);
    return program;
  }

  /** Runs a program to its end. */
  run(space: Namespace, ...command: readonly string[]): Promise<Ended> {
    return this.start(space, ...command).ended();
  }

  /** `parley packets …` at home, to its end. */
  packets(...args: readonly string[]): Promise<Ended> {
    return this.run(this.home, "bin/parley", "packets", ...args);
  }

  /** `parley packets respond` with one of the examples, at home; resolves when it listens. */
  async respond(link: string, example: string, ...options: readonly string[]): Promise<Program> {
    const file = example.includes("/") ? example : `examples/packets/${example}.ts`;
    const program = this.start(this.home, "bin/parley", "packets", "respond", link, file, ...options);
    await program.saw(/end it with Ctrl-C/);
    return program;
  }

  /** `parley packets capture`, at home; resolves when it listens. */
  async capture(...args: readonly string[]): Promise<Program> {
    const program = this.start(this.home, "bin/parley", "packets", "capture", ...args);
    await program.saw(/end it with Ctrl-C/);
    return program;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    for (const space of this.#spaces) space.delete();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type End = readonly [space: Namespace, link: string, address?: string];

/** A test with a lab of its own; left out, or failing, where root or a program is missing. */
export function liveTest(name: string, programs: readonly string[], run: (lab: Lab) => Promise<void>): void {
  namespaceTest(name, ["setpriv", "sysctl", ...programs], async (home) => {
    const lab = new Lab(home);
    try {
      await run(lab);
    } finally {
      await lab.close();
    }
  });
}

export async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await done());) {
    assert.ok(performance.now() < end, `waited in vain for ${what}`);
    await sleep(20);
  }
}

/** Nothing leaves by itself, and no answer of the kernel is held back. */
function quiet(space: Namespace): void {
  const off = ["all", "default"].map((each) => `net.ipv6.conf.${each}.disable_ipv6=1`);
  // Older kernels do not have all of them in a namespace.
  space.run("sysctl", "-eqw", ...off, "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000");
}

const PATIENCE_MS = 15_000;
