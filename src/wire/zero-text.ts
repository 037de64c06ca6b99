import type { Random } from "#base/random.ts";
import type { Codec } from "#packet/codec.ts";
import { readText, textBytes } from "#packet/primitive.ts";

/** Text in a field of any length, filled with zeros: queries see what is before the first of them. */
export function zeroText(query: string, title: string): Codec<string> {
  const seen = (value: string): string => value.split("\0", 1)[0]!;
  return {
    name: "text",
    initial: "",
    read: (bytes, at, end) => ({ value: readText(bytes, at, end), next: end }),
    write: textBytes,
    random: (random: Random) => random.hex(random.below(9)),
    show: seen,
    facts: [{ query, type: "text", title }],
    factsOf: (value, found) => found(query, seen(value)),
  };
}
