import type { CallOptions } from "@connectrpc/connect";
import { followingAt } from "#prompt/following.ts";
import type { Candidate } from "#prompt/grammar.ts";
import { valuesOf } from "#prompt/help.ts";
import { safeText } from "#base/safe-text.ts";
import { quoteToken, readTokens } from "#prompt/tokens.ts";
import type { CommandTree } from "#prompt/tree.ts";

/** What Tab does: put `text` in the place of the line from `start` to the cursor, and list `entries`. */
export interface Completion {
  readonly start: number;
  readonly text: string;
  /** Listed when there is nothing to add: all that could stand there. */
  readonly entries: readonly Candidate[];
}

/**
 * Completes the end of `before`, the line up to the cursor: a unique word with a blank behind it, else what all
 * candidates begin with, else nothing and the list of them.
 */
export async function completeAt(
  tree: CommandTree,
  before: string,
  call: CallOptions = {},
): Promise<Completion> {
  const { partial, start, words, parameters, notes } = followingAt(tree, before);
  const candidates = [...words];
  const placeholders: Candidate[] = [];
  for (const parameter of parameters) {
    const values = await valuesOf(parameter, partial, call);
    candidates.push(...values.filter(isTypeable));
    if (values.length === 0) placeholders.push(parameter.shows);
  }
  const unchanged = before.slice(start);
  if (candidates.length === 0) return { start, text: unchanged, entries: [...placeholders, ...notes] };
  if (candidates.length === 1 && placeholders.length === 0) {
    const { text } = candidates[0]!;
    // A folder goes on.
    return { start, text: quoteToken(text) + (text.endsWith("/") ? "" : " "), entries: [] };
  }
  const common = commonPrefix(candidates.map((candidate) => candidate.text));
  if (common.length > partial.length && quoteToken(common) === common) {
    return { start, text: common, entries: [] };
  }
  return { start, text: unchanged, entries: [...candidates, ...placeholders] };
}

/** Values may come from remote peers: what a terminal cannot show, or the line cannot hold, is never typed in. */
function isTypeable({ text }: Candidate): boolean {
  return safeText(text) === text && readTokens(quoteToken(text)).tokens[0]?.text === text;
}

function commonPrefix(texts: readonly string[]): string {
  let common = texts[0] ?? "";
  for (const text of texts) {
    let length = 0;
    while (length < common.length && common[length] === text[length]) length++;
    common = common.slice(0, length);
  }
  return common;
}
