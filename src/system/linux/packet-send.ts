import { ERRNO, errnoName, NativeMemory, type Native } from "#system/linux/native.ts";

/** Sends packets in batches, one call for many. */
export class PacketSender {
  readonly #native: Native;
  readonly #descriptor: number;
  readonly #memory: NativeMemory;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #dataAddress: number;

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
    let sent = 0;
    while (sent < packets.length) {
      const count = this.#fill(packets, sent);
      // One that is longer than any link carries.
      if (count === 0) return this.#stop(sent, ERRNO.EMSGSIZE, packets);
      const taken = this.#native.sendmmsg(this.#descriptor, this.#memory.address, count, 0);
      if (taken > 0) {
        // A part of the batch: the next call says what is wrong with the one after it.
        sent += taken;
        continue;
      }
      const error = this.#native.errno();
      if (error !== ERRNO.EINTR) return this.#stop(sent, error, packets);
    }
    return sent;
  }

  close(): void {
    this.#memory.free();
  }

  /** Copies packets from `first` on, as many as there is room for. */
  #fill(packets: readonly Uint8Array[], first: number): number {
    const words = this.#words;
    const most = Math.min(BATCH, packets.length - first);
    let used = 0;
    for (let i = 0; i < most; i++) {
      const packet = packets[first + i]!;
      if (used + packet.length > DATA_BYTES) return i;
      this.#bytes.set(packet, used);
      const address = this.#dataAddress + used;
      const word = (IOVEC_AT + i * 16) / 4;
      words[word] = address;
      words[word + 1] = address / 0x1_0000_0000;
      words[word + 2] = packet.length;
      used += packet.length;
    }
    return most;
  }

  #stop(sent: number, error: number, packets: readonly Uint8Array[]): number {
    if (sent > 0 || TRANSIENT.has(error)) return sent;
    const { length } = packets[0]!;
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
