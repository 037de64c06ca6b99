import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What a finished process left. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** Of all processors, in the program and in the system; 0 when nobody asked. */
  readonly processorSeconds: number;
  /** Most memory that it held at once; 0 when nobody asked. */
  readonly peakBytes: number;
}

export interface RunOptions {
  /** Standard output is thrown away. */
  readonly isSilent?: boolean;
  /** Asks how long processors worked for it. */
  readonly timesProcessors?: boolean;
  /** Looks at the memory every few milliseconds. */
  readonly watchesMemory?: boolean;
}

const running = new Set<ChildProcess>();

/** Runs a command to its end. Throws when it fails. It ends with this process. */
export async function runProcess(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const begin = performance.now();
  const stdout = options.isSilent ? "ignore" : "pipe";
  const [program, ...args] = options.timesProcessors ? [...TIMED, ...command] : command;
  const child = spawn(program!, args, { stdio: ["ignore", stdout, "pipe"] });
  running.add(child);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  let peakBytes = 0;
  const look = (): void => void (peakBytes = Math.max(peakBytes, peakOf(child.pid ?? 0)));
  const watch = options.watchesMemory ? setInterval(look, 5) : undefined;
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    clearInterval(watch);
    running.delete(child);
  });
  const seconds = (performance.now() - begin) / 1_000;
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${texts.stderr}`);
  const processorSeconds = options.timesProcessors ? processorSecondsIn(texts.stderr) : 0;
  return { ...texts, seconds, processorSeconds, peakBytes };
}

/** A shell says how long its children took. */
const TIMED = ["/bin/sh", "-c", '"$@"; status=$?; times >&2; exit $status', "sh"];

/** The last line: user and system, as in "0m1.234s 0m0.567s". */
function processorSecondsIn(text: string): number {
  const times = [...(text.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** Linux alone says it while a process lives. */
function peakOf(pid: number): number {
  try {
    const [, kilobytes = "0"] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1_024;
  } catch {
    return 0;
  }
}

/**
 * A folder that goes when this process does, with the processes that may still use it. Compiled modules are kept there,
 * as bin/parley keeps them elsewhere.
 */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-packets-"));
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compile");
  process.once("exit", () => {
    for (const child of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The program's path, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Node with the options that bin/parley gives it. What is made of a packet dies at once: to let several threads look for
 * what still lives costs more than the little that there is.
 */
export function nodeCommand(script: string, ...args: readonly string[]): readonly string[] {
  const options = [
    "--min-semi-space-size=16",
    "--no-parallel-scavenge",
    "--disable-warning=ExperimentalWarning",
  ];
  return [process.execPath, ...options, script, ...args];
}
