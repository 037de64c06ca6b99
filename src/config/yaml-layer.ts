import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type DocumentOptions,
  type ErrorCode,
  type Node,
  type ParseOptions,
  type Scalar,
  type SchemaOptions,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { bracketedEndpointAt, bracketedEndpointProblem } from "#config/bracketed-endpoint.ts";
import { formatKeyPath } from "#config/key-path.ts";
import { MAXIMUM_DEPTH, MAXIMUM_VALUES } from "#config/limits.ts";
import type { Located, LocatedEntry, LocatedMap, Place, PlaceSource } from "#config/located.ts";
import type { PlacedProblem } from "#config/problem.ts";

/** What a layer's text holds; with problems, the values are not to be used. */
export interface LayerText {
  readonly map: LocatedMap;
  readonly problems: readonly PlacedProblem[];
}

/** Reads one YAML document whose top is a map (or nothing). Never throws. */
export function readYamlLayer(text: string, source: PlaceSource): LayerText {
  const problems: PlacedProblem[] = [];
  const value = readYamlValue(text, source, problems);
  const empty: LocatedMap = { kind: "map", place: { source, line: 1, column: 1 }, entries: new Map() };
  if (problems.length > 0 || value.kind === "nothing") return { map: empty, problems };
  if (value.kind === "map") return { map: value, problems };
  const message = `the file is ${value.kind === "list" ? "a list" : "a single value"}, not sections`;
  return {
    map: empty,
    problems: [{ place: value.place, key: "", message, remedy: 'begin with "name of a section:"' }],
  };
}

/** Reads one YAML document of any kind; what is wrong is added to `problems`. Never throws. */
export function readYamlValue(text: string, source: PlaceSource, problems: PlacedProblem[]): Located {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    // An empty text has no lines yet.
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
  let lastLine = 0;
  for (const error of [...document.errors, ...document.warnings]) {
    const place = placeAt(error.pos[0]);
    // What follows on the same line is most often a consequence.
    if (place.line === lastLine) continue;
    lastLine = place.line;
    problems.push({ place, key: "", ...explained(error, text, place) });
  }
  if (problems.length > 0 || !document.contents) return { kind: "nothing", place: placeAt(0) };
  return new TreeBuilder(placeAt, problems).build(document.contents);
}

/** Turns YAML nodes into located values; follows aliases, within the limits. */
class TreeBuilder {
  readonly #placeAt: (offset: number) => Place;
  readonly #problems: PlacedProblem[];
  /** The latest node with each anchor; undefined while the node is being built, as it cannot hold itself. */
  readonly #anchors = new Map<string, Node | undefined>();
  #values = 0;

  constructor(placeAt: (offset: number) => Place, problems: PlacedProblem[]) {
    this.#placeAt = placeAt;
    this.#problems = problems;
  }

  build(node: Node): Located {
    return this.#value(node, this.#placeAt(node.range?.[0] ?? 0), []);
  }

  #value(node: Node, place: Place, path: PropertyKey[]): Located {
    if (++this.#values > MAXIMUM_VALUES) return this.#tooMany(place);
    if (isAlias(node)) return this.#alias(node.source, place, path);
    if (path.length > MAXIMUM_DEPTH) {
      return this.#refuse(place, path, "is nested too deeply", `use at most ${MAXIMUM_DEPTH} levels`);
    }
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const value = this.#content(node, place, path);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return value;
  }

  #content(node: Node, place: Place, path: PropertyKey[]): Located {
    if (isScalar(node)) return this.#scalar(node, place, path);
    if (isMap(node)) return { kind: "map", place, entries: this.#entries(node, path) };
    if (!isSeq(node)) return { kind: "nothing", place };
    const items = node.items.map((item, index) => {
      const itemNode = item as Node;
      return this.#value(itemNode, this.#placeOf(itemNode, place), [...path, index]);
    });
    return { kind: "list", place, items };
  }

  #entries(map: YAMLMap, path: readonly PropertyKey[]): ReadonlyMap<string, LocatedEntry> {
    const entries = new Map<string, LocatedEntry>();
    for (const pair of map.items) {
      if (!isScalar(pair.key)) continue; // "stringKeys" has refused it already
      const key = String(pair.key.value);
      const keyPlace = this.#placeAt(pair.key.range?.[0] ?? 0);
      if (pair.key.anchor !== undefined) this.#anchors.set(pair.key.anchor, pair.key);
      const before = entries.get(key);
      if (before) {
        this.#refuse(
          keyPlace,
          [...path, key],
          `is set twice, first in line ${before.key.line}`,
          "keep one of them",
        );
      } else if (key === "__proto__") {
        this.#refuse(keyPlace, path, '"__proto__" cannot be a key', "remove it");
      } else {
        const node = pair.value as Node | null;
        const value: Located = node
          ? this.#value(node, this.#placeOf(node, keyPlace), [...path, key])
          : { kind: "nothing", place: keyPlace };
        entries.set(key, { key: keyPlace, value });
      }
    }
    return entries;
  }

  #scalar(node: Scalar, place: Place, path: readonly PropertyKey[]): Located {
    const { value } = node;
    if (value === null || value === undefined) {
      if (node.source === undefined || node.source === "") return { kind: "nothing", place };
      return { kind: "scalar", place, value: null };
    }
    if (typeof value === "number" && Number.isInteger(value) && /^[-+]?\d+$/.test(node.source ?? "")) {
      if (!Number.isSafeInteger(value)) {
        return this.#refuse(
          place,
          path,
          "is a number too large to be kept exactly",
          "write it in quotes if it is text",
        );
      }
    }
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return { kind: "scalar", place, value: isPlain ? value : String(value) };
  }

  #alias(name: string, place: Place, path: PropertyKey[]): Located {
    const node = this.#anchors.get(name);
    if (node) return this.#value(node, place, path);
    const message = this.#anchors.has(name)
      ? `"*${name}" stands inside itself`
      : `"*${name}" names no anchor`;
    return this.#refuse(
      place,
      path,
      message,
      `put "&${name}" before an earlier value, or write text that begins with "*" in quotes`,
    );
  }

  #placeOf(node: Node, otherwise: Place): Place {
    return node.range ? this.#placeAt(node.range[0]) : otherwise;
  }

  #tooMany(place: Place): Located {
    if (this.#values === MAXIMUM_VALUES + 1) {
      this.#refuse(
        place,
        [],
        `there are more than ${MAXIMUM_VALUES} values`,
        "shorten it; aliases count as what they stand for",
      );
    }
    return { kind: "nothing", place };
  }

  #refuse(place: Place, path: readonly PropertyKey[], message: string, remedy: string): Located {
    this.#problems.push({ place, key: formatKeyPath(path), message, remedy });
    return { kind: "nothing", place };
  }
}

function explained(error: YAMLError, text: string, place: Place): { message: string; remedy: string } {
  const lineEnd = text.indexOf("\n", error.pos[0]);
  const lineStart = error.pos[0] - (place.column - 1);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const endpoint = bracketedEndpointAt(line, place.column - 1);
  if (endpoint !== undefined) return bracketedEndpointProblem(endpoint);
  const own = MESSAGES[error.code];
  const message = own ?? error.message.replaceAll(/\s+/g, " ");
  return {
    message: message.slice(0, 1).toLowerCase() + message.slice(1),
    remedy: REMEDIES[error.code] ?? "check the quotes, brackets and indentation here and above",
  };
}

// Where the package's words are about its own use.
const MESSAGES: { readonly [Code in ErrorCode]?: string } = {
  MULTIPLE_DOCS: "a second document begins",
  NON_STRING_KEY: "a key must be plain text",
  RESOURCE_EXHAUSTION: "the nesting is too deep",
};

const REMEDIES: { readonly [Code in ErrorCode]?: string } = {
  BAD_SCALAR_START: "put the value in quotes",
  BLOCK_AS_IMPLICIT_KEY: 'put a value that holds ": " in quotes, or begin a new line',
  MISSING_CHAR: "add it",
  MULTIPLE_DOCS: 'keep one document: remove the line "---" and what does not belong',
  NON_STRING_KEY: "write plain text before the colon",
  RESOURCE_EXHAUSTION: `use at most ${MAXIMUM_DEPTH} levels`,
  TAB_AS_INDENT: "indent with spaces",
  TAG_RESOLVE_FAILED: 'remove the tag, or put text that begins with "!" in quotes',
};

// Duplicate keys are found by TreeBuilder: the package compares every key with every other.
const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "error",
};
