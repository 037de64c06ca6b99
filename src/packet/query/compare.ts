import { concatBytes } from "#base/bytes.ts";
import { textBytes } from "#packet/primitive.ts";
import type { Comparable, Constant } from "#packet/query/checked.ts";
import { compileRegex, type Regex } from "#packet/query/regex.ts";
import type { Comparison, Range } from "#packet/query/syntax.ts";

/** Whether `left` compares so with `right`, two values of one kind. `prefixBits` are those of an address's prefix. */
export function compareValues(
  comparison: Comparison,
  left: Comparable,
  right: Comparable,
  prefixBits?: number,
): boolean {
  if (comparison === "contains") return contains(left, right);
  const order = orderOf(left, right, prefixBits);
  switch (comparison) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "matches":
      return false;
  }
}

function orderOf(left: Comparable, right: Comparable, prefixBits?: number): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    if (prefixBits !== undefined) return orderOfBytes(masked(left, prefixBits), masked(right, prefixBits));
    return orderOfBytes(left, right);
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** As in Wireshark, what is longer is greater. */
function orderOfBytes(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return left.length - right.length;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return 0;
}

/** An address with the bits behind its prefix cleared. */
export function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))));
}

function contains(left: Comparable, right: Comparable): boolean {
  // No text contains an empty one, as in Wireshark.
  if (typeof left === "string") return right !== "" && left.includes(String(right));
  if (!(left instanceof Uint8Array) || !(right instanceof Uint8Array)) return false;
  return indexOfBytes(left, 0, left.length, right) >= 0;
}

/** Where `wanted` lies in the bytes from `start` to `end`, or -1. */
export function indexOfBytes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): number {
  if (wanted.length === 0) return start;
  const last = end - wanted.length;
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first, start); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return -1;
}

/** The regular expression of a `matches`, made once. */
export function regexOf(constant: Constant, known: Map<Constant, Regex>): Regex {
  let regex = known.get(constant);
  if (!regex) known.set(constant, (regex = compileRegex(String(constant.value))));
  return regex;
}

export function matchesRegex(regex: Regex, value: Comparable): boolean {
  const bytes = value instanceof Uint8Array ? value : textBytes(String(value));
  return regex.test(bytes, 0, bytes.length);
}

/**
 * The bytes of a value that a slice names, as Wireshark has them: those of a text are its UTF-8, and up to the first
 * range that is not there whole. So of a value that is too short there are none, which is a value, too.
 */
export function sliceOf(value: Comparable, ranges: readonly Range[]): Uint8Array | undefined {
  const bytes = typeof value === "string" ? textBytes(value) : value;
  if (!(bytes instanceof Uint8Array)) return undefined;
  const parts: Uint8Array[] = [];
  for (const { from, to } of ranges) {
    const start = from < 0 ? bytes.length + from : from;
    const end = to === undefined ? bytes.length : to <= 0 && from < 0 ? bytes.length + to : to;
    if (start < 0 || start >= bytes.length || end > bytes.length || end <= start) break;
    parts.push(bytes.subarray(start, end));
  }
  return parts.length === 1 ? parts[0] : concatBytes(parts);
}
