import { pseudoHeaderSum } from "#packet/checksum.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import type { Fields, Given, Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import { Sink } from "#packet/sink.ts";
import { settle, writeLayer, type GivenValues, type Written } from "#packet/write.ts";

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
  const open: OpenLayer[] = [];
  // From the inside out: a checksum is taken over what is inside, and that has to be settled first.
  const close = (from: number): void => {
    while (open.length > from) {
      const { written, inner, trailer } = open.at(-1)!;
      settleLayer(registry, sink, open, inner);
      open.pop();
      if (trailer) sink.append(trailer);
      const outer = open.at(-1);
      if (outer) outer.inner ??= written.message;
    }
  };
  for (const { message, given, raw, trailer } of layers) {
    const before = message.repeats ? open.findIndex(({ written }) => written.message === message) : -1;
    if (before >= 0) close(before);
    const start = sink.length;
    if (raw) sink.append(raw);
    const written: Written = raw
      ? { message, start, headerEnd: sink.length, values: given, sizes: {}, patches: [] }
      : writeLayer(sink, message, given);
    open.push({ written, ...(trailer && { trailer }) });
  }
  sink.append(payload);
  close(0);
  return sink.take();
}

/** A layer of which the inside is still being written. */
interface OpenLayer {
  readonly written: Written;
  readonly trailer?: Uint8Array;
  /** The first layer that it carries. */
  inner?: Message;
}

/** Works out what the innermost open layer left open. */
function settleLayer(
  registry: Registry,
  sink: Sink,
  open: readonly OpenLayer[],
  inner: Message | undefined,
): void {
  const i = open.length - 1;
  const { written } = open[i]!;
  if (written.patches.length === 0) return;
  settle(sink, written, {
    end: sink.length,
    pseudoSum: () => {
      const protocol = registry.keyOf("ip.proto", written.message) ?? 0;
      const around = open.map((each) => each.written);
      return pseudoHeaderSum(sink.raw, around, i, protocol);
    },
    ...(inner && { keyOf: (table: string) => registry.keyOf(table, inner) }),
  });
}

/** The layers that `build` turns into the same packet again: values, and bytes where values are not all there is. */
export function givenLayers(packet: Packet): GivenLayer[] {
  const { layers, bytes, captured } = packet;
  /** Layers around the next one. */
  const around: Layer[] = [];
  return layers.map((layer, i) => {
    const { message, start, headerEnd, end, limit, values, whole } = layer;
    const carried = around.at(-1)?.end ?? limit;
    around.push(layer);
    const next = layers[i + 1];
    const before = next?.message.repeats ? around.findIndex((each) => each.message === next.message) : -1;
    if (before >= 0) around.length = before;
    const isInnermost = !next || around.at(-1) !== layer;
    const stop = Math.min(isInnermost ? end : headerEnd, captured);
    // A payload that no layer took: the layer's own length is too short for it.
    const isRaw = !whole || stop > headerEnd;
    // What is behind a layer that repeats is another layer.
    const trailer = bytes.subarray(
      Math.min(end, captured),
      Math.min(message.repeats ? end : carried, captured),
    );
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
  return sink.take();
}
