import type { Codec } from "#packet/codec.ts";

/** An IEEE 754 number of four bytes, in bytes per second (RFC 3630 2.5.6), under one name in queries. */
export function float32(query: string, title: string): Codec<number> {
  return {
    name: "float32",
    initial: 0,
    read(bytes, at, end) {
      if (at + 4 > end) return { error: "truncated", at };
      const value = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getFloat32(0);
      // JavaScript has one NaN only, so its bytes would be lost; a bandwidth is a number anyway.
      return Number.isNaN(value) ? { error: "not a number", at } : { value, next: at + 4 };
    },
    write(value) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value);
      return bytes;
    },
    random: (random) => Math.fround(random.below(1_000_000_000)),
    show: (value) => String(value),
    facts: [{ query, type: "float", title }],
    factsOf: (value, found) => found(query, value),
  };
}
