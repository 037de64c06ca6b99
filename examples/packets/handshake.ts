// A TCP connection by hand: the handshake from an address of its own, then a polite goodbye:
//
//   parley packets respond eth0 handshake.ts address=192.0.2.7 target=192.0.2.80 port=80 [gateway=192.0.2.1] [hold=500]
//
// The kernel knows nothing of it: the address is nobody's, so that no kernel resets the connection, and the machine
// answers ARP for it itself. What the peer sends meanwhile (a greeting) is acknowledged and counted. Each state is what
// RFC 9293 has under another name: SYN-SENT, ESTABLISHED, FIN-WAIT and CLOSING in one, TIME-WAIT.
import type { ExchangeContext, GivenLayer, Packet, State, Transition } from "parley/packet";
import {
  answersArp,
  ending,
  ipTo,
  optionsOf,
  resolving,
  roundedMs,
  stationOf,
  wholeNumber,
  type HopData,
  type Options,
  type Parley,
} from "./parts/station.ts";

interface Connection extends HopData {
  sourcePort: number;
  tries: number;
  startedAt: number;
  /** The next sequence number of ours, and of the peer's. */
  sequence: number;
  expected: number;
  /** Bytes of data that came. */
  received: number;
  finSent: boolean;
  finAcknowledged: boolean;
  finReceived: boolean;
}

type Context = ExchangeContext<Connection>;
type States = Readonly<Record<string, State<Connection>>>;

/** What all states need. */
interface Parts {
  readonly parley: Parley;
  /** A segment of ours; what it acknowledges is what came. */
  readonly segment: (data: Connection, flags: SegmentFlags) => readonly GivenLayer[];
  readonly arp: Transition<unknown>;
  /** The start of queries for segments of the peer. */
  readonly fromPeer: string;
  readonly hold: number;
}

interface SegmentFlags {
  readonly syn?: boolean;
  readonly ack?: boolean;
  readonly fin?: boolean;
}

const RETRY_MS = 1_000;
const MOST_TRIES = 3;

export function exchange(parley: Parley, options: Options) {
  const { machine, query } = parley;
  const given = optionsOf(options, {
    address: undefined,
    target: undefined,
    port: undefined,
    gateway: "",
    mac: "",
    hold: "100",
  });
  const { address, target } = given;
  const destinationPort = wholeNumber(given.port, "port", [1, 65_535]);
  const me = stationOf(address, given.mac);
  const fromPeer = query`ip.src#1 == ${target} and ip.dst#1 == ${address} and tcp.srcport#1 == ${destinationPort}`;
  const parts: Parts = {
    parley,
    fromPeer,
    arp: answersArp(parley, me),
    hold: wholeNumber(given.hold, "hold", [0, 3_600_000]),
    segment: (data, flags) => [
      ...ipTo(parley, me, { mac: data.hop, address: target }),
      ...segmentOf(parley, data, destinationPort, flags),
    ],
  };
  return machine<Connection>({
    name: "handshake",
    about: `a TCP connection to ${target}, port ${destinationPort}`,
    data: newConnection,
    initial: "resolving",
    states: {
      resolving: resolving(parley, me, {
        hop: given.gateway || target,
        found: "connecting",
        lost: "no neighbor",
      }),
      ...connecting(parts),
      ...open(parts),
      ...closing(parts),
      closed: ending("closed", ({ received }) => ({ received })),
      refused: ending("refused"),
      reset: ending("the peer reset the connection"),
      silent: ending("no answer"),
      "no neighbor": ending("nobody answers ARP for the next hop"),
    },
  });
}

function segmentOf(
  { layer, Tcp }: Parley,
  { sourcePort, sequence, expected }: Connection,
  destinationPort: number,
  flags: SegmentFlags,
): GivenLayer[] {
  const acknowledgment = flags.ack ? expected : 0;
  const options = flags.syn ? [{ kind: 2, data: { maximum: 1_460 } }] : [];
  return [layer(Tcp, { sourcePort, destinationPort, sequence, acknowledgment, flags, options })];
}

function newConnection(): Connection {
  return {
    hop: "",
    asked: 0,
    sourcePort: 0,
    tries: 0,
    startedAt: 0,
    sequence: 0,
    expected: 0,
    received: 0,
    finSent: false,
    finAcknowledged: false,
    finReceived: false,
  };
}

function connecting({ parley, segment, arp, fromPeer }: Parts): States {
  const { Tcp } = parley;
  const isAnswer = (packet: Packet, { data }: Context): boolean => {
    const { destinationPort, acknowledgment, flags } = packet.get(Tcp)!;
    const next = (data.sequence + 1) >>> 0;
    return destinationPort === data.sourcePort && flags.ack && acknowledgment === next;
  };
  const state: State<Connection> = {
    enter({ data, now, random }) {
      if (data.tries++ === 0) {
        data.sourcePort = 49_152 + random.below(16_384);
        data.sequence = random.next();
        data.startedAt = now;
      }
      return segment(data, { syn: true });
    },
    on: [
      arp,
      {
        query: `${fromPeer} and tcp.flags.syn#1 == 1`,
        when: isAnswer,
        do(packet, { data, now, tell }) {
          data.sequence = (data.sequence + 1) >>> 0;
          data.expected = (packet.get(Tcp)!.sequence + 1) >>> 0;
          data.tries = 0;
          tell("connected", { ms: roundedMs(now - data.startedAt) });
          return segment(data, { ack: true });
        },
        go: "open",
      },
      { query: `${fromPeer} and tcp.flags.reset#1 == 1`, when: isAnswer, go: "refused" },
    ],
    after: { ms: RETRY_MS, go: { silent: ({ data }) => data.tries >= MOST_TRIES, connecting: true } },
  };
  return { connecting: state };
}

function open(parts: Parts): States {
  const { arp, hold } = parts;
  const state: State<Connection> = {
    on: [arp, resets(parts), { ...segments(parts), go: { closing: ({ data }) => data.finReceived } }],
    after: { ms: hold, go: "closing" },
  };
  return { open: state };
}

function closing(parts: Parts): States {
  const { arp, segment } = parts;
  const isOver = ({ data }: Context): boolean => data.finAcknowledged && data.finReceived;
  const state: State<Connection> = {
    enter({ data }) {
      data.tries++;
      if (data.finSent)
        return segment({ ...data, sequence: (data.sequence - 1) >>> 0 }, { fin: true, ack: true });
      const fin = segment(data, { fin: true, ack: true });
      data.sequence = (data.sequence + 1) >>> 0;
      data.finSent = true;
      return fin;
    },
    on: [arp, resets(parts), { ...segments(parts), go: { lingering: isOver } }],
    after: { ms: RETRY_MS, go: { silent: ({ data }) => data.tries >= MOST_TRIES, closing: true } },
  };
  // The peer sends its FIN again when our last acknowledgment got lost.
  const lingering: State<Connection> = {
    on: [arp, { ...segments(parts), go: "lingering" }],
    after: { ms: RETRY_MS, go: "closed" },
  };
  return { closing: state, lingering };
}

function resets({ parley, fromPeer }: Parts): Transition<Connection> {
  const { Tcp } = parley;
  return {
    query: `${fromPeer} and tcp.flags.reset#1 == 1`,
    when(packet, { data }) {
      const { destinationPort, sequence } = packet.get(Tcp)!;
      return destinationPort === data.sourcePort && sequence === data.expected;
    },
    go: "reset",
  };
}

/** Takes what comes in its order, and acknowledges whatever takes place in it. */
function segments({ parley, fromPeer, segment }: Parts): Transition<Connection> {
  const { Ipv4, Tcp } = parley;
  return {
    query: `${fromPeer} and tcp.flags.ack#1 == 1 and tcp.flags.reset#1 == 0`,
    when: (packet, { data }) => packet.get(Tcp)!.destinationPort === data.sourcePort,
    do(packet, { data }) {
      const { totalLength, headerLength } = packet.get(Ipv4)!;
      const { sequence, acknowledgment, dataOffset, flags } = packet.get(Tcp)!;
      const size = totalLength - (headerLength + dataOffset) * 4;
      if (data.finSent && acknowledgment === data.sequence) data.finAcknowledged = true;
      if (size === 0 && !flags.fin && !flags.syn) return;
      if (sequence === data.expected && !flags.syn) {
        data.received += size;
        data.finReceived ||= flags.fin;
        data.expected = (data.expected + size + (flags.fin ? 1 : 0)) >>> 0;
      }
      return segment(data, { ack: true });
    },
  };
}
