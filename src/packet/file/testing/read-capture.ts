import { CaptureReader, type CaptureBlock, type CaptureProblem } from "#packet/file/capture-reader.ts";

/** A packet copied out of a reader. */
export interface ReadPacket {
  readonly bytes: readonly number[];
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly timed: boolean;
  readonly originalLength: number;
  readonly interfaceIndex: number;
  readonly linkType: number;
  readonly number: number;
  readonly comments: readonly string[];
}

export interface ReadCapture {
  readonly packets: readonly ReadPacket[];
  readonly blocks: readonly CaptureBlock[];
  readonly problem: CaptureProblem | undefined;
  readonly reader: CaptureReader;
}

/** Copies the packet on which `reader` stands. */
export function copyPacket(reader: CaptureReader): ReadPacket {
  const { seconds, nanoseconds, timed, originalLength, interfaceIndex, linkType, number } = reader;
  const bytes = [...reader.bytes.subarray(reader.start, reader.stop)];
  const comments = reader.comments();
  return { bytes, seconds, nanoseconds, timed, originalLength, interfaceIndex, linkType, number, comments };
}

/**
 * Reads `file` in chunks of the sizes given, over and over. They are overwritten as soon as the reader says that it
 * needs more, as by an owner who fills one buffer again and again.
 */
export function readCapture(file: Uint8Array, sizes: readonly number[] = [file.length]): ReadCapture {
  const packets: ReadPacket[] = [];
  const blocks: CaptureBlock[] = [];
  const reader = new CaptureReader({
    onBlock: (block) => blocks.push({ ...block, body: block.body.slice() }),
  });
  let at = 0;
  for (let i = 0; at < file.length; i++) {
    const chunk = file.slice(at, at + Math.max(1, sizes[i % sizes.length]!));
    at += chunk.length;
    reader.push(chunk);
    while (reader.next()) packets.push(copyPacket(reader));
    chunk.fill(0xee);
  }
  reader.end();
  while (reader.next()) packets.push(copyPacket(reader));
  return { packets, blocks, problem: reader.problem, reader };
}
