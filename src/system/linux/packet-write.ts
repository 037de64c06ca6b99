import type { PacketSlots } from "#system/linux/packet-reader.ts";
import { NativeMemory, type Native } from "#system/linux/native.ts";

/** Writes packets of a ring to a file, each behind the four words that are known of it, from where the kernel put them. */
export class RecordWriter {
  readonly #native: Native;
  /** Made for the first packets. */
  #memory: NativeMemory | undefined;
  #pieces = new Uint32Array(0);
  readonly #words: Uint32Array;
  readonly #view: DataView;
  readonly #address: number;

  /**
   * Of the ring at `address`. Before each packet in it at least 16 bytes are free, and of sockaddr_ll nothing that is still
   * read (tpacket_rcv leaves room for a link header of 16 bytes, and PACKET_RESERVE for a tag).
   */
  constructor(native: Native, words: Uint32Array, address: bigint) {
    this.#native = native;
    this.#words = words;
    this.#view = new DataView(words.buffer);
    // Exact: addresses have 48 bits.
    this.#address = Number(address);
  }

  /** Returns how many bytes the file has not taken: it may be full, or a signal have come between. */
  write(file: number, { starts, heads }: PacketSlots, first: number, stop: number): number {
    const memory = (this.#memory ??= new NativeMemory(this.#native, MOST_PIECES * PIECE_BYTES));
    if (this.#pieces.length === 0) this.#pieces = new Uint32Array(memory.buffer);
    let left = 0;
    for (let from = first; from < stop; from += MOST_PIECES) {
      const end = Math.min(from + MOST_PIECES, stop);
      const size = this.#point(starts, heads, from, end);
      // What comes behind a gap would be no record.
      const taken = left === 0 ? this.#native.writev(file, memory.address, end - from) : 0;
      left += size - Math.max(0, taken);
    }
    return left;
  }

  close(): void {
    this.#memory?.free();
  }

  #point(starts: Uint32Array, heads: Uint32Array, from: number, end: number): number {
    const words = this.#words;
    const view = this.#view;
    const pieces = this.#pieces;
    let size = 0;
    for (let i = from, at = 0; i < end; i++, at += PIECE_BYTES / 4) {
      const head = heads[i]!;
      const start = starts[i]! - HEAD_BYTES;
      const length = words[head + 2]! + HEAD_BYTES;
      view.setBigInt64(start, view.getBigInt64(head * 4, true), true);
      view.setBigInt64(start + 8, view.getBigInt64(head * 4 + 8, true), true);
      // struct iovec: address, length.
      const address = this.#address + start;
      pieces[at] = address;
      pieces[at + 1] = address / 0x1_0000_0000;
      pieces[at + 2] = length;
      pieces[at + 3] = 0;
      size += length;
    }
    return size;
  }
}

const HEAD_BYTES = 16;
/** IOV_MAX. */
const MOST_PIECES = 1_024;
const PIECE_BYTES = 16;
