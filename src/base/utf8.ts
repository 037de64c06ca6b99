/** UTF-8 for pure code, where TextEncoder and TextDecoder are not declared. */

const REPLACEMENT = 0xfffd;
const CHUNK = 8_192; // String.fromCharCode takes its units as arguments; far more than this overflows the stack

/** Bytes of `text`; a lone surrogate becomes U+FFFD, as TextEncoder has it. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3); // one UTF-16 unit takes three bytes at most
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      bytes[length++] = point;
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      const next = point < 0xdc00 && i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
        i++;
      } else point = REPLACEMENT;
    }
    if (point < 0x800) bytes[length++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) bytes[length++] = 0xe0 | (point >> 12);
      else {
        bytes[length++] = 0xf0 | (point >> 18);
        bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[length++] = 0x80 | (point & 0x3f);
  }
  return bytes.slice(0, length);
}

/** Text of `bytes` from `start` to `end`; each malformed sequence becomes U+FFFD (WHATWG Encoding, utf-8 decoder). */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  let at = start;
  while (at < end) {
    const plainEnd = endOfAscii(bytes, at, Math.min(end, at + CHUNK));
    if (plainEnd > at) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, plainEnd) as unknown as number[]);
      at = plainEnd;
      continue;
    }
    const units: number[] = [];
    while (at < end && bytes[at]! >= 0x80 && units.length < CHUNK) {
      const sequence = utf8Sequence(bytes, at, end);
      const point = sequence < 0 ? REPLACEMENT : sequence >> 3;
      at += sequence < 0 ? -sequence : sequence & 7;
      if (point < 0x10000) units.push(point);
      else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
    text += String.fromCharCode.apply(null, units);
  }
  return text;
}

function endOfAscii(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! < 0x80) at++;
  return at;
}

/**
 * One sequence that starts with a byte of 0x80 or above: its code point times eight plus the bytes that it takes. Where it
 * is malformed, minus the bytes that belong together (WHATWG Encoding). A number, because an object for each costs more.
 */
export function utf8Sequence(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0xc2 || first > 0xf4) return -1;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let point = size === 2 ? first & 0x1f : size === 3 ? first & 0x0f : first & 0x07;
  for (let i = 1; i < size; i++) {
    const byte = at + i < end ? bytes[at + i]! : 0;
    // The second byte's range excludes overlong forms, surrogates and points above U+10FFFF.
    const low = i > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = i > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return -i;
    point = (point << 6) | (byte & 0x3f);
  }
  return (point << 3) | size;
}
