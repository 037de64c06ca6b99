import type { Message } from "#packet/message.ts";
import type { QueryField } from "#packet/query-field.ts";
import { standardRegistry } from "#wire/registry.ts";

/** protocols.md: every protocol with its fields, their types and meanings, and where it is looked for. */
export function protocolReference(): string {
  const registry = standardRegistry();
  const protocols = new Map<string, Message[]>();
  for (const message of registry.messages)
    protocols.set(message.protocol, [...(protocols.get(message.protocol) ?? []), message]);
  const sections = [...protocols]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, messages]) => section(name, messages, registry.queryFields));
  const list = [...protocols.keys()].sort().map((name) => `[${name}](#${anchor(name)})`);
  return [
    "# Protocols",
    "",
    "What `parley packets` takes apart, and the names that queries use. Made of the declarations in `src/wire` by",
    "`npm run reference`.",
    "",
    list.join(", "),
    "",
    ...sections,
  ].join("\n");
}

function anchor(name: string): string {
  return name.toLowerCase().replaceAll(/[^\w-]/g, "");
}

function section(
  name: string,
  messages: readonly Message[],
  fields: ReadonlyMap<string, QueryField>,
): string {
  const first = messages.find(({ transparent }) => !transparent) ?? messages[0]!;
  const source = first.rfc === undefined ? "" : ` ${first.rfc}.`;
  const places = messages.flatMap((message) =>
    [...message.on].map(([table, keys]) => `${table} ${keys.map((key) => keyText(table, key)).join(", ")}`),
  );
  const rows = [...fields.values()]
    .filter((field) => field.type !== "protocol" && field.layers.some(({ protocol }) => protocol === name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(rowOf);
  const about = first.about === undefined ? "" : ` ${line(first.about)}`;
  return [
    `## ${name}`,
    "",
    `${line(first.title)}.${source}${about}${places.length > 0 ? ` Found under ${places.join("; ")}.` : ""}`,
    "",
    ...(rows.length > 0 ? [...rows, ""] : []),
  ].join("\n");
}

function rowOf({ name, type, title, names }: QueryField): string {
  const known = names ? [...names].slice(0, MOST_NAMES).map(([key, each]) => `${key} ${each}`) : [];
  const more = names && names.size > MOST_NAMES ? ", …" : "";
  const meaning = known.length > 0 ? `${title}: ${known.join(", ")}${more}` : title;
  return `- \`${name}\` (${type}) ${line(meaning)}`;
}

function keyText(table: string, key: number): string {
  return table === "ethertype" ? `0x${key.toString(16).padStart(4, "0")}` : String(key);
}

/** In one line, and nothing in it is Markdown. */
function line(text: string): string {
  return text
    .replaceAll(/[*_<>[\]`|\\]/g, "\\$&")
    .replaceAll(/\s+/g, " ")
    .replace(/\.$/, "");
}

/** Enough to see what is meant; `parley packets protocols NAME` has the rest in its place. */
const MOST_NAMES = 8;
