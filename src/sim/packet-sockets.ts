import type { BpfProgram } from "#base/bpf.ts";
import { equalBytes } from "#base/bytes.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { LinkMonitor } from "#host/links.ts";
import type {
  PacketHandlers,
  PacketSocket,
  PacketSockets,
  PacketSocketOptions,
  PacketSocketStatistics,
  ReceivedPacket,
  StoredPackets,
} from "#host/packet-sockets.ts";
import type { SimLinks } from "#sim/links.ts";
import type { Machine, Network } from "#sim/network.ts";
import { runBpf, type BpfMetadata } from "#packet/bpf/run.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
import { SimPort, type Tap } from "#sim/packet-sockets-port.ts";

/** Packet sockets of one simulated machine. */
export class SimPacketSockets implements PacketSockets {
  readonly #network: Network;
  readonly #machine: Machine;
  readonly #links: SimLinks;
  readonly #clock: Clock;
  readonly #ports = new Map<string, SimPort>();
  #monitor: Promise<LinkMonitor> | undefined;

  /** The interfaces named eth0 of all machines are on one link, "lan"; others on none until `connect`. */
  constructor(network: Network, machine: Machine, links: SimLinks, clock: Clock) {
    this.#network = network;
    this.#machine = machine;
    this.#links = links;
    this.#clock = clock;
    this.connect("eth0", "lan");
  }

  /** Puts an interface on a link, which machines share by its name, or with undefined on none. */
  connect(interfaceName: string, link: string | undefined): void {
    this.port(interfaceName).connect(link);
  }

  async open(options: PacketSocketOptions, handlers: PacketHandlers): Promise<PacketSocket> {
    const port = this.port(options.interface);
    await this.attach(port);
    return new SimPacketSocket(this.#network, port, this.#clock, options, handlers);
  }

  /** What an interface is connected to; made for those, too, that are not there yet. */
  port(name: string): SimPort {
    const known = this.#ports.get(name);
    if (known) return known;
    const port = new SimPort(this.#network, this.#machine, this.#links, name);
    this.#ports.set(name, port);
    return port;
  }

  /** Throws OperatorError when there is no such interface; tells its taps when it ceases to be. */
  async attach(port: SimPort): Promise<void> {
    if (!port.link()) {
      throw new OperatorError(`there is no interface ${port.name}`, "ip link shows the names of all");
    }
    this.#monitor ??= this.#links.watch((changes) => {
      for (const { type, link } of changes) {
        if (type !== "removed") continue;
        for (const tap of [...(this.#ports.get(link.name)?.taps ?? [])]) tap.gone();
      }
    });
    await this.#monitor;
  }
}

class SimPacketSocket implements PacketSocket, Tap {
  readonly linkType = 1;
  readonly latestMs: number;
  readonly group: number | undefined;
  readonly #network: Network;
  readonly #port: SimPort;
  readonly #clock: Clock;
  readonly #options: PacketSocketOptions;
  readonly #handlers: PacketHandlers;
  #filter: BpfProgram | undefined;
  #waiting: ReceivedPacket[] = [];
  #waitingBytes = 0;
  #received = 0;
  #dropped = 0;
  #open = true;
  #isLeft = false;

  constructor(
    network: Network,
    port: SimPort,
    clock: Clock,
    options: PacketSocketOptions,
    handlers: PacketHandlers,
  ) {
    const { snapLength, fanoutGroup, filter } = options;
    if (snapLength !== undefined && snapLength < 1) throw new RangeError(`a snap length of ${snapLength}`);
    this.#network = network;
    this.#port = port;
    this.#clock = clock;
    this.#options = options;
    this.latestMs = options.mode === "bulk" ? BULK_MS : 0;
    this.#handlers = handlers;
    this.#filter = verified(filter);
    this.group = fanoutGroup;
    port.taps.add(this);
  }

  send(packets: readonly Uint8Array[]): number {
    if (!this.#open) return 0;
    let sent = 0;
    for (const packet of packets) {
      const most = (this.#port.link()?.mtu ?? 1_500) + HEADER_BYTES;
      const isTagged = packet[12] === 0x81 && packet[13] === 0;
      const why =
        packet.length < HEADER_BYTES
          ? "is shorter than a link header"
          : packet.length > most + (isTagged ? 4 : 0)
            ? "is longer than the link carries"
            : undefined;
      if (why !== undefined && sent === 0) throw new Error(`a packet of ${packet.length} bytes ${why}`);
      if (why !== undefined || !this.#port.isUp()) return sent;
      this.#port.send(packet, this);
      sent++;
    }
    return sent;
  }

  sendStored({ bytes, starts }: StoredPackets, first: number, stop: number): number {
    const packets = Array.from({ length: stop - first }, (_, i) =>
      bytes.subarray(starts[first + i], starts[first + i + 1]),
    );
    return this.send(packets);
  }

  setFilter(filter: BpfProgram | undefined): void {
    this.#filter = verified(filter);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  statistics(): PacketSocketStatistics {
    return { received: this.#received, dropped: this.#dropped };
  }

  close(): void {
    this.#isLeft = true;
    this.#stop();
  }

  gone(): void {
    if (!this.#open) return;
    this.#handOver();
    const name = this.#port.name;
    this.#fail(new OperatorError(`the interface ${name} is gone`, "open it again when ip link shows it"));
  }

  frame(frame: Uint8Array, outgoing: boolean): void {
    if (!this.#open) return;
    const { snapLength = Infinity, bufferBytes = Infinity } = this.#options;
    const kind = outgoing ? 4 : kindOf(frame, this.#port.link()?.hardwareAddress);
    if (outgoing ? !this.#options.outgoing : kind === 3 && !this.#options.promiscuous) return;
    const { bytes, vlan } = untagged(frame);
    const kept = this.#filter
      ? runBpf(this.#filter, bytes, filteredFacts(bytes, vlan, kind, this.#port.link()?.index))
      : frame.length;
    if (kept === 0) return;
    this.#received++;
    // The kernel's filter counts without the tag, which comes back afterwards.
    const stop = Math.min(frame.length, kept + (vlan ? 4 : 0), snapLength);
    if (this.#waitingBytes + stop > bufferBytes) {
      this.#dropped++;
      return;
    }
    this.#waitingBytes += stop;
    this.#waiting.push({ bytes: frame.slice(), start: 0, stop, ...this.#facts(frame, outgoing) });
    if (this.#waiting.length > 1) return;
    const { scheduler } = this.#network;
    scheduler.at(scheduler.now + this.latestMs, () => this.#handOver());
  }

  #facts(frame: Uint8Array, outgoing: boolean) {
    const [wall, now] = [this.#clock.wallTime(), this.#network.scheduler.now];
    return {
      originalLength: frame.length,
      seconds: Math.floor(wall / 1_000),
      nanoseconds: (wall % 1_000) * 1_000_000 + Math.floor((now % 1) * 1_000_000),
      outgoing,
      checksumPartial: false,
    };
  }

  #handOver(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (!this.#open || waiting.length === 0) return;
    try {
      for (const packet of waiting) {
        if (!this.#open) return;
        this.#handlers.received(packet);
      }
      if (this.#open) this.#handlers.drained?.();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    if (!this.#open) return;
    this.#stop();
    const { scheduler } = this.#network;
    scheduler.at(scheduler.now, () => this.#isLeft || this.#handlers.failed(error));
  }

  #stop(): void {
    this.#open = false;
    this.#port.taps.delete(this);
    this.#waiting = [];
  }
}

/** sll_pkttype of what has come in. */
function kindOf(frame: Uint8Array, own: Uint8Array | undefined): number {
  const to = frame.subarray(0, 6);
  if (to.every((byte) => byte === 255)) return 1;
  if ((to[0]! & 1) !== 0) return 2;
  return own === undefined || equalBytes(to, own) ? 0 : 3;
}

/** A frame as the kernel keeps it: its outermost VLAN tag beside it. */
function untagged(frame: Uint8Array) {
  const tpid = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if ((tpid !== 0x8100 && tpid !== 0x88a8) || frame.length < 18) return { bytes: frame, vlan: undefined };
  const bytes = new Uint8Array(frame.length - 4);
  bytes.set(frame.subarray(0, 12));
  bytes.set(frame.subarray(16), 12);
  return { bytes, vlan: { tpid, tci: (frame[14]! << 8) | frame[15]! } };
}

/** What the kernel's filters learn of a frame beside its bytes, from which an outermost VLAN tag was taken. */
export function filteredFacts(
  bytes: Uint8Array,
  vlan: { readonly tpid: number; readonly tci: number } | undefined,
  pktType: number,
  interfaceIndex: number | undefined,
): BpfMetadata {
  return {
    pktType,
    protocol: ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0),
    ...(interfaceIndex !== undefined && { interfaceIndex }),
    ...(vlan && { vlanPresent: true, vlanTci: vlan.tci, vlanTpid: vlan.tpid }),
  };
}

/** As the kernel: a program that could run on is refused when it is set. */
function verified(filter: BpfProgram | undefined): BpfProgram | undefined {
  const verdict = filter && verifyBpf(filter);
  if (verdict?.ok === false)
    throw new Error(`a filter that the kernel refuses: instruction ${verdict.at}: ${verdict.error}`);
  return filter;
}

/** Of Ethernet. */
const HEADER_BYTES = 14;
/** As the real one: packets wait for others to come. */
const BULK_MS = 4;
