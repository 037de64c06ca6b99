import type { CallOptions } from "@connectrpc/connect";
import { explainFailure } from "#prompt/failure.ts";
import { isFreeText } from "#prompt/following.ts";
import type { Arguments, Candidate, Command } from "#prompt/grammar.ts";
import { helpAt, renderHelp } from "#prompt/help.ts";
import { matchLine, type Match } from "#prompt/match.ts";
import { readPipes, type Pipe } from "#prompt/pipes.ts";
import { renderAnswer, widthFor, type LoadWidth } from "#prompt/render.ts";
import { safeText } from "#base/safe-text.ts";
import { asciiWidth } from "#prompt/table.ts";
import type { CommandTree } from "#prompt/tree.ts";

/** What came of one line. */
export interface Execution {
  /** 0 done, 1 the command failed, 2 the line is no command. */
  readonly status: 0 | 1 | 2;
  /** What is to be printed: empty, or lines that each end with a newline. */
  readonly output: string;
  /** What went wrong, in one line. */
  readonly message?: string;
  /** For a line that is no command: a second line with "^" under the place, to be put under the line. */
  readonly caret?: string;
  /** All of it for where the line is not on the screen: the message, the line and the caret, without a last newline. */
  readonly error?: string;
}

export interface Surroundings {
  /** Goes on to every API call of the command: its signal is what Ctrl-C aborts. */
  readonly call?: CallOptions;
  /** How wide text is that is not ASCII; without it each UTF-16 unit counts as one column. */
  readonly loadWidth?: LoadWidth;
}

/** Runs one line: command, pipes, rendering. Never throws. A line that ends with "?" shows the help at that place. */
export async function execute(
  tree: CommandTree,
  line: string,
  surroundings: Surroundings = {},
): Promise<Execution> {
  const { call = {}, loadWidth = async () => asciiWidth } = surroundings;
  const question = questionOf(tree, line);
  if (question !== undefined) return executeHelp(tree, question, surroundings);
  const match = matchLine(tree, line);
  if (match.type === "empty") return { status: 0, output: "" };
  if (match.type !== "matched") return usageError(line, match.column, explainMatch(match), loadWidth);
  if (match.pipeAt === undefined) return run(match.command, match.args, [], call, loadWidth);
  const pipes = readPipes(line, match.pipeAt);
  if (!pipes.ok) return usageError(line, pipes.column, pipes.message, loadWidth);
  return run(match.command, match.args, pipes.pipes, call, loadWidth);
}

/** What "?" shows at the end of `before`, the line up to the cursor. Never throws. */
export async function executeHelp(
  tree: CommandTree,
  before: string,
  { call = {}, loadWidth = async () => asciiWidth }: Surroundings = {},
): Promise<Execution> {
  const { entries, problem } = await helpAt(tree, before, call);
  if (problem && problem.type !== "matched" && problem.type !== "empty") {
    return usageError(before, problem.column, explainMatch(problem), loadWidth);
  }
  return { status: 0, output: await renderHelp(entries, loadWidth) };
}

/** Why a line is no command, as one line. */
export function explainMatch(match: Exclude<Match, { type: "matched" | "empty" }>): string {
  switch (match.type) {
    case "incomplete":
      return `incomplete; expected ${listOf(match.expected)}`;
    case "ambiguous":
      return `${quote(match.word)} is ambiguous: ${match.candidates.join(", ")}`;
    case "bad-value":
      return `${quote(match.word)} does not fit; expected ${match.expected}`;
    case "unknown":
      return match.expected.length === 0
        ? `${quote(match.word)} is too much: the command ends before it`
        : `unknown word ${quote(match.word)}; expected ${listOf(match.expected)}`;
  }
}

async function run(
  command: Command,
  args: Arguments,
  pipes: readonly Pipe[],
  call: CallOptions,
  loadWidth: LoadWidth,
): Promise<Execution> {
  try {
    const answer = await command.run(args, call);
    return { status: 0, output: await renderAnswer(answer, pipes, loadWidth) };
  } catch (error) {
    const message = explainFailure(error);
    return { status: 1, output: "", message, error: message };
  }
}

/** The line before a "?" at its end; undefined when the "?" is part of a text, a pattern or a quotation. */
function questionOf(tree: CommandTree, line: string): string | undefined {
  const trimmed = line.trimEnd();
  if (!trimmed.endsWith("?")) return undefined;
  const match = matchLine(tree, line);
  if (match.type === "matched" && match.tookText) return undefined;
  const before = trimmed.slice(0, -1);
  return isFreeText(tree, before) ? undefined : before;
}

async function usageError(
  line: string,
  column: number,
  message: string,
  loadWidth: LoadWidth,
): Promise<Execution> {
  const before = safeText(line.slice(0, column).padEnd(column));
  const width = await widthFor([before], loadWidth);
  const caret = `${" ".repeat(width(before))}^`;
  const shown = safeText(message);
  return {
    status: 2,
    output: "",
    message: shown,
    caret,
    error: `${shown}\n${safeText(line.trimEnd())}\n${caret}`,
  };
}

function listOf(expected: readonly Candidate[]): string {
  return expected.map(({ text }) => text).join(", ");
}

function quote(word: string): string {
  const short = word.length > MAX_QUOTED ? `${word.slice(0, MAX_QUOTED)}…` : word;
  return `"${short}"`;
}

const MAX_QUOTED = 60; // an error stays one readable line, whatever was pasted
