import { spawn } from "node:child_process";
import { once } from "node:events";
import { OperatorError } from "#base/operator-error.ts";

/** What a program printed and how it ended. */
export interface RunResult {
  /** 128 and more when a signal ended it, as shells have it. */
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs a program to its end, in a group of its own: a Ctrl-C at the terminal is for the lab, which then still needs its tools
 * to take down what it has put up. Throws OperatorError when it cannot be run at all.
 */
export async function runProgram(command: readonly string[], input = ""): Promise<RunResult> {
  const [file, ...args] = command;
  const child = spawn(file!, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  const said = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.errors += text));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return { status: status ?? KILLED, ...said };
  } catch (error) {
    throw new OperatorError(`${file} cannot be run: ${(error as Error).message}`, `install ${file}`, {
      cause: error,
    });
  }
}

/** Like runProgram; its standard output. Throws OperatorError with its first words when it fails. */
export async function runWell(command: readonly string[], remedy: string, input = ""): Promise<string> {
  const { status, output, errors } = await runProgram(command, input);
  if (status === 0) return output;
  const words = (errors.trim() || output.trim() || `it ended with status ${status}`).split("\n")[0]!;
  throw new OperatorError(`${command.join(" ")}: ${words}`, remedy);
}

const KILLED = 137;
