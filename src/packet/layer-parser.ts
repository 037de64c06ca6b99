import { generateCondition, generateExpression, namesIn } from "#packet/expression.ts";
import { Generator } from "#packet/generate.ts";
import { code } from "#packet/generated-code.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";

/** Where a layer's parts lie and what follows it, as a parser leaves it behind. */
export interface LayerPlace {
  /** End of the header: the payload's start. */
  headerEnd: number;
  /** End of the layer with its payload; what the layer below has after it is a trailer. */
  end: number;
  /** Number of the message that the payload is, in the registry; -1 for no payload. */
  next: number;
}

/**
 * Reads one layer of a whole, well-formed packet: from `at`, at most to `end`, where bytes after `captured` are not
 * there. Returns its values and fills `place`; undefined when the thorough reading is needed.
 */
export type LayerParser = (
  bytes: Uint8Array,
  at: number,
  end: number,
  captured: number,
  place: LayerPlace & { next: number },
) => Readonly<Record<string, unknown>> | undefined;

/** Names that a message's expressions about the whole layer use. */
export function layerNames(message: Message): Set<string> {
  const names = new Set<string>();
  const add = (expression: Parameters<typeof namesIn>[0] | undefined): void => {
    if (expression) for (const name of namesIn(expression)) names.add(name.split(".")[0]!);
  };
  add(message.size);
  for (const rule of message.next) {
    add(rule.key);
    add(rule.when);
  }
  for (const check of message.checks) add(check.holds);
  return names;
}

/** Generates the parser of a message for one registry. */
export function layerParser(registry: Registry, message: Message): LayerParser {
  const generator = new Generator();
  const { lines, fields, next, nameOf } = generator.body(message, layerNames(message));
  const ending = layerEnding(registry, message, generator, code(next), nameOf);
  const { declared, begun } = generator.readings;
  const body = [
    generator.prologue,
    declared,
    generator.functions,
    "return function (b, at, end, cap, place) {",
    "const lim = end < cap ? end : cap, ls = at;",
    begun,
    lines,
    ending,
    "place.headerEnd = hend;",
    "place.end = lend;",
    "place.next = nx;",
    `return ${fields};`,
    "};",
  ];
  // R carries what a function returns beside its value.
  const make = new Function("K", "R", body.join("\n")) as (
    constants: unknown[],
    shared: object,
  ) => LayerParser;
  return make(generator.constants, { next: 0 });
}

/** Code that finds where the layer ends (lend) and the number of the next (nx), -1 without a payload. */
export function layerEnding(
  registry: Registry,
  message: Message,
  generator: Generator,
  headerEnd: string,
  nameOf: (name: string) => string,
): string {
  const lines = [`const hend = ${headerEnd};`];
  const rest = (name: string): string => {
    if (name === "rest") return "(end - hend)";
    return name === "headerSize" ? "(hend - at)" : nameOf(name);
  };
  if (message.size) {
    lines.push(`const lend = at + ${generateExpression(message.size, rest)};`);
    lines.push(`if (lend < hend || lend > end) ${generator.giveUp}`);
  } else lines.push("const lend = end;");
  for (const { holds, stopsAfter } of message.checks)
    if (stopsAfter === undefined) lines.push(`if (!${generateCondition(holds, rest)}) ${generator.giveUp}`);
  lines.push(nextLayer(registry, message, generator, rest, () => true));
  return lines.join("\n");
}

/**
 * Code that finds the number of the next layer (nx), negative when there is none that is wished; it knows hend, lend.
 * Of rules that are tried in order the first that finds a layer wins, wished or not.
 */
export function nextLayer(
  registry: Registry,
  message: Message,
  generator: Generator,
  nameOf: (name: string) => string,
  isWished: (number: number) => boolean,
): string {
  const fallback = registry.numberOf(registry.fallback);
  const rules = message.next.filter(({ table }) => registry.table(table).size > 0);
  const wishedFrom = rules.map(
    (_, i) =>
      isWished(fallback) ||
      rules.slice(i).some(({ table }) => [...registry.table(table).values()].some(isWished)),
  );
  const lines = ["let nx = -1;", "if (hend < lend && hend < cap) {"];
  for (const [i, rule] of rules.entries()) {
    if (!wishedFrom[i]) break;
    const table = [...registry.table(rule.table)];
    const condition = rule.when ? ` && ${generateCondition(rule.when, nameOf)}` : "";
    lines.push(`if (nx === -1${condition}) {`);
    if (rule.quoted || rule.length) {
      const isThere = table.some(([, number]) => isWished(number));
      lines.push(isThere ? generator.giveUp : "nx = -2;");
    } else {
      const matters = (number: number): boolean =>
        isWished(number) || (wishedFrom[i + 1] ?? isWished(fallback));
      const cases = table.filter(([, number]) => matters(number));
      const value = (number: number): number => (isWished(number) ? number : -2);
      lines.push(`switch (${generateExpression(rule.key, nameOf)}) {`);
      for (const [key, number] of cases) lines.push(`case ${key}: nx = ${value(number)}; break;`);
      lines.push("}");
    }
    lines.push("}");
  }
  if (isWished(fallback)) lines.push(`if (nx === -1) nx = ${fallback};`);
  lines.push("}");
  return lines.join("\n");
}
