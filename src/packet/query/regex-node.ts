/** What a pattern may cost: a program's size bounds both the memory of a search and its time per byte. */
export const REGEX_LIMITS = {
  /** UTF-16 units of a pattern; a query is typed by hand. */
  pattern: 8_192,
  /** Instructions after every counted repetition is written out: what one byte may cost. */
  program: 2_048,
  /** The most that {n} may say, as in PCRE2. */
  repetition: 65_535,
  /** Groups in groups, as in PCRE2: the parser calls itself. */
  depth: 250,
  /** States of the automaton that a search builds: their table takes 1 KiB each at most. */
  states: 1_024,
  /** Instructions in all states together, 2 bytes each. */
  members: 262_144,
  /** Bytes that a search takes without a table after it has filled one. */
  simulated: 4_096,
} as const;

/** Why a pattern is refused, and where in it. */
export class RegexError extends Error {
  override name = "RegexError";
  /** Index into the pattern. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** What holds between two bytes. */
export type Assertion =
  | "start" // \A, ^
  | "end" // \z
  | "lastLine" // \Z, $: at the end, or before a newline that ends the bytes
  | "lineStart" // (?m)^
  | "lineEnd" // (?m)$
  | "boundary" // \b
  | "inside"; // \B

/** A pattern's tree; size counts the instructions that it becomes. */
export type Node =
  /** One byte: its entry in set is 1. */
  | { readonly type: "set"; readonly size: number; readonly set: Uint8Array }
  | { readonly type: "assert"; readonly size: number; readonly what: Assertion }
  | { readonly type: "sequence"; readonly size: number; readonly parts: readonly Node[] }
  | { readonly type: "choice"; readonly size: number; readonly branches: readonly Node[] }
  | {
      readonly type: "repeat";
      readonly size: number;
      readonly of: Node;
      readonly min: number;
      readonly max: number;
    };

const EMPTY: Node = { type: "sequence", size: 0, parts: [] };

export function setNode(set: Uint8Array): Node {
  return { type: "set", size: 1, set };
}

export function assertNode(what: Assertion): Node {
  return { type: "assert", size: 1, what };
}

/** `at` is where the pattern is too large, if it is. */
export function sequenceNode(all: readonly Node[], at: number): Node {
  const parts = all.filter((part) => part.size > 0);
  if (parts.length === 1) return parts[0]!;
  return bounded({ type: "sequence", size: sum(parts), parts }, at);
}

export function choiceNode(branches: readonly Node[], at: number): Node {
  if (branches.length === 1) return branches[0]!;
  return bounded({ type: "choice", size: sum(branches) + 2 * (branches.length - 1), branches }, at);
}

/** `max` is Infinity where there is no bound. */
export function repeatNode(of: Node, min: number, max: number, at: number): Node {
  if (max === 0 || of.size === 0) return EMPTY;
  let size = of.size * min + (of.size + 1) * (max - min);
  if (max === Infinity) size = min === 0 ? of.size + 2 : of.size * min + 1;
  return bounded({ type: "repeat", size, of, min, max }, at);
}

function sum(nodes: readonly Node[]): number {
  let size = 0;
  for (const node of nodes) size += node.size;
  return size;
}

function bounded(node: Node, at: number): Node {
  if (node.size <= REGEX_LIMITS.program) return node;
  const what = node.type === "repeat" ? "this repetition makes the pattern" : "the pattern is";
  throw new RegexError(
    `${what} too large: ${node.size} steps, written out; ${REGEX_LIMITS.program} are possible`,
    at,
  );
}
