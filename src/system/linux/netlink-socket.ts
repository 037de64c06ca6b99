import { toArrayBuffer } from "node:ffi";
import type { BpfProgram } from "#base/bpf.ts";
import { ERRNO, type Native } from "#system/linux/native.ts";
import { Poll } from "#system/linux/poll.ts";
import { attachFilter } from "#system/linux/socket-filter.ts";
import { setOption } from "#system/linux/socket-options.ts";

export interface NetlinkHandlers {
  /** One datagram; valid only during the call. */
  received(bytes: Uint8Array): void;
  /** The kernel had more to say than the buffer holds: what was announced meanwhile is lost. */
  overflowed(): void;
  /** What was waiting has been handed over: all of it, or as much as is good for one turn. */
  drained(isEmpty: boolean): void;
}

/** A socket to the kernel's routing tables. Anyone may read; changing needs CAP_NET_ADMIN. */
export class NetlinkSocket {
  readonly #native: Native;
  readonly #handlers: NetlinkHandlers;
  readonly #descriptor: number;
  readonly #memory: bigint;
  readonly #bytes: Uint8Array;
  readonly #poll: Poll;
  readonly #mostAtOnce: number;
  /** The kernel's name for this socket, which marks what it caused. */
  readonly port: number;

  /**
   * Joins `groups` (the bits of sockaddr_nl), and reads so many datagrams in one turn of the event loop. Throws Error when
   * the kernel refuses.
   */
  constructor(
    native: Native,
    groups: number,
    handlers: NetlinkHandlers,
    bufferBytes = BUFFER_BYTES,
    mostAtOnce = MOST_AT_ONCE,
  ) {
    this.#native = native;
    this.#mostAtOnce = mostAtOnce;
    this.#handlers = handlers;
    this.#descriptor = native.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.#descriptor < 0) throw new Error(`no netlink socket: system error ${native.errno()}`);
    this.#setBuffer(bufferBytes);
    if (native.bind(this.#descriptor, addressOf(groups), 12) < 0) {
      const error = native.errno();
      native.close(this.#descriptor);
      throw new Error(`the netlink socket cannot be bound: system error ${error}`);
    }
    this.port = this.#ownPort();
    this.#memory = native.malloc(BigInt(DATAGRAM_BYTES));
    this.#bytes = new Uint8Array(toArrayBuffer(this.#memory, DATAGRAM_BYTES, false));
    this.#poll = new Poll(native, this.#descriptor, () => this.#drain());
  }

  /** Turns an option of the level SOL_NETLINK on; false when this kernel has none such. */
  enable(option: number): boolean {
    return setOption(this.#native, this.#descriptor, SOL_NETLINK, option, 1);
  }

  /** Only announcements that it accepts are received. */
  setFilter(program: BpfProgram): void {
    attachFilter(this.#native, this.#descriptor, program);
  }

  /** Sends to the kernel; false when it does not take it. */
  send(bytes: Uint8Array): boolean {
    return this.#native.sendto(this.#descriptor, bytes, bytes.length, 0, addressOf(0), 12) === bytes.length;
  }

  close(): void {
    this.#poll.close();
    this.#native.close(this.#descriptor);
    // The view on it is not used any more: only #drain does, and that comes from the poll.
    setImmediate(() => this.#native.free(this.#memory));
  }

  #drain(): void {
    // Bounded, so that a storm of changes leaves time for everything else; what is left wakes the poll again.
    for (let count = 0; count < this.#mostAtOnce; count++) {
      const length = this.#native.recv(this.#descriptor, this.#memory, DATAGRAM_BYTES, 0);
      if (length > 0) {
        this.#handlers.received(this.#bytes.subarray(0, length));
        continue;
      }
      const error = this.#native.errno();
      if (error === ERRNO.ENOBUFS) this.#handlers.overflowed();
      else if (error !== ERRNO.EINTR) return this.#handlers.drained(true);
    }
    this.#handlers.drained(false);
  }

  #setBuffer(bytes: number): void {
    const value = new Uint8Array(Int32Array.of(bytes).buffer);
    if (this.#native.setsockopt(this.#descriptor, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0) return;
    this.#native.setsockopt(this.#descriptor, SOL_SOCKET, SO_RCVBUF, value, 4);
  }

  #ownPort(): number {
    const address = new Uint8Array(12);
    const length = new Uint8Array(Int32Array.of(12).buffer);
    this.#native.getsockname(this.#descriptor, address, length);
    return new DataView(address.buffer).getUint32(4, true);
  }
}

function addressOf(groups: number): Uint8Array {
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return address;
}

const AF_NETLINK = 16;
const [SOCK_RAW, SOCK_NONBLOCK, SOCK_CLOEXEC] = [3, 0x800, 0x8_0000];
const SOL_NETLINK = 270;
const [SOL_SOCKET, SO_RCVBUF, SO_RCVBUFFORCE] = [1, 8, 33];
/** The usual 208 KiB hold 256 announcements; a thousand interfaces at once make ten times as many. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** The kernel fills answers up to 32 KiB. */
const DATAGRAM_BYTES = 64 * 1024;
const MOST_AT_ONCE = 256;
