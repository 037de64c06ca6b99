import { byteOffset, namesIn, type Expression } from "#packet/expression.ts";
import type { Derived, Message } from "#packet/message.ts";
import { bitRangeOf } from "#packet/bpf/bit-range.ts";
import { bitsView, largest, type BytesPlace, type Layout, type View } from "#packet/bpf/layout.ts";
import { acceptedNumbers, patternsOf, type FieldTest, type Pattern } from "#packet/bpf/tests.ts";
import type { Interval } from "#packet/bpf/interval.ts";

/** One place in a layer where a test's field has a value. */
export type Occurrence = NumberOccurrence | BytesOccurrence | DerivedOccurrence;

/** What a decision is made by: a number at a fixed offset. */
export interface Key {
  readonly key: string;
  readonly view: View;
  readonly title: string;
  readonly names?: ReadonlyMap<number, string>;
}

export interface NumberOccurrence extends Key {
  readonly type: "number";
  readonly index: number;
  readonly accepted: readonly Interval[];
}

export interface BytesOccurrence {
  readonly type: "bytes";
  readonly key: string;
  readonly place: BytesPlace;
  readonly title: string;
  readonly index: number;
  readonly patterns: readonly Pattern[];
}

/** A value that an expression gives, of members that are placed. */
export interface DerivedOccurrence {
  readonly type: "derived";
  readonly expression: Expression;
  readonly when?: Expression;
  readonly keys: readonly string[];
  readonly index: number;
  /** Where the last member of it ends. */
  readonly end: number;
  readonly accepted: readonly Interval[];
}

export interface Occurrences {
  readonly found: readonly Occurrence[];
  /** The field may also have a value of which nothing can be said. */
  readonly maybe: boolean;
}

/** Where a test's field has values in a layer; presence of the protocol itself is no field. */
export function occurrencesOf(
  test: FieldTest,
  message: Message,
  layout: Layout,
  isLoadable: (view: View) => boolean,
): Occurrences {
  const { name } = test.field;
  const found: Occurrence[] = [];
  let maybe = test.opaque || layout.unplaced.has(name);
  const add = (occurrence: Occurrence | undefined): void => {
    if (occurrence) found.push(occurrence);
    else maybe = true;
  };
  if (test.field.type === "protocol" && name === message.protocol) {
    const { part } = test;
    if (part && "from" in part) {
      const place = { type: "bytes", offset: 0, length: Infinity } as const;
      add(bytesOccurrence(test, `${name}#`, place, { title: message.title, index: Infinity }, isLoadable));
    } else maybe = true;
  }
  for (const field of layout.fields.values()) {
    if (!field.query.includes(name)) continue;
    const { place, title, index, names } = field;
    if (place.type === "bytes") add(bytesOccurrence(test, field.name, place, { title, index }, isLoadable));
    else
      add(
        numberOccurrence(test, field.name, place.view, { title, index, ...(names && { names }) }, isLoadable),
      );
  }
  for (const derived of message.derived)
    if (derived.name === name) {
      const occurrence = derivedOccurrence(test, derived, layout, isLoadable);
      if (occurrence !== "absent") add(occurrence);
    }
  return { found, maybe };
}

interface About {
  readonly title: string;
  readonly index: number;
  readonly names?: ReadonlyMap<number, string>;
}

function numberOccurrence(
  test: FieldTest,
  name: string,
  view: View,
  about: About,
  isLoadable: (view: View) => boolean,
): NumberOccurrence | undefined {
  const { part } = test;
  const accepted = acceptedNumbers(test, undefined);
  if (!accepted || (part && "from" in part)) return undefined;
  const mask = part ? ((part.mask << view.shift) & view.mask) >>> 0 : view.mask;
  // Bits that lie above what the view's shift leaves room for would be lost.
  const own = { ...view, mask };
  const key = part ? `${name}&${part.mask & largest(view)}` : name;
  return isLoadable(own) ? { type: "number", key, view: own, accepted, ...about } : undefined;
}

function bytesOccurrence(
  test: FieldTest,
  name: string,
  whole: BytesPlace,
  about: About,
  isLoadable: (view: View) => boolean,
): Occurrence | undefined {
  const { part } = test;
  if (part && "mask" in part) return undefined;
  const isInside = !part || part.to <= whole.length;
  if (!isInside) return undefined;
  const place: BytesPlace = part
    ? { type: "bytes", offset: whole.offset + part.from, length: part.to - part.from }
    : whole;
  const key = part ? `${name}[${part.from}:${part.to}]` : name;
  if (place.length <= 4) {
    const view = bitsView(place.offset, 0, place.length * 8);
    const accepted = acceptedNumbers(test, place.length);
    if (!view || !accepted || !isLoadable(view)) return undefined;
    return { type: "number", key, view, accepted, ...about };
  }
  const patterns = patternsOf(test, place.length);
  if (!patterns || !wordsOf(place).every(isLoadable)) return undefined;
  return { type: "bytes", key, place, patterns, ...about };
}

/** The loads that long bytes are read with. */
export function wordsOf({ offset, length }: BytesPlace): readonly View[] {
  const views: View[] = [];
  for (let at = 0; at < length;) {
    const left = length - at;
    const size = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    views.push({
      offset: offset + at,
      size,
      mask: size === 4 ? 0xffff_ffff : 2 ** (8 * size) - 1,
      shift: 0,
    });
    at += size;
  }
  return views;
}

function derivedOccurrence(
  test: FieldTest,
  derived: Derived,
  layout: Layout,
  isLoadable: (view: View) => boolean,
): DerivedOccurrence | NumberOccurrence | "absent" | undefined {
  const { expression, find, when, type } = derived;
  if (!expression || find || (type !== "number" && type !== "boolean") || test.part) return undefined;
  const names = namesIn(expression, when ? namesIn(when) : new Set());
  if ([...names].some((name) => layout.absent.has(name))) return "absent";
  const accepted = acceptedNumbers(test, undefined);
  if (!accepted) return undefined;
  const keys: string[] = [];
  let [index, end] = [0, 0];
  for (const name of names) {
    if (LAYER_NAMES.has(name)) continue;
    const found = keyOf(name, layout);
    if (!found || !isLoadable(found.view)) return undefined;
    keys.push(name);
    index = Math.max(index, found.index);
    end = Math.max(end, found.view.offset + found.view.size);
  }
  if (keys.length === 0) return undefined;
  const range = when ? undefined : bitRangeOf(expression, (name) => keyOf(name, layout)?.view);
  if (range && isLoadable(range.view) && expression.type !== "name") {
    const { view, factor, plus } = range;
    const scaled = accepted.map(({ low, high }) => ({
      low: Math.ceil((low - plus) / factor),
      high: Math.floor((high - plus) / factor),
    }));
    const inside = scaled.filter(({ low, high }) => low <= high);
    const key = `${keys.join("+")}:${view.offset}/${view.mask}`;
    return { type: "number", key, view, title: derived.title, index, accepted: inside };
  }
  const rest = { expression, keys, index, end, accepted };
  return { type: "derived", ...rest, ...(when && { when }) };
}

/** Names that are known of every layer. */
const LAYER_NAMES: ReadonlySet<string> = new Set(["headerSize", "payloadSize", "size", "rest", "quoted"]);

/** The view that a name in an expression stands for: a field's, or for "$3" a byte's. */
export function keyOf(name: string, layout: Layout): (Key & About) | undefined {
  const offset = byteOffset(name);
  if (offset !== undefined)
    return {
      key: name,
      view: { offset, size: 1, mask: 0xff, shift: 0 },
      title: `byte ${offset}`,
      index: Infinity,
    };
  const field = layout.fields.get(name);
  if (field?.place.type !== "number") return undefined;
  const { title, index, names } = field;
  return { key: name, view: field.place.view, title, index, ...(names && { names }) };
}

/** Where it ends, from the layer's start. */
export function endOf(each: Occurrence): number {
  if (each.type === "derived") return each.end;
  return each.type === "number" ? each.view.offset + each.view.size : each.place.offset + each.place.length;
}

/** Where it starts, or the last part of it. */
export function startOf(each: Occurrence, layout: Layout): number {
  if (each.type === "number") return each.view.offset;
  if (each.type === "bytes") return each.place.offset;
  return Math.max(0, ...each.keys.map((key) => keyOf(key, layout)?.view.offset ?? 0));
}
