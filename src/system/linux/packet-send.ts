import { getRawPointer } from "node:ffi";
import type { StoredPackets } from "#host/packet-sockets.ts";
import { ERRNO, errnoName, NativeMemory, type Native } from "#system/linux/native.ts";

/** Sends packets in batches, one call for many. */
export class PacketSender {
  readonly #native: Native;
  readonly #descriptor: number;
  readonly #memory: NativeMemory;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #dataAddress: number;
  #stored: Uint8Array | undefined;
  #storedAddress = 0;

  constructor(native: Native, descriptor: number) {
    this.#native = native;
    this.#descriptor = descriptor;
    this.#memory = new NativeMemory(native, DATA_AT + DATA_BYTES);
    const view = new DataView(this.#memory.buffer, 0, DATA_AT);
    new Uint8Array(this.#memory.buffer, 0, DATA_AT).fill(0);
    for (let i = 0; i < BATCH; i++) {
      // struct msghdr: without a name the packet leaves by the interface that the socket is bound to; iov 16, iovlen 24.
      view.setBigUint64(i * HEADER_BYTES + 16, this.#memory.address + BigInt(IOVEC_AT + i * 16), true);
      view.setBigUint64(i * HEADER_BYTES + 24, 1n, true);
    }
    this.#words = new Uint32Array(this.#memory.buffer, 0, DATA_AT / 4);
    this.#bytes = new Uint8Array(this.#memory.buffer, DATA_AT, DATA_BYTES);
    // Exact: addresses have 48 bits.
    this.#dataAddress = Number(this.#memory.address) + DATA_AT;
  }

  /**
   * How many packets, from the first on, the kernel took: fewer while its queue is full or the interface is down. Throws
   * Error when the first one can never be sent.
   */
  send(packets: readonly Uint8Array[]): number {
    const lengthAt = (i: number): number => packets[i]!.length;
    return this.#sendAll(packets.length, (sent) => this.#fill(packets, sent), lengthAt);
  }

  /** The same for the packets from `first` up to `stop`, which the kernel reads where they are. */
  sendStored(packets: StoredPackets, first: number, stop: number): number {
    const { starts } = packets;
    const lengthAt = (i: number): number => starts[first + i + 1]! - starts[first + i]!;
    return this.#sendAll(stop - first, (sent) => this.#point(packets, first + sent, stop), lengthAt);
  }

  /** `fill` prepares packets from one on, as many as go at once, and returns how many these are. */
  #sendAll(total: number, fill: (sent: number) => number, lengthAt: (i: number) => number): number {
    let sent = 0;
    while (sent < total) {
      const count = fill(sent);
      // One that is longer than any link carries.
      if (count === 0) return this.#stop(sent, ERRNO.EMSGSIZE, lengthAt);
      const taken = this.#native.sendmmsg(this.#descriptor, this.#memory.address, count, 0);
      if (taken > 0) {
        // A part of the batch: the next call says what is wrong with the one after it.
        sent += taken;
        continue;
      }
      const error = this.#native.errno();
      if (error !== ERRNO.EINTR) return this.#stop(sent, error, lengthAt);
    }
    return sent;
  }

  close(): void {
    this.#memory.free();
  }

  /** Copies packets from `first` on, as many as there is room for. */
  #fill(packets: readonly Uint8Array[], first: number): number {
    const most = Math.min(BATCH, packets.length - first);
    let used = 0;
    for (let i = 0; i < most; i++) {
      const packet = packets[first + i]!;
      if (used + packet.length > DATA_BYTES) return i;
      this.#bytes.set(packet, used);
      this.#setPiece(i, this.#dataAddress + used, packet.length);
      used += packet.length;
    }
    return most;
  }

  /** Tells where packets from `first` on are. */
  #point({ bytes, starts }: StoredPackets, first: number, stop: number): number {
    if (bytes !== this.#stored) {
      this.#stored = bytes;
      // The memory of a buffer does not move, and the caller holds it.
      this.#storedAddress = Number(getRawPointer(bytes));
    }
    const most = Math.min(BATCH, stop - first);
    for (let i = 0; i < most; i++) {
      const start = starts[first + i]!;
      this.#setPiece(i, this.#storedAddress + start, starts[first + i + 1]! - start);
    }
    return most;
  }

  /** struct iovec: address, length. */
  #setPiece(i: number, address: number, length: number): void {
    const word = (IOVEC_AT + i * 16) / 4;
    this.#words[word] = address;
    this.#words[word + 1] = address / 0x1_0000_0000;
    this.#words[word + 2] = length;
  }

  #stop(sent: number, error: number, lengthAt: (i: number) => number): number {
    if (sent > 0 || TRANSIENT.has(error)) return sent;
    const length = lengthAt(0);
    const why =
      error === ERRNO.EMSGSIZE
        ? "is longer than the link carries"
        : error === ERRNO.EINVAL
          ? "is shorter than a link header"
          : `cannot be sent: ${errnoName(error)}`;
    throw new Error(`a packet of ${length} bytes ${why}`);
  }
}

/** Of no account to the packet: its time may come. */
const TRANSIENT: ReadonlySet<number> = new Set([
  ERRNO.EAGAIN,
  ERRNO.ENOBUFS,
  ERRNO.ENOMEM,
  ERRNO.ENETDOWN,
  ERRNO.ENXIO,
  ERRNO.ENODEV,
]);
/** Beyond it, nothing is gained. */
const BATCH = 512;
/** struct mmsghdr. */
const HEADER_BYTES = 64;
const IOVEC_AT = BATCH * HEADER_BYTES;
const DATA_AT = IOVEC_AT + BATCH * 16;
/** A batch of full Ethernet frames. */
const DATA_BYTES = BATCH * 2_048;
