import { formatIpv4, fromAddress, parseIpv4, writeIpv4, type Ipv4 } from "#base/ipv4.ts";
import { parseAddress } from "#base/address.ts";
import { seededRandom } from "#base/random.ts";
import type { Link } from "#host/links.ts";
import type { Digests } from "#ospf/authentication.ts";
import type { InterfaceConfig, OspfConfig } from "#ospf/config.ts";
import { OSPF_HEADER } from "#ospf/constants.ts";
import { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
import type { OspfEvent, OspfInput, OspfOutput } from "#ospf/io.ts";
import { PACKET_TYPES } from "#ospf/packets.ts";
import { OspfRouter } from "#ospf/router.ts";
import type { OspfInterface } from "#ospf/state.ts";
import { simCipher } from "#sim/cipher.ts";

/** A packet that a router sent, taken apart as far as its header. */
export interface Sent {
  /** ms. */
  readonly at: number;
  readonly interface: string;
  /** "hello", "update", …. */
  readonly type: string;
  /** "224.0.0.5". */
  readonly to: string;
  readonly body: Uint8Array;
  /** All of it, from the OSPF header on. */
  readonly payload: Uint8Array;
}

export interface BenchOptions {
  readonly routerId?: string;
  readonly config?: Partial<Omit<OspfConfig, "areas" | "routerId">>;
  /** Interfaces by name, with "10.0.1.1/24"; point-to-point when nothing else is said. */
  readonly interfaces: Readonly<
    Record<string, { readonly address: string; readonly config?: Partial<InterfaceConfig> }>
  >;
  readonly cipher?: Digests;
  /** Sees every step, as a recorder does: given what the router was made of. */
  readonly observe?: (setup: {
    readonly config: OspfConfig;
    readonly random: string;
    readonly authenticationSequence: number;
  }) => Observer;
}

type Observer = (at: number, input: OspfInput, outputs: readonly OspfOutput[]) => void;

/** One router by itself, given inputs by hand; what it says is kept. */
export class Bench {
  readonly router: OspfRouter;
  readonly config: OspfConfig;
  readonly cipher: Digests;
  readonly sent: Sent[] = [];
  readonly events: { readonly at: number; readonly event: OspfEvent }[] = [];
  now = 0;
  readonly #observe: Observer | undefined;

  constructor({
    routerId = "192.0.2.1",
    config,
    interfaces,
    cipher = simCipher(seededRandom("cipher")),
    observe,
  }: BenchOptions) {
    this.cipher = cipher;
    const all = Object.entries(interfaces);
    this.config = {
      ...ospfDefaults(parseIpv4(routerId)!),
      ...config,
      areas: [
        {
          areaId: 0,
          interfaces: all.map(([name, each]) => ({
            ...interfaceDefaults(name),
            type: "point-to-point",
            ...each.config,
          })),
        },
      ],
    };
    const random = seededRandom("bench");
    const authenticationSequence = 1_000;
    this.#observe = observe?.({ config: this.config, random: random.state(), authenticationSequence });
    this.router = new OspfRouter(this.config, { random, cipher, authenticationSequence });
    for (const [i, [name, { address }]] of all.entries())
      this.step({ type: "link", link: testLink(i + 1, name, address) });
  }

  interface(name: string): OspfInterface {
    return this.router.state.interfaces.get(name)!;
  }

  /** Gives an input now; the packets that it leads to. */
  step(input: OspfInput): readonly Sent[] {
    const before = this.sent.length;
    const outputs = this.router.handle(input, this.now);
    this.#observe?.(this.now, input, outputs);
    for (const output of outputs) {
      if (output.type === "event") this.events.push({ at: this.now, event: output.event });
      if (output.type === "raw-ip") this.sent.push(sentOf(this.now, output));
      if (output.type === "raw-ip-open") this.step({ type: "raw-ip-opened", interface: output.interface });
    }
    return this.sent.slice(before);
  }

  /** A packet's OSPF part comes in by an interface. */
  receive(name: string, source: Ipv4, payload: Uint8Array, to = "224.0.0.5"): readonly Sent[] {
    return this.step({ type: "raw-ip", interface: name, packet: ipPacket(source, parseIpv4(to)!, payload) });
  }

  /** Time passes; the packets that were sent meanwhile. */
  advance(ms: number): readonly Sent[] {
    const before = this.sent.length;
    const end = this.now + ms;
    while (this.router.wakeAt <= end) {
      this.now = Math.max(this.now, this.router.wakeAt);
      this.step({ type: "wake" });
    }
    this.now = end;
    return this.sent.slice(before);
  }

  dropped(name: string): Record<string, number> {
    return Object.fromEntries(this.interface(name).traffic.dropped);
  }

  /** "192.0.2.2 Full" of each neighbor. */
  neighbors(): string[] {
    return [...this.router.state.neighbors()].map((each) => `${formatIpv4(each.routerId)} ${each.state}`);
  }
}

/** An interface that is up and can do everything. */
export function testLink(index: number, name: string, address: string): Link {
  const [text, length] = address.split("/");
  return {
    index,
    name,
    mtu: 1_500,
    up: true,
    running: true,
    operState: "up",
    flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    medium: "ether",
    hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, index),
    hardwareBroadcast: new Uint8Array(6).fill(255),
    addresses: [{ address: parseAddress(text!)!, prefixLength: Number(length), scope: "global", flags: [] }],
    counters: undefined,
  };
}

/** With the few fields of the IPv4 header that a router looks at. */
export function ipPacket(source: Ipv4, destination: Ipv4, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(20 + payload.length);
  packet[0] = 0x45;
  packet[8] = 1;
  packet[9] = 89;
  writeIpv4(packet, 12, source);
  writeIpv4(packet, 16, destination);
  packet.set(payload, 20);
  return packet;
}

function sentOf(at: number, output: Extract<OspfOutput, { readonly type: "raw-ip" }>): Sent {
  const { destination, payload } = output.packet;
  const length = (payload[2]! << 8) | payload[3]!;
  return {
    at,
    interface: output.interface,
    type: PACKET_TYPES[payload[1]!]!,
    to: formatIpv4(fromAddress(destination)!),
    body: payload.subarray(OSPF_HEADER, length),
    payload,
  };
}
