import { OperatorError } from "#base/operator-error.ts";
import { nearestNames } from "#packet/query/nearest.ts";
import { FRAME_FIELDS, type QueryField } from "#packet/query-field.ts";
import { standardRegistry } from "#wire/registry.ts";
import { readArguments } from "#packet-tools/arguments.ts";
import { Output } from "#packet-tools/output.ts";

const USAGE = `Usage: parley packets protocols [NAME]

Lists the protocols, or the fields of one as queries name them.
`;

/** `parley packets protocols`. */
export async function runProtocols(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(
    "protocols",
    args,
    { help: { type: "boolean", short: "h" } },
    { least: 0, most: 1 },
  );
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const registry = standardRegistry();
  const output = new Output(process.stdout);
  const titles = new Map(
    registry.messages
      .filter(({ transparent }) => !transparent)
      .map(({ protocol, title, rfc }) => [protocol, `${title}${rfc === undefined ? "" : ` (${rfc})`}`]),
  );
  const [name] = positionals;
  if (name === undefined)
    for (const [protocol, title] of [...titles].sort()) output.line(`${protocol.padEnd(18)} ${title}`);
  else {
    const fields = fieldsOf(name, registry.queryFields);
    if (fields.length === 0) {
      const near = nearestNames(name, titles.keys());
      throw new OperatorError(
        `there is no protocol ${name}`,
        near.length > 0 ? `did you mean ${near.join(", ")}?` : "parley packets protocols lists them",
      );
    }
    if (titles.has(name)) output.line(`${titles.get(name)}\n`);
    for (const field of fields) output.line(fieldText(field));
  }
  await output.drained();
  return 0;
}

function fieldsOf(name: string, all: ReadonlyMap<string, QueryField>): QueryField[] {
  if (name === "frame") return FRAME_FIELDS.filter(({ type }) => type !== "protocol");
  const fields = [...all.values()].filter(
    (field) => field.type !== "protocol" && field.layers.some(({ protocol }) => protocol === name),
  );
  return fields.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function fieldText({ name, type, title, names }: QueryField): string {
  const known = names ? [...names].slice(0, 6).map(([number, text]) => `${number} ${text}`) : [];
  const more = names && names.size > 6 ? ", …" : "";
  return `${name.padEnd(36)} ${type.padEnd(8)} ${title}${known.length > 0 ? `: ${known.join(", ")}${more}` : ""}`;
}
