import type { Layer, Packet } from "#packet/dissect.ts";
import type { Finding } from "#packet/message.ts";
import { readUint } from "#packet/primitive.ts";

/**
 * The edge, `edge` bytes into the first block of a selective acknowledgment, where that block says that a segment
 * came twice (RFC 2883): it lies before what is acknowledged, or inside the second block.
 */
export function findDuplicateSack(
  { bytes, captured }: Packet,
  { start, headerEnd }: Layer,
  edge: 0 | 4,
): Finding | undefined {
  const end = Math.min(headerEnd, captured);
  const option = findSack(bytes, start + 20, end);
  if (option === undefined) return undefined;
  const length = bytes[option + 1]!;
  const at = option + 2;
  if (length < 10 || at + 8 > end) return undefined;
  const word = (from: number): number => readUint(bytes, from, 4, false);
  const isOld = isBefore(word(at), word(start + 8));
  const isInside =
    length >= 18 &&
    at + 16 <= end &&
    !isBefore(word(at), word(at + 8)) &&
    !isBefore(word(at + 12), word(at + 4));
  if (!isOld && !isInside) return undefined;
  return { value: word(at + edge), start: at + edge, end: at + edge + 4 };
}

/** Sequence numbers wrap around. */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

function findSack(bytes: Uint8Array, from: number, end: number): number | undefined {
  for (let at = from; at < end;) {
    if (bytes[at] === 0) return undefined;
    const length = bytes[at] === 1 ? 1 : at + 1 < end ? bytes[at + 1]! : 0;
    if (bytes[at] !== 1 && (length < 2 || at + length > end)) return undefined;
    if (bytes[at] === 5) return at;
    at += length;
  }
  return undefined;
}
