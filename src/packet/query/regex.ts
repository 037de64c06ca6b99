import { Automaton } from "#packet/query/regex-automaton.ts";
import { compileProgram } from "#packet/query/regex-program.ts";
import { parseRegex } from "#packet/query/regex-syntax.ts";

export { RegexError } from "#packet/query/regex-node.ts";

/** A pattern, ready to search. */
export interface Regex {
  /** Whether the bytes from start to end contain a match. */
  test(bytes: Uint8Array, start: number, end: number): boolean;
}

/**
 * A pattern of PCRE2, caseless, for a search in raw bytes that takes time linear in them.
 * Throws RegexError for what is malformed, too large or needs backtracking.
 */
export function compileRegex(pattern: string): Regex {
  return new Automaton(compileProgram(parseRegex(pattern)));
}
