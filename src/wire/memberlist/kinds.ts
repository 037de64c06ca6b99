import type { Random } from "#base/random.ts";
import type { Fact, FactType, FactValue } from "#packet/codec.ts";
import { hexText, ipv4Text, ipv6Text, readText } from "#packet/primitive.ts";
import type { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";

const NOTHING = new Uint8Array(0);

/** Takes what queries find in a value. */
export type TakeFact = (query: string, value: FactValue) => void;

/** What a field of a MessagePack map holds: how it is read, written and asked for. */
export interface Kind<Value> {
  /** What Go has for an absent field, and for nil. */
  readonly zero: Value;
  /** Reads a value that is not nil; problems stay in the reader. */
  read(reader: MsgpackReader): Value;
  /** Throws TypeError for a value that the field cannot hold. */
  write(writer: MsgpackWriter, value: Value, path: string): void;
  /** Go leaves such a value out where the field says so. */
  isEmpty(value: Value): boolean;
  /** What is wrong with a value that could be read. */
  problem?(value: Value): string | undefined;
  random(random: Random): Value;
  facts(query: string, title: string): readonly Fact[];
  found(value: Value, query: string, take: TakeFact): void;
}

/** UTF-8 text; other bytes become lone surrogates and are written back as they were. */
export const TEXT: Kind<string> = {
  zero: "",
  read: (reader) => {
    const raw = reader.raw();
    return readText(raw, 0, raw.length);
  },
  write: (writer, value, path) => {
    if (typeof value !== "string") throw new TypeError(`${path} takes text, not ${String(value)}`);
    writer.text(value);
  },
  isEmpty: (value) => value === "",
  random: (random) => "node-é\u{1f600}".slice(0, random.below(6)) + random.hex(random.below(40)),
  ...one("text"),
};

interface BytesOptions {
  /** Bytes that it must have. */
  readonly size?: number;
  /** Bytes that it may have at most. */
  readonly most?: number;
}

/** Bytes, which Go peers also take as an array of numbers. */
export function bytes(options: BytesOptions = {}): Kind<Uint8Array> {
  const { size, most } = options;
  const problem = ({ length }: Uint8Array): string | undefined => {
    if (size !== undefined && length !== size) return `${length} bytes, not ${size}`;
    return most !== undefined && length > most ? `${length} bytes, more than ${most}` : undefined;
  };
  return {
    zero: NOTHING,
    read: readBytes,
    write: (writer, value, path) => {
      if (!(value instanceof Uint8Array)) throw new TypeError(`${path} takes bytes, not ${String(value)}`);
      const wrong = problem(value);
      if (wrong !== undefined) throw new TypeError(`${path} has ${wrong}`);
      writer.raw(value);
    },
    isEmpty: ({ length }) => length === 0,
    problem,
    random: (random) => randomBytes(random, size ?? random.below(Math.min(most ?? 50, 50))),
    ...one("bytes"),
  };
}

export const BYTES = bytes();

/** Bytes, or nothing at all: a nil slice in Go, which is written otherwise than an empty one. */
export function bytesOrNil(options: BytesOptions = {}): Kind<Uint8Array | undefined> {
  const some = bytes(options);
  return {
    ...one("bytes"),
    zero: undefined,
    read: readBytes,
    write: (writer, value, path) => {
      if (value === undefined) writer.nil();
      else some.write(writer, value, path);
    },
    isEmpty: (value) => value === undefined || value.length === 0,
    problem: (value) => (value ? some.problem?.(value) : undefined),
    random: (random) => (random.below(3) === 0 ? undefined : some.random(random)),
    found: (value, query, take) => {
      if (value) take(query, value);
    },
  };
}

/** An IP address in its 4 or 16 bytes; queries find the one under the field's name, the other with a 6 behind it. */
export const ADDRESS: Kind<Uint8Array> = {
  ...BYTES,
  random: (random) => randomBytes(random, random.below(2) === 0 ? 4 : 16),
  facts: (query, title) => [
    { query, type: "ipv4", title },
    { query: `${query}6`, type: "ipv6", title: `${title} (IPv6)` },
  ],
  found: (value, query, take) => {
    if (value.length === 4) take(query, ipv4Text(value, 0));
    else if (value.length === 16) take(`${query}6`, ipv6Text(value, 0));
  },
};

/** An integer of `low` to `high`, both exact as numbers. */
function integer(low: number, high: number): Kind<number> {
  return {
    zero: 0,
    read: (reader) => reader.integer(low, high),
    write: (writer, value, path) => {
      if (!Number.isInteger(value) || value < low || value > high)
        throw new TypeError(`${path} takes an integer from ${low} to ${high}, not ${String(value)}`);
      writer.integer(value);
    },
    isEmpty: (value) => value === 0,
    random: (random) => Math.floor(random.next() / 2 ** random.below(32)) % (high + 1),
    ...one("number"),
  };
}

export const U8 = integer(0, 0xff);
export const U16 = integer(0, 0xffff);
export const U32 = integer(0, 0xffff_ffff);
/** Go's int, of which a message needs little: a count or a size. */
export const COUNT = integer(0, Number.MAX_SAFE_INTEGER);

function bigInteger(low: bigint, high: bigint): Kind<bigint> {
  return {
    zero: 0n,
    read: (reader) => reader.bigint(low, high),
    write: (writer, value, path) => {
      if (typeof value !== "bigint" || value < low || value > high)
        throw new TypeError(`${path} takes a bigint from ${low} to ${high}, not ${String(value)}`);
      writer.integer(value);
    },
    isEmpty: (value) => value === 0n,
    random: (random) => (BigInt(random.next()) << 31n) >> BigInt(random.below(63)),
    ...one("number"),
  };
}

export const U64 = bigInteger(0n, 2n ** 64n - 1n);
export const I64 = bigInteger(-(2n ** 63n), 2n ** 63n - 1n);

export const BOOLEAN: Kind<boolean> = {
  zero: false,
  read: (reader) => reader.boolean(),
  write: (writer, value, path) => {
    if (typeof value !== "boolean") throw new TypeError(`${path} takes true or false, not ${String(value)}`);
    writer.boolean(value);
  },
  isEmpty: (value) => !value,
  random: (random) => random.below(2) === 1,
  ...one("boolean"),
  found: (value, query, take) => take(query, value ? 1 : 0),
};

export const FLOAT: Kind<number> = {
  zero: 0,
  read: (reader) => reader.float(),
  write: (writer, value, path) => {
    if (typeof value !== "number") throw new TypeError(`${path} takes a number, not ${String(value)}`);
    writer.float(value);
  },
  isEmpty: (value) => value === 0,
  random: (random) => random.float() - 0.5,
  ...one("float"),
};

/** An array, nil when absent; every item under the same name in queries. */
export function list<Item>(item: Kind<Item>): Kind<readonly Item[] | undefined> {
  return {
    zero: undefined,
    read: (reader) => {
      const count = reader.array();
      const items: Item[] = [];
      while (items.length < count && !reader.problem)
        items.push(reader.nil() ? item.zero : item.read(reader));
      return items;
    },
    write: (writer, value, path) => {
      if (!value) return writer.nil();
      writer.array(value.length);
      for (const [i, each] of value.entries()) item.write(writer, each, `${path}.${i}`);
    },
    isEmpty: (value) => value === undefined || value.length === 0,
    problem: (value) => firstOf(value ?? [], (each) => item.problem?.(each)),
    random: (random) => Array.from({ length: random.below(4) }, () => item.random(random)),
    facts: (query, title) => item.facts(query, title),
    found: (value, query, take) => {
      for (const each of value ?? []) item.found(each, query, take);
    },
  };
}

/** A map with keys of any text; queries find "key=value". */
export function dictionary<Item>(item: Kind<Item>): Kind<ReadonlyMap<string, Item> | undefined> {
  return {
    zero: undefined,
    read: (reader) => {
      const items = new Map<string, Item>();
      for (let left = reader.map(); left > 0 && !reader.problem; left--) {
        const key = TEXT.read(reader);
        items.set(key, reader.nil() ? item.zero : item.read(reader));
      }
      return items;
    },
    write: (writer, value, path) => {
      if (!value) return writer.nil();
      writer.map(value.size);
      for (const [key, each] of value) {
        writer.text(key);
        item.write(writer, each, `${path}.${key}`);
      }
    },
    isEmpty: (value) => value === undefined || value.size === 0,
    random: (random) =>
      new Map(Array.from({ length: random.below(4) }, () => [random.hex(4), item.random(random)])),
    facts: (query, title) => [{ query, type: "text", title }],
    found: (value, query, take) => {
      for (const [key, each] of value ?? [])
        item.found(each, query, (_, it) => take(query, `${key}=${show(it)}`));
    },
  };
}

function show(value: FactValue): string {
  return value instanceof Uint8Array ? hexText(value) : String(value);
}

/** How queries see a kind that is one value. */
function one<Value>(type: FactType): Pick<Kind<Value>, "facts" | "found"> {
  return {
    facts: (query, title) => [{ query, type, title }],
    found: (value, query, take) => take(query, value as FactValue),
  };
}

/** What is first found in the items. */
export function firstOf<Item>(
  items: Iterable<Item>,
  find: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readBytes(reader: MsgpackReader): Uint8Array {
  if (!reader.isArray()) return reader.raw();
  const numbers: number[] = [];
  for (let left = reader.array(); left > 0 && !reader.problem; left--) numbers.push(reader.integer(0, 0xff));
  return Uint8Array.from(numbers);
}

export function randomBytes(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random.below(256));
}
