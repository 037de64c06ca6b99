import type { Arguments, Candidate, Command } from "#prompt/grammar.ts";
import { kindOf } from "#prompt/kinds.ts";
import { readTokens, type Token } from "#prompt/tokens.ts";
import type { CommandTree } from "#prompt/tree.ts";
import { bestPaths, commandOf, takeText, walk, type Path } from "#prompt/walk.ts";

/**
 * What a line means. Words may be abbreviated and are resolved over the whole line: every reading of a word is kept
 * until later words rule it out, so "sh proc" is "show processes" although "sh" alone is "show" or "shutdown". A word
 * that is typed in full beats those that it begins, and words are tried before parameters. Columns are UTF-16 indexes.
 */
export type Match =
  | { readonly type: "empty" }
  | {
      readonly type: "matched";
      readonly command: Command;
      readonly args: Arguments;
      /** Column of the "|" behind the command. */
      readonly pipeAt?: number;
      /** The command took the rest of the line as its text. */
      readonly tookText: boolean;
    }
  | { readonly type: "incomplete"; readonly column: number; readonly expected: readonly Candidate[] }
  | {
      readonly type: "ambiguous";
      readonly column: number;
      readonly word: string;
      readonly candidates: readonly string[];
    }
  | {
      readonly type: "unknown";
      readonly column: number;
      readonly word: string;
      /** What could stand there; empty when the command already ends before it. */
      readonly expected: readonly Candidate[];
    }
  | {
      readonly type: "bad-value";
      readonly column: number;
      readonly word: string;
      /** Completes "expected …". */
      readonly expected: string;
    };

/** Resolves a whole line; pipes behind the command are left to readPipes. Never throws. */
export function matchLine(tree: CommandTree, line: string): Match {
  const { tokens, pipeAt } = readTokens(line);
  if (tokens.length === 0 && pipeAt === undefined) return { type: "empty" };
  const { paths, failedAt } = walk(tree, line, tokens);
  if (failedAt !== undefined) return failure(paths, tokens[failedAt]!);
  if (pipeAt === undefined) return decide(bestPaths(paths), line);
  // A command that takes text takes it verbatim: for "say | hello" the bar is no pipe.
  const bar: Token = { text: "|", start: pipeAt, end: pipeAt + 1, unclosed: false };
  const withText = paths.map((path) => (path.taken ? path : (takeText(path, paths, line, bar) ?? path)));
  const match = decide(bestPaths(withText), line.slice(0, pipeAt));
  return match.type === "matched" && !match.tookText ? { ...match, pipeAt } : match;
}

/** What can follow any of these paths, by word: command words, then parameters as "<name>". */
export function followers(paths: readonly Path[]): readonly Candidate[] {
  const words = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const { node } of paths) {
    for (const [word, { help }] of node.words) if (!words.has(word)) words.set(word, help);
    const token = node.parameter?.token;
    if (token && !parameters.has(`<${token.name}>`)) parameters.set(`<${token.name}>`, token.help);
  }
  const sorted = [...words].sort(([a], [b]) => (a < b ? -1 : 1));
  return [...sorted, ...parameters].map(([text, help]) => ({ text, help }));
}

function decide(best: readonly Path[], line: string): Match {
  const path = best[0]!;
  const contenders = best.length > 1 ? best : [path, ...(path.taken?.rivals ?? [])];
  if (contenders.length > 1) return ambiguity(contenders);
  const command = commandOf(path);
  if (command) return { type: "matched", command, args: path.args, tookText: path.taken !== undefined };
  return { type: "incomplete", column: endOf(line), expected: followers(best) };
}

/** The token at which paths that fit equally well part, and the words that it could be. */
function ambiguity(paths: readonly Path[]): Match {
  const first = paths[0]!;
  const depth = first.steps.findIndex((step, i) => paths.some((path) => path.steps[i]?.shows !== step.shows));
  const shown = new Set(paths.flatMap((path) => path.steps[depth]?.shows ?? []));
  const { token } = first.steps[depth]!;
  return { type: "ambiguous", column: token.start, word: token.text, candidates: [...shown].sort() };
}

function failure(paths: readonly Path[], token: Token): Match {
  const where = { column: token.start, word: token.text };
  if (token.unclosed) return { type: "bad-value", ...where, expected: "a closing quotation mark" };
  const best = bestPaths(paths);
  const expected = followers(best);
  const parameter = best[0]?.node.parameter?.token;
  if (parameter && expected.length === 1) {
    return { type: "bad-value", ...where, expected: kindOf(parameter.kind).expected };
  }
  if (expected.length === 0 && best.length > 1) return ambiguity(best);
  return { type: "unknown", ...where, expected };
}

function endOf(line: string): number {
  return line.trimEnd().length + 1;
}
