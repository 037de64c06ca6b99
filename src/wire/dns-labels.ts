import { readText, textBytes } from "#packet/primitive.ts";

/*
 * Texts of labels that stand together are remembered: a capture has few names and many packets. A name has one of four
 * places, so the memory is bounded and a flood of random names only misses.
 */
const CACHED = 16_384;
const WAYS = 4;
const MOST_CACHED = 63;
const knownHashes = new Int32Array(CACHED);
const knownTexts: string[] = new Array<string>(CACHED).fill("");
/** The bytes of each, behind their number. */
const knownBytes = new Uint8Array(CACHED * (1 + MOST_CACHED));
let way = 0;

/** The text of the labels from `from` to `to`, which has to be the end of one: escaped, with dots between them. */
export function labelsText(bytes: Uint8Array, from: number, to: number): string {
  const size = to - from;
  if (size === 0) return "";
  if (size > MOST_CACHED) return newText(bytes, from, to);
  const hash = hashOf(bytes, from, to);
  const set = (hash >>> 18) & (CACHED - WAYS);
  for (let entry = set; entry < set + WAYS; entry++)
    if (knownHashes[entry] === hash && isKnown(entry, bytes, from, size)) return knownTexts[entry]!;
  way = (way + 1) & (WAYS - 1);
  const entry = set + way;
  const place = entry * (1 + MOST_CACHED) + 1;
  for (let i = 0; i < size; i++) knownBytes[place + i] = bytes[from + i]!;
  knownBytes[place - 1] = size;
  knownHashes[entry] = hash;
  return (knownTexts[entry] = newText(bytes, from, to));
}

function isKnown(entry: number, bytes: Uint8Array, from: number, size: number): boolean {
  const place = entry * (1 + MOST_CACHED) + 1;
  if (knownBytes[place - 1] !== size) return false;
  for (let i = 0; i < size; i++) if (knownBytes[place + i] !== bytes[from + i]) return false;
  return true;
}

/** Four bytes at a time: multiplications wait for each other. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ (hash >>> 15) ^ word, 0x9e3779b1);
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (hash >>> 15) ^ bytes[at]!, 0x9e3779b1);
  return hash;
}

function newText(bytes: Uint8Array, from: number, to: number): string {
  const labels: string[] = [];
  for (let at = from; at < to; at += bytes[at]! + 1)
    labels.push(escapedLabel(readText(bytes, at + 1, at + 1 + bytes[at]!)));
  return labels.join(".");
}

/** A label's text in a name: what is no text, or would be taken for something else, escaped as RFC 1035 5.1 has it. */
export function escapedLabel(label: string): string {
  if (SAFE.test(label)) return label;
  return label.replaceAll(UNSAFE, (character) =>
    character === "." || character === "\\"
      ? `\\${character}`
      : Array.from(textBytes(character), (byte) => `\\${String(byte).padStart(3, "0")}`).join(""),
  );
}

/** Letters of ASCII of which none is escaped: most labels, and quickly seen. */
const SAFE = /^[\x20-\x2d\x2f-\x5b\x5d-\x7e]*$/;
/** Dots, backslashes, control and format characters, line ends, and the surrogates that stand for wrong bytes. */
const UNSAFE = /[.\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
