import { equalBytes } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import type { Codec, CodecResult, Fact, FactValue } from "#packet/codec.ts";

/** What a value keeps when its own writing would give other bytes than those it was read from. */
export interface Raw {
  readonly raw?: Uint8Array;
}

/** A value that was read; its bytes as they are where they could not be read. */
export type Lossless<Value> = (Value & Raw) | Uint8Array;

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value; readonly end: number; readonly problem?: string }
  | {
      readonly ok: false;
      /** Where what could not be read ends. */
      readonly end: number;
      /** Absent when nothing is wrong with it: it only is no whole value, such as the middle of a stream. */
      readonly problem?: string;
    };

export interface LosslessOptions<Value extends object> {
  readonly name: string;
  readonly initial: Value;
  read(bytes: Uint8Array, at: number, end: number): Reading<Value>;
  /** The bytes as a sender writes them. May throw TypeError. */
  write(value: Value): Uint8Array;
  random(random: Random): Value;
  show(value: Value): string;
  readonly facts: readonly Fact[];
  found(value: Value, take: (query: string, value: FactValue) => void): void;
}

/**
 * A codec for a format with more than one writing of a value: the value is enough to write the very bytes again, since
 * it keeps them where its own writing differs. A value that was changed since is written anew.
 */
export function lossless<Value extends object>(options: LosslessOptions<Value>): Codec<Lossless<Value>> {
  const { name, initial, random, facts } = options;
  return {
    name,
    initial,
    random: (chance) => random(chance),
    facts,
    read: (bytes, at, end): CodecResult<Lossless<Value>> => {
      const found = options.read(bytes, at, end);
      const { problem } = found;
      const original = bytes.subarray(at, found.end);
      const value = found.ok ? withRaw(options, found.value, original) : original;
      return { value, next: found.end, ...(problem !== undefined && { problem }) };
    },
    write: (value) => {
      if (value instanceof Uint8Array) return value;
      const { raw, ...rest } = value;
      const given = rest as Value;
      return raw && isReadAs(options, raw, given) ? raw : options.write(given);
    },
    show: (value) => (value instanceof Uint8Array ? `${value.length} bytes` : options.show(value)),
    factsOf: (value, take) => {
      if (!(value instanceof Uint8Array)) options.found(value, take);
    },
  };
}

function withRaw<Value extends object>(
  options: LosslessOptions<Value>,
  value: Value,
  original: Uint8Array,
): Lossless<Value> {
  let written: Uint8Array | undefined;
  try {
    written = options.write(value);
  } catch (error) {
    // A value that must not be sent: it could be read, so it is kept as it came.
    if (!(error instanceof TypeError)) throw error;
  }
  return written && equalBytes(written, original) ? value : { ...value, raw: original };
}

function isReadAs<Value extends object>(
  options: LosslessOptions<Value>,
  raw: Uint8Array,
  value: Value,
): boolean {
  const found = options.read(raw, 0, raw.length);
  return found.ok && found.end === raw.length && isSame(found.value, value);
}

/** Whether two values hold the same; a property that is undefined counts as absent. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (a instanceof Map && b instanceof Map) return isSame([...a], [...b]);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [first, second] = [a, b] as Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(first!), ...Object.keys(second!)])].every((key) =>
    isSame(first![key], second![key]),
  );
}
