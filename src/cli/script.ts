import { createReadStream } from "node:fs";
import type { ParleyClient } from "#api/client-types.ts";
import { OperatorError } from "#base/operator-error.ts";
import { loadWidth } from "#cli/load-width.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { execute } from "#prompt/session.ts";
import { commandTree } from "#prompt/tree.ts";

/** One command and where it stands; a command of -c stands nowhere. */
export interface ScriptLine {
  readonly text: string;
  readonly place?: string;
}

export interface ScriptSurroundings {
  /** The node's API; called only by commands that need it. */
  client(): Promise<ParleyClient>;
  readonly output: { write(text: string): unknown };
  readonly errors: { write(text: string): unknown };
}

/**
 * Runs commands one after the other until one fails or leaves; blank lines and "#" comments are skipped. The status of
 * the last command: 0 done, 1 it failed, 2 it is no command.
 */
export async function runScript(
  lines: AsyncIterable<ScriptLine> | Iterable<ScriptLine>,
  { client, output, errors }: ScriptSurroundings,
): Promise<0 | 1 | 2> {
  let leaving = false;
  const context = parleyContext({
    client,
    now: Date.now,
    exit: () => (leaving = true),
  });
  const tree = commandTree(parleyCommands(context));
  for await (const { text, place } of lines) {
    if (/^\s*(#|$)/.test(text)) continue;
    const execution = await execute(tree, text, { loadWidth });
    output.write(execution.output);
    if (execution.status !== 0) {
      errors.write(`${place ?? "parley"}: ${execution.error ?? ""}\n`);
      return execution.status;
    }
    if (leaving) break;
  }
  return 0;
}

/** The commands of -c, of the script file, or of standard input. */
export function linesOf(options: {
  readonly commands: readonly string[];
  readonly file?: string;
}): AsyncIterable<ScriptLine> | Iterable<ScriptLine> {
  if (options.commands.length > 0) return options.commands.map((text) => ({ text }));
  if (options.file === undefined || options.file === "-") return numberLines(process.stdin, "stdin");
  return numberLines(createReadStream(options.file), options.file);
}

/** Splits a stream into lines as they come, so that a script can be typed or generated while it runs. */
export async function* numberLines(
  stream: AsyncIterable<Uint8Array | string> & { setEncoding(encoding: "utf8"): unknown },
  name: string,
): AsyncGenerator<ScriptLine> {
  stream.setEncoding("utf8");
  let number = 0;
  let rest = "";
  const next = (line: string): ScriptLine => ({
    text: number === 0 ? line.replace(/^\ufeff/, "") : line,
    place: `${name}:${++number}`,
  });
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield next(line.replace(/\r$/, ""));
      if (rest.length > MAX_LINE) {
        throw new OperatorError(
          `${name}:${number + 1}: longer than ${MAX_LINE} characters`,
          "is this a script?",
        );
      }
    }
  } catch (error) {
    throw unreadable(name, error);
  }
  if (rest !== "") yield next(rest);
}

function unreadable(name: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return error;
  const reason = REASONS[code] ?? code;
  return new OperatorError(`cannot read ${name}: ${reason}`, "name a script file, or see parley --help", {
    exitStatus: 2,
    cause: error,
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

const MAX_LINE = 1 << 20; // far above any message that can be said; without it a file of one line would fill the memory
