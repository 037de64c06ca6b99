import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { uint32 } from "#packet/file/byte-order.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { MAX_PACKET_BYTES } from "#packet/file/limits.ts";
import { CaptureFrame } from "#packet-tools/capture-source.ts";
import { pcapMagic } from "#packet/file/sniff-capture.ts";

/**
 * A pcap file as blocks of equal size that threads take from each other. No thread walks over the whole file: where the
 * first record of a block starts is guessed from headers that lead to one another. A guess is proved afterwards by
 * the block before, which ends where its last record ends; assertJoined says so.
 */
export interface SharedBlocks {
  /** How many blocks are taken. */
  readonly taken: Int32Array;
  /** Where the records of block i start: offset in the file by i. */
  readonly starts: Float64Array;
  readonly stops: Float64Array;
}

/** For the threads that shall share the file's blocks. */
export function shareBlocks(path: string): SharedBlocks {
  const file = openSync(path, "r");
  const count = Math.ceil(fstatSync(file).size / BLOCK_BYTES);
  closeSync(file);
  const numbers = (): Float64Array => new Float64Array(new SharedArrayBuffer(8 * count));
  return { taken: new Int32Array(new SharedArrayBuffer(4)), starts: numbers(), stops: numbers() };
}

/** Takes blocks until all are taken, and calls `take` with a reader on each of their packets. */
export function readBlocks(
  path: string,
  blocks: SharedBlocks,
  take: (reader: CaptureReader, frame: CaptureFrame) => void,
): void {
  const file = openSync(path, "r");
  try {
    const header = new Uint8Array(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    const buffer = new Uint8Array(BLOCK_BYTES + 2 * MOST_RECORD);
    for (;;) {
      const block = Atomics.add(blocks.taken, 0, 1);
      if (block >= blocks.starts.length) return;
      readBlock(file, header, buffer, block, blocks, take);
    }
  } finally {
    closeSync(file);
  }
}

/** Throws when the blocks' records are not those that one walk over the file meets. */
export function assertJoined({ starts, stops }: SharedBlocks): void {
  for (let i = 1; i < starts.length; i++)
    if (starts[i] !== stops[i - 1])
      throw new Error(`block ${i - 1} ends at ${stops[i - 1]}, the next was taken to start at ${starts[i]}`);
}

function readBlock(
  file: number,
  header: Uint8Array,
  buffer: Uint8Array,
  block: number,
  { starts, stops }: SharedBlocks,
  take: (reader: CaptureReader, frame: CaptureFrame) => void,
): void {
  const base = block * BLOCK_BYTES;
  let filled = readSync(file, buffer, 0, BLOCK_BYTES + FEW_RECORDS, base);
  const isLast = (): boolean => filled < BLOCK_BYTES + FEW_RECORDS;
  const start = block === 0 ? HEADER_BYTES : firstRecord(buffer.subarray(0, filled), header, isLast());
  const reader = new CaptureReader();
  const frame = new CaptureFrame(reader);
  reader.push(header);
  reader.push(buffer.subarray(start, filled));
  // The header that the reader was given stands before the block.
  const shift = start - HEADER_BYTES;
  const most = BLOCK_BYTES - shift;
  while (reader.position < most) {
    if (reader.next()) {
      frame.follow();
      take(reader, frame);
      frame.leave();
      continue;
    }
    const more = reader.problem ? 0 : readSync(file, buffer, filled, MOST_RECORD, base + filled);
    if (more === 0) break;
    reader.push(buffer.subarray(filled, filled + more));
    filled += more;
  }
  if (reader.problem) throw new Error(reader.problem.message);
  starts[block] = base + start;
  stops[block] = base + shift + reader.position;
}

/** Where a record starts, as far as headers that lead to one another tell; the end where none does. */
function firstRecord(bytes: Uint8Array, header: Uint8Array, isLast: boolean): number {
  const magic = pcapMagic(header, 0);
  if (magic?.recordHeader !== RECORD_HEADER) throw new Error("blocks are for pcap files of the common kind");
  const { little, nanoseconds } = magic;
  const fractions = nanoseconds ? 1e9 : 1e6;
  const isPlausible = (at: number): boolean => {
    const included = uint32(bytes, at + 8, little);
    const original = uint32(bytes, at + 12, little);
    // Without a limit for the original lengths, all headers read four bytes late would look like headers.
    const areLengths = included <= original && original <= MAX_PACKET_BYTES;
    return areLengths && uint32(bytes, at + 4, little) < fractions;
  };
  for (let start = 0; start + RECORD_HEADER <= bytes.length; start++) {
    let at = start;
    let records = 0;
    // Bytes of a packet may look like a header that leads to a true one: but their time is another.
    let [earliest, latest] = [Infinity, 0];
    for (; records < ENOUGH_RECORDS && at + RECORD_HEADER <= bytes.length && isPlausible(at); records++) {
      const seconds = uint32(bytes, at, little);
      [earliest, latest] = [Math.min(earliest, seconds), Math.max(latest, seconds)];
      at += RECORD_HEADER + uint32(bytes, at + 8, little);
    }
    if (latest - earliest > LONG_SECONDS) continue;
    if (records === ENOUGH_RECORDS || (isLast && at === bytes.length)) return start;
  }
  if (!isLast) throw new Error("a block without the start of a record");
  return bytes.length;
}

const HEADER_BYTES = 24;
const RECORD_HEADER = 16;
const MOST_RECORD = RECORD_HEADER + MAX_PACKET_BYTES;
/** What is read is still in the processor's cache when it is looked at; and long enough that asking costs nothing. */
const BLOCK_BYTES = 512 * 1024;
/** Bytes after a block in which its last record ends, almost always. */
const FEW_RECORDS = 4 * 1024;
const ENOUGH_RECORDS = 8;
/** Packets that follow each other in a file are hardly further apart: a day. */
const LONG_SECONDS = 86_400;
