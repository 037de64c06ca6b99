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
      `${error.message}: ${error.marked(text)}`,
      error.remedy === "" ? "queries have the syntax of Wireshark's display filters" : error.remedy,
      { exitStatus: 2 },
    );
  }
}

/** A query with the protocols that it asks for: to load all of them takes longer than many a file. */
export async function loadQuery(
  words: readonly string[],
): Promise<{ readonly registry: Registry; readonly query: Query | undefined }> {
  const text = words.join(" ");
  if (!asksAbove(text)) {
    const registry = (await import("#wire/internet-registry.ts")).internetRegistry();
    try {
      if (text.trim() !== "") return { registry, query: new Query(registry, text) };
    } catch (error) {
      // With all protocols it may be right, and if not, the nearest names are those of all.
      if (!(error instanceof QueryError)) throw error;
    }
  }
  const registry = (await import("#wire/registry.ts")).standardRegistry();
  return { registry, query: queryOf(registry, words) };
}

/** Whether a query may ask for more than `internetRegistry` has. */
export function asksAbove(text: string): boolean {
  return text.match(/[a-z]\w*/g)?.some((word) => ABOVE.has(word)) ?? false;
}

/** First words of names that the protocols above the internet layer have, and "frame.protocols", which tells of all. */
export const ABOVE: ReadonlySet<string> = new Set(
  "area bfd bfd_echo data dhcp dns mdns memberlist ntp ospf protocols serf whisper".split(" "),
);

/** The message that packets of a link type start with. */
export function firstOf(registry: Registry, linkType: number): Message {
  return registry.find("linktype", linkType) ?? registry.fallback;
}
