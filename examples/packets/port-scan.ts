// Which TCP ports of a host in the lab are open: SYNs, a few in flight, and what comes back:
//
//   parley packets respond eth0 port-scan.ts address=192.0.2.7 target=192.0.2.80 ports=22,80,8000-8010 [flight=4]
//
// A SYN with ACK says open (and is answered by a reset: no connection is made), a reset closed, an ICMP error or silence
// after two tries filtered. It sends from an address of its own, for which it answers ARP. Scan only what is yours.
// A probe's answer is known by its port and by the sequence number that it acknowledges; the state's timeout is the time
// until the first probe in flight is given up.
import type { ExchangeContext, GivenLayer, Packet, State } from "parley/packet";
import {
  answersArp,
  ending,
  ipTo,
  optionsOf,
  quoted,
  resolving,
  stationOf,
  wholeNumber,
  type HopData,
  type Options,
  type Parley,
} from "./parts/station.ts";

type Finding = "open" | "closed" | "filtered";

interface Probe {
  readonly sequence: number;
  readonly tries: number;
  /** When it is given up, ms. */
  readonly until: number;
}

interface Scan extends HopData {
  sourcePort: number;
  readonly waiting: number[];
  /** By port. */
  readonly flying: Map<number, Probe>;
  readonly found: Map<number, Finding>;
}

type Context = ExchangeContext<Scan>;

interface Parts {
  readonly parley: Parley;
  readonly target: string;
  readonly address: string;
  /** A segment to a port of the target. */
  readonly segment: (
    data: Scan,
    port: number,
    sequence: number,
    flag: "syn" | "rst",
  ) => readonly GivenLayer[];
  readonly flight: number;
  readonly timeoutMs: number;
}

const MOST_TRIES = 2;

export function exchange(parley: Parley, options: Options) {
  const given = optionsOf(options, {
    address: undefined,
    target: undefined,
    ports: undefined,
    gateway: "",
    mac: "",
    flight: "4",
    timeout: "1000",
  });
  const { address, target } = given;
  const { layer, Tcp } = parley;
  const me = stationOf(address, given.mac);
  const ports = portsIn(given.ports);
  const parts: Parts = {
    parley,
    target,
    address,
    flight: wholeNumber(given.flight, "flight", [1, 1_000]),
    timeoutMs: wholeNumber(given.timeout, "timeout", [1, 60_000]),
    segment: ({ hop, sourcePort }, destinationPort, sequence, flag) => [
      ...ipTo(parley, me, { mac: hop, address: target }),
      layer(Tcp, { sourcePort, destinationPort, sequence, flags: { [flag]: true } }),
    ],
  };
  return parley.machine<Scan>({
    name: "port-scan",
    about: `which of ${ports.length} ports of ${target} are open`,
    data: () => ({
      hop: "",
      asked: 0,
      sourcePort: 0,
      waiting: [...ports],
      flying: new Map<number, Probe>(),
      found: new Map<number, Finding>(),
    }),
    initial: "resolving",
    states: {
      resolving: resolving(parley, me, {
        hop: given.gateway || target,
        found: "scanning",
        lost: "no neighbor",
      }),
      scanning: { ...scanning(parts), on: [answersArp(parley, me), ...answers(parts)] },
      done: ending("done", summary),
      "no neighbor": ending("nobody answers ARP for the next hop"),
    },
  });
}

function scanning({ segment, flight, timeoutMs }: Parts): State<Scan> {
  return {
    enter({ data, now, random }) {
      data.sourcePort ||= 49_152 + random.below(16_384);
      const ports = data.waiting.splice(0, flight - data.flying.size);
      return ports.map((port) => {
        const probe = { sequence: random.next(), tries: 1, until: now + timeoutMs };
        data.flying.set(port, probe);
        return segment(data, port, probe.sequence, "syn");
      });
    },
    after: {
      ms: ({ data, now }) => Math.min(...[...data.flying.values()].map(({ until }) => until)) - now,
      do(context) {
        const { data, now } = context;
        const late = [...data.flying].filter(([, { until }]) => until <= now);
        return late.flatMap(([port, probe]) => {
          if (probe.tries >= MOST_TRIES) return (settle(port, "filtered", context), []);
          data.flying.set(port, { ...probe, tries: probe.tries + 1, until: now + timeoutMs });
          return [segment(data, port, probe.sequence, "syn")];
        });
      },
      go: { done: isDone },
    },
  };
}

function answers({ parley, target, address, segment }: Parts): NonNullable<State<Scan>["on"]> {
  const { query, Tcp } = parley;
  const from = query`ip.src#1 == ${target} and ip.dst#1 == ${address}`;
  const isMine = (packet: Packet, { data }: Context): boolean => {
    const { sourcePort, destinationPort, acknowledgment, flags } = packet.get(Tcp)!;
    const probe = data.flying.get(sourcePort);
    const isAnswer = flags.ack && acknowledgment === ((probe?.sequence ?? 0) + 1) >>> 0;
    return probe !== undefined && destinationPort === data.sourcePort && isAnswer;
  };
  const go = { done: isDone, scanning: true } as const;
  return [
    {
      query: `${from} and tcp.flags.syn#1 == 1`,
      when: isMine,
      do(packet, context) {
        const { sourcePort, acknowledgment } = packet.get(Tcp)!;
        settle(sourcePort, "open", context);
        return segment(context.data, sourcePort, acknowledgment, "rst");
      },
      go,
    },
    {
      query: `${from} and tcp.flags.reset#1 == 1`,
      when: isMine,
      do: (packet, context) => settle(packet.get(Tcp)!.sourcePort, "closed", context),
      go,
    },
    {
      // A router says it, so that the source may be anybody; whom the probe was for is in what it quotes.
      query: query`icmp.type#1 == 3 and ip.dst#1 == ${address} and ip.dst#2 == ${target} and tcp`,
      when: (packet, { data }) => data.flying.has(Number(quoted(packet, "tcp")?.["destinationPort"])),
      do: (packet, context) => settle(Number(quoted(packet, "tcp")!["destinationPort"]), "filtered", context),
      go,
    },
  ];
}

function settle(port: number, finding: Finding, { data, tell }: Context): void {
  data.flying.delete(port);
  data.found.set(port, finding);
  tell(`${port} ${finding}`);
}

function isDone({ data }: Context): boolean {
  return data.waiting.length === 0 && data.flying.size === 0;
}

function summary({ found }: Scan): unknown {
  const of = (wanted: Finding): number[] =>
    [...found].flatMap(([port, finding]) => (finding === wanted ? [port] : [])).sort((a, b) => a - b);
  return { open: of("open"), closed: of("closed").length, filtered: of("filtered").length };
}

/** "22,80,8000-8010". Throws TypeError. */
function portsIn(text: string): number[] {
  const ports = text.split(",").flatMap((part) => {
    const [from = "", to = from] = part.split("-");
    const first = wholeNumber(from, "a port", [1, 65_535]);
    const last = wholeNumber(to, "a port", [first, 65_535]);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(ports)];
}
