import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import type { LabNetwork } from "#lab/network.ts";
import { endProcesses, processesIn } from "#lab/processes.ts";
import { runWell } from "#lab/run.ts";

/** A router of another kind that runs in a node of a lab. */
export interface PeerRouter {
  /** Ends it; what it put into the kernel goes with its namespace. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Asks its own prompt: "show ip ospf neighbor" of FRR, "show ospf neighbors" of BIRD. */
  ask(command: string): Promise<string>;
}

/** One that consists of programs in the background, each with its number in a file. */
export interface DaemonRouter extends PeerRouter {
  /** Whether all its programs run. */
  isRunning(): boolean;
  /** The program that is its prompt, with its arguments. */
  readonly prompt: readonly string[];
}

/** Where a router runs and what it is told. */
export interface PeerPlace {
  readonly network: LabNetwork;
  readonly node: string;
  /** Its own, and the only one that it writes to. */
  readonly folder: string;
  readonly configuration: string;
}

/** FRR's zebra, staticd and ospfd. */
export class FrrRouter implements DaemonRouter {
  readonly #place: PeerPlace;
  readonly prompt: readonly string[];

  constructor(place: PeerPlace) {
    this.#place = place;
    this.prompt = ["vtysh", "--vty_socket", place.folder];
  }

  async start(): Promise<void> {
    const { network, node, folder } = this.#place;
    needFrr();
    const file = await configure(this.#place, "frr.conf");
    await runWell(["chown", "-R", "frr:frr", folder], "apt-get install frr makes the user frr");
    for (const daemon of DAEMONS)
      await network.exec(
        node,
        ...[`${FRR}/${daemon}`, "-d", "-f", file, "-i", join(folder, `${daemon}.pid`)],
        ...["-z", join(folder, "zserv.api"), "--vty_socket", folder, "-P", "0"],
        ...["--log", `file:${join(folder, `${daemon}.log`)}`],
      );
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  ask(command: string): Promise<string> {
    return runWell([...this.prompt, "-c", command], "see what vtysh says");
  }

  isRunning(): boolean {
    return this.#processes().length === DAEMONS.length;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await endProcesses(this.#processes(), signal, END_LIMIT_MS);
  }

  #processes() {
    return processesOf(
      this.#place,
      DAEMONS.map((daemon) => `${daemon}.pid`),
    );
  }
}

/** BIRD 2. */
export class BirdRouter implements DaemonRouter {
  readonly #place: PeerPlace;
  readonly prompt: readonly string[];

  constructor(place: PeerPlace) {
    this.#place = place;
    this.prompt = [BIRDC, "-s", join(place.folder, "bird.ctl")];
  }

  async start(): Promise<void> {
    needBird();
    const file = await configure(this.#place, "bird.conf");
    const { network, node, folder } = this.#place;
    const own = ["-s", join(folder, "bird.ctl"), "-P", join(folder, "bird.pid")];
    await network.exec(node, BIRD, "-c", file, ...own);
  }

  stop(): Promise<void> {
    return endProcesses(this.#processes(), "SIGTERM", END_LIMIT_MS);
  }

  kill(): Promise<void> {
    return endProcesses(this.#processes(), "SIGKILL", END_LIMIT_MS);
  }

  ask(command: string): Promise<string> {
    return runWell([...this.prompt, ...command.split(" ")], "see what birdc says");
  }

  isRunning(): boolean {
    return this.#processes().length === 1;
  }

  #processes() {
    return processesOf(this.#place, ["bird.pid"]);
  }
}

/** Waits until a child has ended. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => void child.once("exit", () => resolve()));
}

/** Throws OperatorError where FRR is not installed. */
export function needFrr(): void {
  needProgram(`${FRR}/ospfd`, "frr");
}

/** Throws OperatorError where BIRD is not installed. */
export function needBird(): void {
  needProgram(BIRD, "bird2");
}

function needProgram(path: string, debian: string): void {
  if (!existsSync(path)) throw new OperatorError(`there is no ${path}`, `apt-get install ${debian}`);
}

/** Writes its configuration; the path. FRR's programs give up root and still have to read there. */
async function configure({ folder, configuration }: PeerPlace, name: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const file = join(folder, name);
  await writeFile(file, configuration);
  return file;
}

/** Those of the node that have the numbers in these files: one that was left there may be somebody else's by now. */
function processesOf({ network, node, folder }: PeerPlace, files: readonly string[]) {
  const pids = new Set(files.map((file) => numberIn(join(folder, file))));
  return processesIn([network.namespaceOf(node)]).filter(({ pid }) => pids.has(pid));
}

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

const FRR = "/usr/lib/frr";
const DAEMONS = ["zebra", "staticd", "ospfd"] as const;
const BIRD = "/usr/sbin/bird";
const BIRDC = "/usr/sbin/birdc";
const END_LIMIT_MS = 3_000;
