import type { Random } from "#base/random.ts";
import type { Fact } from "#packet/codec.ts";
import { titleOf } from "#packet/labels.ts";
import { readText } from "#packet/primitive.ts";
import { firstOf, type Kind, type TakeFact } from "#wire/memberlist/kinds.ts";
import { MEMBERLIST_LIMITS, type MemberlistLimits } from "#wire/memberlist/limits.ts";
import { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";

/** A field of a Go struct: its name on the wire and what it holds. */
export interface MapField<Value, Optional extends boolean> {
  readonly wire: string;
  readonly kind: Kind<Value>;
  /** May be absent from the value. */
  readonly optional: Optional;
  /** Left out of the map when it is empty (Go's omitempty). */
  readonly omitted: boolean;
}

export function field<Value>(
  wire: string,
  kind: Kind<Value>,
): MapField<Value, undefined extends Value ? true : false> {
  const optional = kind.zero === undefined;
  return { wire, kind, optional: optional as undefined extends Value ? true : false, omitted: false };
}

/** A field that the sender leaves out when it is empty. */
export function omitted<Value>(wire: string, kind: Kind<Value>): MapField<Value, true> {
  return { wire, kind, optional: true, omitted: true };
}

export type MapFields = Readonly<Record<string, MapField<unknown, boolean>>>;
type FieldValue<F> = F extends MapField<infer Value, boolean> ? Value : never;
export type MapValue<F> = {
  readonly [K in keyof F as F[K] extends MapField<infer _, true> ? never : K]: FieldValue<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends MapField<infer _, true> ? K : never]?: FieldValue<F[K]> | undefined;
};
export type ValueOf<M> = M extends TypedMap<infer F> ? MapValue<F> : never;

export type Decoded<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      readonly end: number;
      /** Entries whose keys are declared: none means that it is something else. */
      readonly known: number;
      /** It could be read, but a peer must not be sent it. */
      readonly problem?: string;
    }
  | { readonly ok: false; readonly error: string; readonly at: number; readonly truncated: boolean };

/**
 * A struct that travels as a MessagePack map, from one declaration: reading, writing, types and names in queries. It is
 * written as Go writes it, keys sorted; it is read in any order, without regard to unknown keys, with zero for missing ones.
 */
export class TypedMap<F extends MapFields> implements Kind<MapValue<F>> {
  readonly name: string;
  readonly fields: F;
  readonly zero: MapValue<F>;
  readonly #members: readonly Entry[];
  readonly #byKey: ReadonlyMap<string, number>;

  constructor(name: string, fields: F) {
    this.name = name;
    this.fields = fields;
    this.#members = Object.entries(fields)
      .map(([property, each]) => ({ ...each, property, key: keyBytes(each.wire) }))
      .sort((a, b) => (a.wire < b.wire ? -1 : 1));
    this.#byKey = new Map(this.#members.map(({ wire }, i) => [wire, i]));
    this.zero = this.#valueOf([]);
  }

  /** Reads one map at `at`. What follows it is left to the caller. */
  decode(
    bytes: Uint8Array,
    at = 0,
    end = bytes.length,
    limits: MemberlistLimits = MEMBERLIST_LIMITS,
  ): Decoded<MapValue<F>> {
    const reader = new MsgpackReader(bytes, at, end, limits);
    const found: unknown[] = [];
    const known = this.#readEntries(reader, found);
    if (reader.problem) return { ok: false, ...reader.problem };
    const value = this.#valueOf(found);
    const problem = this.problem(value);
    return { ok: true, value, end: reader.at, known, ...(problem !== undefined && { problem }) };
  }

  /** The bytes that Go writes. Throws TypeError for what a field cannot hold, and for what crashes peers. */
  encode(value: MapValue<F>): Uint8Array {
    const writer = new MsgpackWriter();
    this.write(writer, value, this.name);
    return writer.finish();
  }

  /** Whether the bytes at `at` begin like this map: a map whose first key is declared. */
  begins(bytes: Uint8Array, at: number, end: number): boolean {
    const reader = new MsgpackReader(bytes, at, end, MEMBERLIST_LIMITS);
    const entries = reader.map();
    return entries > 0 && this.#key(reader) !== undefined;
  }

  read(reader: MsgpackReader): MapValue<F> {
    const found: unknown[] = [];
    this.#readEntries(reader, found);
    return this.#valueOf(found);
  }

  #readEntries(reader: MsgpackReader, found: unknown[]): number {
    let known = 0;
    for (let left = reader.map(); left > 0 && !reader.problem; left--) {
      const index = this.#key(reader);
      if (index === undefined) {
        reader.skip();
        continue;
      }
      known++;
      const { kind } = this.#members[index]!;
      found[index] = reader.nil() ? kind.zero : kind.read(reader);
    }
    return known;
  }

  #key(reader: MsgpackReader): number | undefined {
    const key = reader.raw();
    return key.length > LONGEST_KEY ? undefined : this.#byKey.get(readText(key, 0, key.length));
  }

  #valueOf(found: readonly unknown[]): MapValue<F> {
    const value: Record<string, unknown> = {};
    for (const [i, { property, kind, optional }] of this.#members.entries()) {
      const each = found[i];
      if (each !== undefined) value[property] = each;
      else if (!optional) value[property] = kind.zero;
    }
    return value as MapValue<F>;
  }

  write(writer: MsgpackWriter, value: MapValue<F>, path: string): void {
    const given = value as Readonly<Record<string, unknown>>;
    if (typeof given !== "object" || given === null) throw new TypeError(`${path} takes an object`);
    for (const name of Object.keys(given))
      if (!(name in this.fields)) throw new TypeError(`${path} has no field ${name}`);
    const present = this.#members.filter(({ property, kind, omitted: may }) => {
      const each = given[property];
      return !may || (each !== undefined && !kind.isEmpty(each));
    });
    writer.map(present.length);
    for (const { property, key, kind } of present) {
      writer.append(key);
      kind.write(writer, given[property], `${path}.${property}`);
    }
  }

  isEmpty(): boolean {
    return false;
  }

  problem(value: MapValue<F>): string | undefined {
    const given = value as Readonly<Record<string, unknown>>;
    return firstOf(this.#members, ({ property, wire, kind, omitted: may }) => {
      const each = given[property];
      const found = may && each === undefined ? undefined : kind.problem?.(each);
      return found === undefined ? undefined : `${wire} has ${found}`;
    });
  }

  random(random: Random): MapValue<F> {
    const value: Record<string, unknown> = {};
    for (const { property, kind, omitted: may } of this.#members) {
      const each = kind.random(random);
      if (each !== undefined && !(may && kind.isEmpty(each))) value[property] = each;
    }
    return value as MapValue<F>;
  }

  facts(query: string): readonly Fact[] {
    return this.#members.flatMap(({ property, wire, kind }) =>
      kind.facts(`${query}.${queryName(wire)}`, titleOf(property)),
    );
  }

  found(value: MapValue<F>, query: string, take: TakeFact): void {
    const given = value as Readonly<Record<string, unknown>>;
    for (const { property, wire, kind } of this.#members)
      if (given[property] !== undefined) kind.found(given[property], `${query}.${queryName(wire)}`, take);
  }
}

interface Entry extends MapField<unknown, boolean> {
  readonly property: string;
  /** The wire's name as it is written. */
  readonly key: Uint8Array;
}

function keyBytes(wire: string): Uint8Array {
  const writer = new MsgpackWriter();
  writer.text(wire);
  return writer.finish();
}

/** Declared keys are much shorter. */
const LONGEST_KEY = 64;

const queryNames = new Map<string, string>();

/** "SeqNo" as "seq_no", "LTime" as "ltime", "ID" as "id". */
function queryName(wire: string): string {
  let name = queryNames.get(wire);
  if (name === undefined) {
    const words = wire.replaceAll("LTime", "Ltime").replaceAll(/([a-z])([A-Z])/g, "$1_$2");
    queryNames.set(wire, (name = words.toLowerCase()));
  }
  return name;
}

/** A kind of which Go has a pointer: nil in an array. */
export function orNil<Value>(kind: Kind<Value>): Kind<Value | undefined> {
  return {
    zero: undefined,
    read: (reader) => kind.read(reader),
    write: (writer, value, path) => {
      if (value === undefined) writer.nil();
      else kind.write(writer, value, path);
    },
    isEmpty: (value) => value === undefined,
    problem: (value) => (value === undefined ? undefined : kind.problem?.(value)),
    random: (random) => (random.below(2) === 0 ? undefined : kind.random(random)),
    facts: (query, title) => kind.facts(query, title),
    found: (value, query, take) => {
      if (value !== undefined) kind.found(value, query, take);
    },
  };
}
