import { toArrayBuffer } from "node:ffi";
import type { ReceivedPacket, ReceivedPackets } from "#host/packet-sockets.ts";
import { type Native } from "#system/linux/native.ts";
import {
  MORE,
  MOST_TOGETHER,
  PacketSlot,
  PacketSlots,
  TP_STATUS_VLAN_VALID,
  wantedKinds,
  type PacketReader,
  type ReaderLimits,
} from "#system/linux/packet-reader.ts";
import { RecordWriter } from "#system/linux/packet-write.ts";
import { refused, setBytes, setOption, SOL_PACKET } from "#system/linux/socket-options.ts";

/**
 * Reads packets from memory that the kernel writes them to (TPACKET_V3): no call and no copy for each. A block of them
 * is ready when it is full, or some milliseconds after its first packet.
 */
export class PacketRing implements PacketReader {
  /** The kernel looks at its blocks by a timer, which is late at times. */
  readonly latestMs = RETIRE_MS + 50;
  readonly #native: Native;
  readonly #address: bigint;
  readonly #buffer: ArrayBuffer;
  readonly #words: Uint32Array;
  /** For the state of a block, which must be read before, and written after everything else in it. */
  readonly #states: Int32Array;
  readonly #slot: PacketSlot;
  readonly #slots: PacketSlots;
  readonly #writer: RecordWriter;
  readonly #blockBytes: number;
  readonly #blocks: number;
  readonly #kinds: number;
  readonly #snapLength: number;
  #next = 0;
  /** In so many blocks what came before this moment is left out. */
  #stale = 0;
  #staleSeconds = 0;
  #staleNanoseconds = 0;

  /** Before the socket is bound. Throws OperatorError when there is no memory for it; `what` names the socket. */
  constructor(native: Native, descriptor: number, limits: ReaderLimits, bufferBytes: number, what: string) {
    this.#native = native;
    const blockBytes = bufferBytes >= MANY_BLOCKS * LARGE_BLOCK ? LARGE_BLOCK : SMALL_BLOCK;
    this.#blockBytes = blockBytes;
    this.#blocks = Math.max(LEAST_BLOCKS, Math.ceil(bufferBytes / blockBytes));
    const request = Uint32Array.of(
      blockBytes,
      this.#blocks,
      FRAME_BYTES,
      (blockBytes / FRAME_BYTES) * this.#blocks,
      RETIRE_MS,
      0,
      0,
    );
    setOption(native, descriptor, SOL_PACKET, PACKET_VERSION, TPACKET_V3);
    setOption(native, descriptor, SOL_PACKET, PACKET_RESERVE, TAG_BYTES);
    if (!setBytes(native, descriptor, SOL_PACKET, PACKET_RX_RING, new Uint8Array(request.buffer))) {
      throw refused(`a ring for ${what}`, native.errno());
    }
    const bytes = this.#blocks * blockBytes;
    this.#address = native.mmap(0n, BigInt(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0n);
    if (this.#address === MAP_FAILED) throw refused(`a ring for ${what}`, native.errno());
    this.#buffer = toArrayBuffer(this.#address, bytes, false);
    this.#words = new Uint32Array(this.#buffer);
    this.#states = new Int32Array(this.#buffer);
    this.#kinds = wantedKinds(limits);
    this.#snapLength = limits.snapLength;
    this.#slot = new PacketSlot(new Uint8Array(this.#buffer), limits);
    this.#writer = new RecordWriter(native, this.#words, this.#address);
    this.#slots = new PacketSlots(this.#words, this.#writer);
  }

  drain(take: (packet: ReceivedPacket) => boolean, takeMany?: (packets: ReceivedPackets) => boolean): number {
    if (!this.#isReady(this.#next)) return 0;
    const base = this.#next * this.#blockBytes;
    const goesOn = takeMany ? this.#walkMany(base, takeMany) : this.#walk(base, take);
    Atomics.store(this.#states, this.#stateAt(this.#next), TP_STATUS_KERNEL);
    this.#next = (this.#next + 1) % this.#blocks;
    if (this.#stale > 0) this.#stale--;
    // One block holds some ten thousand small packets: then everything else gets its turn.
    return goesOn ? MORE : 0;
  }

  discard(): void {
    const now = new BigInt64Array(2);
    this.#native.clock_gettime(CLOCK_REALTIME, new Uint8Array(now.buffer));
    this.#staleSeconds = Number(now[0]);
    this.#staleNanoseconds = Number(now[1]);
    // What is ready, and the one being filled, which nobody can end: so what is old in it must be told by its time.
    this.#stale = 1;
    while (this.#stale <= this.#blocks && this.#isReady((this.#next + this.#stale - 1) % this.#blocks)) {
      this.#stale++;
    }
  }

  close(): void {
    if (this.#buffer.detached) return;
    const bytes = BigInt(this.#buffer.byteLength);
    this.#buffer.transfer(0);
    this.#writer.close();
    this.#native.munmap(this.#address, bytes);
  }

  #stateAt(block: number): number {
    return (block * this.#blockBytes + 8) / 4;
  }

  #isReady(block: number): boolean {
    return (Atomics.load(this.#states, this.#stateAt(block)) & TP_STATUS_USER) !== 0;
  }

  #walk(base: number, take: (packet: ReceivedPacket) => boolean): boolean {
    // struct tpacket_block_desc: how many packets 12, the first 16.
    const count = this.#words[(base + 12) / 4]!;
    let at = base + this.#words[(base + 16) / 4]!;
    for (let i = 0; i < count; i++) {
      if (this.#read(at) && !take(this.#slot)) return false;
      at += this.#words[at / 4]!;
    }
    return true;
  }

  #walkMany(base: number, takeMany: (packets: ReceivedPackets) => boolean): boolean {
    const slots = this.#slots;
    let at = base + this.#words[(base + 16) / 4]!;
    for (let left = this.#words[(base + 12) / 4]!; left > 0; left -= MOST_TOGETHER) {
      at = this.#fill(at, Math.min(left, MOST_TOGETHER));
      if (slots.count > 0 && !takeMany(slots)) return false;
    }
    return true;
  }

  /**
   * Reads `count` packets from `at` on, and returns the place of the next. One loop, which leaves what is unusual to
   * #read: a short capture spends more time on having code compiled than on its packets.
   */
  #fill(at: number, count: number): number {
    const words = this.#words;
    const slots = this.#slots;
    const { starts, heads } = slots;
    const kinds = this.#stale > 0 ? 0 : this.#kinds;
    const snapLength = this.#snapLength;
    let word = at / 4;
    let filled = 0;
    for (let i = 0; i < count; i++) {
      // As in #read.
      const isPlain =
        ((kinds >> ((words[word + 14]! >> 16) & 7)) & 1) !== 0 &&
        (words[word + 5]! & TP_STATUS_VLAN_VALID) === 0 &&
        words[word + 3]! <= snapLength;
      if (isPlain) {
        starts[filled] = word * 4 + (words[word + 6]! & 0xffff);
        heads[filled] = word + 1;
        filled++;
      } else if (this.#read(word * 4)) slots.set(filled++, word + 1, this.#slot);
      word += words[word]! / 4;
    }
    slots.count = filled;
    return word * 4;
  }

  /** Reads the packet at `at` into the slot; false when it is not wanted. */
  #read(at: number): boolean {
    const words = this.#words;
    const slot = this.#slot;
    // struct tpacket3_hdr: next 0, seconds 4, nanoseconds 8, captured 12, length 16, status 20, start 24 (16 bits),
    // VLAN tag 32 (16 bits) and 36 (16 bits); then, at 48, sockaddr_ll with the kind of packet at 10.
    const word = at / 4;
    slot.seconds = words[word + 1]!;
    slot.nanoseconds = words[word + 2]!;
    if (!slot.wants((words[word + 14]! >> 16) & 255)) return false;
    if (this.#stale > 0 && this.#isStale(slot)) return false;
    slot.fill(
      at + (words[word + 6]! & 0xffff),
      words[word + 3]!,
      words[word + 4]!,
      words[word + 5]!,
      words[word + 8]! & 0xffff,
      words[word + 9]! & 0xffff,
    );
    return true;
  }

  #isStale({ seconds, nanoseconds }: PacketSlot): boolean {
    if (seconds !== this.#staleSeconds) return seconds < this.#staleSeconds;
    return nanoseconds <= this.#staleNanoseconds;
  }
}

const [PACKET_RX_RING, PACKET_VERSION, PACKET_RESERVE] = [5, 10, 12];
const TPACKET_V3 = 2;
const [TP_STATUS_KERNEL, TP_STATUS_USER] = [0, 1];
const [PROT_READ, PROT_WRITE, MAP_SHARED] = [1, 2, 1];
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const CLOCK_REALTIME = 0;
/** Room before each packet. */
const TAG_BYTES = 4;
/**
 * A block must be larger than any packet: those put together from several exceed 64 KiB. Larger still, it wakes the reader
 * once for thousands of packets; but a ring of few blocks has little room while one is read.
 */
const [SMALL_BLOCK, LARGE_BLOCK] = [1024 * 1024, 2 * 1024 * 1024];
const MANY_BLOCKS = 4;
/** Means nothing in this version, but must divide a block. */
const FRAME_BYTES = 2_048;
const LEAST_BLOCKS = 2;
/** A lonely packet waits as long as this: what wakes the reader more often costs more than the packets. */
const RETIRE_MS = 250;
