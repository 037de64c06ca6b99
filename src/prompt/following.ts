import type { Candidate, Command } from "#prompt/grammar.ts";
import { kindOf } from "#prompt/kinds.ts";
import { matchLine, type Match } from "#prompt/match.ts";
import { PATTERN_HELP, pipesNamed, readPipes, readSegments, takesPattern } from "#prompt/pipes.ts";
import { readTokens } from "#prompt/tokens.ts";
import type { CommandTree, ParameterBranch } from "#prompt/tree.ts";
import { rivalsOf, walk, type Path } from "#prompt/walk.ts";

/** What can stand at the cursor: the common ground of help and completion. */
export interface Following {
  /** The part of a word that stands directly before the cursor, and its column. */
  readonly partial: string;
  readonly start: number;
  /** Words that begin with the partial one, sorted. */
  readonly words: readonly Candidate[];
  readonly parameters: readonly PossibleParameter[];
  /** What is shown but not typed in: "|", "<cr>", "<pattern>". */
  readonly notes: readonly Candidate[];
  /** The cursor is inside text of the writer's own, where "?" and Tab mean nothing special. */
  readonly freeText: boolean;
  /** Why nothing can follow. */
  readonly problem?: Match;
}

export interface PossibleParameter {
  readonly kind: string;
  readonly owner: Command;
  /** The parameter itself: "<name>" and its help. */
  readonly shows: Candidate;
}

/** What can stand at the end of `before`, the line up to the cursor. Never throws. */
export function followingAt(tree: CommandTree, before: string): Following {
  const { tokens, pipeAt } = readTokens(before);
  const match = matchLine(tree, before);
  if (match.type === "matched" && match.tookText) return freeText(before);
  if (pipeAt !== undefined) {
    if (match.type === "matched") return followPipes(before, pipeAt);
    return { ...nothing(before), problem: match };
  }
  const last = tokens.at(-1);
  const partial = last && last.end === before.length ? last : undefined;
  if (partial?.unclosed) return freeText(before);
  const { paths, failedAt } = walk(tree, before, partial ? tokens.slice(0, -1) : tokens);
  if (failedAt !== undefined) return { ...nothing(before), problem: match };
  const text = partial?.text ?? "";
  const complete = partial === undefined && match.type === "matched";
  const found = {
    partial: text,
    start: partial?.start ?? before.length,
    words: wordsAt(paths, text),
    parameters: parametersAt(paths, text),
    notes: complete ? [PIPE_NOTE, END_NOTE] : [],
    freeText: false,
  };
  const empty = found.words.length + found.parameters.length + found.notes.length === 0;
  return empty ? { ...found, problem: match } : found;
}

/** True where "?" is ordinary text: in a text parameter that has begun, a pattern or an open quotation. */
export function isFreeText(tree: CommandTree, before: string): boolean {
  return followingAt(tree, before).freeText;
}

function wordsAt(paths: readonly Path[], partial: string): readonly Candidate[] {
  const words = new Map<string, Candidate>();
  for (const { node } of paths) {
    for (const [text, { help }] of node.words) {
      if (text.startsWith(partial) && !words.has(text)) words.set(text, { text, help });
    }
  }
  return [...words.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

function parametersAt(paths: readonly Path[], partial: string): readonly PossibleParameter[] {
  const parameters = new Map<ParameterBranch, PossibleParameter>();
  for (const path of paths) {
    const branch = path.node.parameter;
    if (!branch || parameters.has(branch)) continue;
    const { name, kind, help } = branch.token;
    // Text that would not be taken, because the words before it are ambiguous, cannot follow.
    if (kind === "text" && (partial !== "" || rivalsOf(path, paths).length > 0)) continue;
    if (!kindOf(kind).mayBegin(partial)) continue;
    parameters.set(branch, { kind, owner: branch.owner, shows: { text: `<${name}>`, help } });
  }
  return [...parameters.values()];
}

function followPipes(before: string, pipeAt: number): Following {
  const segments = readSegments(before, pipeAt);
  const { name, nameAt, rest, restAt, unclosed } = segments.at(-1)!;
  const inName = nameAt + name.length === before.length;
  if (inName) {
    const words = pipesNamed(name);
    const found = { ...nothing(before), partial: name, start: nameAt, words };
    return words.length > 0 ? found : { ...found, problem: pipeProblem(before, pipeAt) };
  }
  const pipe = pipesNamed(name);
  const pattern = pipe.length === 1 && takesPattern(pipe[0]!.text);
  if (pattern && (rest !== "" || unclosed || restAt < before.length)) return freeText(before);
  if (pattern) return { ...nothing(before), notes: [PATTERN_HELP] };
  if (readPipes(before, pipeAt).ok) return { ...nothing(before), notes: [PIPE_NOTE, END_NOTE] };
  return { ...nothing(before), problem: pipeProblem(before, pipeAt) };
}

function pipeProblem(before: string, pipeAt: number): Match {
  const pipes = readPipes(before, pipeAt);
  const column = pipes.ok ? before.length : pipes.column;
  return { type: "unknown", column, word: before.slice(column), expected: pipesNamed("") };
}

function freeText(before: string): Following {
  return { ...nothing(before), freeText: true };
}

function nothing(before: string): Following {
  return { partial: "", start: before.length, words: [], parameters: [], notes: [], freeText: false };
}

const PIPE_NOTE: Candidate = { text: "|", help: "Filter the output" };
const END_NOTE: Candidate = { text: "<cr>", help: "" };
