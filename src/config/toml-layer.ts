import { bracketedEndpointAt, bracketedEndpointProblem } from "#config/bracketed-endpoint.ts";
import { formatKeyPath } from "#config/key-path.ts";
import { MAXIMUM_DEPTH } from "#config/limits.ts";
import type { Located, LocatedEntry, LocatedMap, Place, PlaceSource } from "#config/located.ts";
import type { PlacedProblem } from "#config/problem.ts";
import { tomlPositions, type TomlPosition, type TomlPositions } from "#config/toml-positions.ts";
import type { LayerText } from "#config/yaml-layer.ts";

/** Reads a TOML document. Never rejects. */
export async function readTomlLayer(text: string, source: PlaceSource): Promise<LayerText> {
  // Loaded here because most nodes are configured in YAML and should not wait for it.
  const { parse, TomlError } = await import("smol-toml");
  const start: Place = { source, line: 1, column: 1 };
  const empty: LocatedMap = { kind: "map", place: start, entries: new Map() };
  let values: object;
  try {
    values = parse(text, { maxDepth: MAXIMUM_DEPTH });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const place: Place = { source, line: error.line, column: error.column };
    return { map: empty, problems: [{ place, key: "", ...explained(error.message, text, place) }] };
  }
  const builder = new TreeBuilder(source);
  const map = builder.map(values, tomlPositions(text), start, []);
  return { map, problems: builder.problems };
}

/** Joins the parser's values with their positions. */
class TreeBuilder {
  readonly problems: PlacedProblem[] = [];
  readonly #source: PlaceSource;

  constructor(source: PlaceSource) {
    this.#source = source;
  }

  map(table: object, positions: TomlPositions | undefined, place: Place, path: PropertyKey[]): LocatedMap {
    const entries = new Map<string, LocatedEntry>();
    for (const [name, value] of Object.entries(table)) {
      const child = positions?.children.get(name);
      const key = this.#place(child?.key, place);
      if (name === "__proto__") this.#refuse(key, path, '"__proto__" cannot be a key', "remove it");
      else entries.set(name, { key, value: this.#value(value, child, key, [...path, name]) });
    }
    return { kind: "map", place, entries };
  }

  #value(value: unknown, positions: TomlPositions | undefined, parent: Place, path: PropertyKey[]): Located {
    const place = this.#place(positions?.value, parent);
    if (path.length > MAXIMUM_DEPTH) {
      this.#refuse(place, path, "is nested too deeply", `use at most ${MAXIMUM_DEPTH} levels`);
      return { kind: "nothing", place };
    }
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", place, value };
    }
    // Dates are text in YAML, and the same keys mean the same in both.
    if (value instanceof Date) return { kind: "scalar", place, value: value.toISOString() };
    if (!Array.isArray(value)) return this.map(value as object, positions, place, path);
    const items = value.map((item, index) =>
      this.#value(item, positions?.children.get(index), place, [...path, index]),
    );
    return { kind: "list", place, items };
  }

  #place(position: TomlPosition | undefined, otherwise: Place): Place {
    return position ? { source: this.#source, ...position } : otherwise;
  }

  #refuse(place: Place, path: readonly PropertyKey[], message: string, remedy: string): void {
    this.problems.push({ place, key: formatKeyPath(path), message, remedy });
  }
}

function explained(message: string, text: string, place: Place): { message: string; remedy: string } {
  const line = text.split("\n")[place.line - 1] ?? "";
  const endpoint = bracketedEndpointAt(line, place.column - 1);
  if (endpoint !== undefined) return bracketedEndpointProblem(endpoint);
  const what = /^Invalid TOML document: (.*)$/m.exec(message)?.[1] ?? message;
  const remedy = REMEDIES.find(([pattern]) => pattern.test(what))?.[1];
  return { message: what, remedy: remedy ?? "check the quotes, brackets and line ends here" };
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^invalid value|numeric literal|leading zero|numeric value/, 'put text in quotes: nick = "bob"'],
  [/redefine/, "keep one of them"],
  [/nested/, `use at most ${MAXIMUM_DEPTH} levels`],
  [/losslessly/, "write it in quotes if it is text"],
  [
    /end of key|illegal character in key|incomplete key/,
    'write key = value, and quote a key with spaces: "area 0"',
  ],
  [/end-of-line/, "begin a new line after each value; text needs quotes"],
];
