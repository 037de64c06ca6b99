import { seededRandom, type Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import { Timers } from "#machine/timers.ts";
import { GossipQueue, retransmitLimit } from "#membership/gossip-queue.ts";
import type { MembershipCommand, MembershipEvent } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { Membership } from "#membership/membership.ts";
import { PROFILES } from "#membership/profiles.ts";
import { simCipher } from "#sim/cipher.ts";
import type { World } from "#sim/world.ts";
import { DEFAULT_VERSIONS, type Ping } from "#wire/memberlist/messages.ts";
import { decodePacket, encodeCompound, encodeMessage, type GossipMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";

const PORT = 7946;
/** Knows all, and tells whoever asks. */
const STORE = "10.99.9.9";
const { lan } = PROFILES;
/** What a packet has besides its messages' own bytes is little. */
const PACKET_BYTES = 1_380;

export type LargeWorld = World<MembershipCommand, MembershipEvent, Membership | StandIn>;

export function hostOf(id: number): string {
  return `10.${(id + 1) >> 16}.${((id + 1) >> 8) & 255}.${(id + 1) & 255}`;
}

/** A member that knows all `nodes` from the store, and nothing but gossip after that. */
export function addWhole(world: LargeWorld): number {
  const make = ({ id, host, random }: { id: number; host: string; random: Random }): Membership =>
    new Membership(
      {
        ...{
          name: `n${id}`,
          address: `${host}:${PORT}`,
          meta: new Uint8Array(0),
          join: [`${STORE}:${PORT}`],
        },
        ...{ profile: { ...lan, pushPullIntervalMs: 60 * 60_000 }, limits: DEFAULT_MEMBERSHIP_LIMITS },
        ...{ keys: [], acceptPlain: false, sendPlain: false, label: "", compression: false, protocol: 2 },
        ...{ delegateVersions: [0, 0, 0], reclaimAfterMs: 0 },
      },
      random,
      simCipher(seededRandom(random.state())),
    );
  return world.add(make, { streams: PORT, datagrams: PORT }).id;
}

export function addStandIn(world: LargeWorld, nodes: number): void {
  world.add(({ id, random }) => new StandIn(id, nodes, random), { datagrams: PORT });
}

/** Answers whoever dials it with the list of all. */
export async function addStore(world: LargeWorld, nodes: number): Promise<void> {
  const states = Array.from({ length: nodes }, (_, id) => ({
    ...{ name: `n${id}`, address: Uint8Array.from(hostOf(id).split("."), Number), port: PORT },
    ...{ incarnation: 1, state: 0, meta: undefined, versions: DEFAULT_VERSIONS },
  }));
  const body = { join: true, states, userState: new Uint8Array(0) };
  const answer = encodeStreamMessage({ type: "pushPull", body });
  await world.addHost(STORE).streams.listen({ host: STORE, port: PORT }, (stream) => ({
    connected: () => {},
    data: () => {
      stream.write(answer);
      stream.close();
    },
    writable: () => {},
    closed: () => {},
  }));
}

/**
 * Answers pings, pings others and passes news on as members do, but keeps no table: it knows that there are so many, all
 * of them alive but those that news are about. Who does not answer within a second it suspects, and no more.
 */
export class StandIn implements Core<MembershipCommand | WorldInput, WorldOutput<MembershipEvent>> {
  readonly #id: number;
  readonly #nodes: number;
  readonly #random: Random;
  readonly #timers = new Timers();
  readonly #news = new GossipQueue();
  /** Of whom news came, and how new they were. */
  readonly #newest = new Map<string, number>();
  readonly #accusers = new Map<string, Set<string>>();
  #sequence = 0;
  #probed: string | undefined;

  constructor(id: number, nodes: number, random: Random) {
    this.#id = id;
    this.#nodes = nodes;
    this.#random = random;
    this.#timers.set("probe", FIRST_PROBE_MS + random.float() * lan.probeIntervalMs);
  }

  get wakeAt(): number {
    return this.#timers.next;
  }

  handle(input: MembershipCommand | WorldInput, now: number): readonly WorldOutput<MembershipEvent>[] {
    const outputs: WorldOutput<MembershipEvent>[] = [];
    if (input.type === "datagram") this.#packet(input.data, now, outputs);
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now))
      if (due === "probe") this.#probe(now, outputs);
      else this.#gossip(now, outputs);
    return outputs;
  }

  #packet(data: Uint8Array, now: number, outputs: WorldOutput<MembershipEvent>[]): void {
    const inside = withoutCrc(data);
    if (!inside.ok) return;
    for (const message of decodePacket(inside.value).messages)
      if (message.type === "ping") this.#answer(message.body, outputs);
      else if (message.type === "ack" && message.body.sequenceNumber === this.#sequence)
        this.#probed = undefined;
      else this.#learn(message, now);
  }

  #answer({ node, sequenceNumber, sourceAddress }: Ping, outputs: WorldOutput<MembershipEvent>[]): void {
    if (node !== `n${this.#id}` || !sourceAddress) return;
    const data = encodeMessage({ type: "ack", body: { sequenceNumber, payload: undefined } });
    outputs.push({ type: "datagram", to: { host: sourceAddress.join("."), port: PORT }, data });
  }

  #probe(now: number, outputs: WorldOutput<MembershipEvent>[]): void {
    this.#timers.set("probe", now + lan.probeIntervalMs);
    const from = `n${this.#id}`;
    if (this.#probed !== undefined)
      this.#learn({ type: "suspect", body: { node: this.#probed, incarnation: 1, from } }, now);
    const id = this.#random.below(this.#nodes);
    if (id === this.#id || (this.#newest.get(`n${id}`) ?? 0) >= DEAD) return;
    this.#probed = `n${id}`;
    const sourceAddress = Uint8Array.from(hostOf(this.#id).split("."), Number);
    const body = { node: this.#probed, sequenceNumber: ++this.#sequence, sourceAddress, sourcePort: PORT };
    const data = encodeMessage({ type: "ping", body });
    outputs.push({ type: "datagram", to: { host: hostOf(id), port: PORT }, data });
  }

  #learn(message: GossipMessage, now: number): void {
    const rank = RANKS[message.type];
    if (rank === undefined) return;
    const { node, incarnation } = message.body as { readonly node: string; readonly incarnation: number };
    const newness = 3 * incarnation + rank;
    const known = this.#newest.get(node) ?? -1;
    // Further accusations of one who is suspected count, up to a few.
    const from = message.type === "suspect" ? message.body.from : "";
    if (newness > known) this.#accusers.set(node, new Set());
    const accusers = this.#accusers.get(node)!;
    if (newness < known || accusers.has(from) || accusers.size >= MOST_ACCUSERS) return;
    accusers.add(from);
    this.#newest.set(node, newness);
    this.#news.push(`${node} ${from}`, encodeMessage(message));
    if (this.#timers.when("gossip") === undefined) this.#timers.set("gossip", now + lan.gossipIntervalMs);
  }

  #gossip(now: number, outputs: WorldOutput<MembershipEvent>[]): void {
    const limit = retransmitLimit(lan.retransmitMultiplier, this.#nodes);
    for (let i = 0; i < lan.gossipNodes && this.#news.size > 0; i++) {
      // And to the one that joins later.
      const host = hostOf(this.#random.below(this.#nodes + 1));
      const data = encodeCompound(this.#news.take(PACKET_BYTES, 2, limit));
      outputs.push({ type: "datagram", to: { host, port: PORT }, data });
    }
    if (this.#news.size > 0) this.#timers.set("gossip", now + lan.gossipIntervalMs);
  }
}

/** Whole members begin when they know all. */
const FIRST_PROBE_MS = 5_000;
/** As new as the news that a member of incarnation 1 is dead. */
const DEAD = 3 + 2;
const MOST_ACCUSERS = 3;
const RANKS: Readonly<Partial<Record<GossipMessage["type"], number>>> = { alive: 0, suspect: 1, dead: 2 };
