import { close } from "node:fs";
import type { BpfProgram } from "#base/bpf.ts";
import type {
  PacketHandlers,
  PacketSocket,
  PacketSocketOptions,
  PacketSocketStatistics,
  ReceivedPacket,
  ReceivedPackets,
  StoredPackets,
} from "#host/packet-sockets.ts";
import { DirectSender } from "#system/linux/direct-send.ts";
import { ERRNO, errnoName, type Native } from "#system/linux/native.ts";
import { bindToLink, boundLink, EVERY_PROTOCOL, linkTypeOf } from "#system/linux/packet-address.ts";
import { PacketQueue } from "#system/linux/packet-queue.ts";
import { MORE, type PacketReader } from "#system/linux/packet-reader.ts";
import { PacketRing } from "#system/linux/packet-ring.ts";
import { PacketSender } from "#system/linux/packet-send.ts";
import { Poll } from "#system/linux/poll.ts";
import { attachFilter, limitFilter, REJECT } from "#system/linux/socket-filter.ts";
import * as socket from "#system/linux/socket-options.ts";

/** An AF_PACKET socket on one interface. */
export class LinuxPacketSocket implements PacketSocket {
  readonly linkType: number;
  readonly latestMs: number;
  readonly #native: Native;
  readonly #options: PacketSocketOptions;
  readonly #handlers: PacketHandlers;
  readonly #descriptor: number;
  readonly #reader: PacketReader;
  readonly #poll: Poll;
  readonly #take: (packet: ReceivedPacket) => boolean;
  readonly #takeMany: ((packets: ReceivedPackets) => boolean) | undefined;
  readonly #direct: DirectSender | undefined;
  #sender: PacketSender | undefined;
  #open = true;
  /** Its owner closed it, and is told nothing more. */
  #isLeft = false;
  #draining = false;
  #released = false;
  #waking = false;
  /** Set while the interface is down: nothing tells when a downed one is deleted. */
  #watch: NodeJS.Timeout | undefined;
  #isGone = false;
  #received = 0;
  #dropped = 0;
  #lost: number | undefined;

  /** Throws OperatorError when the interface, a capability or memory is missing. */
  constructor(native: Native, options: PacketSocketOptions, handlers: PacketHandlers) {
    this.#native = native;
    this.#options = options;
    this.#handlers = handlers;
    this.#take = (packet) => {
      handlers.received(packet);
      return this.#open;
    };
    this.#takeMany =
      handlers.receivedMany &&
      ((packets) => {
        handlers.receivedMany!(packets);
        return this.#open;
      });
    const { interface: name, snapLength } = options;
    if (snapLength !== undefined && snapLength < 1) throw new RangeError(`a snap length of ${snapLength}`);
    const index = socket.interfaceIndex(native, name);
    this.#descriptor = native.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_FLAGS, 0);
    if (this.#descriptor < 0) throw socket.refused(`a packet socket on ${name}`, native.errno());
    let reader: PacketReader | undefined;
    try {
      bindToLink(native, this.#descriptor, index, 0, name);
      this.linkType = linkTypeOf(boundLink(native, this.#descriptor).hardwareType, name);
      reader = this.#reader = this.#openReader();
      this.latestMs = reader.latestMs;
      this.#join(index);
    } catch (error) {
      reader?.close();
      native.close(this.#descriptor);
      throw error;
    }
    this.#direct = this.#openDirect(index);
    this.#poll = new Poll(native, this.#descriptor, (error) => this.#readable(error));
  }

  send(packets: readonly Uint8Array[]): number {
    if (!this.#open) return 0;
    this.#sender ??= new PacketSender(this.#native, this.#descriptor);
    return this.#sender.send(packets);
  }

  sendStored(packets: StoredPackets, first: number, stop: number): number {
    if (!this.#open) return 0;
    const taken = this.#direct?.send(packets, first, stop) ?? 0;
    if (taken > 0 || this.#direct?.isIdle() === false) return taken;
    this.#sender ??= new PacketSender(this.#native, this.#descriptor);
    return this.#sender.sendStored(packets, first, this.#direct ? first + 1 : stop);
  }

  setFilter(filter: BpfProgram | undefined): void {
    if (!this.#open) return;
    const program = limitFilter(filter, this.#options.snapLength);
    // First, because the kernel may refuse it, and then the one before must stay.
    attachFilter(this.#native, this.#descriptor, program);
    attachFilter(this.#native, this.#descriptor, REJECT);
    this.#reader.discard();
    attachFilter(this.#native, this.#descriptor, program);
  }

  statistics(): PacketSocketStatistics {
    if (!this.#released) this.#count();
    const lost = this.#released ? this.#lost : this.#direct?.lost();
    return { received: this.#received, dropped: this.#dropped, ...(lost !== undefined && { lost }) };
  }

  close(): void {
    this.#isLeft = true;
    this.#stop();
  }

  #openReader(): PacketReader {
    const { mode, bufferBytes, promiscuous, outgoing, snapLength, interface: name } = this.#options;
    const limits = {
      isEthernet: this.linkType === 1,
      snapLength: snapLength ?? MOST_KEPT,
      promiscuous: promiscuous ?? false,
      outgoing: outgoing ?? false,
    };
    return mode === "latency"
      ? new PacketQueue(this.#native, this.#descriptor, limits, bufferBytes ?? QUEUE_BYTES)
      : new PacketRing(
          this.#native,
          this.#descriptor,
          limits,
          bufferBytes ?? RING_BYTES,
          `a packet socket on ${name}`,
        );
  }

  /** The other way to send, where it is wanted and there is one. */
  #openDirect(index: number): DirectSender | undefined {
    const { directBytes } = this.#options;
    if (directBytes === undefined || this.linkType !== 1) return undefined;
    try {
      return new DirectSender(this.#native, index, directBytes);
    } catch {
      return undefined;
    }
  }

  /** From here on packets come. */
  #join(index: number): void {
    const { interface: name, filter, snapLength, fanoutGroup, promiscuous, outgoing } = this.#options;
    const [native, descriptor] = [this.#native, this.#descriptor];
    // An old kernel does not know it; then the reader leaves them out.
    if (!outgoing) socket.setOption(native, descriptor, socket.SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    const program = limitFilter(filter, snapLength);
    attachFilter(native, descriptor, program);
    if (promiscuous) {
      // A membership, which the kernel ends with the socket. struct packet_mreq: index 0, type 4.
      const request = new Uint8Array(new Int32Array([index, PACKET_MR_PROMISC, 0, 0]).buffer);
      socket.setBytes(native, descriptor, socket.SOL_PACKET, PACKET_ADD_MEMBERSHIP, request);
    }
    // A group takes only bound sockets: until it is in, it must not get what belongs to the others.
    if (fanoutGroup !== undefined) attachFilter(native, descriptor, REJECT);
    bindToLink(native, descriptor, index, EVERY_PROTOCOL, name);
    if (fanoutGroup === undefined) return;
    const group = (fanoutGroup & 0xffff) | (PACKET_FANOUT_HASH << 16);
    if (!socket.setOption(native, descriptor, socket.SOL_PACKET, PACKET_FANOUT, group)) {
      const why = errnoName(native.errno());
      throw new Error(`a packet socket on ${name} cannot share packets as group ${fanoutGroup}: ${why}`);
    }
    attachFilter(native, descriptor, program);
  }

  /** Comes from libuv, outside any JavaScript task: nothing may be thrown. */
  #readable(pollError: number): void {
    if (!this.#open) return;
    try {
      const result = this.#drain();
      // A ring does not tell of errors, and they wake the poll until they are taken.
      const error =
        result > 0 ? result : pollError < 0 ? socket.takeError(this.#native, this.#descriptor) : 0;
      if (error === ERRNO.ENETDOWN) this.#watchLink();
      else if (error > 0) this.#fail(new Error(`packets of ${this.#options.interface}: ${errnoName(error)}`));
    } catch (error) {
      this.#fail(asError(error));
    }
    // A task, so that promises which the handlers have settled go on.
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => this.#drained());
  }

  #drained(): void {
    this.#waking = false;
    if (!this.#open) return;
    try {
      this.#handlers.drained?.();
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  #drain(): number {
    this.#draining = true;
    try {
      return this.#reader.drain(this.#take, this.#takeMany);
    } finally {
      this.#draining = false;
      if (!this.#open) this.#release();
    }
  }

  /** The interface went down. It may come up again, and then so do the packets; or it is gone. */
  #watchLink(): void {
    clearTimeout(this.#watch);
    // Of an interface that is gone, the last packets may still be on their way through a ring.
    const afterMs = this.#isGone ? this.latestMs + WATCH_MS : WATCH_MS;
    this.#watch = setTimeout(() => this.#checkLink(), afterMs);
  }

  #checkLink(): void {
    if (!this.#open) return;
    if (!this.#isGone) {
      this.#isGone = boundLink(this.#native, this.#descriptor).index === -1;
      return this.#watchLink();
    }
    try {
      while (this.#open && this.#drain() === MORE);
    } catch (error) {
      return this.#fail(asError(error));
    }
    this.#fail(socket.interfaceGone(this.#options.interface));
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
    clearTimeout(this.#watch);
    this.#poll.close();
    // While packets are being handed over their memory is still read.
    if (!this.#draining) this.#release();
  }

  #release(): void {
    if (this.#released) return;
    this.#count();
    this.#released = true;
    this.#reader.close();
    this.#sender?.close();
    this.#lost = this.#direct?.lost();
    this.#direct?.close();
    // On another thread: the kernel waits some 20 ms until no processor can be in the middle of a packet for it.
    close(this.#descriptor, () => {});
  }

  /** Reading the kernel's counters sets them to zero. */
  #count(): void {
    const counters = new Uint32Array(3);
    const bytes = new Uint8Array(counters.buffer);
    socket.getBytes(this.#native, this.#descriptor, socket.SOL_PACKET, PACKET_STATISTICS, bytes);
    this.#received += counters[0]!;
    this.#dropped += counters[1]!;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

const [PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_FANOUT, PACKET_IGNORE_OUTGOING] = [1, 6, 18, 23];
const [PACKET_MR_PROMISC, PACKET_FANOUT_HASH] = [1, 0];
/** Enough for thousands of full frames; the kernel doubles it for its own needs. */
const QUEUE_BYTES = 8 * 1024 * 1024;
/** A twentieth of a second at a million small packets each second; a larger one would not stay in the processor's cache. */
const RING_BYTES = 8 * 1024 * 1024;
const WATCH_MS = 100;
/** Longer packets than that readers of capture files do not take. */
const MOST_KEPT = 262_144;
