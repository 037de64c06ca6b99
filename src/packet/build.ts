import { pseudoHeaderSum } from "#packet/checksum.ts";
import type { Packet } from "#packet/dissect.ts";
import type { Fields, Given, Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import { settle, Sink, writeLayer, type GivenValues, type Written } from "#packet/write.ts";

/** A layer to be written: what was not given is worked out. */
export interface GivenLayer {
  readonly message: Message;
  readonly given: GivenValues;
  /** Bytes behind the layer that do not belong to it: an Ethernet frame's padding. */
  readonly trailer?: Uint8Array;
  /** Its header as it was, instead of the values. */
  readonly raw?: Uint8Array;
}

/** A layer for `build`, with the types of its declaration. */
export function layer<F extends Fields>(
  message: Message<F>,
  given: Given<F> = {},
  trailer?: Uint8Array,
): GivenLayer {
  const plain = { message: message as unknown as Message, given: given as GivenValues };
  return trailer ? { ...plain, trailer } : plain;
}

/**
 * Writes a packet: layers from the outermost to the innermost, then the payload. Lengths, checksums and the numbers
 * by which one layer names the next are worked out where they were not given. Throws TypeError for values that their
 * field cannot hold.
 */
export function build(
  registry: Registry,
  layers: readonly GivenLayer[],
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const sink = new Sink();
  const written = layers.map(({ message, given, raw }): Written => {
    if (!raw) return writeLayer(sink, message, given);
    const start = sink.length;
    sink.append(raw);
    return { message, start, headerEnd: sink.length, values: given, sizes: new Map(), patches: [] };
  });
  sink.append(payload);
  // From the inside out: a checksum is taken over what is inside, and that has to be settled first.
  for (let i = written.length - 1; i >= 0; i--) {
    const end = sink.length;
    const { message, patches } = written[i]!;
    if (patches.length > 0) {
      const protocol = registry.keyOf("ip.proto", message) ?? 0;
      const pseudoSum = pseudoHeaderSum(sink.bytes, written, i, protocol);
      const next = written[i + 1]?.message;
      settle(sink, written[i]!, {
        end,
        ...(pseudoSum !== undefined && { pseudoSum }),
        ...(next && { keyOf: (table: string) => registry.keyOf(table, next) }),
      });
    }
    const trailer = layers[i]!.trailer;
    if (trailer) sink.append(trailer);
  }
  return sink.bytes.slice();
}

/** The layers that `build` turns into the same packet again: values, and bytes where values are not all there is. */
export function givenLayers(packet: Packet): GivenLayer[] {
  const { layers, bytes, captured } = packet;
  return layers.map(({ message, start, headerEnd, end, limit, values, whole }, i) => {
    const isLast = i === layers.length - 1;
    const stop = Math.min(isLast ? end : headerEnd, captured);
    // A payload that no layer took: the layer's own length is too short for it.
    const isRaw = !whole || stop > headerEnd;
    const carried = layers[i - 1]?.end ?? limit;
    const trailer = bytes.subarray(Math.min(end, captured), Math.min(carried, captured));
    return {
      message,
      given: values,
      ...(isRaw && { raw: bytes.subarray(start, stop) }),
      ...(trailer.length > 0 && { trailer }),
    };
  });
}

/** A message alone, its computed fields worked out. Throws TypeError for values that their field cannot hold. */
export function emit<F extends Fields>(message: Message<F>, given: Given<F> = {}): Uint8Array {
  const sink = new Sink();
  const written = writeLayer(sink, message as unknown as Message, given as GivenValues);
  settle(sink, written, { end: sink.length });
  return sink.bytes.slice();
}
