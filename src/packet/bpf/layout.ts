import { byteOffset, namesIn, type Expression } from "#packet/expression.ts";
import type { Member, Message } from "#packet/message.ts";
import { ADDRESS_BYTES } from "#packet/primitive.ts";
import type { Spec } from "#packet/spec.ts";
import { ANY, evaluateInterval, exactly, isExact, truthOf, type Interval } from "#packet/bpf/interval.ts";

/** Bits of a message at a fixed offset from its start, to be loaded as one number: `(load & mask) >>> shift`. */
export interface View {
  readonly offset: number;
  readonly size: 1 | 2 | 4;
  readonly mask: number;
  readonly shift: number;
}

/** What a number lies like. */
export interface NumberPlace {
  readonly type: "number";
  readonly view: View;
}

export interface BytesPlace {
  readonly type: "bytes";
  readonly offset: number;
  readonly length: number;
}

export interface PlacedField {
  /** The member's name, or for a flag "flags.syn". */
  readonly name: string;
  /** Which of the members. */
  readonly index: number;
  readonly title: string;
  readonly query: readonly string[];
  readonly place: NumberPlace | BytesPlace;
  readonly names?: ReadonlyMap<number, string>;
}

/** Where a message's fields lie, as far as what is known of their values tells. */
export interface Layout {
  readonly fields: ReadonlyMap<string, PlacedField>;
  /** Members that are not there. */
  readonly absent: ReadonlySet<string>;
  /** Query names of what may be there, at a place that is not known, or in a form that a filter cannot compare. */
  readonly unplaced: ReadonlySet<string>;
  /** Where the header ends; undefined when that is not known. */
  readonly end: number | undefined;
  /** Every member's place and size is known. */
  readonly complete: boolean;
}

export function largest({ mask, shift }: View): number {
  return mask >>> shift;
}

/** Where a field ends, from its layer's start. */
export function placeEnd(place: PlacedField["place"]): number {
  return place.type === "number" ? place.view.offset + place.view.size : place.offset + place.length;
}

/** Lays a message's fields out; `known` are values that were looked at. */
export function layoutOf(message: Message, known: ReadonlyMap<string, Interval>): Layout {
  const writer = new LayoutWriter(message, known);
  return writer.finish();
}

class LayoutWriter {
  readonly #message: Message;
  readonly #known: ReadonlyMap<string, Interval>;
  readonly #fields = new Map<string, PlacedField>();
  readonly #absent = new Set<string>();
  readonly #unplaced = new Set<string>();
  readonly #headerSize: number | undefined;
  #offset: number | undefined = 0;
  #complete = true;

  constructor(message: Message, known: ReadonlyMap<string, Interval>) {
    this.#message = message;
    this.#known = known;
    if (message.headerSize) {
      // The fields that it names come before it counts.
      const size = evaluateInterval(message.headerSize, (name) => known.get(name) ?? ANY);
      if (isExact(size)) this.#headerSize = size.low;
    }
  }

  finish(): Layout {
    for (const [index, member] of this.#message.members.entries()) this.#member(member, index);
    const isOver = this.#headerSize !== undefined && (this.#offset ?? 0) > this.#headerSize;
    const end = this.#message.headerSize ? this.#headerSize : this.#offset;
    return {
      fields: this.#fields,
      absent: this.#absent,
      unplaced: this.#unplaced,
      end,
      complete: this.#complete && this.#offset !== undefined && this.#offset === end && !isOver,
    };
  }

  #value(name: string): Interval {
    const known = this.#known.get(name);
    if (known) return known;
    if (this.#absent.has(name)) return exactly(0);
    const place = this.#fields.get(name)?.place;
    if (place?.type === "number") return { low: 0, high: largest(place.view) };
    if (byteOffset(name) !== undefined) return { low: 0, high: 255 };
    if (name === "rest") {
      const left = this.#headerSize !== undefined && this.#offset !== undefined;
      return left ? exactly(this.#headerSize! - this.#offset!) : { low: 0, high: Infinity };
    }
    return ANY;
  }

  #evaluate(expression: Expression): Interval {
    return evaluateInterval(expression, (name) => this.#value(name));
  }

  #member(member: Member, index: number): void {
    const { spec, run, name, whole } = member;
    if (!run) {
      this.#spec(spec, name, index);
      return;
    }
    if (this.#offset === undefined) {
      this.#miss(spec);
      if (whole) this.#miss(whole);
      return;
    }
    if (spec.kind === "uint" || spec.kind === "flags") {
      const isPlain = spec.kind === "flags" || !spec.signed;
      this.#number(
        spec,
        name,
        index,
        isPlain ? bitsView(this.#offset, run.offsetBits, spec.bits) : undefined,
      );
    }
    if (whole) this.#number(whole, `${name}#whole`, index, bitsView(this.#offset, 0, run.totalBits));
    if (run.last) this.#offset += run.totalBits / 8;
  }

  #spec(spec: Spec, name: string, index: number): void {
    const at = this.#offset;
    switch (spec.kind) {
      case "uint":
      case "flags": {
        const size = spec.bits / 8;
        const isSigned = spec.kind === "uint" && spec.signed;
        const isPlain = !isSigned && (!spec.little || size === 1);
        if (at === undefined || !isPlain || size > 4) this.#miss(spec);
        else this.#number(spec, name, index, bitsView(at, 0, spec.bits));
        this.#advance(size);
        return;
      }
      case "address":
        this.#bytes(spec, name, index, ADDRESS_BYTES[spec.family]);
        return;
      case "bytes": {
        const size = spec.length ? this.#evaluate(spec.length) : this.#value("rest");
        if (!isExact(size) || size.low < 0 || size.low > MOST_BYTES) this.#lose(spec);
        else if (spec.form === "text" || size.low === 0) {
          this.#miss(spec);
          this.#advance(size.low);
        } else this.#bytes(spec, name, index, size.low);
        return;
      }
      case "when": {
        const truth = truthOf(this.#evaluate(spec.condition));
        if (truth === true) this.#spec(spec.field, name, index);
        else if (truth === false) this.#absent.add(name);
        else this.#lose(spec);
        return;
      }
      case "choose":
        this.#choose(spec, name, index);
        return;
      case "list": {
        const size = spec.length ? this.#evaluate(spec.length) : undefined;
        const isEmpty = isZero(size) || isZero(spec.count && this.#evaluate(spec.count));
        if (!isEmpty && !isZero(this.#value("rest"))) this.#lose(spec);
        return;
      }
      default:
        this.#lose(spec);
    }
  }

  #choose(spec: Spec & { readonly kind: "choose" }, name: string, index: number): void {
    if (spec.length || spec.raw) {
      this.#lose(spec);
      return;
    }
    const key = this.#evaluate(spec.on);
    if (isExact(key)) {
      this.#spec(spec.cases.get(key.low) ?? spec.otherwise, name, index);
      return;
    }
    const sizes = new Set([...spec.cases.values(), spec.otherwise].map(fixedSize));
    const [size] = sizes;
    if (sizes.size > 1 || size === undefined) {
      this.#lose(spec);
      return;
    }
    this.#miss(spec);
    this.#advance(size);
  }

  #number(spec: Spec & { readonly kind: "uint" | "flags" }, name: string, index: number, view?: View): void {
    if (!view) {
      this.#miss(spec);
      return;
    }
    const { query = [], title = name } = spec;
    const names = spec.kind === "uint" ? spec.names : undefined;
    const place = { type: "number", view } as const;
    this.#fields.set(name, { name, index, title, query, place, ...(names && { names }) });
    if (spec.kind !== "flags") return;
    for (const flag of spec.flags) {
      const mask = (flag.mask << view.shift) >>> 0;
      const shift = 31 - Math.clz32(mask);
      this.#fields.set(`${name}.${flag.name}`, {
        name: `${name}.${flag.name}`,
        index,
        title: flag.title ?? flag.name,
        query: flag.query ?? [],
        place: { type: "number", view: { ...view, mask, shift } },
      });
    }
  }

  #bytes(spec: Spec, name: string, index: number, length: number): void {
    if (this.#offset === undefined) this.#miss(spec);
    else {
      const { query = [], title = name } = spec;
      const place = { type: "bytes", offset: this.#offset, length } as const;
      this.#fields.set(name, { name, index, title, query, place });
    }
    this.#advance(length);
  }

  #advance(size: number): void {
    if (this.#offset !== undefined) this.#offset += size;
  }

  /** What a spec has may be there, and nobody knows how. */
  #miss(spec: Spec): void {
    for (const name of queryNames(spec)) this.#unplaced.add(name);
  }

  /** And nobody knows how long it is. */
  #lose(spec: Spec): void {
    this.#miss(spec);
    this.#complete = false;
    this.#offset = undefined;
  }
}

/** Longer bytes are not looked for. */
const MOST_BYTES = 64;

function isZero(value: Interval | undefined): boolean {
  return value?.low === 0 && value.high === 0;
}

function fixedSize(spec: Spec): number | undefined {
  if (spec.kind === "uint" || spec.kind === "flags") return spec.bits % 8 === 0 ? spec.bits / 8 : undefined;
  return spec.kind === "address" ? ADDRESS_BYTES[spec.family] : undefined;
}

/** Some bits of a run of bytes; undefined where no single load has them. */
export function bitsView(at: number, offsetBits: number, bits: number): View | undefined {
  const first = Math.floor(offsetBits / 8);
  const last = Math.ceil((offsetBits + bits) / 8);
  let [from, size] = [first, last - first];
  if (size === 3) {
    // Loads have 1, 2 or 4 bytes: one more before, or at a layer's start behind.
    if (from > 0 || at > 0) from--;
    size = 4;
  }
  if (size !== 1 && size !== 2 && size !== 4) return undefined;
  const shift = (from + size) * 8 - offsetBits - bits;
  const ones = bits === 32 ? 0xffff_ffff : 2 ** bits - 1;
  return { offset: at + from, size, shift, mask: (ones << shift) >>> 0 };
}

/** Every name in queries of a spec and of what is inside it. */
export function queryNames(spec: Spec): ReadonlySet<string> {
  let names = KNOWN_NAMES.get(spec);
  if (!names) KNOWN_NAMES.set(spec, (names = collectNames(spec, new Set(), new Set())));
  return names;
}

const KNOWN_NAMES = new WeakMap<Spec, ReadonlySet<string>>();

function collectNames(spec: Spec, found: Set<string>, seen: Set<Message>): Set<string> {
  const add = (names: readonly string[] | undefined): void => {
    for (const name of names ?? []) found.add(name);
  };
  add(spec.query);
  switch (spec.kind) {
    case "flags":
      for (const flag of spec.flags) add(flag.query);
      break;
    case "codec":
      add(spec.codec.facts?.map(({ query }) => query));
      break;
    case "struct":
      if (seen.has(spec.message)) break;
      seen.add(spec.message);
      add(spec.message.derived.map(({ name }) => name));
      for (const member of spec.message.members) {
        collectNames(member.spec, found, seen);
        add(member.whole?.query);
      }
      break;
    case "list":
      collectNames(spec.item, found, seen);
      break;
    case "when":
      collectNames(spec.field, found, seen);
      break;
    case "choose":
      add(spec.raw?.query);
      for (const each of [...spec.cases.values(), spec.otherwise]) collectNames(each, found, seen);
      break;
  }
  return found;
}

/** Names on whose values the place of member `last` hangs, or where the header ends. */
export function namesBefore(message: Message, last: number, wanted: (spec: Spec) => boolean): Set<string> {
  const names = new Set<string>();
  for (const [i, { spec }] of message.members.entries()) {
    if (i > last) break;
    if (spec.kind === "when") {
      namesIn(spec.condition, names);
      if (spec.field.kind === "bytes" && spec.field.length) namesIn(spec.field.length, names);
    } else if (spec.kind === "choose") {
      const sizes = new Set([...spec.cases.values(), spec.otherwise].map(fixedSize));
      if (wanted(spec) || sizes.size > 1 || sizes.has(undefined)) namesIn(spec.on, names);
    } else if (spec.kind === "bytes" && spec.length) namesIn(spec.length, names);
  }
  names.delete("rest");
  return names;
}
