import { z } from "zod";
import { configurationSchema } from "#daemon/daemon.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly additionalProperties?: Schema | false | undefined;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  /** Of a map whose other keys are those of a pattern: the pattern, and how people write such a key. */
  readonly keyPattern?: string;
  readonly keyName?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What depends on the machine: told in words, so that the reference is the same everywhere. */
const DEFAULTS: Readonly<Record<string, string>> = {
  "node.name": "the host's name",
  "node.log": "`{ default: info }`",
  "node.data": "`$XDG_STATE_HOME/parley`, `~/.local/state/parley`, or for root `/var/lib/parley`",
  "api.socket": "`$XDG_RUNTIME_DIR/parley/parleyd.sock`, or for root `/run/parley/parleyd.sock`",
  "whisper.advertise": "the first usable address of this machine, when it listens on a wildcard",
  "whisper.nick": "the node's name",
};

/** config.schema.json: what editors check a configuration with. */
export function configurationJsonSchema(): string {
  const properties = Object.fromEntries(sections().map(([name, schema]) => [name, schema]));
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "The configuration of parleyd",
    type: "object",
    properties,
    additionalProperties: false,
  };
  const withoutNames = (key: string, value: unknown): unknown => (key === "keyName" ? undefined : value);
  return `${JSON.stringify(schema, withoutNames, 2)}\n`;
}

/** config.md: every key with its default. */
export function configurationReference(): string {
  const rows = sections().flatMap(([name, schema]) => rowsOf(name, schema));
  return [
    "# Configuration",
    "",
    "YAML or TOML with the same keys; `parleyd --check` tells mistakes by line, `--print-config` what is in force. Made from",
    "the schema by `npm run reference`; [config.schema.json](config.schema.json) is the same for editors.",
    "",
    "| key | what it is | type | default |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function sections(): [string, Schema][] {
  return Object.entries(configurationSchema().sections).map(([name, section]) => {
    const schema = z.toJSONSchema(section, { io: "input", unrepresentable: "any" }) as Schema;
    return [name, portable(name, schema)];
  });
}

/** Without defaults that only this machine has; keys of a pattern are told as such. */
function portable(key: string, schema: Schema): Schema {
  const { default: standard, properties, ...others } = { ...schema, $schema: undefined };
  const { keyPattern, additionalProperties, ...plain } = others;
  const rest =
    keyPattern !== undefined && additionalProperties
      ? {
          ...plain,
          patternProperties: { [keyPattern]: portable(`${key}.${plain.keyName}`, additionalProperties) },
          additionalProperties: false as const,
        }
      : others;
  const parts =
    properties && Object.entries(properties).map(([name, part]) => [name, portable(`${key}.${name}`, part)]);
  return {
    ...rest,
    ...(standard !== undefined && DEFAULTS[key] === undefined && { default: standard }),
    ...(parts && { properties: Object.fromEntries(parts) as Record<string, Schema> }),
  };
}

function rowsOf(key: string, schema: Schema): string[] {
  if (schema.properties) {
    const parts = Object.entries(schema.properties);
    for (const part of Object.values(schema.patternProperties ?? {}))
      parts.push([schema.keyName ?? "NAME", part]);
    if (parts.length === 0) return [`| \`${key}\` | A section without keys | map | \`{}\` |`];
    return parts.flatMap(([name, part]) => rowsOf(`${key}.${name}`, part));
  }
  const written = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
  return [`| \`${key}\` | ${schema.description ?? ""} | ${typeOf(schema)} | ${DEFAULTS[key] ?? written} |`];
}

function typeOf(schema: Schema): string {
  const { type = "any", items, minimum, maximum, additionalProperties } = schema;
  const kinds = new Set((schema.anyOf ?? schema.oneOf ?? []).map(typeOf));
  if (kinds.size > 0) return [...kinds].join(" or ").replace("object", "map");
  if (schema.enum) return schema.enum.join(", ");
  if (additionalProperties && additionalProperties.enum)
    return `map of ${additionalProperties.enum.join(", ")}`;
  if (type === "array") return `list of ${items?.type ?? "any"}`;
  return minimum === undefined ? type : `${type}, ${minimum} to ${maximum}`;
}
