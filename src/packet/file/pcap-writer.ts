import { putUint16, putUint32, type ByteOrder } from "#packet/file/byte-order.ts";
import { ByteSink } from "#packet/file/byte-sink.ts";
import { maxPacketBytes } from "#packet/file/limits.ts";

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

  /** What was appended since the last call. */
  take(): Uint8Array {
    return this.#sink.take();
  }

  /** The same, shown to `use` during that call only: without a copy. */
  handOver(use: (bytes: Uint8Array) => void): void {
    this.#sink.handOver(use);
  }
}
