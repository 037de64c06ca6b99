import type { Address } from "#base/address.ts";
import type { RawIpPacket } from "#host/raw-ip.ts";
import { ERRNO, NativeMemory, type Native } from "#system/linux/native.ts";
import { AF_INET } from "#system/linux/socket-options.ts";

/** Sends IPv4 packets whose header the kernel makes. */
export class RawIpSending {
  readonly #native: Native;
  readonly #descriptor: number;
  readonly #index: number;
  readonly #memory: NativeMemory;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  /** `index` is that of the interface that the socket is bound to, or 0. */
  constructor(native: Native, descriptor: number, index: number) {
    this.#native = native;
    this.#descriptor = descriptor;
    this.#index = index;
    this.#memory = new NativeMemory(native, DATA_AT + DATA_BYTES);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    const view = (this.#view = new DataView(this.#memory.buffer));
    // struct msghdr at 0: name 0, its length 8, iov 16, iovlen 24, control 32, its length 40. struct iovec at IOVEC_AT.
    view.setBigUint64(0, this.#memory.address + BigInt(NAME_AT), true);
    view.setUint32(8, 16, true);
    view.setBigUint64(16, this.#memory.address + BigInt(IOVEC_AT), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, this.#memory.address + BigInt(CONTROL_AT), true);
    view.setBigUint64(IOVEC_AT, this.#memory.address + BigInt(DATA_AT), true);
    view.setUint16(NAME_AT, AF_INET, true);
  }

  /** 0, or the number of the error. */
  send({ destination, source, ttl, tos, payload }: RawIpPacket): number {
    if (payload.length > DATA_BYTES) return ERRNO.EMSGSIZE;
    if (destination.bytes.length !== 4 || (source && source.bytes.length !== 4)) return ERRNO.EINVAL;
    this.#bytes.set(destination.bytes, NAME_AT + 4);
    this.#bytes.set(payload, DATA_AT);
    this.#view.setUint32(IOVEC_AT + 8, payload.length, true);
    let end = CONTROL_AT;
    if (source) end = this.#putSource(end, source);
    if (ttl !== undefined) end = this.#putNumber(end, IP_TTL, ttl);
    if (tos !== undefined) end = this.#putNumber(end, IP_TOS, tos);
    this.#view.setUint32(40, end - CONTROL_AT, true);
    for (;;) {
      if (this.#native.sendmsg(this.#descriptor, this.#memory.address, 0) >= 0) return 0;
      const error = this.#native.errno();
      if (error !== ERRNO.EINTR) return error;
    }
  }

  close(): void {
    this.#memory.free();
  }

  /** struct in_pktinfo: interface 0, source 4, destination 8. */
  #putSource(at: number, source: Address): number {
    this.#putHeader(at, IP_PKTINFO, 12);
    this.#view.setInt32(at + 16, this.#index, true);
    this.#bytes.set(source.bytes, at + 20);
    this.#view.setUint32(at + 24, 0, true);
    return at + 32;
  }

  #putNumber(at: number, type: number, value: number): number {
    this.#putHeader(at, type, 4);
    this.#view.setInt32(at + 16, value, true);
    return at + 24;
  }

  /** struct cmsghdr: length 0 (with itself), level 8, type 12; the next begins at a multiple of 8. */
  #putHeader(at: number, type: number, length: number): void {
    this.#view.setUint32(at, 16 + length, true);
    this.#view.setInt32(at + 8, IPPROTO_IP, true);
    this.#view.setInt32(at + 12, type, true);
  }
}

const IPPROTO_IP = 0;
const [IP_TOS, IP_TTL, IP_PKTINFO] = [1, 2, 8];
const [IOVEC_AT, NAME_AT, CONTROL_AT, DATA_AT] = [64, 96, 128, 256];
/** The kernel makes fragments of what is longer than the link carries, up to what an IPv4 header can count. */
const DATA_BYTES = 65_515;
