import { createReadStream } from "node:fs";
import { OperatorError } from "#base/operator-error.ts";

/** One command and where it stands; a command of -c stands nowhere. */
export interface ScriptLine {
  readonly text: string;
  readonly place?: string;
}

/** The commands of -c, of the script file, or of standard input. */
export function linesOf(options: {
  readonly commands: readonly string[];
  readonly file?: string;
}): AsyncIterable<ScriptLine> | Iterable<ScriptLine> {
  if (options.commands.length > 0) return options.commands.map((text) => ({ text }));
  if (options.file === undefined || options.file === "-") return numberLines(process.stdin, "stdin");
  return readScript(options.file);
}

/** The lines of a file as they are read. Throws OperatorError when it cannot be. */
export function readScript(file: string): AsyncIterable<ScriptLine> {
  return numberLines(createReadStream(file), file);
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
