import { formatAddress, parseAddress } from "#base/address.ts";
import { encodeUtf8, utf8Sequence } from "#base/utf8.ts";

/** The unsigned integer of `count` bytes at `at`; exact up to 6 bytes. */
export function readUint(bytes: Uint8Array, at: number, count: number, little: boolean): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 256 + bytes[little ? at + count - 1 - i : at + i]!;
  return value;
}

/** The integer of `count` bytes at `at`, eight in most cases; more than readUint can tell exactly. */
export function readWide(
  bytes: Uint8Array,
  at: number,
  count: number,
  little: boolean,
  signed: boolean,
): bigint {
  const low = little ? at : at + count - 4;
  const rest = little ? at + 4 : at;
  const above =
    count > 8
      ? readWide(bytes, rest, count - 4, little, false)
      : BigInt(readUint(bytes, rest, count - 4, little));
  const value = (above << 32n) | BigInt(readUint(bytes, low, 4, little));
  return signed ? BigInt.asIntN(count * 8, value) : value;
}

/** `bits` bits of a run that starts at `at`, `offset` bits into it; at most 48, inside six bytes. */
export function readBits(bytes: Uint8Array, at: number, offset: number, bits: number): number {
  const { from, count, shift } = bitPlace(offset, bits);
  return Math.floor(readUint(bytes, at + from, count, false) / 2 ** shift) % 2 ** bits;
}

/** Where a bit field lies: bytes `from` its run's start, how many, and the bits below it. */
export function bitPlace(offset: number, bits: number): { from: number; count: number; shift: number } {
  const from = offset >> 3;
  const end = (offset + bits + 7) >> 3;
  return { from, count: end - from, shift: end * 8 - offset - bits };
}

export function toSigned(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

export function writeUint(
  target: Uint8Array,
  at: number,
  count: number,
  value: number,
  little: boolean,
): void {
  let left = value < 0 ? value + 2 ** (count * 8) : value;
  for (let i = 0; i < count; i++) {
    target[little ? at + i : at + count - 1 - i] = left % 256;
    left = Math.floor(left / 256);
  }
}

/*
 * Texts of addresses are remembered: a capture has few of them and many packets, and making one costs ten times
 * as much as finding it. Direct-mapped, so the memory is bounded and a flood of random addresses only misses.
 */
const CACHED = 16_384;
const ipv4Keys = new Int32Array(CACHED);
const ipv4Texts: string[] = new Array<string>(CACHED).fill("");
const macHigh = new Int32Array(CACHED).fill(-1);
const macLow = new Int32Array(CACHED).fill(-1);
const macTexts: string[] = new Array<string>(CACHED).fill("");
// A text of IPv6 costs so much that four places are looked at: their keys stand in one line of the processor's cache.
const WAYS = 4;
const ipv6Keys = new Int32Array(CACHED * 4);
let ipv6Way = 0;
const ipv6Texts: string[] = new Array<string>(CACHED).fill("");

const OCTETS = Array.from({ length: 256 }, (_, i) => `${i}.`);

/** Four bytes as "192.0.2.1". */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  const key = word(bytes, at);
  const slot = (Math.imul(key ^ (key >>> 24), 0x9e3779b1) >>> 18) & (CACHED - 1);
  const isMet = ipv4Keys[slot] === key;
  if (isMet && ipv4Texts[slot] !== "") return ipv4Texts[slot]!;
  const text =
    OCTETS[bytes[at]!]! + OCTETS[bytes[at + 1]!]! + OCTETS[bytes[at + 2]!]! + String(bytes[at + 3]!);
  // Kept when it is met again: a text that lives costs the collector more than one that is made and forgotten.
  ipv4Keys[slot] = key;
  ipv4Texts[slot] = isMet ? text : "";
  return text;
}

/** Six bytes as "02:00:5e:10:00:01". */
export function macText(bytes: Uint8Array, at: number): string {
  const high = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  const low = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
  const slot = (Math.imul(high ^ Math.imul(low, 31), 0x9e3779b1) >>> 18) & (CACHED - 1);
  if (macHigh[slot] === high && macLow[slot] === low) return macTexts[slot]!;
  const text = hexText(bytes, at, at + 6, ":");
  macHigh[slot] = high;
  macLow[slot] = low;
  macTexts[slot] = text;
  return text;
}

/** `bytes` from `start` to `end`, not copied. A view costs more than most fields, and many are empty: those share one. */
export function bytesBetween(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? NO_BYTES : bytes.subarray(start, end);
}

const NO_BYTES = new Uint8Array(0);

/** Sixteen bytes in the form of RFC 5952. */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const a = word(bytes, at);
  const b = word(bytes, at + 4);
  const c = word(bytes, at + 8);
  const d = word(bytes, at + 12);
  const mixed = Math.imul(a, 31) ^ Math.imul(b, 17) ^ Math.imul(c, 7) ^ d;
  const set = ((Math.imul(mixed, 0x9e3779b1) >>> 18) & (CACHED - WAYS)) * 4;
  let key = set;
  for (; key < set + WAYS * 4; key += 4)
    if (ipv6Keys[key + 3] === d && ipv6Keys[key + 2] === c && ipv6Keys[key + 1] === b && ipv6Keys[key] === a)
      break;
  const isMet = key < set + WAYS * 4;
  if (isMet && ipv6Texts[key >> 2] !== "") return ipv6Texts[key >> 2]!;
  const text = formatAddress({ bytes: bytes.subarray(at, at + 16) });
  if (!isMet) {
    ipv6Way = (ipv6Way + 4) & (WAYS * 4 - 4);
    key = set + ipv6Way;
    ipv6Keys[key] = a;
    ipv6Keys[key + 1] = b;
    ipv6Keys[key + 2] = c;
    ipv6Keys[key + 3] = d;
  }
  ipv6Texts[key >> 2] = isMet ? text : "";
  return text;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export type AddressFamily = "ipv4" | "ipv6" | "mac";
export const ADDRESS_BYTES: Readonly<Record<AddressFamily, number>> = { ipv4: 4, ipv6: 16, mac: 6 };

export function readAddress(family: AddressFamily, bytes: Uint8Array, at: number): string {
  if (family === "ipv4") return ipv4Text(bytes, at);
  return family === "mac" ? macText(bytes, at) : ipv6Text(bytes, at);
}

/** The bytes of an address, or undefined when the text is none of this family. */
export function addressBytes(family: AddressFamily, text: string): Uint8Array | undefined {
  if (family === "mac") {
    const parts = text.split(/[:-]/);
    if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part))) return undefined;
    return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
  }
  const parsed = parseAddress(text);
  if (!parsed || parsed.zone !== undefined) return undefined;
  return parsed.bytes.length === ADDRESS_BYTES[family] ? parsed.bytes : undefined;
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Bytes as hexadecimal digits, "0a:0b" with ":" between. */
export function hexText(bytes: Uint8Array, start = 0, end = bytes.length, between = ""): string {
  let text = "";
  for (let at = start; at < end; at++) text += (at === start ? "" : between) + HEX[bytes[at]!]!;
  return text;
}

/**
 * UTF-8 text that can be turned back into the very same bytes: a byte that is no part of a UTF-8 sequence becomes the
 * lone surrogate U+DC00 + byte, as Python's "surrogateescape" has it.
 */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end;) {
    const first = bytes[at]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      at++;
      continue;
    }
    const sequence = utf8Sequence(bytes, at, end);
    if (sequence < 0) text += String.fromCharCode(0xdc00 + first);
    else text += String.fromCodePoint(sequence >> 3);
    at += sequence < 0 ? 1 : sequence & 7;
  }
  return text;
}

/** The bytes that readText turns into `text`. */
export function textBytes(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return encodeUtf8(text);
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (point >= 0xdc80 && point <= 0xdcff) bytes.push(point - 0xdc00);
    else bytes.push(...encodeUtf8(character));
  }
  return Uint8Array.from(bytes);
}
