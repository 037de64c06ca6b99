import { byteOffset, evaluate, type Expression } from "#packet/expression.ts";
import type { Message } from "#packet/message.ts";
import {
  ADDRESS_BYTES,
  bytesBetween,
  readAddress,
  readBits,
  readText,
  readUint,
  readWide,
  toSigned,
} from "#packet/primitive.ts";
import type { Problem } from "#packet/problem.ts";
import { headerEnd, lacksBytes, stops } from "#packet/read-bounds.ts";
import type { ChooseSpec, FlagsSpec, ListSpec, Spec, UintSpec } from "#packet/spec.ts";

/** A field that was read: where it lies, its value, and what is inside. */
export interface Node {
  /** The property's name, or an item's number. */
  readonly name: string;
  readonly spec: Spec;
  /** Range in the frame's bytes. */
  readonly start: number;
  readonly end: number;
  /** For integers that share bytes: bits from `start`, and how many. */
  readonly bits?: { readonly offset: number; readonly count: number };
  readonly value: unknown;
  readonly children: readonly Node[];
  /** A part of it was not there. */
  readonly partial?: true;
  /** What the same bytes are together: the number of which these are some bits, a choice's bytes. */
  readonly also?: Also;
}

interface Also {
  readonly spec: Spec;
  readonly value: unknown;
}

export interface Reading {
  readonly values: Readonly<Record<string, unknown>>;
  readonly nodes: readonly Node[];
  /** Where the fields end. */
  readonly end: number;
  /** Every field was there. */
  readonly whole: boolean;
  /** A value was met after which the rest means nothing, or where the header ends could not be read. */
  readonly stopped?: boolean;
}

/** What one reading of a layer shares. */
export interface ReadContext {
  readonly bytes: Uint8Array;
  /** Bytes after this were not captured. */
  readonly captured: number;
  /** Where the layer starts, and where it ends at most. */
  readonly layerStart: number;
  readonly layerLimit: number;
  readonly problems: Problem[];
}

interface Region {
  /** Where the fields may end. */
  readonly end: number;
  readonly path: string;
  readonly valueOf: (name: string) => number;
}

interface Item {
  /** What was read: a choice's case, a condition's field. */
  readonly spec: Spec;
  readonly value: unknown;
  readonly next: number;
  readonly children: readonly Node[];
  readonly whole: boolean;
  readonly also?: Also;
}

/**
 * Reads a message's fields one by one. This is the slow and thorough reading: it knows every field's place and what
 * was there of a cut packet. What it reads from whole packets equals what the generated parsers read.
 */
export function readFields(context: ReadContext, message: Message, start: number, end: number): Reading {
  const values: Record<string, unknown> = {};
  const nodes: Node[] = [];
  let at = start;
  let fieldsEnd = end;
  let whole = true;
  const limit = Math.min(end, context.captured);
  const scope = (name: string) =>
    byteNamed(context.bytes, start, limit, name) ?? scopeValue(values, name, () => fieldsEnd - at);
  if (lacksBytes(context, message, start, end, scope))
    return { values, nodes, end: start, whole: false, stopped: true };
  for (const [i, member] of message.members.entries()) {
    if (stops(context, message, i, start, scope))
      return { values, nodes, end: at, whole: false, stopped: true };
    if (message.headerSize && i === message.headerSizeAfter)
      fieldsEnd = headerEnd(context, message, start, end, scope);
    if (fieldsEnd < at) return { values, nodes, end: at, whole: false };
    const path = `${message.name}.${member.name}`;
    const item = member.run
      ? readRunMember(context, member.spec as UintSpec, member.run, at, {
          end: fieldsEnd,
          path,
          valueOf: scope,
        })
      : readSpec(context, member.spec, at, { end: fieldsEnd, path, valueOf: scope });
    whole &&= item?.whole ?? false;
    if (!item) {
      const isHeaderKnown = message.headerSize !== undefined && i >= message.headerSizeAfter;
      const end = isHeaderKnown ? Math.max(at, fieldsEnd) : at;
      return { values, nodes, end, whole: false, stopped: !isHeaderKnown };
    }
    values[member.name] = item.value;
    const { run, name } = member;
    const { spec, value, children } = item;
    if (run) {
      const bits = { offset: run.offsetBits, count: (spec as UintSpec).bits };
      const end = at + run.totalBits / 8;
      const whole = member.whole && {
        also: { spec: member.whole, value: readUint(context.bytes, at, end - at, false) },
      };
      nodes.push({ name, spec, start: at, end, bits, value, children, ...whole });
    } else if (value !== undefined)
      nodes.push({ name, spec, start: at, end: item.next, value, children, ...moreOf(item) });
    at = item.next;
    if (!item.whole && !message.headerSize) return { values, nodes, end: at, whole: false };
  }
  if (stops(context, message, message.members.length, start, scope))
    return { values, nodes, end: at, whole: false, stopped: true };
  if (message.headerSize && message.headerSizeAfter === message.members.length)
    fieldsEnd = headerEnd(context, message, start, end, scope);
  if (message.headerSize && fieldsEnd >= at) at = fieldsEnd;
  else if (message.headerSize) whole = false;
  return { values, nodes, end: at, whole };
}

function moreOf({ also, whole }: Item): { also?: Also; partial?: true } {
  return { ...(also && { also }), ...(!whole && { partial: true }) };
}

/** A name's value in an expression: a field, a flag, `rest`, or `sizeOf`-like words, which only emit knows. */
export function scopeValue(
  values: Readonly<Record<string, unknown>>,
  name: string,
  rest: () => number,
): number {
  if (name === "rest") return rest();
  let value: unknown = values;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : 0;
}

/** The value of "$3", the byte at this offset from `start`; undefined for another name. */
export function byteNamed(bytes: Uint8Array, start: number, limit: number, name: string): number | undefined {
  const offset = byteOffset(name);
  if (offset === undefined) return undefined;
  return start + offset < limit ? bytes[start + offset]! : 0;
}

function readRunMember(
  context: ReadContext,
  spec: UintSpec | FlagsSpec,
  run: { offsetBits: number; totalBits: number; last: boolean },
  at: number,
  region: Region,
): Item | undefined {
  const bytes = run.totalBits / 8;
  if (!isThere(context, at, bytes, region)) return undefined;
  const raw = readBits(context.bytes, at, run.offsetBits, spec.bits);
  const value = spec.kind === "flags" ? flagValues(spec, raw) : spec.signed ? toSigned(raw, spec.bits) : raw;
  return { spec, value, next: run.last ? at + bytes : at, children: [], whole: true };
}

function readSpec(context: ReadContext, spec: Spec, at: number, region: Region): Item | undefined {
  const leaf = (size: number, value: () => unknown): Item | undefined =>
    isThere(context, at, size, region)
      ? { spec, value: value(), next: at + size, children: [], whole: true }
      : undefined;
  switch (spec.kind) {
    case "uint":
      return leaf(spec.bits / 8, () => uintValue(context.bytes, at, spec));
    case "flags":
      return leaf(spec.bits / 8, () =>
        flagValues(spec, readUint(context.bytes, at, spec.bits / 8, spec.little)),
      );
    case "address":
      return leaf(ADDRESS_BYTES[spec.family], () => readAddress(spec.family, context.bytes, at));
    case "bytes": {
      const size = spec.length ? evaluate(spec.length, region.valueOf) : region.end - at;
      const there = context.captured - at;
      if (!spec.length && there > 0 && there < size) {
        // What is left of bytes without a length is shown as far as it was captured.
        isThere(context, at, size, region);
        const value = bytesValue(context.bytes, at, context.captured, spec);
        return { spec, value, next: context.captured, children: [], whole: false };
      }
      return leaf(size, () => bytesValue(context.bytes, at, at + size, spec));
    }
    case "struct": {
      const inner = readFields(context, spec.message, at, region.end);
      return { spec, value: inner.values, next: inner.end, children: inner.nodes, whole: inner.whole };
    }
    case "when":
      if (evaluate(spec.condition, region.valueOf) === 0)
        return { spec, value: undefined, next: at, children: [], whole: true };
      return readSpec(context, spec.field, at, region);
    case "list":
      return readList(context, spec, at, region);
    case "choose": {
      const item = readChoice(context, spec, at, region);
      if (!item?.whole || !spec.raw) return item;
      return { ...item, also: { spec: spec.raw, value: context.bytes.subarray(at, item.next) } };
    }
    case "codec":
      return bounded(context, spec, at, region, (end) => {
        const found = spec.codec.read(context.bytes, at, Math.min(end, context.captured), context.layerStart);
        const kind = end > context.captured ? "cut" : "malformed";
        if (!("error" in found)) {
          const { value, next, problem } = found;
          // What is wrong with the start of something may only be that the rest was not captured.
          if (problem !== undefined && kind !== "cut")
            context.problems.push({ kind, error: `${region.path}: ${problem}`, at });
          return { spec, value, next, children: [], whole: true };
        }
        context.problems.push({ kind, error: `${region.path}: ${found.error}`, at: found.at });
        return undefined;
      });
  }
}

/** Reads inside a region of `length` bytes, when there is one, and goes on behind it whatever was found inside. */
function bounded(
  context: ReadContext,
  spec: Spec & { readonly length?: Expression },
  at: number,
  region: Region,
  inside: (end: number) => Item | undefined,
): Item | undefined {
  const { length } = spec;
  if (!length) return inside(region.end);
  const size = evaluate(length, region.valueOf);
  if (!isThere(context, at, size, region)) {
    // The fields that are there are shown all the same.
    const rest = size > 0 ? inside(region.end) : undefined;
    return rest && { ...rest, whole: false };
  }
  const item = inside(at + size);
  if (item && item.whole && item.next !== at + size)
    context.problems.push({ kind: "malformed", error: `${region.path} has bytes left over`, at: item.next });
  const whole = item !== undefined && item.whole && item.next === at + size;
  return {
    spec: item?.spec ?? spec,
    value: item?.value,
    children: item?.children ?? [],
    next: at + size,
    whole,
  };
}

function readList(context: ReadContext, spec: ListSpec, at: number, region: Region): Item | undefined {
  return bounded(context, spec, at, region, (end) => {
    const values: unknown[] = [];
    const children: Node[] = [];
    const count = spec.count ? evaluate(spec.count, region.valueOf) : Infinity;
    let next = at;
    let whole = true;
    while (values.length < count && (spec.count ? true : next < end)) {
      const before = context.problems.length;
      const item = readSpec(context, spec.item, next, { ...region, end });
      whole &&= item?.whole ?? false;
      if (!item) break;
      if (spec.fits && !item.whole && !isItem(spec.fits, item, end - next)) {
        const was = context.problems[before];
        const kind = was?.kind === "cut" ? "cut" : "truncated";
        // What is wrong with it says more than that it ends: a name whose pointers loop.
        const isOwn = was?.kind === "malformed" && !was.error.startsWith(kind);
        context.problems.length = before;
        context.problems.push(isOwn ? { ...was, kind } : { kind, error: `${kind} ${region.path}`, at: next });
        break;
      }
      values.push(item.value);
      const name = String(values.length - 1);
      const { value, children: inside } = item;
      children.push({
        name,
        spec: item.spec,
        start: next,
        end: item.next,
        value,
        children: inside,
        ...moreOf(item),
      });
      const advanced = item.next > next;
      next = item.next;
      const last =
        spec.until &&
        evaluate(spec.until, (name) =>
          scopeValue(item.value as Record<string, unknown>, name, () => end - next),
        );
      if (!item.whole || last || !advanced) break;
    }
    return { spec, value: values, next, children, whole };
  });
}

function isItem(fits: Expression, { value }: Item, rest: number): boolean {
  return evaluate(fits, (name) => scopeValue(value as Record<string, unknown>, name, () => rest)) !== 0;
}

function readChoice(context: ReadContext, spec: ChooseSpec, at: number, region: Region): Item | undefined {
  const chosen = spec.cases.get(evaluate(spec.on, region.valueOf));
  if (!spec.length) return readSpec(context, chosen ?? spec.otherwise, at, region);
  return bounded(context, spec, at, region, (end) => {
    const inner = { ...region, end };
    if (!chosen) return readSpec(context, spec.otherwise, at, inner);
    const before = context.problems.length;
    const item = readSpec(context, chosen, at, inner);
    if (!item || (item.whole && item.next !== end)) {
      if (end > context.captured) return item;
      context.problems.length = before;
      return readSpec(context, spec.otherwise, at, inner);
    }
    if (!item.whole && spec.salvage && end <= context.captured) {
      const instead = readSpec(context, spec.otherwise, at, inner);
      return instead && { ...instead, children: item.children };
    }
    return item;
  });
}

function isThere(context: ReadContext, at: number, size: number, region: Region): boolean {
  if (size >= 0 && at + size <= region.end && at + size <= context.captured) return true;
  const { path } = region;
  if (size < 0) context.problems.push({ kind: "malformed", error: `${path} would have ${size} bytes`, at });
  else if (at + size > region.end) {
    // Where a length inside the packet ends the field, it is that length that is wrong.
    const kind = region.end < context.layerLimit ? "malformed" : "truncated";
    context.problems.push({ kind, error: `truncated ${path}`, at, needs: at + size });
  } else context.problems.push({ kind: "cut", error: `cut ${path}`, at });
  return false;
}

function uintValue(bytes: Uint8Array, at: number, spec: UintSpec): number | bigint {
  if (spec.bits > 48) return readWide(bytes, at, spec.bits / 8, spec.little, spec.signed);
  const value = readUint(bytes, at, spec.bits / 8, spec.little);
  return spec.signed ? toSigned(value, spec.bits) : value;
}

/** The bits of a flags field by name; bits without a name stand in `other`. */
export function flagValues(spec: FlagsSpec, raw: number): Readonly<Record<string, boolean | number>> {
  const values: Record<string, boolean | number> = {};
  for (const { name, mask } of spec.flags) values[name] = (raw & mask) !== 0;
  values["other"] = (raw & spec.otherMask) >>> 0;
  return values;
}

export function bytesValue(
  bytes: Uint8Array,
  start: number,
  end: number,
  spec: { readonly form: "bytes" | "text"; readonly length?: Expression },
): Uint8Array | string {
  if (spec.form === "bytes") return bytesBetween(bytes, start, end);
  if (spec.length?.type !== "number") return readText(bytes, start, end);
  // Text of a fixed length is filled with zeros.
  let last = end;
  while (last > start && bytes[last - 1] === 0) last--;
  return readText(bytes, start, last);
}
