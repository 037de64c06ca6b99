import { QueryError } from "#packet/query/query-error.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { queryOf } from "#packet-tools/queries.ts";
import { OperatorError } from "#base/operator-error.ts";
import { standardRegistry } from "#wire/registry.ts";
import { checkQueries } from "./packets.ts";
import { makeQuery } from "./query-grammar.ts";
import { QuerySamples } from "./query-samples.ts";
import { hashOf, must, type Target } from "./target.ts";

/** Texts of queries: refused with a place, or answered alike by the compiled and the thorough way. */
export function queryTarget(): Target {
  const registry = standardRegistry();
  const fields = [...registry.queryFields.values()];
  let known: QuerySamples | undefined;
  const samplesOnce = (): QuerySamples => (known ??= new QuerySamples(registry));
  return {
    name: "query",
    longest: 2_048,
    make: (random) => new TextEncoder().encode(makeQuery(random, { fields, values: samplesOnce().values })),
    run(input) {
      const text = textOf(input);
      const samples = samplesOnce();
      let query: Query;
      try {
        query = new Query(registry, text);
      } catch (error) {
        return checkRefusal(registry, text, error);
      }
      queryOf(registry, [text]);
      // The other query makes the set's tables more than trivial.
      const set = new QuerySet(registry, [query, new Query(registry, "ip.ttl == 64 or udp.port == 53")]);
      const hits = samples
        .asked(namesIn(query), hashOf(input))
        .map(({ packet, missing }) => checkQueries(set.queries, set, packet, missing).includes(0));
      return `${skeleton(query.checked)} ${hits.includes(true)} ${hits.includes(false)}`;
    },
  };
}

function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

function checkRefusal(registry: Registry, text: string, error: unknown): string {
  if (!(error instanceof QueryError)) throw error;
  const { at, length, message, remedy } = error;
  must(
    Number.isInteger(at) && at >= 0 && at <= text.length,
    "a mistake outside of the query",
    at,
    length,
    message,
  );
  // The end of the text is a place of one character behind it.
  const isInside = length >= 1 && at + length <= Math.max(text.length, at + 1);
  must(isInside, "a mistake that reaches out of the query", at, length, message);
  const explained = error.explain(text);
  must(
    explained.startsWith(text) && explained.includes(message),
    "an explanation without the mistake",
    explained,
  );
  try {
    queryOf(registry, [text]);
    must(text.trim() === "", "a wrong query that the tools take");
  } catch (again) {
    if (!(again instanceof OperatorError)) throw again;
  }
  return `refused: ${message.replaceAll(/"[^]*"|\d+/g, "")} ${remedy === "" ? "" : "remedy"}`;
}

/** The fields that a query asks for. */
function namesIn({ checked }: Query): string[] {
  const names = new Set<string>();
  JSON.stringify(checked, (key, value: unknown) => {
    if (key === "field") names.add((value as { name: string }).name);
    return key === "field" || typeof value === "bigint" ? undefined : value;
  });
  return [...names];
}

/** The kinds of tests and operands that a query is made of. */
function skeleton(checked: unknown): string {
  const kinds = new Set<string>();
  JSON.stringify(checked, (key, value: unknown) => {
    if (key === "field") {
      const { type, indirect } = value as { type: string; indirect: boolean };
      kinds.add(`${type}${indirect ? "*" : ""}`);
      return undefined;
    }
    if (typeof value === "bigint") return String(value);
    if (typeof value === "object" && value !== null && "type" in value) {
      const { comparison = "", operator = "", name = "" } = value as Record<string, string>;
      kinds.add(`${String(value.type)}${comparison}${operator}${name}`);
    }
    return value;
  });
  return [...kinds].sort().slice(0, 8).join(" ");
}
