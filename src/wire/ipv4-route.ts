import type { Codec } from "#packet/codec.ts";

/**
 * Looks ahead at the options of an IPv4 header: 1 when a source route among them still has addresses to visit, so that
 * the header's destination is only the next of these. Takes no bytes.
 */
export const routeAhead: Codec<number> = {
  name: "route ahead",
  initial: 0,
  read: (bytes, at, end, start) => ({ value: isRouted(bytes, start, end) ? 1 : 0, next: at }),
  write: () => new Uint8Array(0),
  random: () => 0,
  show: String,
};

function isRouted(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start + 20;
  while (at < end && bytes[at] !== 0) {
    if (bytes[at] === 1) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) return false;
    if (bytes[at] === 131 || bytes[at] === 137) {
      const pointer = length > 2 ? bytes[at + 2]! : 0;
      return pointer >= 4 && pointer % 4 === 0 && pointer <= length;
    }
    at += length;
  }
  return false;
}
