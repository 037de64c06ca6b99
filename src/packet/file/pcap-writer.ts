import { putUint16, putUint32, type ByteOrder } from "#packet/file/byte-order.ts";
import { ByteSink } from "#packet/file/byte-sink.ts";
import { maxPacketBytes } from "#packet/file/limits.ts";

/**
 * Packets of one buffer, of which packet `i` begins at starts[i]. The same buffer, from its first byte on and in this
 * machine's byte order, has four words of each, from words[heads[i]] on: seconds, nanoseconds, bytes that were kept, bytes
 * on the network.
 */
export interface PacketTable {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly words: Uint32Array;
  readonly heads: Uint32Array;
}

export interface PcapWriterOptions {
  /** LINKTYPE_ value, 16 bits. */
  readonly linkType: number;
  /** Told in the header; the longest that readers take when left out or 0. Packets are not cut at it. */
  readonly snapLength?: number;
  /** Timestamps of nanoseconds instead of microseconds. */
  readonly nanoseconds?: boolean;
  /** "little" when left out. */
  readonly order?: ByteOrder;
}

const HEADER = 24;
const RECORD_HEADER = 16;
const LATEST = 0xffff_ffff; // 2106-02-07
const IS_LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Makes a pcap file (draft-ietf-opsawg-pcap): header(), then packets. Each comes as an array of its own by packet(), or
 * many together by append() and take().
 */
export class PcapWriter {
  /** Packets whose time the file cannot tell (before 1970, after 2106); they got the nearest one that it can. */
  clampedTimes = 0;
  readonly #sink = new ByteSink();
  readonly #options: PcapWriterOptions;
  readonly #little: boolean;
  readonly #maxPacket: number;
  readonly #divisor: number;

  constructor(options: PcapWriterOptions) {
    this.#options = options;
    this.#little = options.order !== "big";
    this.#maxPacket = maxPacketBytes(options.linkType);
    this.#divisor = options.nanoseconds === true ? 1 : 1_000;
  }

  /** Bytes that take() would return. */
  get size(): number {
    return this.#sink.size;
  }

  /** What the file begins with. */
  header(): Uint8Array {
    const bytes = new Uint8Array(HEADER);
    const little = this.#little;
    const { linkType, snapLength = 0, nanoseconds = false } = this.#options;
    putUint32(bytes, 0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little);
    putUint16(bytes, 4, 2, little);
    putUint16(bytes, 6, 4, little);
    putUint32(bytes, 16, snapLength === 0 ? this.#maxPacket : snapLength, little);
    putUint32(bytes, 20, linkType & 0xffff, little);
    return bytes;
  }

  /** The record of the packet bytes[start, stop); arguments as append(). */
  packet(
    bytes: Uint8Array,
    start: number,
    stop: number,
    seconds: number,
    nanoseconds: number,
    originalLength: number,
  ): Uint8Array {
    const from = this.#sink.size;
    this.append(bytes, start, stop, seconds, nanoseconds, originalLength);
    return this.#sink.take(from);
  }

  /**
   * Appends the packet bytes[start, stop), of which there were `originalLength` on the network, for take(). Time: since
   * 1970, nanoseconds below 1,000,000,000, rounded down. A packet longer than readers take (limits.ts) is cut.
   */
  append(
    bytes: Uint8Array,
    start: number,
    stop: number,
    seconds: number,
    nanoseconds: number,
    originalLength: number,
  ): void {
    const included = Math.min(stop - start, this.#maxPacket);
    const sink = this.#sink;
    const little = this.#little;
    const at = sink.reserve(RECORD_HEADER + included);
    const { view } = sink;
    let time = seconds;
    let fraction = this.#divisor === 1 ? nanoseconds : Math.floor(nanoseconds / this.#divisor);
    if (seconds < 0 || seconds > LATEST) {
      time = seconds < 0 ? 0 : LATEST;
      fraction = seconds < 0 ? 0 : 1_000_000_000 / this.#divisor - 1;
      this.clampedTimes++;
    }
    view.setUint32(at, time, little);
    view.setUint32(at + 4, fraction, little);
    view.setUint32(at + 8, included, little);
    view.setUint32(at + 12, originalLength, little);
    sink.put(at + RECORD_HEADER, bytes, start, start + included);
  }

  /**
   * The same for the packets from `first` up to `stop` of many. What the table has of a packet is what a record of
   * nanoseconds begins with, on a machine with the file's byte order: that is copied as it is. One loop with little in
   * it: a short capture spends more time on having code compiled than on its packets. Ends before `stop` once take() would
   * return `enough` bytes, and returns the number of the next packet.
   */
  appendMany(packets: PacketTable, first: number, stop: number, enough = Infinity): number {
    const { bytes, starts, words, heads } = packets;
    const sink = this.#sink;
    const most = IS_LITTLE && this.#little && this.#divisor === 1 ? this.#maxPacket : -1;
    let at = sink.size;
    let i = first;
    for (; i < stop && at < enough; i++) {
      const start = starts[i]!;
      const head = heads[i]!;
      const length = words[head + 2]!;
      if (length > most) {
        sink.size = at;
        this.append(bytes, start, start + length, words[head]!, words[head + 1]!, words[head + 3]!);
        at = sink.size;
        continue;
      }
      if (at + RECORD_HEADER + length > sink.bytes.length) {
        sink.size = at;
        sink.reserve(RECORD_HEADER + length);
      }
      sink.put16(at, bytes, head * 4);
      sink.put(at + RECORD_HEADER, bytes, start, start + length);
      at += RECORD_HEADER + length;
    }
    sink.size = at;
    return i;
  }

  /** What was appended since the last call. */
  take(): Uint8Array {
    return this.#sink.take();
  }

  /** The same, shown to `use` during that call only: without a copy. */
  handOver(use: (bytes: Uint8Array) => void): void {
    this.#sink.handOver(use);
  }
}
