import type { Random } from "#base/random.ts";

/**
 * A field whose bytes no declaration describes: compressed names, msgpack, JSON. The value must be enough to write
 * the same bytes again, also when another encoder would have written them otherwise.
 */
export interface Codec<Value> {
  readonly name: string;
  /**
   * Reads one value from `at`, at most to `end`; `start` is where the layer starts, for encodings that point back.
   * Returns the value and where it ends, or what is wrong. Never throws. `reading` is what `begin` returned when the
   * reading of this layer began; absent, or 0: of what was read of it before nothing is known.
   */
  read(bytes: Uint8Array, at: number, end: number, start: number, reading?: number): CodecResult<Value>;
  /** A number for the reading of one layer, for a codec that can use what it has read of the layer before. */
  readonly begin?: () => number;
  /** The bytes of a value, `offset` bytes after the layer's start. `state` lives as long as one layer is written. */
  write(value: Value, offset: number, state: Map<string, number>): Uint8Array;
  /** A value that write and read bring back unchanged. */
  random(random: Random): Value;
  /** What an absent value means. */
  readonly initial: Value;
  /** One line for people. */
  show(value: Value): string;
  /** What queries find in a value: pairs of full query name and value. */
  readonly facts?: readonly Fact[];
  factsOf?(value: Value, found: (query: string, value: FactValue) => void): void;
}

export type CodecResult<Value> =
  | {
      readonly value: Value;
      readonly next: number;
      /** What is wrong with bytes that could be read all the same. */
      readonly problem?: string;
    }
  | { readonly error: string; readonly at: number };

/** A name that queries can use. */
export interface Fact {
  readonly query: string;
  readonly type: FactType;
  readonly title: string;
}

export type FactValue = number | bigint | string | Uint8Array;

/** What a query may do with a value. */
export type FactType =
  | "number"
  | "boolean"
  | "ipv4"
  | "ipv6"
  | "mac"
  | "bytes"
  | "text"
  | "time"
  | "duration"
  | "float"
  | "protocol"
  | "none";
