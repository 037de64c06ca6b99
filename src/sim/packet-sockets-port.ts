import { equalBytes } from "#base/bytes.ts";
import type { Link } from "#host/links.ts";
import type { SimLinks } from "#sim/links.ts";
import type { Machine, Network } from "#sim/network.ts";
import { connect, transmit, type WirePort } from "#sim/packet-sockets-wire.ts";

/** Whoever sees the frames of an interface. */
export interface Tap {
  frame(frame: Uint8Array, outgoing: boolean): void;
  /** Taps of one group share what comes. */
  readonly group: number | undefined;
  /** The interface is no more. */
  gone(): void;
}

/** One interface of a simulated machine: what is connected to it outside and inside. */
export class SimPort implements WirePort {
  readonly machine: Machine;
  readonly name: string;
  readonly taps = new Set<Tap>();
  readonly #network: Network;
  readonly #links: SimLinks;
  #wire: string | undefined;

  constructor(network: Network, machine: Machine, links: SimLinks, name: string) {
    this.#network = network;
    this.machine = machine;
    this.#links = links;
    this.name = name;
  }

  /** The interface as it is now; undefined when it is gone. */
  link(): Link | undefined {
    return this.#links.find(this.name);
  }

  connect(wire: string | undefined): void {
    this.#wire = wire;
    connect(this.#network.wires, this, wire);
  }

  isUp(): boolean {
    return this.link()?.running ?? false;
  }

  hardwareAddressOf(address: Uint8Array): Uint8Array | undefined {
    const link = this.link();
    const isOwn = link?.addresses.some((own) => equalBytes(own.address.bytes, address));
    return isOwn ? link!.hardwareAddress : undefined;
  }

  received(frame: Uint8Array): void {
    this.#show(frame, false);
  }

  /** Sends a frame; what taps this interface sees it, but for `sender` itself. */
  send(frame: Uint8Array, sender: Tap): void {
    this.#show(frame, true, sender);
    // What loopback sends comes back to it.
    if (this.link()?.medium === "loopback") {
      const copy = frame.slice();
      const { scheduler } = this.#network;
      scheduler.at(scheduler.now, () => this.#show(copy, false));
    } else if (this.#wire !== undefined) transmit(this.#network, this.#wire, this, frame);
  }

  /** Who else is on the link and has an address. */
  neighbor(address: Uint8Array): Uint8Array | undefined {
    if (this.#wire === undefined) return undefined;
    for (const port of this.#network.wires.get(this.#wire) ?? []) {
      const found = port === this ? undefined : port.hardwareAddressOf(address);
      if (found) return found;
    }
    return undefined;
  }

  #show(frame: Uint8Array, outgoing: boolean, except?: Tap): void {
    const groups = new Map<number, Tap[]>();
    for (const tap of [...this.taps]) {
      if (tap === except) continue;
      if (tap.group === undefined) tap.frame(frame, outgoing);
      else groups.set(tap.group, [...(groups.get(tap.group) ?? []), tap]);
    }
    for (const taps of groups.values()) taps[flowHash(frame) % taps.length]!.frame(frame, outgoing);
  }
}

/** The same for both directions of a conversation: each end is hashed for itself (FNV-1a), the two are added. */
function flowHash(frame: Uint8Array): number {
  const isIpv4 = frame[12] === 8 && frame[13] === 0 && frame.length >= 38;
  const ends = isIpv4
    ? [
        [26, 27, 28, 29, 34, 35],
        [30, 31, 32, 33, 36, 37],
      ]
    : [
        [6, 7, 8, 9, 10, 11],
        [0, 1, 2, 3, 4, 5],
      ];
  const hash = (end: readonly number[]): number =>
    end.reduce((sum, at) => Math.imul(sum ^ frame[at]!, 0x01000193), 0x811c9dc5);
  return (hash(ends[0]!) + hash(ends[1]!)) >>> 16;
}
