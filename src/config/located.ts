/**
 * A configuration as values that know where they stand. Every layer (a file, a `-s` setting) becomes such a
 * tree, and merging trees keeps the places, so that errors and `print` can name the file, line and column of
 * whatever won.
 */
export type Located = LocatedMap | LocatedList | LocatedScalar | LocatedNothing;

export interface LocatedMap {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  /** Where the key stands; its value has a place of its own. */
  readonly key: Place;
  readonly value: Located;
}

export interface LocatedList {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly Located[];
}

/** An explicit null in a map takes the key away from the layers below. */
export interface LocatedScalar {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: string | number | boolean | null;
}

/** A key with nothing after it ("whisper:"): at the top an empty section, below that a mistake. */
export interface LocatedNothing {
  readonly kind: "nothing";
  readonly place: Place;
}

export interface Place {
  readonly source: PlaceSource;
  /** From 1; 0 when the source has no lines (a `-s` setting, or a file that is wrong as a whole). */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when `line` is. */
  readonly column: number;
}

/** One layer's source. */
export interface PlaceSource {
  /** In errors: "five/bob.yaml" or "-s 1 (whisper.nick=5)". */
  readonly name: string;
  /** In `print`: "five/bob.yaml" or "-s 1". */
  readonly shortName: string;
  /** Position among the layers, lowest first: errors are sorted by it. */
  readonly order: number;
}

/** "bob.yaml:3:9", or the source alone when it has no lines. */
export function formatPlace({ source, line, column }: Place): string {
  return line > 0 ? `${source.name}:${line}:${column}` : source.name;
}

/** Like formatPlace, in the short form that `print` puts beside a value. */
export function formatOrigin({ source, line, column }: Place): string {
  return line > 0 ? `${source.shortName}:${line}:${column}` : source.shortName;
}

/** The values alone; maps have no prototype, so that no key can mean more than itself. */
export function plainValue(located: Located): unknown {
  switch (located.kind) {
    case "map": {
      const plain = Object.create(null) as Record<string, unknown>;
      for (const [key, entry] of located.entries) plain[key] = plainValue(entry.value);
      return plain;
    }
    case "list":
      return located.items.map(plainValue);
    case "scalar":
      return located.value;
    case "nothing":
      return null;
  }
}

export interface Found {
  /** The value at the path; undefined when nothing set it. */
  readonly value: Located | undefined;
  /** The value's place, or the key of the nearest parent that exists. */
  readonly place: Place;
  /** The key's place, or the key of the nearest parent that exists. */
  readonly key: Place;
}

/** Looks up a path of keys and list indexes. */
export function findLocated(root: Located, path: readonly PropertyKey[]): Found {
  let value: Located = root;
  let key = root.place;
  for (const step of path) {
    const next = child(value, step);
    if (!next) return { value: undefined, place: key, key };
    value = next.value;
    key = next.key;
  }
  return { value, place: value.place, key };
}

function child(parent: Located, step: PropertyKey): LocatedEntry | undefined {
  if (parent.kind === "map") return parent.entries.get(String(step));
  if (parent.kind !== "list") return undefined;
  const item = parent.items[Number(step)];
  return item && { key: item.place, value: item };
}

/**
 * The path of keys that "whisper.listen" means in this tree, where a key may itself hold dots ("area
 * 0.0.0.0").
 */
export function findDottedPath(root: Located, dotted: string): readonly string[] | undefined {
  if (root.kind !== "map") return undefined;
  for (const [key, entry] of root.entries) {
    if (key === dotted) return [key];
    if (!dotted.startsWith(`${key}.`)) continue;
    const rest = findDottedPath(entry.value, dotted.slice(key.length + 1));
    if (rest) return [key, ...rest];
  }
  return undefined;
}
