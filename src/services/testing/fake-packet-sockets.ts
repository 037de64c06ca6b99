import type { BpfProgram } from "#base/bpf.ts";
import type {
  PacketHandlers,
  PacketSocket,
  PacketSocketOptions,
  PacketSockets,
} from "#host/packet-sockets.ts";

/** Packet sockets whose packets a test makes and sees. */
export class FakePacketSockets implements PacketSockets {
  /** Those that are open, in the order of their opening. */
  readonly opened: FakePacketSocket[] = [];
  /** How many were ever asked for. */
  asked = 0;
  linkType = 1;
  /** What the next openings reject with. */
  refusal: Error | undefined;

  async open(options: PacketSocketOptions, handlers: PacketHandlers): Promise<PacketSocket> {
    this.asked++;
    if (this.refusal) throw this.refusal;
    const socket = new FakePacketSocket(this, options, handlers);
    this.opened.push(socket);
    return socket;
  }

  /** A packet comes in by an interface. */
  receive(interfaceName: string, bytes: Uint8Array, outgoing = false): void {
    for (const socket of [...this.opened])
      if (socket.options.interface === interfaceName) socket.receive(bytes, outgoing);
  }

  /** All that was sent by an interface since the last call. */
  sent(interfaceName: string): Uint8Array[] {
    const sockets = this.opened.filter(({ options }) => options.interface === interfaceName);
    return sockets.flatMap((socket) => socket.sent.splice(0));
  }
}

export class FakePacketSocket implements PacketSocket {
  readonly options: PacketSocketOptions;
  readonly sent: Uint8Array[] = [];
  readonly linkType: number;
  readonly latestMs = 0;
  filter: BpfProgram | undefined;
  /** What `send` throws, and how many packets it takes. */
  sendError: Error | undefined;
  takes = Infinity;
  /** Bytes below which a packet can never be sent. */
  least = 0;
  dropped = 0;
  readonly #sockets: FakePacketSockets;
  readonly #handlers: PacketHandlers;
  #seconds = 1_795_219_132;

  constructor(sockets: FakePacketSockets, options: PacketSocketOptions, handlers: PacketHandlers) {
    this.#sockets = sockets;
    this.options = options;
    this.#handlers = handlers;
    this.linkType = sockets.linkType;
    this.filter = options.filter;
  }

  send(packets: readonly Uint8Array[]): number {
    if (this.sendError) throw this.sendError;
    const short = packets.findIndex(({ length }) => length < this.least);
    if (short === 0) throw new Error(`a packet of ${packets[0]!.length} bytes is too short`);
    const taken = packets.slice(0, Math.min(this.takes, short < 0 ? Infinity : short));
    this.sent.push(...taken);
    return taken.length;
  }

  setFilter(filter: BpfProgram | undefined): void {
    this.filter = filter;
  }

  statistics() {
    return { received: 0, dropped: this.dropped };
  }

  close(): void {
    const at = this.#sockets.opened.indexOf(this);
    if (at >= 0) this.#sockets.opened.splice(at, 1);
  }

  receive(bytes: Uint8Array, outgoing = false): void {
    const stop = Math.min(bytes.length, this.options.snapLength ?? Infinity);
    const times = { seconds: this.#seconds++, nanoseconds: 123_456_789 };
    const packet = { bytes, start: 0, stop, originalLength: bytes.length, ...times };
    try {
      this.#handlers.received({ ...packet, outgoing, checksumPartial: false });
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** The interface is gone. */
  fail(error: Error): void {
    this.close();
    this.#handlers.failed(error);
  }
}
