import { toArrayBuffer } from "node:ffi";
import { close } from "node:fs";
import type { StoredPackets } from "#host/packet-sockets.ts";
import { ERRNO, type Native } from "#system/linux/native.ts";
import { getBytes, setBytes, setOption, SOCK_RAW } from "#system/linux/socket-options.ts";

/**
 * Hands packets to an interface's driver from memory that the kernel shares (AF_XDP, in the mode that copies, which every
 * driver has): no message header to read for each, no queueing discipline, no other listener on this interface. That is a
 * quarter less work for the kernel than sendmmsg. Packets keep their order.
 */
export class DirectSender {
  readonly #native: Native;
  readonly #descriptor: number;
  readonly #mostBytes: number;
  readonly #maps: ArrayBuffer[] = [];
  readonly #addresses: bigint[] = [];
  readonly #area: Uint8Array;
  /** struct xdp_desc: place 0 (64 bits), length 8, options 12. */
  readonly #entries: Uint32Array;
  readonly #produced: Uint32Array;
  readonly #consumed: Uint32Array;
  readonly #done: Uint32Array;
  readonly #doneTaken: Uint32Array;
  /** Up to which packet each part of the area has been used: counted from the first one, modulo 2 ** 32. */
  readonly #usedUntil = new Uint32Array(PARTS);
  #part = 0;
  #next = 0;
  #isPending = false;
  #lost = 0;

  /** For packets up to so many bytes. Throws Error where the kernel, a limit or another program's socket forbids it. */
  constructor(native: Native, index: number, mostBytes: number) {
    this.#native = native;
    this.#mostBytes = Math.min(mostBytes, CHUNK_BYTES);
    this.#descriptor = native.socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (this.#descriptor < 0) throw this.#error("socket");
    try {
      const area = this.#map(PARTS * PART_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0n);
      this.#area = new Uint8Array(area);
      this.#register();
      const [ring, done, offsets] = this.#rings();
      const at = (buffer: ArrayBuffer, field: number, words: number): Uint32Array =>
        new Uint32Array(buffer, Number(offsets[field]), words);
      this.#produced = at(ring, TX_OFFSETS, 1);
      this.#consumed = at(ring, TX_OFFSETS + 1, 1);
      this.#entries = at(ring, TX_OFFSETS + 2, (ENTRIES * ENTRY_BYTES) / 4);
      this.#done = at(done, DONE_OFFSETS, 1);
      this.#doneTaken = at(done, DONE_OFFSETS + 1, 1);
      const address = new Uint32Array([AF_XDP | (XDP_COPY << 16), index, 0, 0]);
      if (native.bind(this.#descriptor, new Uint8Array(address.buffer), 16) !== 0) throw this.#error("bind");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** False while packets that were taken are still waiting here: what is sent another way would overtake them. */
  isIdle(): boolean {
    return this.#flush(WAIT_MS) && this.#isFree(this.#part);
  }

  /**
   * How many packets, from `first` up to `stop`, were taken: fewer while those before are still waiting, or where one is
   * too short or too long to go this way.
   */
  send(packets: StoredPackets, first: number, stop: number): number {
    const end = this.#stopOf(packets, first, stop);
    let next = first;
    while (next < end && this.isIdle()) next = this.#sendBatch(packets, next, end);
    return next - first;
  }

  #stopOf({ starts }: StoredPackets, first: number, stop: number): number {
    for (let i = first; i < stop; i++) {
      const length = starts[i + 1]! - starts[i]!;
      if (length < LINK_HEADER_BYTES || length > this.#mostBytes) return i;
    }
    return stop;
  }

  /** The first packet behind those that were sent. */
  #sendBatch({ bytes, starts }: StoredPackets, first: number, stop: number): number {
    const begin = starts[first]!;
    let last = Math.min(stop, first + BATCH);
    while (starts[last]! - begin > PART_BYTES) last--;
    const base = this.#part * PART_BYTES;
    this.#area.set(bytes.subarray(begin, starts[last]), base);
    for (let i = first; i < last; i++) {
      const word = ((this.#next + i - first) % ENTRIES) * (ENTRY_BYTES / 4);
      this.#entries[word] = base + starts[i]! - begin;
      this.#entries[word + 2] = starts[i + 1]! - starts[i]!;
    }
    this.#next = (this.#next + last - first) >>> 0;
    this.#usedUntil[this.#part] = this.#next;
    this.#part = (this.#part + 1) % PARTS;
    Atomics.store(this.#produced, 0, this.#next);
    this.#isPending = true;
    this.#flush(WAIT_MS);
    return last;
  }

  /** Packets that were taken and did not leave: the interface had no carrier, or is down. Waits for what is underway. */
  lost(): number {
    return this.#flush(LAST_WAIT_MS) ? this.#lost : this.#lost + this.#waiting();
  }

  close(): void {
    for (const map of this.#maps) {
      if (map.detached) return;
      const bytes = BigInt(map.byteLength);
      map.transfer(0);
      this.#native.munmap(this.#addresses.shift()!, bytes);
    }
    close(this.#descriptor, () => {});
  }

  /** Has the kernel send what it was given; false when some of it is still there after a while. */
  #flush(waitMs: number): boolean {
    let end: number | undefined;
    while (this.#isPending) {
      const result = this.#native.sendto(this.#descriptor, NOTHING, 0, MSG_DONTWAIT, NOTHING, 0);
      const error = result < 0 ? this.#native.errno() : 0;
      Atomics.store(this.#doneTaken, 0, Atomics.load(this.#done, 0));
      if (error === 0) this.#isPending = false;
      // One was dropped, those behind it wait for the next call.
      else if (error === ERRNO.EBUSY) this.#lost++;
      // Enough for one call, or the driver's queue is full.
      else if (error !== ERRNO.EAGAIN && error !== ERRNO.EINTR) return false;
      else if (performance.now() > (end ??= performance.now() + waitMs)) return false;
    }
    return true;
  }

  #waiting(): number {
    return (this.#next - Atomics.load(this.#consumed, 0)) >>> 0;
  }

  /** Drivers may still read what they were given. */
  #isFree(part: number): boolean {
    const done = Atomics.load(this.#done, 0);
    return ((done - this.#usedUntil[part]!) | 0) >= 0;
  }

  /** struct xdp_umem_reg: address 0, length 8, chunk size 16, headroom 20, flags 24. */
  #register(): void {
    const request = new DataView(new ArrayBuffer(32));
    request.setBigUint64(0, this.#addresses[0]!, true);
    request.setBigUint64(8, BigInt(PARTS * PART_BYTES), true);
    request.setUint32(16, CHUNK_BYTES, true);
    request.setUint32(24, XDP_UMEM_UNALIGNED_CHUNKS, true);
    if (!setBytes(this.#native, this.#descriptor, SOL_XDP, XDP_UMEM_REG, new Uint8Array(request.buffer)))
      throw this.#error("memory");
  }

  /** The ring of packets to send, that of those sent, and where in each what is. */
  #rings(): [ArrayBuffer, ArrayBuffer, BigUint64Array] {
    // The one for receiving must be there, and stays empty.
    for (const name of [XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_TX_RING])
      if (!setOption(this.#native, this.#descriptor, SOL_XDP, name, ENTRIES)) throw this.#error("ring");
    // struct xdp_mmap_offsets: for each of four rings producer, consumer, entries, flags.
    const offsets = new BigUint64Array(16);
    getBytes(this.#native, this.#descriptor, SOL_XDP, XDP_MMAP_OFFSETS, new Uint8Array(offsets.buffer));
    const map = (field: number, entryBytes: number, place: bigint): ArrayBuffer =>
      this.#map(Number(offsets[field + 2]) + ENTRIES * entryBytes, MAP_SHARED, this.#descriptor, place);
    return [map(TX_OFFSETS, ENTRY_BYTES, TX_RING_AT), map(DONE_OFFSETS, 8, COMPLETION_RING_AT), offsets];
  }

  #map(bytes: number, flags: number, descriptor: number, place: bigint): ArrayBuffer {
    const address = this.#native.mmap(0n, BigInt(bytes), PROT_READ | PROT_WRITE, flags, descriptor, place);
    if (address === MAP_FAILED) throw this.#error("mapping");
    const buffer = toArrayBuffer(address, bytes, false);
    this.#addresses.push(address);
    this.#maps.push(buffer);
    return buffer;
  }

  #error(what: string): Error {
    return new Error(`no direct way to the driver: ${what}, system error ${this.#native.errno()}`);
  }
}

const [AF_XDP, SOL_XDP, XDP_COPY, SOCK_CLOEXEC] = [44, 283, 2, 0x8_0000];
const [XDP_MMAP_OFFSETS, XDP_TX_RING, XDP_UMEM_REG] = [1, 3, 4];
const [XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING] = [5, 6];
const XDP_UMEM_UNALIGNED_CHUNKS = 1;
/** Where to map the ring of what is to be sent, and that of what has been. */
const [TX_RING_AT, COMPLETION_RING_AT] = [0x8000_0000n, 0x1_8000_0000n];
const [TX_OFFSETS, DONE_OFFSETS] = [4, 12];
const ENTRY_BYTES = 16;
const [PROT_READ, PROT_WRITE] = [1, 2];
const [MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS] = [1, 2, 0x20];
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const MSG_DONTWAIT = 0x40;
const NOTHING = new Uint8Array(0);
/** The longest packet that the kernel takes this way. */
const CHUNK_BYTES = 4_096;
const LINK_HEADER_BYTES = 14;
/** Packets at once, and how many times so many may be underway: a driver tells late what it has sent. */
const [BATCH, PARTS] = [512, 4];
const PART_BYTES = BATCH * 2_048;
const ENTRIES = BATCH * PARTS;
/** For a driver whose queue is full, ms. */
const [WAIT_MS, LAST_WAIT_MS] = [1, 2_000];
