import type { Candidate } from "#prompt/grammar.ts";
import { isBlank, readQuoted, skipBlanks } from "#prompt/tokens.ts";

/** One stage of the pipes behind a command, in the order they are applied. */
export type Pipe =
  | { readonly type: "include" | "exclude" | "begin"; readonly pattern: RegExp }
  | { readonly type: "count" }
  | { readonly type: "json" };

export type Pipes =
  | { readonly ok: true; readonly pipes: readonly Pipe[] }
  | { readonly ok: false; readonly column: number; readonly message: string };

/** The pipes by name, with their help, sorted. */
export const PIPE_HELP: readonly Candidate[] = [
  { text: "begin", help: "Begin with the first line that matches" },
  { text: "count", help: "Count the lines" },
  { text: "exclude", help: "Leave out the lines that match" },
  { text: "include", help: "Only the lines that match" },
  { text: "json", help: "The whole answer as JSON" },
];

export const PATTERN_HELP: Candidate = { text: "<pattern>", help: "A regular expression" };

/** Reads the pipes that begin with the "|" at `pipeAt`. Names may be abbreviated. Never throws. */
export function readPipes(line: string, pipeAt: number): Pipes {
  const pipes: Pipe[] = [];
  for (const segment of readSegments(line, pipeAt)) {
    const pipe = readPipe(segment, pipes.length === 0);
    if ("message" in pipe) return { ok: false, ...pipe };
    pipes.push(pipe);
  }
  return { ok: true, pipes };
}

/** What stands between two bars. Columns are UTF-16 indexes of the line. */
export interface Segment {
  readonly name: string;
  readonly nameAt: number;
  /** The text behind the name, without quotation marks. */
  readonly rest: string;
  readonly restAt: number;
  readonly unclosed: boolean;
  /** What stands behind the closing quotation mark, where nothing may stand. */
  readonly excess?: { readonly at: number };
}

/**
 * Cuts at the bars. Behind the name a bar counts only after a blank, so that "include a|b" means either; a pattern in
 * quotation marks may hold any bar.
 */
export function readSegments(line: string, pipeAt: number): readonly Segment[] {
  const segments: Segment[] = [];
  let at: number | undefined = pipeAt;
  while (at !== undefined) {
    const nameAt = skipBlanks(line, at + 1);
    let nameEnd = nameAt;
    while (nameEnd < line.length && !isBlank(line[nameEnd]) && line[nameEnd] !== "|") nameEnd++;
    const restAt = skipBlanks(line, nameEnd);
    const quoted = line[restAt] === '"' ? readQuoted(line, restAt) : undefined;
    const bar = quoted ? line.indexOf("|", quoted.end) : indexOfBar(line, restAt);
    const end = bar < 0 ? line.length : bar;
    const behind = quoted ? skipBlanks(line, quoted.end) : end;
    segments.push({
      name: line.slice(nameAt, nameEnd),
      nameAt,
      rest: quoted ? quoted.text : trimBlanks(line.slice(restAt, end)),
      restAt,
      unclosed: quoted?.unclosed ?? false,
      ...(behind < end && { excess: { at: behind } }),
    });
    at = bar < 0 ? undefined : bar;
  }
  return segments;
}

/** The pipes that `name` can be short for; one typed in full is that one. */
export function pipesNamed(name: string): readonly Candidate[] {
  return PIPE_HELP.filter((pipe) => pipe.text.startsWith(name));
}

/** True for a pipe that takes a pattern. */
export function takesPattern(name: string): boolean {
  return name !== "count" && name !== "json";
}

function readPipe(segment: Segment, first: boolean): Pipe | { column: number; message: string } {
  const { name, nameAt, rest, restAt } = segment;
  const names = pipesNamed(name);
  const type = name === "" || names.length !== 1 ? undefined : (names[0]!.text as Pipe["type"]);
  if (type === undefined) {
    const choices = (names.length === 0 ? PIPE_HELP : names).map((pipe) => pipe.text).join(", ");
    const what = name === "" ? "incomplete" : `unknown filter ${JSON.stringify(name)}`;
    return { column: nameAt, message: `${what}; expected ${choices}` };
  }
  if (type === "count" || type === "json") {
    if (rest !== "") return { column: restAt, message: `nothing can follow ${type} but another "|"` };
    if (type === "json" && !first) {
      return { column: nameAt, message: "json shows the whole answer: it must be the first filter" };
    }
    return { type };
  }
  if (segment.unclosed) return { column: restAt, message: "the quotation mark is not closed" };
  if (segment.excess) return { column: segment.excess.at, message: "nothing can follow the pattern" };
  if (rest === "") return { column: restAt, message: `${type} needs a regular expression` };
  try {
    return { type, pattern: new RegExp(rest) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(": ").at(-1)! : String(error);
    return { column: restAt, message: `not a regular expression: ${reason.toLowerCase()}` };
  }
}

/** The bar that ends an unquoted pattern: directly where the pattern would begin, or behind a blank. */
function indexOfBar(line: string, from: number): number {
  let at = line.indexOf("|", from);
  while (at > from && !isBlank(line[at - 1])) at = line.indexOf("|", at + 1);
  return at;
}

function trimBlanks(text: string): string {
  return text.replace(/[ \t]+$/, "");
}
