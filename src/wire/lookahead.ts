import { emit } from "#packet/build.ts";
import type { Codec } from "#packet/codec.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { Fields, Given, Message, Values } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import { readFields } from "#packet/read.ts";
import { Registry } from "#packet/registry.ts";

/** Where in the bytes a message lies, of a layer that starts at `start` and ends at `end`. */
type PlaceOf = (bytes: Uint8Array, start: number, end: number) => number;

/**
 * A message behind the payload of the layer that it belongs to. The field takes no bytes and writes none: they come
 * along with the packet that they follow. What is broken there does not break the layer: the fields before it count.
 */
export function lookahead<F extends Fields>(message: Message<F>, placeOf: PlaceOf): Codec<Values<F>> {
  const plain = message as unknown as Message;
  const registry = new Registry([plain], plain);
  const valuesAt = (bytes: Uint8Array, at: number, end: number): Values<F> => {
    const context = { bytes, captured: end, layerStart: at, layerLimit: end, problems: [] };
    return readFields(context, plain, at, end).values as Values<F>;
  };
  const bytesOf = (value: Values<F>): Uint8Array => emit(message, value as Given<F>);
  let initial: Values<F> | undefined;
  // Made when it is wanted: to write a message costs time at each start.
  const initialOnce = (): Values<F> => {
    if (initial) return initial;
    const empty = emit(message);
    return (initial = valuesAt(empty, 0, empty.length));
  };
  const fields = [...registry.queryFields.values()].filter(({ layers }) => layers.length > 0);
  return {
    name: message.name,
    get initial() {
      return initialOnce();
    },
    read: (bytes, at, end, start) => ({
      value: valuesAt(bytes, placeOf(bytes, start, end), end),
      next: at,
    }),
    write: () => new Uint8Array(0),
    random: initialOnce,
    show: (value) => hexText(bytesOf(value)),
    // It is no layer here: queries may only ask whether it is there.
    facts: fields.map(({ name, type, title }) => ({
      query: name,
      type: type === "protocol" ? "none" : type,
      title,
    })),
    factsOf: (value, found) => {
      for (const fact of factsOf(new Packet(registry, plain, bytesOf(value))))
        found(fact.query, fact.type === "protocol" || fact.value === undefined ? 1 : fact.value);
    },
  };
}
