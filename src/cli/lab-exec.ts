import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import type { NodeRecord } from "#lab/lab-folder.ts";

/** Runs a line of the shell in a node and shows what it prints, line by line; its exit status. */
export async function execIn(
  node: NodeRecord,
  line: string,
  print: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [file, ...args] = inside(node, ["sh", "-c", line]);
  // A group of its own, so that a Ctrl-C ends all of a line such as "ping a | tee b".
  const child = spawn(file!, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let force: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(child.pid, "SIGINT"); // as the terminal would
    force = setTimeout(() => signalGroup(child.pid, "SIGKILL"), FORCE_MS);
  };
  signal?.addEventListener("abort", stop);
  for (const stream of [child.stdout, child.stderr]) printLines(stream, print);
  try {
    return statusOf(await once(child, "close"));
  } finally {
    clearTimeout(force);
    signal?.removeEventListener("abort", stop);
  }
}

/** Runs a program with this process's own terminal, until it ends; its exit status. Ctrl-C is for the program. */
export async function runInForeground(
  command: readonly string[],
  onStart: (stop: () => void) => void = () => {},
): Promise<number> {
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  const [file, ...args] = command;
  const child = spawn(file!, args, { stdio: "inherit" });
  const stop = (): void => void child.kill("SIGTERM");
  onStart(stop);
  process.on("SIGTERM", stop);
  try {
    return statusOf(await once(child, "exit"));
  } catch (error) {
    throw new OperatorError(`${file} cannot be run: ${(error as Error).message}`, `install ${file}`, {
      cause: error,
    });
  } finally {
    process.off("SIGTERM", stop);
    process.off("SIGINT", ignore);
  }
}

/** A command as it is run in a node. Throws OperatorError where the node has no place of its own. */
export function inside({ name, namespace }: NodeRecord, command: readonly string[]): readonly string[] {
  if (namespace === "")
    throw new OperatorError(`${name} is a daemon on this machine itself`, "run the command without lab exec");
  return ["ip", "netns", "exec", namespace, ...command];
}

function printLines(stream: NodeJS.ReadableStream, print: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(-LONGEST_LINE);
    if (lines.length > 0) print(lines.map((line) => `${safeText(line)}\n`).join(""));
  });
  stream.on("end", () => {
    if (rest !== "") print(`${safeText(rest)}\n`);
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function statusOf([status, signal]: readonly unknown[]): number {
  if (typeof status === "number") return status;
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

const FORCE_MS = 2_000;
const LONGEST_LINE = 65_536;
