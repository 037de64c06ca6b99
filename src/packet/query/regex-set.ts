import { encodeUtf8 } from "#base/utf8.ts";
import { choiceNode, sequenceNode, setNode, type Node } from "#packet/query/regex-node.ts";

/** Bytes, and characters of more than one byte. */
export interface CharSet {
  /** 1 for each byte that belongs to it. */
  readonly bytes: Uint8Array;
  /** Code points from U+0080. */
  readonly ranges: [number, number][];
}

const LAST_POINT = 0x10ffff;
/** Cases are folded in Latin, Greek and Cyrillic: a class costs this many steps at most. */
const LAST_FOLDED = 0x52f;

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
const isHexLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66;
const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
export const isWord = (byte: number) => isDigit(byte) || isLetter(byte) || byte === 0x5f;

type Test = (byte: number) => boolean;

const SHORTHANDS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["d", isDigit],
  ["w", isWord],
  ["s", isSpace],
  ["h", (byte) => byte === 0x09 || byte === 0x20 || byte === 0xa0],
  ["v", (byte) => (byte >= 0x0a && byte <= 0x0d) || byte === 0x85],
]);

const POSIX: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["alpha", isLetter],
  ["digit", isDigit],
  ["alnum", (byte) => isDigit(byte) || isLetter(byte)],
  ["upper", (byte) => byte >= 0x41 && byte <= 0x5a],
  ["lower", (byte) => byte >= 0x61 && byte <= 0x7a],
  ["word", isWord],
  ["space", isSpace],
  ["blank", (byte) => byte === 0x09 || byte === 0x20],
  ["cntrl", (byte) => byte < 0x20 || byte === 0x7f],
  ["graph", (byte) => byte > 0x20 && byte < 0x7f],
  ["print", (byte) => byte >= 0x20 && byte < 0x7f],
  ["punct", (byte) => byte > 0x20 && byte < 0x7f && !isDigit(byte) && !isLetter(byte)],
  ["xdigit", (byte) => isDigit(byte) || isHexLetter(byte)],
  ["ascii", (byte) => byte < 0x80],
]);

/** What \d, \w, \s, \h, \v or their capitals mean. */
export function shorthandSet(letter: string): CharSet | undefined {
  const small = letter.toLowerCase();
  const test = SHORTHANDS.get(small);
  return test && charSet(test, small !== letter);
}

/** What [:name:] or [:^name:] means. */
export function posixSet(name: string, isNegated: boolean, isCaseless: boolean): CharSet | undefined {
  const test = POSIX.get(isCaseless && (name === "upper" || name === "lower") ? "alpha" : name);
  return test && charSet(test, isNegated);
}

/** A negated class holds every character of more than one byte, too: for [^é\W] that matters. */
function charSet(test: Test, isNegated: boolean): CharSet {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => Number(test(byte) !== isNegated));
  return { bytes, ranges: isNegated ? [[0x80, LAST_POINT]] : [] };
}

export function anyByteBut(byte?: number): Node {
  const bytes = new Uint8Array(256).fill(1);
  if (byte !== undefined) bytes[byte] = 0;
  return setNode(bytes);
}

export function byteNode(byte: number, isCaseless: boolean): Node {
  const bytes = new Uint8Array(256);
  bytes[byte] = 1;
  if (isCaseless) foldBytes(bytes);
  return setNode(bytes);
}

/** A character of the pattern: its UTF-8 bytes. */
export function charNode(point: number, isCaseless: boolean, at: number): Node {
  if (point < 0x80) return byteNode(point, isCaseless);
  return setToNode({ bytes: new Uint8Array(256), ranges: [[point, point]] }, false, isCaseless, at);
}

/** Where a class names characters of more than one byte, its negation matches whole characters. */
export function setToNode(
  set: CharSet,
  isNegated: boolean,
  isCaseless: boolean,
  at: number,
  hasChars = true,
): Node {
  const bytes = set.bytes.slice();
  let ranges = hasChars ? merged(set.ranges) : [];
  if (isCaseless) {
    foldBytes(bytes);
    ranges = merged([...ranges, ...foldedRanges(ranges)]);
  }
  if (isNegated) {
    for (let byte = 0; byte < 256; byte++) bytes[byte] = hasChars && byte >= 0x80 ? 0 : 1 - bytes[byte]!;
    if (hasChars) ranges = complement(ranges);
  }
  const branches: Node[] = ranges.flatMap(([low, high]) => utf8Nodes(low, high, at));
  if (branches.length === 0 || bytes.includes(1)) branches.unshift(setNode(bytes));
  return choiceNode(branches, at);
}

function foldBytes(bytes: Uint8Array): void {
  for (let upper = 0x41; upper <= 0x5a; upper++)
    bytes[upper] = bytes[upper | 0x20] = bytes[upper]! | bytes[upper | 0x20]!;
}

/** The other cases of what is in `ranges`, which are merged: that bounds the work. */
function foldedRanges(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const found: [number, number][] = [];
  for (const [low, high] of ranges) {
    for (let point = low; point <= Math.min(high, LAST_FOLDED); point++) {
      const text = String.fromCodePoint(point);
      const upper = text.toUpperCase();
      for (const other of [upper, upper.toLowerCase(), text.toLowerCase()])
        if (other.length === 1 && other !== text && other >= "\x80")
          found.push([other.charCodeAt(0), other.charCodeAt(0)]);
    }
  }
  return found;
}

function merged(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else result.push([low, high]);
  }
  return result;
}

function complement(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  let next = 0x80;
  for (const [low, high] of ranges) {
    if (low > next) result.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= LAST_POINT) result.push([next, LAST_POINT]);
  return result;
}

/** The byte sequences of the code points `low` to `high`: each node is one range of bytes after another. */
function utf8Nodes(low: number, high: number, at: number): Node[] {
  if (low > high) return [];
  const split = (end: number) => [...utf8Nodes(low, end, at), ...utf8Nodes(end + 1, high, at)];
  // Surrogates have no bytes.
  if (low < 0xe000 && high >= 0xd800) return [...utf8Nodes(low, 0xd7ff, at), ...utf8Nodes(0xe000, high, at)];
  for (const end of [0x7ff, 0xffff]) if (low <= end && high > end) return split(end);
  for (const mask of [0x3f, 0xfff, 0x3ffff]) {
    if ((low & ~mask) === (high & ~mask)) continue;
    if ((low & mask) !== 0) return split(low | mask);
    if ((high & mask) !== mask) return split((high & ~mask) - 1);
  }
  const first = encodeUtf8(String.fromCodePoint(low));
  const last = encodeUtf8(String.fromCodePoint(high));
  const parts = Array.from(first, (from, i) => setNode(new Uint8Array(256).fill(1, from, last[i]! + 1)));
  return [sequenceNode(parts, at)];
}
