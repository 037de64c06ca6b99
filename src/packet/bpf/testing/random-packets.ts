import type { Random } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import type { Message } from "#packet/message.ts";
import { randomValues } from "#packet/random-values.ts";
import type { Registry } from "#packet/registry.ts";
import { Arp } from "#wire/arp.ts";
import { Dns } from "#wire/dns.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Gre } from "#wire/gre.ts";
import { Icmp } from "#wire/icmp.ts";
import { Icmpv6 } from "#wire/icmpv6.ts";
import { DestinationOptions, FragmentHeader, HopByHopOptions } from "#wire/ipv6-extension.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { Llc } from "#wire/llc.ts";
import { RawLink } from "#wire/raw-link.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { ServiceVlan, Vlan } from "#wire/vlan.ts";
import { Vxlan } from "#wire/vxlan.ts";

const PORTS = [53, 67, 123, 4789, 5353, 80, 22, 40_000, 7946, 0];
const SOURCES = ["192.0.2.1", "192.0.2.77", "10.0.0.1", "255.255.255.255"];
const SOURCES6 = ["2001:db8::1", "2001:db8:1::2", "fe80::1", "::"];
const MACS = ["02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff"];

/** Packets of a network in which much is unusual: tags, tunnels, options, fragments, errors, broken headers. */
export class RandomPackets {
  readonly #registry: Registry;
  readonly #random: Random;

  constructor(registry: Registry, random: Random) {
    this.#registry = registry;
    this.#random = random;
  }

  #one<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  /** A packet as somebody sent it. */
  plain(first: "ethernet" | "raw" = "ethernet"): Uint8Array {
    const layers: GivenLayer[] = first === "raw" ? [layer(RawLink)] : [this.#ethernet(), ...this.#tags()];
    if (first === "ethernet" && this.#random.below(8) === 0) layers.push(this.#arp());
    else {
      if (first === "ethernet" && this.#random.below(20) === 0)
        layers.push(layer(Llc, { dsap: 0xaa, ssap: 0xaa }));
      this.#network(layers, 0);
    }
    return build(this.#registry, layers, this.#payload());
  }

  /** Layers of any kind, each of which leads to the next. */
  stack(first: Message): Uint8Array {
    try {
      const layers: GivenLayer[] = [];
      let message: Message | undefined = first;
      for (let depth = 0; message && depth < 6; depth++) {
        layers.push({ message, given: randomValues(message, this.#random) });
        const following: Message[] = message.next
          .filter(({ quoted, length }) => !quoted && !length)
          .flatMap(({ table }) =>
            [...this.#registry.table(table).values()].map((number) => this.#registry.messages[number]!),
          );
        message = following[this.#random.below(Math.max(1, following.length))];
      }
      return build(this.#registry, layers, this.#payload());
    } catch (error) {
      // Not all values fit together.
      if (error instanceof TypeError) return this.plain(first.name === "eth" ? "ethernet" : "raw");
      throw error;
    }
  }

  /** The packet with some bytes changed, cut or added. */
  broken(packet: Uint8Array): Uint8Array {
    const random = this.#random;
    const length = random.below(2) === 0 ? packet.length : random.below(packet.length + 1);
    const bytes = new Uint8Array(length + (random.below(4) === 0 ? random.below(40) : 0));
    bytes.set(packet.subarray(0, length));
    for (let i = random.below(4); i > 0 && bytes.length > 0; i--)
      bytes[random.below(Math.min(bytes.length, 80))] = random.below(4) === 0 ? 0 : random.below(256);
    return bytes;
  }

  #payload(): Uint8Array {
    return Uint8Array.from({ length: this.#random.below(3) === 0 ? 0 : this.#random.below(40) }, () =>
      this.#random.below(256),
    );
  }

  #ethernet(): GivenLayer {
    return layer(Ethernet, { source: this.#one(MACS), destination: this.#one(MACS) });
  }

  #tags(): GivenLayer[] {
    const id = this.#one([5, 100, 4095]);
    const priority = this.#random.below(8);
    switch (this.#random.below(8)) {
      case 0:
        return [layer(Vlan, { id, priority })];
      case 1:
        return [layer(ServiceVlan, { id }), layer(Vlan, { id: 7 })];
      case 2:
        return [layer(Vlan, { id }), layer(Vlan, { id: 7 }), ...this.#tags()];
      default:
        return [];
    }
  }

  #arp(): GivenLayer {
    const odd = this.#random.below(6) === 0 ? { hardwareSize: 8, hardwareType: 32 } : {};
    return layer(Arp, {
      opcode: this.#one([1, 2]),
      senderIp: this.#one(SOURCES),
      targetIp: this.#one(SOURCES),
      senderMac: this.#one(MACS),
      ...odd,
    });
  }

  #network(layers: GivenLayer[], depth: number): void {
    const random = this.#random;
    if (random.below(2) === 0) {
      const isPart = random.below(6) === 0;
      layers.push(
        layer(Ipv4, {
          source: this.#one(SOURCES),
          destination: this.#one(SOURCES),
          ttl: this.#one([1, 64, 255]),
          dscp: random.below(64),
          ...(isPart && { moreFragments: random.below(2), fragmentOffset: this.#one([0, 0, 185]) }),
          ...(random.below(6) === 0 && { options: [{ type: 1 }, { type: 1 }, { type: 0 }] }),
        }),
      );
    } else {
      layers.push(
        layer(Ipv6, { source: this.#one(SOURCES6), destination: this.#one(SOURCES6), hopLimit: 64 }),
      );
      if (random.below(8) === 0) layers.push(layer(HopByHopOptions));
      if (random.below(8) === 0) layers.push(layer(DestinationOptions));
      if (random.below(8) === 0)
        layers.push(layer(FragmentHeader, { moreFragments: 1, fragmentOffset: this.#one([0, 100]) }));
    }
    this.#transport(layers, depth);
  }

  #transport(layers: GivenLayer[], depth: number): void {
    const random = this.#random;
    const ports = { sourcePort: this.#one(PORTS), destinationPort: this.#one(PORTS) };
    const kind = random.below(depth < 2 ? 10 : 4);
    if (kind < 2) {
      layers.push(layer(Udp, ports));
      if (ports.destinationPort === 53)
        layers.push(layer(Dns, { response: random.below(2), id: random.below(9) }));
    } else if (kind === 2)
      layers.push(layer(Tcp, { ...ports, flags: { syn: random.below(2) === 0, ack: true } }));
    else if (kind === 3) layers.push(this.#error(layers.at(-1)!, depth));
    else if (kind === 4) this.#network(layers, depth + 1);
    else if (kind === 5) {
      layers.push(layer(Gre, random.below(3) === 0 ? { keyPresent: 1, key: 7 } : {}));
      if (random.below(2) === 0) layers.push(this.#ethernet());
      this.#network(layers, depth + 1);
    } else if (kind === 6) {
      layers.push(layer(Udp, { ...ports, destinationPort: 4789 }), layer(Vxlan), this.#ethernet());
      this.#network(layers, depth + 1);
    } else layers.push(layer(Udp, ports));
  }

  /** An error that quotes another packet, or an echo. */
  #error(below: GivenLayer, depth: number): GivenLayer {
    const isV6 = below.message.name.startsWith("ipv6");
    const type = this.#one(isV6 ? [1, 3, 128, 129] : [0, 3, 8, 11]);
    const message: Message = (isV6 ? Icmpv6 : Icmp) as unknown as Message;
    const head = build(this.#registry, [{ message, given: { type } }]);
    const inner: GivenLayer[] = [];
    if (depth < 2) this.#network(inner, 2);
    const quoted = inner.length > 0 ? build(this.#registry, inner, this.#payload()) : new Uint8Array(0);
    const raw = new Uint8Array(8 + quoted.length);
    raw.set(head.subarray(0, 8));
    raw.set(quoted, 8);
    return { message, given: { type }, raw };
  }
}
