import { SERF_LIMITS } from "#membership/serf/limits.ts";
import type { QueryFilters, Tags } from "#membership/serf/io.ts";
import { textBytes } from "#packet/primitive.ts";
import { compileRegex, RegexError, type Regex } from "#packet/query/regex.ts";
import { decodeFilter, encodeFilter, type SerfFilter } from "#wire/memberlist/serf-answers.ts";

/** A query's filters on the wire, none when it is for all. Throws RegexError for an expression that cannot be searched. */
export function encodeFilters({ nodes, tags }: QueryFilters): readonly Uint8Array[] | undefined {
  const filters: SerfFilter[] = [];
  if (nodes && nodes.length > 0) filters.push({ type: "nodes", names: nodes });
  for (const [tag, expression] of Object.entries(tags ?? {})) {
    compile(expression);
    filters.push({ type: "tag", tag, expression });
  }
  return filters.length > 0 ? filters.map(encodeFilter) : undefined;
}

/** Whether a query is for a member: every filter must name it. "bad": one is none, or cannot be searched. */
export function isFor(filters: readonly Uint8Array[], name: string, tags: Tags): "yes" | "no" | "bad" {
  if (filters.length > SERF_LIMITS.filters) return "bad";
  for (const bytes of filters) {
    const filter = decodeFilter(bytes);
    if (!filter) return "bad";
    const passes = filter.type === "nodes" ? filter.names.includes(name) : finds(filter, tags);
    if (passes !== true) return passes === false ? "no" : "bad";
  }
  return "yes";
}

/** Undefined for an expression that cannot be searched. */
function finds(filter: Extract<SerfFilter, { readonly type: "tag" }>, tags: Tags): boolean | undefined {
  const value = textBytes(Object.hasOwn(tags, filter.tag) ? tags[filter.tag]! : "");
  try {
    return compile(filter.expression).test(value, 0, value.length);
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
}

/** Cases matter to Serf. */
function compile(expression: string): Regex {
  return compileRegex(`(?-i)${expression}`);
}
