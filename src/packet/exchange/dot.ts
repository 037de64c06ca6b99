import { targets, type ExchangeDefinition } from "#packet/exchange/definition.ts";

/** A machine as a drawing for Graphviz: states, queries, timeouts. Dashed is what depends on a condition. */
export function exchangeDot<Data>({ name, initial, states }: ExchangeDefinition<Data>): string {
  const lines = [`digraph ${quoted(name)} {`, "  rankdir=LR;", "  node [shape=box, style=rounded];"];
  lines.push('  "" [shape=point];', `  "" -> ${quoted(initial)};`);
  for (const [state, { on = [], after, final }] of Object.entries(states)) {
    lines.push(`  ${quoted(state)}${final ? " [peripheries=2]" : ""};`);
    const arrows = (go: readonly string[], label: string, depends: boolean): void => {
      const style = depends ? ", style=dashed" : "";
      for (const to of go)
        lines.push(`  ${quoted(state)} -> ${quoted(to)} [label=${quoted(label)}${style}];`);
    };
    for (const { query, go = state, when } of on)
      arrows(targets(go), query, when !== undefined || typeof go !== "string");
    if (!after) continue;
    const { ms, go = state } = after;
    arrows(targets(go), typeof ms === "number" ? `after ${ms} ms` : "after a time", typeof go !== "string");
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", " ")}"`;
}
