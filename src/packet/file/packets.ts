import { CaptureReader } from "#packet/file/capture-reader.ts";

/** One packet of a capture file. */
export interface CapturedPacket {
  /** From 1. */
  readonly number: number;
  /** LINKTYPE_ value; `registry.find("linktype", …)` is the protocol that the bytes start with. */
  readonly linkType: number;
  /** What was captured: bytes of the packet's own. */
  readonly bytes: Uint8Array;
  /** Bytes that were on the wire. */
  readonly originalLength: number;
  /** Since 1970, and nanoseconds on top. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly comments: readonly string[];
}

/**
 * Every whole packet of a pcap or pcapng file; returns what is wrong with the file, or undefined. For large files use
 * capturedPacketsOf, for the highest speed CaptureReader.
 */
export function* capturedPackets(file: Uint8Array): Generator<CapturedPacket, string | undefined> {
  const reader = new CaptureReader();
  reader.push(file);
  yield* packetsNow(reader);
  if (!reader.problem) {
    reader.end();
    yield* packetsNow(reader);
  }
  return reader.problem?.message;
}

/** The same from a stream of any size: a file that is opened for reading, standard input. */
export async function* capturedPacketsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<CapturedPacket, string | undefined> {
  const reader = new CaptureReader();
  for await (const chunk of chunks) {
    reader.push(chunk);
    yield* packetsNow(reader);
    if (reader.problem) return reader.problem.message;
  }
  reader.end();
  yield* packetsNow(reader);
  return reader.problem?.message;
}

function* packetsNow(reader: CaptureReader): Generator<CapturedPacket> {
  while (reader.next()) {
    const { number, linkType, originalLength, seconds, nanoseconds } = reader;
    const bytes = Uint8Array.prototype.slice.call(reader.bytes, reader.start, reader.stop);
    yield {
      number,
      linkType,
      bytes,
      originalLength,
      seconds,
      nanoseconds,
      comments: reader.comments(),
    };
  }
}
