import type { Random } from "#base/random.ts";
import type { Codec } from "#packet/codec.ts";

/** Categories of FIPS 188, by the type of their tag: a bit for each, a number for each, or ranges of numbers. */
export function cipsoCategories(tag: 1 | 2 | 5): Codec<Uint8Array> {
  const show = (value: Uint8Array): string => (tag === 1 ? bitNumbers(value) : numbers(value, tag === 5));
  return {
    name: "categories",
    initial: new Uint8Array(0),
    read: (bytes, at, end) => ({ value: bytes.subarray(at, end), next: end }),
    write: (value) => value,
    random: (random: Random) => Uint8Array.from({ length: 2 * random.below(8) }, () => random.below(256)),
    show,
    facts: [{ query: "ip.cipso.categories", type: "text", title: "Categories" }],
    factsOf: (value, found) => {
      if (value.length > 0) found("ip.cipso.categories", show(value));
    },
  };
}

function bitNumbers(bytes: Uint8Array): string {
  const numbers: number[] = [];
  for (const [i, byte] of bytes.entries())
    for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) numbers.push(i * 8 + bit);
  return numbers.join(",");
}

function numbers(bytes: Uint8Array, areRanges: boolean): string {
  const words: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) words.push(bytes[at]! * 256 + bytes[at + 1]!);
  if (!areRanges) return words.join(",");
  const ranges: string[] = [];
  for (let i = 0; i < words.length; i += 2) ranges.push(`${words[i]!}-${words[i + 1] ?? 0}`);
  return ranges.join(",");
}
