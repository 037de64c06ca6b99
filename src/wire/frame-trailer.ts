import type { Layer, Packet } from "#packet/dissect.ts";
import type { DerivedOptions, Finder, Finding } from "#packet/message.ts";
import { readUint } from "#packet/primitive.ts";

/** What lies behind a frame's payload: padding to the shortest frame, bytes of other makers, perhaps a checksum. */
interface Trailer {
  readonly padding?: Part;
  readonly trailer?: Part;
  readonly checksum?: Part;
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** Without the frame check sequence, which captures seldom have. */
const SHORTEST_FRAME = 60;
const CHECKSUM_BYTES = 4;
const PADDING = "eth.padding";

/** The names in queries of what lies behind the payload of a link layer that pads: Wireshark's. */
export function trailerNames(trailer: string): Readonly<Record<string, DerivedOptions>> {
  return {
    [PADDING]: { type: "bytes", title: "Padding", value: bytesOf((parts) => parts.padding) },
    [trailer]: { type: "bytes", title: "Trailer", value: bytesOf((parts) => parts.trailer) },
  };
}

/** The frame check sequence, where the bytes behind a frame seem to end with one. */
export const findChecksum: Finder = (packet, layer) => {
  const part = trailerOf(packet, layer).checksum;
  return part && { value: readUint(packet.bytes, part.start, CHECKSUM_BYTES, false), ...part };
};

function bytesOf(pick: (parts: Trailer) => Part | undefined): Finder {
  return (packet, layer): Finding | undefined => {
    const part = pick(trailerOf(packet, layer));
    return part && { value: packet.bytes.subarray(part.start, part.end), ...part };
  };
}

/**
 * Tells padding, trailer and checksum apart as Wireshark does: zeros up to 60 bytes are padding; of a frame that has
 * its 64 bytes with more than that, the last four are taken for the checksum.
 */
function trailerOf(packet: Packet, layer: Layer): Trailer {
  const range = behindPayload(packet, layer);
  if (!range) return {};
  const { bytes, captured } = packet;
  const frame = packet.end - packet.start;
  const needed =
    frame < SHORTEST_FRAME ? 0 : Math.max(0, SHORTEST_FRAME - (frame - (range.end - range.start)));
  const paddingEnd = range.start + needed;
  if (paddingEnd > captured) return {};
  const isPadded = needed > 0 && bytes.subarray(range.start, paddingEnd).every((byte) => byte === 0);
  const start = isPadded ? paddingEnd : range.start;
  const mayHaveChecksum = layer === packet.layers[0] && layer.message.name === "eth";
  const hasChecksum =
    mayHaveChecksum && frame >= SHORTEST_FRAME + CHECKSUM_BYTES && range.end - start >= CHECKSUM_BYTES;
  const trailerEnd = range.end - (hasChecksum ? CHECKSUM_BYTES : 0);
  const end = Math.min(trailerEnd, captured);
  return {
    ...(isPadded && { padding: { start: range.start, end: paddingEnd } }),
    ...(end > start && { trailer: { start, end } }),
    ...(hasChecksum && range.end <= captured && { checksum: { start: trailerEnd, end: range.end } }),
  };
}

/** What the layer's own length leaves over, or the length of the layer that it carries. */
function behindPayload(packet: Packet, layer: Layer): Part | undefined {
  if (layer.end < layer.limit) return { start: layer.end, end: layer.limit };
  const next = packet.layers[packet.layers.indexOf(layer) + 1];
  if (!next || next.end >= next.limit || next.message.derived.some(({ name }) => name === PADDING))
    return undefined;
  return { start: next.end, end: next.limit };
}
