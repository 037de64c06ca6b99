import { concatBytes } from "#base/bytes.ts";
import { padded, uint16, uint32 } from "#packet/file/byte-order.ts";
import { ByteSink, copied } from "#packet/file/byte-sink.ts";
import type { CaptureOption } from "#packet/file/capture-types.ts";
import { appendOptions, END_OF_OPTIONS, parseOptions } from "#packet/file/options.ts";
import {
  DECRYPTION_SECRETS,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  INTERFACE_STATISTICS,
  NAME_RESOLUTION,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from "#packet/file/pcapng-blocks.ts";

/** Widths of the numbers with which a value begins; what follows them is bytes or text. */
type Widths = readonly number[];
type OptionWidths = Readonly<Record<number, Widths>>;

const TEXT: Widths = [];

/** Comments, and the custom options of text, which begin with an enterprise number; those of bytes may hold anything. */
const ANY_BLOCK: OptionWidths = { 1: TEXT, 2988: [4], 19372: [4] };

/** What options of a block hold (draft-ietf-opsawg-pcapng 4); an option that is not here cannot be converted. */
const OPTIONS: Readonly<Record<number, OptionWidths>> = {
  [SECTION_HEADER]: { 2: TEXT, 3: TEXT, 4: TEXT },
  [INTERFACE_DESCRIPTION]: {
    ...{ 2: TEXT, 3: TEXT, 4: TEXT, 5: TEXT, 6: TEXT, 7: TEXT, 8: [8], 9: TEXT, 10: [4], 11: TEXT, 12: TEXT },
    ...{ 13: TEXT, 14: [8], 15: TEXT, 16: [8], 17: [8], 18: TEXT },
  },
  [ENHANCED_PACKET]: { 2: [4], 3: TEXT, 4: [8], 5: [8], 6: [4], 7: [1, 8] },
  [NAME_RESOLUTION]: { 2: TEXT, 3: TEXT, 4: TEXT },
  [INTERFACE_STATISTICS]: { 2: [4, 4], 3: [4, 4], 4: [8], 5: [8], 6: [8], 7: [8], 8: [8] },
};

/** Numbers with which the body of a block begins. */
const HEADS: Readonly<Record<number, Widths>> = {
  [INTERFACE_DESCRIPTION]: [2, 2, 4],
  [ENHANCED_PACKET]: [4, 4, 4, 4, 4],
  [SIMPLE_PACKET]: [4],
  [NAME_RESOLUTION]: [],
  [INTERFACE_STATISTICS]: [4, 4, 4],
  [DECRYPTION_SECRETS]: [4, 4],
};

/**
 * The options of a block of type `block` with their numbers in the other byte order. Those whose format is not known are
 * left out: custom ones of bytes, newer ones.
 */
export function convertOptions(block: number, options: readonly CaptureOption[]): CaptureOption[] {
  const converted: CaptureOption[] = [];
  for (const { code, value } of options) {
    const widths = ANY_BLOCK[code] ?? OPTIONS[block]?.[code];
    if (widths === undefined) continue;
    const swapped = swapNumbers(value, 0, value.length, widths);
    if (swapped !== undefined) converted.push({ code, value: swapped });
  }
  return converted;
}

/**
 * The body of a block in the other byte order than `little` tells it has. undefined when the format of its type is not
 * known, or when it does not keep to it. Section headers are for parseOptions and convertOptions.
 */
export function convertBody(type: number, body: Uint8Array, little: boolean): Uint8Array | undefined {
  const widths = HEADS[type];
  if (widths === undefined) return undefined;
  const head = swapNumbers(body, 0, widths.reduce(plus, 0), widths);
  if (head === undefined) return undefined;
  if (type === SIMPLE_PACKET) return concatBytes([head, body.subarray(head.length)]);
  if (type === NAME_RESOLUTION) return convertNames(body, little);
  const opaque =
    type === ENHANCED_PACKET
      ? uint32(body, 12, little)
      : type === DECRYPTION_SECRETS
        ? uint32(body, 4, little)
        : 0;
  const options = head.length + padded(opaque);
  if (opaque > body.length || options > body.length) return undefined;
  return concatBytes([head, body.subarray(head.length, options), convertTail(type, body, options, little)]);
}

/** Name resolution block (4.5): records up to an end, then options. */
function convertNames(body: Uint8Array, little: boolean): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= body.length) {
    const type = uint16(body, at, little);
    const next = at + 4 + padded(uint16(body, at + 2, little));
    if (next > body.length) return undefined;
    parts.push(swapNumbers(body, at, next, [2, 2])!);
    at = next;
    if (type === END_OF_OPTIONS) break;
  }
  return concatBytes([...parts, convertTail(NAME_RESOLUTION, body, at, little)]);
}

function convertTail(type: number, body: Uint8Array, start: number, little: boolean): Uint8Array {
  const sink = new ByteSink();
  appendOptions(sink, convertOptions(type, parseOptions(body, start, body.length, little)), !little);
  return sink.take();
}

/** A copy of bytes[start, stop) with the numbers at its start turned round; undefined when they do not fit. */
function swapNumbers(bytes: Uint8Array, start: number, stop: number, widths: Widths): Uint8Array | undefined {
  if (stop > bytes.length || start + widths.reduce(plus, 0) > stop) return undefined;
  const swapped = copied(bytes, start, stop);
  let at = 0;
  for (const width of widths) {
    swapped.subarray(at, at + width).reverse();
    at += width;
  }
  return swapped;
}

function plus(a: number, b: number): number {
  return a + b;
}
