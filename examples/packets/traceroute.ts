// Who forwards packets to an address: probes with a growing time to live, and the routers that tell where it ended:
//
//   parley packets respond eth0 traceroute.ts address=192.0.2.7 gateway=192.0.2.1 target=198.51.100.9
//   parley packets respond eth0 traceroute.ts … method=icmp hops=12 tries=3
//
// It sends from an address of its own, for which it answers ARP, and asks for the gateway's MAC address first. A probe
// is known again by its number, which the answer quotes: the UDP port it was sent to, or the ICMP sequence. What an
// answer quotes is a layer as any other, so that queries find its fields, too; `when` compares it with what was sent.
import type { ExchangeContext, GivenLayer, Packet, State } from "parley/packet";
import {
  answersArp,
  ending,
  ipTo,
  optionsOf,
  quoted,
  resolving,
  roundedMs,
  stationOf,
  wholeNumber,
  type HopData,
  type Options,
  type Parley,
} from "./parts/station.ts";

interface Route extends HopData {
  ttl: number;
  /** Of the probe of this time to live. */
  tries: number;
  sentAt: number;
  /** Source port, or ICMP identifier. */
  mark: number;
  /** The routers; undefined for one that does not answer. */
  readonly hops: (string | undefined)[];
}

type Context = ExchangeContext<Route>;

/** What tells the two kinds of probes apart. */
interface Method {
  /** Selects answers of the target. */
  readonly arrived: string;
  /** Whether an answer, quoted or direct, is to the probe that is out. */
  isMine(packet: Packet, context: Context): boolean;
  probe(data: Route): GivenLayer;
}

const FIRST_PORT = 33_434;

export function exchange(parley: Parley, options: Options) {
  const given = optionsOf(options, {
    address: undefined,
    target: undefined,
    gateway: "",
    mac: "",
    method: "udp",
    hops: "30",
    tries: "2",
  });
  if (given.method !== "udp" && given.method !== "icmp") throw new TypeError("method is udp or icmp");
  const me = stationOf(given.address, given.mac);
  const method = given.method === "udp" ? udpMethod(parley) : icmpMethod(parley);
  const hop = given.gateway || given.target;
  return parley.machine<Route>({
    name: "traceroute",
    about: `the way to ${given.target}`,
    data: () => ({ hop: "", asked: 0, ttl: 1, tries: 0, sentAt: 0, mark: 0, hops: [] }),
    initial: "resolving",
    states: {
      resolving: resolving(parley, me, { hop, found: "probing", lost: "no gateway" }),
      probing: probing(parley, method, {
        send: (data) => [
          ...ipTo(parley, me, { mac: data.hop, address: given.target, ttl: data.ttl }),
          method.probe(data),
        ],
        arp: answersArp(parley, me),
        target: given.target,
        hops: wholeNumber(given.hops, "hops", [1, 255]),
        tries: wholeNumber(given.tries, "tries", [1, 10]),
      }),
      arrived: ending("arrived", ({ hops }) => ({ hops: hops.length })),
      unreachable: ending("a router says that there is no way"),
      "too far": ending("too far", ({ hops }) => ({ hops: hops.length })),
      "no gateway": ending("nobody answers ARP for the gateway"),
    },
  });
}

interface Probing {
  readonly send: (data: Route) => readonly GivenLayer[];
  readonly arp: ReturnType<typeof answersArp>;
  readonly target: string;
  readonly hops: number;
  readonly tries: number;
}

function probing(
  parley: Parley,
  { arrived, isMine }: Method,
  { send, arp, target, hops, tries }: Probing,
): State<Route> {
  const { Ipv4, query } = parley;
  const note = (packet: Packet | undefined, { data, now, tell }: Context): void => {
    const router = packet?.get(Ipv4)?.source;
    tell(
      `${data.ttl} ${router ?? "*"}`,
      router === undefined ? undefined : { ms: roundedMs(now - data.sentAt) },
    );
    data.hops.push(router);
    data.ttl++;
    data.tries = 0;
  };
  const goOn = { "too far": ({ data }: Context) => data.ttl > hops, probing: true } as const;
  return {
    enter({ data, now, random }) {
      data.mark ||= 49_152 + random.below(16_384);
      data.tries++;
      data.sentAt = now;
      return send(data);
    },
    on: [
      arp,
      { query: "icmp.type#1 == 11", when: isMine, do: note, go: goOn },
      { query: arrived + query` and ip.src#1 == ${target}`, when: isMine, do: note, go: "arrived" },
      { query: "icmp.type#1 == 3", when: isMine, do: note, go: "unreachable" },
    ],
    after: {
      ms: 1_000,
      do: (context) => (context.data.tries >= tries ? note(undefined, context) : undefined),
      go: goOn,
    },
  };
}

function udpMethod({ layer, Udp }: Parley): Method {
  return {
    arrived: "icmp.type#1 == 3 and icmp.code#1 == 3",
    isMine(packet, { data }) {
      const probe = quoted(packet, "udp");
      return probe?.["sourcePort"] === data.mark && probe["destinationPort"] === FIRST_PORT + data.ttl;
    },
    probe: ({ mark, ttl }) => layer(Udp, { sourcePort: mark, destinationPort: FIRST_PORT + ttl }),
  };
}

function icmpMethod({ Icmp, layer }: Parley): Method {
  return {
    arrived: "icmp.type#1 == 0",
    isMine(packet, { data }) {
      const probe = quoted(packet, "icmp") ?? packet.get(Icmp)!;
      return probe["identifier"] === data.mark && probe["sequence"] === data.ttl;
    },
    probe: ({ mark, ttl }) => layer(Icmp, { identifier: mark, sequence: ttl }),
  };
}
