import type { Codec } from "#packet/codec.ts";
import { coded, type Field } from "#packet/field.ts";
import { textBytes } from "#packet/primitive.ts";

/** ASCII to the end; another byte becomes the lone surrogate U+DC00 + byte, whatever stands beside it. */
export function asciiField(query: string, title: string): Field<string> {
  const codec: Codec<string> = {
    name: "ASCII text",
    read(bytes, at, end) {
      let value = "";
      for (let i = at; i < end; i++)
        value += String.fromCharCode(bytes[i]! < 0x80 ? bytes[i]! : 0xdc00 + bytes[i]!);
      return { value, next: end };
    },
    write: (value) => textBytes(value),
    random: (random) => random.hex(random.below(9)),
    initial: "",
    show: (value) => value,
    facts: [{ query, type: "text", title }],
    factsOf: (value, found) => found(query, value),
  };
  return coded(codec, { title });
}
