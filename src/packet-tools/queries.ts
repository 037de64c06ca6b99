import { OperatorError } from "#base/operator-error.ts";
import type { Message } from "#packet/message.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";

/** Compiles what somebody typed; undefined for nothing. Throws OperatorError that shows the place of a mistake. */
export function queryOf(registry: Registry, words: readonly string[]): Query | undefined {
  const text = words.join(" ");
  if (text.trim() === "") return undefined;
  try {
    return new Query(registry, text);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new OperatorError(
      `${error.message}: ${marked(text, error)}`,
      error.remedy === "" ? "queries have the syntax of Wireshark's display filters" : error.remedy,
      { exitStatus: 2 },
    );
  }
}

/** A text with the place of its mistake marked. */
export function marked(text: string, { at, length }: QueryError): string {
  const [before, wrong, behind] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
  const cut = (part: string, keep: number): string => (part.length > keep ? `${part.slice(0, keep)}…` : part);
  const start = before.length > 60 ? `…${before.slice(-60)}` : before;
  return `${start}»${cut(wrong, 60)}«${cut(behind, 60)}`;
}

/** The message that packets of a link type start with. */
export function firstOf(registry: Registry, linkType: number): Message {
  return registry.find("linktype", linkType) ?? registry.fallback;
}
