import type { Random } from "#base/random.ts";
import { layer, type GivenLayer } from "#packet/build.ts";
import type {
  ExchangeContext,
  ExchangeDefinition,
  Next,
  Replies,
  Reply,
  State,
  Transition,
} from "#packet/exchange/definition.ts";
import { Arp } from "#wire/arp.ts";
import { Data } from "#wire/data.ts";
import { Dns } from "#wire/dns.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Icmp } from "#wire/icmp.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Udp } from "#wire/udp.ts";

export interface RandomData {
  /** Packets that it may still send: machines that answer each other must come to an end. */
  budget: number;
  count: number;
}

type Context = ExchangeContext<RandomData>;

/** A machine that nobody would write: of random states, queries, timeouts and functions, some of which fail. */
export function randomMachine(random: Random, name: string): ExchangeDefinition<RandomData> {
  const states = Array.from({ length: 2 + random.below(4) }, (_, i) => `s${i}`);
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]!;
  const next = (): Next<RandomData> | undefined => {
    const kind = random.below(4);
    if (kind === 0) return undefined;
    if (kind === 1)
      return { [pick(states)]: ({ data }: Context) => data.count % 3 === 0, [pick(states)]: true };
    return pick(states);
  };
  const state = (i: number): State<RandomData> => {
    // Later states may be the last ones; from those nothing leads on.
    if (i > 1 && random.below(4) === 0) return { final: true };
    const on = Array.from({ length: random.below(4) }, (): Transition<RandomData> => {
      const [go, action, isPicky] = [next(), randomAction(random), random.below(4) === 0];
      return {
        query: pick(QUERIES),
        do: (packet, context) => action(context, packet.bytes),
        ...(isPicky && { when: (_packet, { random: dice }) => dice.below(2) === 0 }),
        ...(go !== undefined && { go }),
      };
    });
    const enter = randomAction(random);
    const [ms, late, go] = [random.below(400), randomAction(random), next()];
    const wait = random.below(3) === 0 ? ({ random: dice }: Context) => dice.below(300) : ms;
    return {
      enter: (context) => enter(context),
      on,
      ...(random.below(2) === 0 && {
        after: { ms: wait, do: (context: Context) => late(context), ...(go !== undefined && { go }) },
      }),
    };
  };
  return {
    name,
    data: () => ({ budget: 40, count: 0 }),
    initial: "s0",
    states: Object.fromEntries(states.map((each, i) => [each, state(i)])),
  };
}

function randomAction(random: Random): (context: Context, packet?: Uint8Array) => Replies {
  const kind = random.below(10);
  const trouble = 10 + random.below(60);
  const send = (context: Context, packets: readonly Reply[]): readonly Reply[] => {
    const allowed = packets.slice(0, Math.max(0, context.data.budget));
    context.data.budget -= allowed.length;
    return allowed;
  };
  return (context, packet) => {
    const { random: dice, tell, data } = context;
    data.count++;
    if (kind < 3 && dice.below(trouble) === 0) {
      if (kind === 0) throw new Error(`trouble ${data.count}`);
      // No packet at all, and one that cannot be built.
      return (kind === 1 ? [7] : [layer(Udp, { sourcePort: 65_536 })]) as unknown as Replies;
    }
    if (kind < 5) return send(context, [randomPacket(dice)]);
    if (kind < 7) return send(context, [randomPacket(dice), randomPacket(dice)]);
    if (kind === 7) tell(`heard ${data.count}`, { at: context.now });
    if (kind === 8 && packet) return send(context, [packet])[0];
    return undefined;
  };
}

/** Something that one of the queries may be about. */
export function randomPacket(random: Random): readonly GivenLayer[] {
  const address = (): string => `10.0.0.${random.below(6)}`;
  const source = `02:00:00:00:00:0${random.below(6)}`;
  const ethernet = layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source });
  if (random.below(3) === 0)
    return [ethernet, layer(Arp, { opcode: 1 + random.below(2), senderIp: address(), targetIp: address() })];
  const ip = layer(Ipv4, { source: address(), destination: address(), ttl: random.below(64) });
  if (random.below(2) === 0)
    return [ethernet, ip, layer(Icmp, { type: random.below(2) * 8, identifier: random.below(3) })];
  const udp = layer(Udp, { sourcePort: random.below(100), destinationPort: 50 + random.below(6) });
  if (random.below(2) === 0)
    return [ethernet, ip, udp, layer(Data, { data: new Uint8Array(random.below(30)) })];
  return [ethernet, ip, udp, layer(Dns, { id: random.below(9), questions: [{ name: "gopher.example" }] })];
}

const QUERIES = [
  "arp",
  "arp.opcode == 1",
  "arp.dst.proto_ipv4 == 10.0.0.3",
  "icmp",
  "icmp.type == 8 and ip.dst == 10.0.0.0/30",
  "udp",
  "udp.port == 53",
  "dns",
  "dns.id > 4",
  "ip.ttl < 10",
  "not ip",
  "frame.len > 60",
  "udp and not dns",
  "eth.src[5] == 3",
  "data",
  "icmp.code == 0 or arp",
];
