import type { Arguments, Command } from "#prompt/grammar.ts";
import { kindOf } from "#prompt/kinds.ts";
import type { Token } from "#prompt/tokens.ts";
import type { CommandTree, ParameterBranch, TreeNode } from "#prompt/tree.ts";

/** One way to read the words so far. Several live side by side until later words, or the end of the line, decide. */
export interface Path {
  readonly node: TreeNode;
  readonly steps: readonly Step[];
  readonly args: Arguments;
  /** Set when a text parameter took the rest of the line: then nothing follows. */
  readonly taken?: { readonly rivals: readonly Path[] };
}

export interface Step {
  readonly rank: Rank;
  /** The command word, or the parameter as "<name>". */
  readonly shows: string;
  readonly token: Token;
}

/** How well a token fits: word for word, as the beginning of a word, as a parameter's value. Lower wins. */
export type Rank = 0 | 1 | 2;

/** The ways to read the tokens before `failedAt`; every token was read when that is not set. */
export interface Walk {
  readonly paths: readonly Path[];
  readonly failedAt?: number;
}

/** Reads tokens from the root, keeping every path that still fits. `line` is where a text parameter takes its text from. */
export function walk(tree: CommandTree, line: string, tokens: readonly Token[]): Walk {
  let paths: readonly Path[] = [{ node: tree.root, steps: [], args: {} }];
  const taken: Path[] = [];
  for (const [index, token] of tokens.entries()) {
    const next: Path[] = [];
    for (const path of paths) {
      for (const step of stepsOf(path, token)) next.push(step);
      const text = takeText(path, paths, line, token);
      if (text) taken.push(text);
    }
    if (next.length === 0 && taken.length === 0) return { paths, failedAt: index };
    paths = next;
  }
  return { paths: [...paths, ...taken] };
}

/** The path with the rest of the line, from `token` on, as its text parameter; undefined when it has none there. */
export function takeText(path: Path, beside: readonly Path[], line: string, token: Token): Path | undefined {
  const branch = textBranch(path.node);
  if (!branch) return undefined;
  const { name } = branch.token;
  const step: Step = { rank: 2, shows: `<${name}>`, token };
  return {
    node: branch.node,
    steps: [...path.steps, step],
    args: { ...path.args, [name]: line.slice(token.start) },
    taken: { rivals: rivalsOf(path, beside) },
  };
}

/**
 * Free text fits any words, so it must not decide between commands: "s hello" is as ambiguous as "s", or a mistyped
 * "s verson" would be said to everybody. These are the other paths that fit as well up to here.
 */
export function rivalsOf(path: Path, beside: readonly Path[]): readonly Path[] {
  return beside.filter((other) => other !== path && comparePaths(other, path) <= 0);
}

export function textBranch(node: TreeNode): ParameterBranch | undefined {
  return node.parameter?.token.kind === "text" ? node.parameter : undefined;
}

/** Negative when `a` fits its words better: the first word that fits differently decides. */
export function comparePaths(a: Path, b: Path): number {
  const shared = Math.min(a.steps.length, b.steps.length);
  for (let i = 0; i < shared; i++) {
    const difference = a.steps[i]!.rank - b.steps[i]!.rank;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The paths that fit best: more than one when the line is ambiguous. */
export function bestPaths(paths: readonly Path[]): readonly Path[] {
  let best: Path[] = [];
  for (const path of paths) {
    const difference = best.length === 0 ? -1 : comparePaths(path, best[0]!);
    if (difference < 0) best = [path];
    else if (difference === 0) best.push(path);
  }
  return best;
}

/** The command that is complete at the end of the path. */
export function commandOf(path: Path): Command | undefined {
  return path.node.command;
}

function stepsOf(path: Path, token: Token): Path[] {
  if (token.unclosed) return [];
  const { words, parameter } = path.node;
  const exact = words.get(token.text);
  if (exact) return [follow(path, exact.node, { rank: 0, shows: token.text, token })];
  const paths: Path[] = [];
  for (const [word, branch] of words) {
    if (!word.startsWith(token.text) || token.text === "") continue;
    paths.push(follow(path, branch.node, { rank: 1, shows: word, token }));
  }
  if (parameter && parameter.token.kind !== "text") {
    const { name, kind } = parameter.token;
    const value = kindOf(kind).read(token.text);
    if (value !== undefined) {
      const next = follow(path, parameter.node, { rank: 2, shows: `<${name}>`, token });
      paths.push({ ...next, args: { ...path.args, [name]: value } });
    }
  }
  return paths;
}

function follow(path: Path, node: TreeNode, step: Step): Path {
  return { node, steps: [...path.steps, step], args: path.args };
}
