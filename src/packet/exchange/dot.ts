import type { ExchangeDefinition } from "#packet/exchange/definition.ts";

/** A machine as a drawing for Graphviz: states, queries, timeouts. */
export function exchangeDot<Data>({ name, initial, states }: ExchangeDefinition<Data>): string {
  const lines = [`digraph ${quoted(name)} {`, "  rankdir=LR;", "  node [shape=box, style=rounded];"];
  lines.push('  "" [shape=point];', `  "" -> ${quoted(initial)};`);
  for (const [state, { on = [], after, final }] of Object.entries(states)) {
    if (final) lines.push(`  ${quoted(state)} [peripheries=2];`);
    else lines.push(`  ${quoted(state)};`);
    for (const { query, go, when } of on)
      lines.push(arrow(state, go ?? state, `${query}${when ? " (and more)" : ""}`));
    if (!after) continue;
    const label = `after ${after.ms} ms`;
    if (typeof after.go === "string") lines.push(arrow(state, after.go, label));
    else
      for (const to of Object.keys(states))
        if (to !== state) lines.push(`${arrow(state, to, label).slice(0, -2)}, style=dashed];`);
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

function arrow(from: string, to: string, label: string): string {
  return `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(label)}];`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", " ")}"`;
}
