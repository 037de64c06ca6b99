import type { CallOptions } from "@connectrpc/connect";
import { followingAt, type PossibleParameter } from "#prompt/following.ts";
import type { Candidate } from "#prompt/grammar.ts";
import type { Match } from "#prompt/match.ts";
import { widthFor, type LoadWidth } from "#prompt/render.ts";
import { safeText } from "#base/safe-text.ts";
import { padEnd } from "#prompt/table.ts";
import type { CommandTree } from "#prompt/tree.ts";

export interface Help {
  readonly entries: readonly Candidate[];
  /** Why nothing can stand at the cursor. */
  readonly problem?: Match;
}

/**
 * What "?" shows at the end of `before`, the line up to the cursor: the words that can stand there with their help, the
 * values that exist now for a live parameter, and <cr> when the line is complete.
 */
export async function helpAt(tree: CommandTree, before: string, call: CallOptions = {}): Promise<Help> {
  const following = followingAt(tree, before);
  const entries = [...following.words];
  for (const parameter of following.parameters) {
    const values = await valuesOf(parameter, following.partial, call);
    entries.push(...(values.length > 0 ? values : [parameter.shows]));
  }
  entries.push(...following.notes);
  return following.problem ? { entries, problem: following.problem } : { entries };
}

/** What exists now for a live parameter and begins with `partial`; nothing when the node cannot be asked. */
export async function valuesOf(
  { kind, owner }: PossibleParameter,
  partial: string,
  call: CallOptions,
): Promise<readonly Candidate[]> {
  if (!owner.isLive(kind)) return [];
  try {
    const values = await owner.values(kind, call, partial);
    return values.filter((value) => value.text.startsWith(partial));
  } catch {
    return []; // help must never fail; the command itself will say why the node does not answer
  }
}

/** Help as two aligned columns, one line an entry, each with its newline. */
export async function renderHelp(entries: readonly Candidate[], loadWidth: LoadWidth): Promise<string> {
  const safe = entries.map(({ text, help }) => ({ text: safeText(text), help: safeText(help) }));
  const width = await widthFor(
    safe.map(({ text }) => text),
    loadWidth,
  );
  const column = safe.reduce((widest, { text }) => Math.max(widest, width(text)), 0);
  return safe
    .map(({ text, help }) => (help === "" ? `${text}\n` : `${padEnd(text, column, width)}  ${help}\n`))
    .join("");
}
