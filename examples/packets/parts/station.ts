// What several examples need: options, an address that nobody else has, and a way to find the neighbor behind which
// another one lies.
import type { ExchangeContext, GivenLayer, Packet, State, Transition } from "parley/packet";

export type Parley = typeof import("parley/packet");
export type Options = Readonly<Record<string, string>>;

/** The options and their defaults; one without a default has to be given. Throws TypeError for any other. */
export function optionsOf<const Name extends string>(
  given: Options,
  defaults: Readonly<Record<Name, string | undefined>>,
): Readonly<Record<Name, string>> {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(defaults, name))
      throw new TypeError(`there is no option ${name}: ${Object.keys(defaults).join(", ")}`);
  const found = Object.entries<string | undefined>(defaults).map(([name, byDefault]) => {
    const value = given[name] ?? byDefault;
    if (value === undefined) throw new TypeError(`${name}=… has to be given`);
    return [name, value] as const;
  });
  return Object.fromEntries(found) as Record<Name, string>;
}

/** A whole number of those options. Throws TypeError. */
export function wholeNumber(text: string, name: string, [least, most]: readonly [number, number]): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new TypeError(`${name} is a whole number from ${least} to ${most}, not ${text}`);
  return number;
}

/** A time for people: whole microseconds. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** An IPv4 address as a number. Throws TypeError. */
export function addressNumber(text: string): number {
  const parts = text.split(".").map(Number);
  if (!/^\d+(\.\d+){3}$/.test(text) || parts.some((part) => part > 255))
    throw new TypeError(`${text} is no IPv4 address`);
  return parts.reduce((number, part) => number * 256 + part, 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** Somebody on the link. */
export interface Station {
  readonly address: string;
  readonly mac: string;
}

/** A station with this address; its MAC address, where none is given, is made of the address. Throws TypeError. */
export function stationOf(address: string, mac = ""): Station {
  return { address, mac: macIn(mac) || macOf(address) };
}

/** A MAC address of the options, or none. Throws TypeError: found later, it would stop the machine at a packet. */
export function macIn(text: string): string {
  if (text === "" || /^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(text)) return text;
  throw new TypeError(`${text} is no MAC address`);
}

/** IPv4 addresses with commas between, or none. Throws TypeError. */
export function addressesIn(text: string): string[] {
  const addresses = text === "" ? [] : text.split(",");
  addresses.forEach(addressNumber);
  return addresses;
}

/** 02 in front says that nobody sold it. */
export function macOf(address: string): string {
  const digits = addressNumber(address).toString(16).padStart(8, "0");
  return `02:00:${digits.match(/../g)!.join(":")}`;
}

/** Answers whoever asks which MAC address the station has. */
export function answersArp(parley: Parley, { address, mac }: Station): Required<ArpAnswer> {
  const { Arp, Ethernet, layer, query } = parley;
  return {
    query: query`arp.opcode == 1 and arp.dst.proto_ipv4 == ${address} and not arp.isgratuitous`,
    do(packet) {
      const { senderIp, senderMac } = packet.get(Arp)!;
      return [
        layer(Ethernet, { destination: senderMac, source: mac }),
        layer(Arp, {
          opcode: 2,
          senderMac: mac,
          senderIp: address,
          targetMac: senderMac,
          targetIp: senderIp,
        }),
      ];
    },
  };
}
type ArpAnswer = Pick<Transition<unknown>, "query" | "do">;

/** What a machine remembers of the neighbor to which it sends. */
export interface HopData {
  /** Its MAC address, once that is known. */
  hop: string;
  asked: number;
}

/** The state in which a machine asks for the MAC address of `hop`, up to three times, a second each. */
export function resolving<Data extends HopData>(
  parley: Parley,
  { address, mac }: Station,
  { hop, found, lost }: { readonly hop: string; readonly found: string; readonly lost: string },
): State<Data> {
  const { Arp, Ethernet, layer, query } = parley;
  return {
    enter({ data }) {
      data.asked++;
      return [
        layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source: mac }),
        layer(Arp, { senderMac: mac, senderIp: address, targetIp: hop }),
      ];
    },
    on: [
      answersArp(parley, { address, mac }),
      {
        query: query`arp.opcode == 2 and arp.src.proto_ipv4 == ${hop} and arp.dst.proto_ipv4 == ${address}`,
        do: (packet, { data }) => void (data.hop = packet.get(Arp)!.senderMac!),
        go: found,
      },
    ],
    after: { ms: 1_000, go: { [lost]: ({ data }) => data.asked >= 3 } },
  };
}

/** A final state that is told. */
export function ending<Data>(text: string, details?: (data: Data) => unknown): State<Data> {
  return {
    enter: ({ tell, data }: ExchangeContext<Data>) => tell(text, details?.(data)),
    final: true,
  };
}

/** The two layers that lead to an address behind a neighbor. */
export function ipTo(
  { Ethernet, Ipv4, layer }: Parley,
  { address, mac }: Station,
  to: { readonly mac: string; readonly address: string; readonly ttl?: number },
): GivenLayer[] {
  return [
    layer(Ethernet, { destination: to.mac, source: mac }),
    layer(Ipv4, { source: address, destination: to.address, ttl: to.ttl ?? 64, dontFragment: 1 }),
  ];
}

/** What an ICMP error quotes: the values of that protocol's layer. */
export function quoted(packet: Packet, protocol: string): Readonly<Record<string, unknown>> | undefined {
  return packet.layers.find((layer) => layer.quoted && layer.message.name === protocol)?.values;
}
