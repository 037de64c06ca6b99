import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { assert } from "#base/assert.ts";
import { padded, putUint16, uint16 } from "#packet/file/byte-order.ts";
import { copied, type ByteSink } from "#packet/file/byte-sink.ts";
import type { CaptureOption } from "#packet/file/capture-types.ts";
import { MAX_OPTIONS } from "#packet/file/limits.ts";

/** Codes that every block may have (draft-ietf-opsawg-pcapng 3.5, 3.5.1). */
export const END_OF_OPTIONS = 0;
export const COMMENT = 1;

/** Codes of an interface description block (4.2). */
export const IF_NAME = 2;
export const IF_DESCRIPTION = 3;
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;

/** Codes of a section header block (4.1). */
export const SHB_HARDWARE = 2;
export const SHB_OS = 3;
export const SHB_USERAPPL = 4;

const LONGEST = 0xffff; // the length has 16 bits

/** The options in bytes[start, stop), copied; those behind the first broken one are not seen. */
export function parseOptions(
  bytes: Uint8Array,
  start: number,
  stop: number,
  little: boolean,
): CaptureOption[] {
  const options: CaptureOption[] = [];
  let at = start;
  while (at + 4 <= stop && options.length < MAX_OPTIONS) {
    const code = uint16(bytes, at, little);
    const length = uint16(bytes, at + 2, little);
    if (code === END_OF_OPTIONS || at + 4 + length > stop) break;
    options.push({ code, value: copied(bytes, at + 4, at + 4 + length) });
    at += 4 + padded(length);
  }
  return options;
}

/** Appends `options` and their end; nothing when there are none. A value of more than 65,535 bytes is an assert. */
export function appendOptions(sink: ByteSink, options: readonly CaptureOption[], little: boolean): void {
  if (options.length === 0) return;
  for (const { code, value } of options) {
    assert(value.length <= LONGEST, "an option longer than its length field can tell");
    const at = sink.reserve(4 + padded(value.length));
    putUint16(sink.bytes, at, code, little);
    putUint16(sink.bytes, at + 2, value.length, little);
    sink.bytes.set(value, at + 4);
    sink.bytes.fill(0, at + 4 + value.length, sink.size);
  }
  const end = sink.reserve(4);
  sink.bytes.fill(0, end, end + 4);
}

/** An option of text; what is beyond 65,535 bytes is cut, at a whole character. */
export function textOption(code: number, text: string): CaptureOption {
  const value = encodeUtf8(text);
  let length = Math.min(value.length, LONGEST);
  if (length < value.length) while ((value[length]! & 0xc0) === 0x80) length--;
  return { code, value: value.subarray(0, length) };
}

/** Text of the first option with `code`. */
export function textOf(options: readonly CaptureOption[], code: number): string | undefined {
  const option = options.find((each) => each.code === code);
  return option && optionText(option);
}

/** Text of one option; some writers end it with a zero byte, which the draft says not to do. */
export function optionText({ value }: CaptureOption): string {
  const end = value.indexOf(0);
  return decodeUtf8(value, 0, end < 0 ? value.length : end);
}
