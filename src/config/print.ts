import { Document, isCollection, Pair, Scalar, YAMLMap, YAMLSeq, type Node } from "yaml";
import type { z } from "zod";
import { formatOrigin, type Located, type LocatedMap, type Place } from "#config/located.ts";
import { isSecret, MASK } from "#config/secrets.ts";

/**
 * The effective configuration, defaults included, as YAML that loads back to the same values (but for masked
 * secrets). Each value has a comment with the place it comes from, or "default".
 */
export function printConfiguration(
  sections: ReadonlyMap<string, unknown>,
  schemas: Readonly<Record<string, z.ZodType>>,
  root: LocatedMap,
  secrets: readonly string[],
): string {
  const printer = new Printer(secrets);
  const top = new YAMLMap();
  for (const [name, value] of sections) {
    const located = root.entries.get(name)?.value;
    const written = asWritten(schemas[name], value, located);
    top.items.push(new Pair(printer.text(name), printer.node(written, located, [name])));
  }
  const document = new Document(top);
  return document.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
}

/**
 * A parsed value as it is written in a file: through the schema's codecs, or where a schema cannot go back (a
 * plain transform), what the layers have, completed by the parsed values.
 */
function asWritten(schema: z.ZodType | undefined, value: unknown, located: Located | undefined): unknown {
  try {
    const encoded = schema?.safeEncode(value);
    if (encoded?.success) return encoded.data;
  } catch {
    // zod throws when it meets a schema without a way back
  }
  return completed(value, located);
}

function completed(value: unknown, located: Located | undefined): unknown {
  if (located === undefined) return value;
  if (located.kind === "scalar") return located.value;
  if (located.kind === "list") return located.items.map((item, i) => completed(at(value, i), item));
  if (located.kind === "nothing") return null;
  const own = isPlainMap(value) ? Object.keys(value) : [];
  const keys = new Set([...located.entries.keys(), ...own]);
  const entries = [...keys].map(
    (key) => [key, completed(at(value, key), located.entries.get(key)?.value)] as const,
  );
  return Object.fromEntries(entries);
}

function at(value: unknown, key: string | number): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

class Printer {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  node(value: unknown, located: Located | undefined, path: readonly PropertyKey[]): Node {
    if (Array.isArray(value)) return this.#list(value, located, path);
    if (isPlainMap(value)) return this.#map(value, located, path);
    const shown = isSecret(path, this.#secrets) && value !== null ? MASK : value;
    const node = typeof shown === "string" ? this.text(shown) : new Scalar(shown ?? null);
    return commented(node, located?.place);
  }

  /**
   * Text that would need more than one line is written in quotes, so that its comment can stand behind it.
   */
  text(text: string): Scalar {
    const node = new Scalar(text);
    if (/\p{Cc}|\u2028|\u2029|\uFEFF|^\s|\s$/u.test(text)) node.type = Scalar.QUOTE_DOUBLE;
    return node;
  }

  #map(
    map: Readonly<Record<string, unknown>>,
    located: Located | undefined,
    path: readonly PropertyKey[],
  ): Node {
    const node = new YAMLMap();
    for (const [key, value] of Object.entries(map)) {
      if (value === undefined) continue;
      node.items.push(new Pair(this.text(key), this.node(value, below(located, key), [...path, key])));
    }
    return node.items.length === 0 ? commented(node, located?.place) : node;
  }

  #list(list: readonly unknown[], located: Located | undefined, path: readonly PropertyKey[]): Node {
    const node = new YAMLSeq();
    for (const [i, value] of list.entries())
      node.items.push(this.node(value, below(located, i), [...path, i]));
    return node.items.length === 0 ? commented(node, located?.place) : node;
  }
}

/**
 * Where a part comes from: a default when its map does not have it; what a codec made of one value, from that
 * value.
 */
function below(located: Located | undefined, step: string | number): Located | undefined {
  if (located?.kind === "map") return located.entries.get(String(step))?.value;
  if (located?.kind === "list") return located.items[Number(step)] ?? located;
  return located;
}

function commented<Commented extends Node>(node: Commented, place: Place | undefined): Commented {
  node.comment = ` ${place ? formatOrigin(place) : "default"}`;
  if (isCollection(node)) node.flow = true;
  return node;
}
