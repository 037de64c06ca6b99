import { formatAddress, scopeOf, type Address } from "#base/address.ts";
import { equalBytes } from "#base/bytes.ts";
import { foldInternetSum, internetSum } from "#base/checksum.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { RawIp, RawIpHandlers, RawIpOptions, RawIpPacket, RawIpSocket } from "#host/raw-ip.ts";
import type { Machine, Network } from "#sim/network.ts";
import { SimPort, type Tap } from "#sim/packet-sockets-port.ts";
import { carry } from "#sim/packet-sockets-wire.ts";
import type { SimPacketSockets } from "#sim/packet-sockets.ts";

/**
 * Raw IP of a simulated machine. Who has an address is known without ARP, and long packets are carried whole: there are
 * no fragments. What a sender without interface sends comes to whoever has the address, on any link, as if routed.
 */
export function simRawIp(network: Network, machine: Machine, sockets: SimPacketSockets): RawIp {
  return {
    open: async (options, handlers) => {
      const port = sockets.port(options.interface);
      await sockets.attach(port);
      return new SimRawIpSocket(network, port, options, handlers);
    },
    openSender: async (options) => {
      let open = true;
      return {
        send: (packet) => (open ? sendRouted(network, machine, sockets, options, packet) : "ENODEV"),
        close: () => void (open = false),
      };
    },
  };
}

class SimRawIpSocket implements RawIpSocket, Tap {
  readonly group = undefined;
  readonly #network: Network;
  readonly #port: SimPort;
  readonly #options: RawIpOptions;
  readonly #handlers: RawIpHandlers;
  readonly #groups = new Set<string>();
  #open = true;

  constructor(network: Network, port: SimPort, options: RawIpOptions, handlers: RawIpHandlers) {
    this.#network = network;
    this.#port = port;
    this.#options = options;
    this.#handlers = handlers;
    port.taps.add(this);
  }

  join(group: Address): void {
    if (group.bytes.length !== 4) throw new RangeError("a group is an IPv4 address");
    this.#groups.add(formatAddress(group));
  }

  leave(group: Address): void {
    this.#groups.delete(formatAddress(group));
  }

  send(packet: RawIpPacket): string | undefined {
    if (!this.#open) return "ENODEV";
    const source = packet.source ?? ownAddress(this.#port);
    if (!this.#port.isUp()) return "ENETUNREACH";
    const ip = ipv4Packet(this.#options, packet, source);
    if (typeof ip === "string") return ip;
    const to = this.#linkAddress(packet.destination);
    // Nobody answers for it: lost, as after ARP in vain.
    if (to) this.#port.send(ethernetFrame(to, this.#port.link()!.hardwareAddress, ip), this);
    return undefined;
  }

  close(): void {
    this.#open = false;
    this.#port.taps.delete(this);
  }

  gone(): void {
    this.close();
    const { scheduler } = this.#network;
    const error = new OperatorError(
      `the interface ${this.#port.name} is gone`,
      "open it again when ip link shows it",
    );
    scheduler.at(scheduler.now, () => this.#handlers.failed(error));
  }

  frame(frame: Uint8Array, outgoing: boolean): void {
    if (outgoing || frame[12] !== 8 || frame[13] !== 0 || frame[23] !== this.#options.protocol) return;
    const destination: Address = { bytes: frame.slice(30, 34) };
    const isMine =
      scopeOf(destination) === "multicast"
        ? this.#groups.has(formatAddress(destination))
        : isBroadcast(this.#port, destination.bytes) ||
          this.#port.hardwareAddressOf(destination.bytes) !== undefined;
    if (isMine)
      this.#handlers.received(frame.slice(14, 14 + ((frame[16]! << 8) | frame[17]!)), this.#port.name);
  }

  #linkAddress({ bytes }: Address): Uint8Array | undefined {
    if (scopeOf({ bytes }) === "multicast") {
      return Uint8Array.of(1, 0, 0x5e, bytes[1]! & 127, bytes[2]!, bytes[3]!);
    }
    return isBroadcast(this.#port, bytes) ? new Uint8Array(6).fill(255) : this.#port.neighbor(bytes);
  }
}

function sendRouted(
  network: Network,
  machine: Machine,
  sockets: SimPacketSockets,
  options: Omit<RawIpOptions, "interface">,
  packet: RawIpPacket,
): string | undefined {
  const ip = ipv4Packet(options, packet, packet.source ?? ownAddress(sockets.port("eth0")));
  if (typeof ip === "string") return ip;
  for (const ports of network.wires.values()) {
    for (const port of ports) {
      const to = port.machine === machine ? undefined : port.hardwareAddressOf(packet.destination.bytes);
      if (!to) continue;
      carry(network, machine, port, ethernetFrame(to, ROUTER, ip), () => true);
      return undefined;
    }
  }
  return "ENETUNREACH";
}

/** The packet with its header, or the system's word for why there can be none. */
function ipv4Packet(
  options: Omit<RawIpOptions, "interface">,
  { destination, ttl, tos, payload }: RawIpPacket,
  source: Address | undefined,
): Uint8Array | string {
  if (payload.length > 65_515) return "EMSGSIZE";
  if (destination.bytes.length !== 4 || (source && source.bytes.length !== 4)) return "EINVAL";
  const packet = new Uint8Array(20 + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint8(1, tos ?? options.tos ?? 0xc0);
  view.setUint16(2, packet.length);
  view.setUint8(8, ttl ?? (scopeOf(destination) === "multicast" ? 1 : 64));
  view.setUint8(9, options.protocol);
  if (source) packet.set(source.bytes, 12);
  packet.set(destination.bytes, 16);
  view.setUint16(10, foldInternetSum(internetSum(packet, 0, 20)));
  packet.set(payload, 20);
  return packet;
}

function ethernetFrame(to: Uint8Array, from: Uint8Array, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + packet.length);
  frame.set(to);
  frame.set(from, 6);
  frame[12] = 8;
  frame.set(packet, 14);
  return frame;
}

function ownAddress(port: SimPort): Address | undefined {
  return port.link()?.addresses.find(({ address }) => address.bytes.length === 4)?.address;
}

/** 255.255.255.255, or the last address of one of the port's networks. */
function isBroadcast(port: SimPort, address: Uint8Array): boolean {
  if (address.every((byte) => byte === 255)) return true;
  const addresses = port.link()?.addresses ?? [];
  return addresses.some(({ broadcast }) => broadcast !== undefined && equalBytes(broadcast.bytes, address));
}

const ROUTER = Uint8Array.of(2, 0xff, 0, 0, 0, 1);
