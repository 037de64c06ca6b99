import type { Random } from "#base/random.ts";
import type { Codec } from "#packet/codec.ts";
import { hexText } from "#packet/primitive.ts";

/**
 * The contents of an ASN.1 object identifier (X.690 8.19) as "1.3.6.1.2.1". What is no such thing, and what could be
 * written shorter, stays bytes.
 */
export const objectIdentifier: Codec<string | Uint8Array> = {
  name: "object identifier",
  read(bytes, at, end) {
    const raw = bytes.subarray(at, end);
    const text = textOf(raw);
    return { value: text ?? raw, next: end };
  },
  write(value) {
    return typeof value === "string" ? bytesOf(value) : value;
  },
  random(random: Random) {
    const arcs = Array.from({ length: 1 + random.below(6) }, () => random.below(100_000));
    return ["1", "3", ...arcs].join(".");
  },
  initial: "1.3.6.1",
  show: (value) => (typeof value === "string" ? value : hexText(value)),
};

function textOf(raw: Uint8Array): string | undefined {
  const arcs: number[] = [];
  let arc = 0;
  let isFirst = true;
  for (const byte of raw) {
    if ((isFirst && byte === 0x80) || arc >= 2 ** 45) return undefined;
    arc = arc * 128 + (byte & 0x7f);
    isFirst = byte < 0x80;
    if (!isFirst) continue;
    if (arcs.length > 0) arcs.push(arc);
    else arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    arc = 0;
  }
  return isFirst && arcs.length > 0 ? arcs.join(".") : undefined;
}

function bytesOf(text: string): Uint8Array {
  const [first, second, ...rest] = text
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  const arcs = [first! * 40 + (second ?? Number.NaN), ...rest];
  if (!arcs.every((arc) => Number.isSafeInteger(arc))) throw new TypeError(`${text} is no object identifier`);
  return Uint8Array.from(arcs.flatMap(arcBytes));
}

function arcBytes(arc: number): number[] {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift(128 + (left % 128));
  return bytes;
}
