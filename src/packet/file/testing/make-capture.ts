import { concatBytes } from "#base/bytes.ts";
import { padded, putUint16, putUint32 } from "#packet/file/byte-order.ts";

/** Bytes of 32-bit numbers. */
export function words(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => putUint32(bytes, 4 * i, value, little));
  return bytes;
}

/** Bytes of 16-bit numbers. */
export function shorts(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => putUint16(bytes, 2 * i, value, little));
  return bytes;
}

/** `bytes` with zeros up to whole words. */
export function padBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes([bytes, new Uint8Array(padded(bytes.length) - bytes.length)]);
}

/** A pcap file header and its records, each of seconds, fraction and bytes. */
export function pcapFile(
  little: boolean,
  magic: number,
  linkType: number,
  records: readonly (readonly [number, number, Uint8Array, number?])[],
  minor = 4,
): Uint8Array {
  const parts = [words(little, magic), shorts(little, 2, minor), words(little, 0, 0, 65_535, linkType)];
  for (const [seconds, fraction, bytes, original] of records)
    parts.push(words(little, seconds, fraction, bytes.length, original ?? bytes.length), bytes);
  return concatBytes(parts);
}

/** A pcapng block. */
export function pcapngBlock(little: boolean, type: number, ...body: readonly Uint8Array[]): Uint8Array {
  const joined = padBytes(concatBytes(body));
  const total = 12 + joined.length;
  return concatBytes([words(little, type, total), joined, words(little, total)]);
}

/** A pcapng option with its padding. */
export function pcapngOption(little: boolean, code: number, value: Uint8Array): Uint8Array {
  return concatBytes([shorts(little, code, value.length), padBytes(value)]);
}

/** A pcapng section header of version 1.0 and unknown length. */
export function sectionHeader(little: boolean, ...options: readonly Uint8Array[]): Uint8Array {
  const start = [words(little, 0x1a2b3c4d), shorts(little, 1, 0), words(little, 0xffff_ffff, 0xffff_ffff)];
  return pcapngBlock(little, 0x0a0d0d0a, ...start, ...options);
}

/** A pcapng interface description. */
export function interfaceBlock(
  little: boolean,
  linkType: number,
  snapLength: number,
  ...options: readonly Uint8Array[]
): Uint8Array {
  return pcapngBlock(little, 1, shorts(little, linkType, 0), words(little, snapLength), ...options);
}

/** A pcapng enhanced packet block; `ticks` are both halves of the timestamp. */
export function enhancedPacket(
  little: boolean,
  id: number,
  ticks: readonly [number, number],
  bytes: Uint8Array,
  ...options: readonly Uint8Array[]
): Uint8Array {
  const head = words(little, id, ...ticks, bytes.length, bytes.length + 1);
  return pcapngBlock(little, 6, head, padBytes(bytes), ...options);
}
