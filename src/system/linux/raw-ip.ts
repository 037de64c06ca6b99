import type { Address } from "#base/address.ts";
import type {
  RawIp,
  RawIpHandlers,
  RawIpOptions,
  RawIpPacket,
  RawIpSender,
  RawIpSocket,
} from "#host/raw-ip.ts";
import { ERRNO, errnoName, loadNative, NativeMemory, type Native } from "#system/linux/native.ts";
import { Poll } from "#system/linux/poll.ts";
import { RawIpSending } from "#system/linux/raw-ip-send.ts";
import { attachFilter, REJECT } from "#system/linux/socket-filter.ts";
import * as socket from "#system/linux/socket-options.ts";

export function linuxRawIp(): RawIp {
  return {
    open: async (options, handlers) => new LinuxRawIpSocket(native, options, handlers),
    openSender: async (options) => openSender(native, options),
  };
}

// Once: loading makes machine code that is never given back.
const native = loadNative();

/** A raw IPv4 socket of one interface: a shared one would end at the 20 groups that a socket can be in. */
class LinuxRawIpSocket implements RawIpSocket {
  readonly #native: Native;
  readonly #name: string;
  readonly #index: number;
  readonly #handlers: RawIpHandlers;
  readonly #descriptor: number;
  readonly #memory: NativeMemory;
  readonly #bytes: Uint8Array;
  readonly #sending: RawIpSending;
  readonly #poll: Poll;
  /** Nothing tells such a socket that its interface was deleted. */
  readonly #watch: NodeJS.Timeout;
  #open = true;
  #isLeft = false;
  #draining = false;
  #released = false;

  constructor(native: Native, options: RawIpOptions, handlers: RawIpHandlers) {
    this.#native = native;
    this.#name = options.interface;
    this.#handlers = handlers;
    this.#index = socket.interfaceIndex(native, options.interface);
    const what = `a raw IP socket for protocol ${options.protocol} on ${options.interface}`;
    this.#descriptor = openSocket(native, options, what);
    try {
      this.#bind(what);
    } catch (error) {
      native.close(this.#descriptor);
      throw error;
    }
    this.#sending = new RawIpSending(native, this.#descriptor, this.#index);
    this.#memory = new NativeMemory(native, MOST_BYTES);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#poll = new Poll(native, this.#descriptor, () => this.#readable());
    this.#watch = setInterval(() => this.#checkLink(), WATCH_MS).unref();
  }

  join(group: Address): void {
    this.#membership(IP_ADD_MEMBERSHIP, group);
  }

  leave(group: Address): void {
    this.#membership(IP_DROP_MEMBERSHIP, group);
  }

  send(packet: RawIpPacket): string | undefined {
    if (!this.#open) return "ENODEV";
    const error = this.#sending.send(packet);
    if (error === ERRNO.ENODEV) this.#checkLink();
    return error === 0 ? undefined : errnoName(error);
  }

  close(): void {
    this.#isLeft = true;
    this.#stop();
  }

  /** To the interface: what comes by others is not for this socket, and what is sent leaves by no other. */
  #bind(what: string): void {
    const [native, descriptor] = [this.#native, this.#descriptor];
    const name = socket.zeroEnded(this.#name);
    if (!socket.setBytes(native, descriptor, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)) {
      const error = native.errno();
      throw error === ERRNO.ENODEV ? socket.noInterface(this.#name) : socket.refused(what, error);
    }
    socket.setReceiveBuffer(native, descriptor, BUFFER_BYTES);
    const group = new Uint8Array(Int32Array.of(0, 0, this.#index).buffer);
    socket.setBytes(native, descriptor, IPPROTO_IP, IP_MULTICAST_IF, group);
  }

  /** struct ip_mreqn: group 0, address 4, interface 8. */
  #membership(option: number, group: Address): void {
    if (!this.#open) return;
    if (group.bytes.length !== 4) throw new RangeError("a group is an IPv4 address");
    const request = new Uint8Array(Int32Array.of(0, 0, this.#index).buffer);
    request.set(group.bytes);
    if (socket.setBytes(this.#native, this.#descriptor, IPPROTO_IP, option, request)) return;
    const error = this.#native.errno();
    // It is in, or out, already.
    if (error === ERRNO.EADDRINUSE || error === ERRNO.EADDRNOTAVAIL) return;
    const verb = option === IP_ADD_MEMBERSHIP ? "join" : "leave";
    throw new Error(`cannot ${verb} ${group.bytes.join(".")} on ${this.#name}: ${errnoName(error)}`);
  }

  /** Comes from libuv, outside any JavaScript task: nothing may be thrown. */
  #readable(): void {
    if (!this.#open) return;
    this.#draining = true;
    try {
      this.#drain();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#draining = false;
    if (!this.#open) this.#release();
    // A task, so that promises which the handlers have settled go on.
    setImmediate(() => {});
  }

  #drain(): void {
    for (let count = 0; count < MOST_AT_ONCE && this.#open; count++) {
      const length = this.#native.recv(this.#descriptor, this.#memory.address, MOST_BYTES, 0);
      if (length >= 0) {
        this.#handlers.received(this.#bytes.subarray(0, length), this.#name);
        continue;
      }
      const error = this.#native.errno();
      if (error === ERRNO.EAGAIN) return;
      // Others are answers of the network to what was sent, and say nothing of the socket.
      if (error === ERRNO.ENODEV) return this.#checkLink();
    }
  }

  #checkLink(): void {
    if (!this.#open) return;
    const name = new Uint8Array(16);
    if (socket.getBytes(this.#native, this.#descriptor, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name))
      return;
    if (this.#native.errno() === ERRNO.ENODEV) this.#fail(socket.interfaceGone(this.#name));
  }

  #fail(error: Error): void {
    if (!this.#open) return;
    this.#stop();
    setImmediate(() => {
      if (!this.#isLeft) this.#handlers.failed(error);
    });
  }

  #stop(): void {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#watch);
    this.#poll.close();
    if (!this.#draining) this.#release();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#memory.free();
    this.#sending.close();
    this.#native.close(this.#descriptor);
  }
}

function openSender(native: Native, options: Omit<RawIpOptions, "interface">): RawIpSender {
  const descriptor = openSocket(native, options, `a raw IP socket for protocol ${options.protocol}`);
  // Unbound, it would get a copy of everything.
  attachFilter(native, descriptor, REJECT);
  const sending = new RawIpSending(native, descriptor, 0);
  let open = true;
  return {
    send: (packet) => {
      const error = open ? sending.send(packet) : ERRNO.ENODEV;
      return error === 0 ? undefined : errnoName(error);
    },
    close: () => {
      if (!open) return;
      open = false;
      sending.close();
      native.close(descriptor);
    },
  };
}

function openSocket(native: Native, options: Omit<RawIpOptions, "interface">, what: string): number {
  const { protocol, tos } = options;
  const descriptor = native.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_FLAGS, protocol);
  if (descriptor < 0) throw socket.refused(what, native.errno());
  const set = (level: number, name: number, value: number): boolean =>
    socket.setOption(native, descriptor, level, name, value);
  set(IPPROTO_IP, IP_TOS, tos ?? INTERNETWORK_CONTROL);
  // After the type of service, which sets a priority of its own.
  set(socket.SOL_SOCKET, socket.SO_PRIORITY, TC_PRIO_CONTROL);
  set(IPPROTO_IP, IP_TTL, UNICAST_TTL);
  set(IPPROTO_IP, IP_MULTICAST_TTL, 1);
  set(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
  // Only the groups that this socket joined, not those of others on this machine.
  set(IPPROTO_IP, IP_MULTICAST_ALL, 0);
  socket.setSendBuffer(native, descriptor, BUFFER_BYTES);
  return descriptor;
}

const IPPROTO_IP = 0;
const [IP_TOS, IP_TTL] = [1, 2];
const [IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP] = [32, 33, 34];
const [IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_ALL] = [35, 36, 49];
const INTERNETWORK_CONTROL = 0xc0;
const TC_PRIO_CONTROL = 7;
const UNICAST_TTL = 64;
/** The usual 208 KiB hold 92 full frames, a database exchange has a thousand. */
const BUFFER_BYTES = 8 * 1024 * 1024;
/** An IPv4 packet. */
const MOST_BYTES = 65_536;
const MOST_AT_ONCE = 256;
const WATCH_MS = 1_000;
