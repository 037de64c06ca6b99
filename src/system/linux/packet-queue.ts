import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { ERRNO, NativeMemory, type Native } from "#system/linux/native.ts";
import { MORE, PacketSlot, type PacketReader, type ReaderLimits } from "#system/linux/packet-reader.ts";
import {
  setOption,
  setReceiveBuffer,
  SO_TIMESTAMPNS,
  SOL_PACKET,
  SOL_SOCKET,
} from "#system/linux/socket-options.ts";

/** Reads packets one by one with recvmsg: the next is there as soon as the kernel has it. */
export class PacketQueue implements PacketReader {
  readonly latestMs = 0;
  readonly #native: Native;
  readonly #descriptor: number;
  readonly #memory: NativeMemory;
  readonly #words: Uint32Array;
  readonly #slot: PacketSlot;

  /** Before the socket is bound. */
  constructor(native: Native, descriptor: number, limits: ReaderLimits, bufferBytes: number) {
    this.#native = native;
    this.#descriptor = descriptor;
    setReceiveBuffer(native, descriptor, bufferBytes);
    setOption(native, descriptor, SOL_PACKET, PACKET_AUXDATA, 1);
    setOption(native, descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    this.#memory = new NativeMemory(native, DATA_AT + DATA_BYTES);
    const view = new DataView(this.#memory.buffer, 0, DATA_AT);
    for (let at = 0; at < DATA_AT; at += 8) view.setBigUint64(at, 0n, true);
    // struct msghdr at 0 (name 0, iov 16, iovlen 24, control 32), struct iovec at IOVEC_AT.
    view.setBigUint64(0, this.#memory.address + BigInt(NAME_AT), true);
    view.setBigUint64(16, this.#memory.address + BigInt(IOVEC_AT), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, this.#memory.address + BigInt(CONTROL_AT), true);
    view.setBigUint64(IOVEC_AT, this.#memory.address + BigInt(DATA_AT), true);
    view.setBigUint64(IOVEC_AT + 8, BigInt(DATA_BYTES), true);
    this.#words = new Uint32Array(this.#memory.buffer, 0, DATA_AT / 4);
    this.#slot = new PacketSlot(new Uint8Array(this.#memory.buffer), limits);
  }

  drain(take: (packet: ReceivedPacket) => boolean): number {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const length = this.#receive();
      if (length < 0) {
        const error = this.#native.errno();
        if (error === ERRNO.EINTR) continue;
        return error === ERRNO.EAGAIN ? 0 : error;
      }
      if (this.#read(length) && !take(this.#slot)) return 0;
    }
    return MORE;
  }

  discard(): void {
    // Into memory of its own: a packet may just be in somebody's hands.
    const scratch = new NativeMemory(this.#native, 8);
    try {
      for (;;) {
        if (this.#native.recv(this.#descriptor, scratch.address, 8, 0) >= 0) continue;
        if (this.#native.errno() !== ERRNO.EINTR) return;
      }
    } finally {
      scratch.free();
    }
  }

  close(): void {
    this.#memory.free();
  }

  #receive(): number {
    const words = this.#words;
    // What the kernel overwrites: msg_namelen, msg_controllen.
    words[8 / 4] = NAME_BYTES;
    words[40 / 4] = CONTROL_BYTES;
    return this.#native.recvmsg(this.#descriptor, this.#memory.address, 0);
  }

  /** Reads what came with a packet of `length` bytes; false when it is not wanted. */
  #read(length: number): boolean {
    const [words, slot] = [this.#words, this.#slot];
    // sockaddr_ll: the kind of packet at 10.
    if (!slot.wants((words[(NAME_AT + 8) / 4]! >> 16) & 255)) return false;
    let [status, originalLength, tag] = [0, length, 0];
    const end = CONTROL_AT + words[40 / 4]!;
    for (let at = CONTROL_AT; at + 16 <= end; at += (words[at / 4]! + 7) & ~7) {
      // struct cmsghdr: length 0 (with itself), level 8, type 12, data 16.
      if (words[at / 4]! < 16) break;
      const [level, type, data] = [words[at / 4 + 2]!, words[at / 4 + 3]!, at / 4 + 4];
      if (level === SOL_PACKET && type === PACKET_AUXDATA) {
        // struct tpacket_auxdata: status 0, length on the wire 4, VLAN tag 16 and 18.
        status = words[data]!;
        originalLength = words[data + 1]!;
        tag = words[data + 4]!;
      } else if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
        // struct timespec; 32 bits of seconds last until 2106.
        slot.seconds = words[data]!;
        slot.nanoseconds = words[data + 2]!;
      }
    }
    slot.fill(DATA_AT, length, originalLength, status, tag & 0xffff, tag >>> 16);
    return true;
  }
}

const PACKET_AUXDATA = 8;
const [IOVEC_AT, NAME_AT, CONTROL_AT] = [64, 96, 128];
const [NAME_BYTES, CONTROL_BYTES] = [20, 256];
/** The end of the control data, and free bytes in which a VLAN tag finds room. */
const DATA_AT = 512;
/** A packet that was put together from several can exceed 64 KiB; what is not written to costs nothing. */
const DATA_BYTES = 256 * 1024;
/** Then everything else gets its turn. */
const MOST_AT_ONCE = 256;
