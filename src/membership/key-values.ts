import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { KeyValue, KeyValueChange } from "#membership/key-values-io.ts";

export interface KeyValueLimits {
  /** Keys that are set, and all that are remembered with those removed: a late copy of what was removed must not come back. */
  readonly values: number;
  readonly entries: number;
  /** Bytes of a key, of a text and of a message, so that a value fits one packet beside other news. */
  readonly keyBytes: number;
  readonly textBytes: number;
  readonly messageBytes: number;
  /** Bytes of a state that is read: more than the largest that the other limits allow. */
  readonly stateBytes: number;
}

export const DEFAULT_KEY_VALUE_LIMITS: KeyValueLimits = {
  values: 512,
  entries: 2_048,
  keyBytes: 64,
  textBytes: 512,
  messageBytes: 1_024,
  stateBytes: 8 * 1024 * 1024,
};

/** What a message told. */
export interface TakenMessage {
  readonly changes: readonly KeyValueChange[];
  /** Something was new, so others may not have it yet: `message(key)` of each key in `news` is what to tell them. */
  readonly relay: boolean;
  readonly news: readonly string[];
}

/**
 * Texts under keys that everyone keeps. Each has a version; of two the higher counts, then the higher name of who set it,
 * then the text, so all agree whatever comes in which order. What was removed stays as a mark with its version. When there
 * is no room, the lowest version goes (of the lowest key), and nothing below is taken any more: that too is the same for all.
 *
 * On the wire it is what seed 001 and memberlist's well-known example speak: a message is "d" and a JSON list of
 * {"Action":"add"|"del","Data":{key: text}}, a state the map of all texts. Ours say "Version" and "By" too, which such
 * peers ignore; in the state they stand as text under a key of their own. What comes without a version gets the next one
 * when it is a message, and counts only where nothing is known when it is a state.
 */
export class KeyValues {
  readonly node: string;
  readonly #limits: KeyValueLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #counters = new Map<string, number>();
  #values = 0;
  /** The highest that had to go; what is not above it is not taken. */
  #floor: Rank = { version: -1, key: "" };
  #state: Uint8Array | undefined;

  constructor(node: string, limits: KeyValueLimits = DEFAULT_KEY_VALUE_LIMITS) {
    this.node = node;
    this.#limits = limits;
  }

  /** All that is set, by key. */
  values(): readonly KeyValue[] {
    const all: KeyValue[] = [];
    for (const [key, { text, by }] of this.#entries) if (text !== undefined) all.push({ key, text, by });
    return all.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Messages and parts of them that were not taken, by reason; never more than a handful of reasons. */
  counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  /** Sets a text and answers the message for the others. Throws RangeError for what is too long or one too many. */
  set(key: string, text: string): Uint8Array {
    const problem = this.#problem(key, text);
    if (problem !== undefined) throw new RangeError(problem);
    const known = this.#entries.get(key);
    if (known?.text === undefined && this.#values >= this.#limits.values)
      throw new RangeError(`${this.#limits.values} texts are kept already; remove one first`);
    const entry = { version: this.#nextVersion(key), by: this.node, text };
    const message = encodeMessage(key, entry);
    const { length } = message;
    if (length > this.#limits.messageBytes)
      throw new RangeError(`the message would have ${length} bytes, more than ${this.#limits.messageBytes}`);
    this.#put(key, entry);
    return message;
  }

  /** Removes a text and answers the message for the others; undefined when there is none. */
  remove(key: string): Uint8Array | undefined {
    if (this.#entries.get(key)?.text === undefined) return undefined;
    const entry = { version: this.#nextVersion(key), by: this.node, text: undefined };
    this.#put(key, entry);
    return encodeMessage(key, entry);
  }

  /** The message that tells what is known of a key. */
  message(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    return entry && encodeMessage(key, entry);
  }

  /** A message of another member; undefined when it is none of ours. */
  take(message: Uint8Array): TakenMessage | undefined {
    if (message[0] !== MESSAGE_TYPE || message[1] !== OPENING_BRACKET) return undefined;
    const changes: KeyValueChange[] = [];
    const news: string[] = [];
    const updates = this.#parse(message.subarray(1), this.#limits.messageBytes * 8);
    for (const update of Array.isArray(updates) ? (updates as unknown[]) : []) {
      if (!isRecord(update)) {
        this.#count("no update");
        continue;
      }
      const data = field(update, "Data");
      for (const [key, text] of Object.entries(isRecord(data) ? data : {})) {
        const entry = this.#read(key, text, field(update, "Action"), update);
        if (entry && this.#wins(key, entry)) {
          news.push(key);
          changes.push(...this.#put(key, entry));
        }
      }
    }
    return { changes, news, relay: news.length > 0 };
  }

  /** All that is known, for a member that we exchange everything with. Do not change it. */
  state(): Uint8Array {
    if (this.#state) return this.#state;
    if (this.#entries.size === 0) return NOTHING;
    const texts: [string, string][] = [];
    const versions: unknown[] = [];
    for (const key of [...this.#entries.keys()].sort()) {
      const { version, by, text } = this.#entries.get(key)!;
      if (text !== undefined) texts.push([key, text]);
      versions.push([key, version, by, text ?? null]);
    }
    if (versions.length > 0) texts.push([VERSIONS_KEY, JSON.stringify(versions)]);
    this.#state = encodeUtf8(JSON.stringify(Object.fromEntries(texts)));
    return this.#state;
  }

  /** What another member knows; answers what is new of it. */
  merge(state: Uint8Array): readonly KeyValueChange[] {
    if (state.length === 0) return [];
    const map = this.#parse(state, this.#limits.stateBytes);
    if (map === undefined) return [];
    if (!isRecord(map)) return this.#count("no map of texts") ?? [];
    const { [VERSIONS_KEY]: versions, ...texts } = map;
    const changes: KeyValueChange[] = [];
    for (const [key, entry] of this.#readVersions(versions))
      if (this.#wins(key, entry)) changes.push(...this.#put(key, entry));
    for (const [key, text] of this.#bounded(Object.entries(texts))) {
      const entry = this.#check(key, text, UNVERSIONED, "");
      if (entry && !this.#entries.has(key) && this.#wins(key, entry)) changes.push(...this.#put(key, entry));
    }
    return changes;
  }

  #nextVersion(key: string): number {
    const version = this.#versionAfter(key);
    if (version > HIGHEST_VERSION)
      throw new RangeError(`the versions of ${key} are used up; take another key`);
    return version;
  }

  #versionAfter(key: string): number {
    const known = this.#entries.get(key);
    if (known) return known.version + 1;
    // What is new must not be the first that has to go.
    const isFull = this.#entries.size >= this.#limits.entries;
    return Math.max(UNVERSIONED, this.#floor.version, isFull ? this.#lowest().version : 0) + 1;
  }

  #lowest(): Rank {
    let lowest: Rank = { version: Infinity, key: "" };
    for (const [key, { version }] of this.#entries)
      if (compareRanks({ version, key }, lowest) < 0) lowest = { version, key };
    return lowest;
  }

  #wins(key: string, entry: Entry): boolean {
    const known = this.#entries.get(key);
    if (known) return compareEntries(entry, known) > 0;
    return compareRanks({ version: entry.version, key }, this.#floor) > 0;
  }

  #put(key: string, entry: Entry): KeyValueChange[] {
    const before = this.#entries.get(key);
    this.#entries.set(key, entry);
    this.#state = undefined;
    this.#values += Number(entry.text !== undefined) - Number(before?.text !== undefined);
    const changes: KeyValueChange[] = [];
    if (before?.text !== entry.text) changes.push(changeOf(key, entry));
    if (this.#entries.size > this.#limits.entries) changes.push(...this.#makeRoom());
    return changes;
  }

  #makeRoom(): KeyValueChange[] {
    const lowest = this.#lowest();
    const { text, by } = this.#entries.get(lowest.key)!;
    this.#entries.delete(lowest.key);
    this.#floor = lowest;
    this.#count("given up for want of room");
    if (text === undefined) return [];
    this.#values--;
    return [{ key: lowest.key, by }];
  }

  #read(key: string, text: unknown, action: unknown, update: Fields): Entry | undefined {
    const isRemoval = action === "del";
    if (action !== "add" && !isRemoval) return this.#count("neither add nor del");
    const value = isRemoval ? undefined : text;
    const version = field(update, "Version");
    if (version !== undefined) return this.#check(key, value, version, field(update, "By"));
    // Peers without versions: their word is new when it differs from ours.
    if (this.#entries.get(key)?.text === value) return undefined;
    return this.#check(key, value, this.#versionAfter(key), "");
  }

  #readVersions(versions: unknown): [string, Entry][] {
    if (typeof versions !== "string") return [];
    const list = parseJson(versions);
    if (!Array.isArray(list)) return this.#count("no list of versions") ?? [];
    const entries: [string, Entry][] = [];
    for (const item of this.#bounded(list as unknown[])) {
      if (!Array.isArray(item)) {
        this.#count("no list of versions");
        continue;
      }
      const [key, version, by, text] = item as unknown[];
      const entry = this.#check(key, text ?? undefined, version, by);
      if (entry) entries.push([key as string, entry]);
    }
    return entries;
  }

  /** Nobody keeps more, and each that has no room costs a search. */
  #bounded<T>(items: readonly T[]): readonly T[] {
    if (items.length <= this.#limits.entries) return items;
    this.#count("more than anybody keeps");
    return items.slice(0, this.#limits.entries);
  }

  #check(key: unknown, text: unknown, version: unknown, by: unknown): Entry | undefined {
    if (typeof key !== "string" || typeof by !== "string" || by.length > MOST_NAME_UNITS)
      return this.#count("no key or no name");
    if (text !== undefined && typeof text !== "string") return this.#count("no text");
    if (this.#problem(key, text ?? "") !== undefined) return this.#count("too long, or no key to use");
    if (!Number.isSafeInteger(version) || (version as number) < 0 || (version as number) > HIGHEST_VERSION)
      return this.#count("a version that cannot be");
    const entry = { version: version as number, by, text };
    if (encodeMessage(key, entry).length > this.#limits.messageBytes)
      return this.#count("too long, or no key to use");
    return entry;
  }

  #problem(key: string, text: string): string | undefined {
    const { keyBytes, textBytes } = this.#limits;
    if (key === "" || key === VERSIONS_KEY) return `"${key}" cannot be a key`;
    // Only the first so many units are measured: longer texts are too long whatever they hold.
    if (key.length > keyBytes || encodeUtf8(key).length > keyBytes)
      return `the key has more than ${keyBytes} bytes`;
    if (text.length > textBytes || encodeUtf8(text).length > textBytes)
      return `the text has more than ${textBytes} bytes`;
    return undefined;
  }

  #parse(bytes: Uint8Array, most: number): unknown {
    if (bytes.length > most) return this.#count("too large");
    const value = parseJson(decodeUtf8(bytes));
    return value === undefined ? this.#count("no JSON") : value;
  }

  /** Answers undefined, so that a caller can count and return in one line. */
  #count(reason: string): undefined {
    this.#counters.set(reason, (this.#counters.get(reason) ?? 0) + 1);
  }
}

interface Entry {
  readonly version: number;
  readonly by: string;
  /** None: it was removed. */
  readonly text: string | undefined;
}

/** What goes first when there is no room; the same order everywhere, and a key's place in it only rises. */
interface Rank {
  readonly version: number;
  readonly key: string;
}

type Fields = Readonly<Record<string, unknown>>;

function compareEntries(a: Entry, b: Entry): number {
  return (
    a.version - b.version ||
    compareTexts(a.by, b.by) ||
    compareTexts(a.text ?? "", b.text ?? "") ||
    removedLast(a, b)
  );
}

function compareRanks(a: Rank, b: Rank): number {
  return a.version - b.version || compareTexts(a.key, b.key);
}

function removedLast(a: Entry, b: Entry): number {
  return Number(a.text === undefined) - Number(b.text === undefined);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function changeOf(key: string, { text, by }: Entry): KeyValueChange {
  return text === undefined ? { key, by } : { key, text, by };
}

function encodeMessage(key: string, { version, by, text }: Entry): Uint8Array {
  const Action = text === undefined ? "del" : "add";
  const update = { Action, Data: Object.fromEntries([[key, text ?? ""]]), Version: version, By: by };
  return encodeUtf8(`d${JSON.stringify([update])}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field by its name as Go's JSON finds it, except for its way of folding letters. */
function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

const NOTHING = new Uint8Array(0);
const MESSAGE_TYPE = 0x64; // "d"
const OPENING_BRACKET = 0x5b;
/** Where the versions stand in a state; a peer without versions shows it as one more key. */
const VERSIONS_KEY = "parley.versions";
/** What only a state of a peer without versions told. */
const UNVERSIONED = 0;
/** A version that no counting reaches; one step above it is still a whole number. */
const HIGHEST_VERSION = 2 ** 52;
/** UTF-16 units of a member's name, which has 255 bytes at most. */
const MOST_NAME_UNITS = 255;
