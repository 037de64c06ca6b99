import { parseEndpoint } from "#base/endpoint.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import { Envelope } from "#membership/envelope.ts";
import type {
  MembershipCommand,
  MembershipEvent,
  MembershipInput,
  MembershipOutput,
  MembershipSetup,
} from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { Membership } from "#membership/membership.ts";
import { PROFILES } from "#membership/profiles.ts";
import { simCipher } from "#sim/cipher.ts";
import { World } from "#sim/world.ts";
import { decodePacket } from "#wire/memberlist/packet.ts";
import { decodeStreamMessage } from "#wire/memberlist/stream.ts";
import { withoutCrc } from "#wire/memberlist/wrapping.ts";
import { must } from "./target.ts";

export type ClusterKind = "plain" | "sealed";

export const NAMES: readonly string[] = ["alpha", "beta", "gamma", "delta"];
const ATTACKER = NAMES.length;
const PORT = 7946;
/** Small enough to be reached. */
const LIMITS = {
  ...DEFAULT_MEMBERSHIP_LIMITS,
  members: 24,
  relays: 16,
  incomingStreams: 8,
  lost: 16,
  reasons: 48,
};
/** Steps in which events of members are of no account: they get to know each other. */
const SETTLE_MS = 3_000;
/** Packets that one packet may cause: a compound can ask 127 questions. */
const MOST_ANSWERS = 300;
const MOST_AT_REST_PER_SECOND = 200;

function settingsOf(kind: ClusterKind): Pick<MembershipSetup, "keys" | "label" | "compression"> {
  if (kind === "plain") return { keys: [], label: "", compression: false };
  return { keys: [new Uint8Array(16).fill(1)], label: "blue", compression: true };
}

type Command = MembershipCommand | AttackCommand;
type AttackCommand =
  | { readonly type: "packet"; readonly member: number; readonly bytes: Uint8Array }
  | { readonly type: "stream"; readonly member: number; readonly pieces: readonly Uint8Array[] };

/** Four members that know each other, and a machine from which anything comes. */
export class AttackedCluster {
  readonly #kind: ClusterKind;
  readonly #world: World<Command, MembershipEvent, Watched | Attacker>;
  readonly #started: number;
  #attacks = 0;
  readonly recorded = { packets: [] as Uint8Array[], streams: [] as Uint8Array[] };

  constructor(kind: ClusterKind) {
    this.#kind = kind;
    this.#world = new World({ seed: 1, latencyMs: [1, 5] });
    for (const name of NAMES) {
      const make = ({ host, random }: { host: string; random: Random }): Watched =>
        new Watched(kind, setupFor(kind, name, host), random, this.recorded);
      this.#world.add(make, { streams: PORT, datagrams: PORT });
    }
    this.#world.add(() => new Attacker(), { datagrams: PORT });
    this.#world.run(SETTLE_MS);
    must(this.trouble() === undefined, "the members did not find each other", this.trouble());
    this.#started = this.#world.now;
  }

  run(ms: number): void {
    if (ms > 0) this.#world.run(ms);
  }

  sendDatagram(member: number, bytes: Uint8Array): void {
    this.#attacks++;
    this.#world.push(ATTACKER, { type: "packet", member, bytes });
  }

  sendStream(member: number, bytes: Uint8Array, pieces: number): void {
    this.#attacks++;
    const size = Math.max(1, Math.ceil(bytes.length / pieces));
    const cut: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) cut.push(bytes.subarray(at, at + size));
    this.#world.push(ATTACKER, { type: "stream", member, pieces: cut });
  }

  /** In the cluster's layers; where it has a key, with another one or with none. */
  layered(bytes: Uint8Array, isStream: boolean): Uint8Array {
    const { keys, label } = settingsOf(this.#kind);
    const wrong = bytes.length % 2 === 0 ? [] : keys.map((key) => key.map((byte) => byte ^ 1));
    const settings = { keys: wrong, label, acceptPlain: false, sendPlain: false, protocol: 2 };
    const envelope = new Envelope(settings, simCipher(seededRandom(7)));
    return isStream ? envelope.sealStream(bytes, true) : envelope.sealPacket(bytes);
  }

  /** What members said since they know each other. */
  get events(): string[] {
    return this.#world.nodes.flatMap(({ events }, i) =>
      events
        .filter(({ at }) => at > this.#started)
        .map(({ event }) => `${NAMES[i]} ${event.type} ${"member" in event ? event.member.name : ""}`),
    );
  }

  /** Why the members do not all know each other and nobody else; undefined when they do. */
  trouble(): string | undefined {
    for (const [i, { membership }] of this.#members.entries()) {
      if (membership.present !== NAMES.length) return `${NAMES[i]} has ${membership.present} members`;
      for (const [j, name] of NAMES.entries()) {
        const view = membership.member(name);
        const isWell = view?.state === "alive" && view.address === addressOf(j);
        if (!isWell) return `${NAMES[i]} has ${name} ${view?.state} at ${view?.address} ${view?.incarnation}`;
      }
    }
    return undefined;
  }

  /** The time until all members know each other, ms; undefined when that takes too long. */
  untilWell(limitMs: number): number | undefined {
    const start = this.#world.now;
    while (this.trouble() !== undefined) {
      if (this.#world.now - start > limitMs) return undefined;
      this.#world.run(5_000);
    }
    return this.#world.now - start;
  }

  checkBounds(): void {
    const seconds = this.#world.now / 1_000;
    for (const { membership, sent } of this.#members) {
      must(membership.counters().size <= LIMITS.reasons + 1, "too many reasons", membership.counters().size);
      must(membership.members().length <= LIMITS.members, "too many members", membership.members().length);
      must(membership.lost <= LIMITS.lost, "too many lost members", membership.lost);
      must(membership.wakeAt > this.#world.now, "it never sleeps");
      const most = MOST_ANSWERS * (1 + this.#attacks) + MOST_AT_REST_PER_SECOND * seconds;
      must(sent < most, "more packets than those that came are worth", sent, this.#attacks);
    }
  }

  /** What was dropped and refused, and what members did, in few words. */
  outcome(): string {
    const reasons = this.#members.flatMap(({ membership }) =>
      [...membership.counters().keys()].filter((name) => /^(bad|refused|ignored|closed|conf)/.test(name)),
    );
    return [...new Set([...reasons, ...this.events])].sort().join(";");
  }

  get #members(): Watched[] {
    return this.#world.nodes.flatMap(({ core }) => (core instanceof Watched ? [core] : []));
  }
}

function addressOf(i: number): string {
  return `10.0.0.${i + 1}:${PORT}`;
}

function setupFor(kind: ClusterKind, name: string, host: string): MembershipSetup {
  return {
    ...settingsOf(kind),
    ...{ name, address: `${host}:${PORT}`, meta: new TextEncoder().encode(name), limits: LIMITS },
    ...{ profile: PROFILES.lan, join: name === NAMES[0] ? [] : [addressOf(0)], protocol: 2 },
    ...{ acceptPlain: false, sendPlain: false, delegateVersions: [0, 0, 0], reclaimAfterMs: 0 },
  };
}

/** A member, of which nothing leaves that crashes Go peers. */
class Watched implements Core<Command | WorldInput, WorldOutput<MembershipEvent>> {
  readonly membership: Membership;
  sent = 0;
  readonly #envelope: Envelope;
  readonly #recorded: AttackedCluster["recorded"];

  constructor(
    kind: ClusterKind,
    setup: MembershipSetup,
    random: Random,
    recorded: AttackedCluster["recorded"],
  ) {
    const cipher = simCipher(random.fork());
    this.membership = new Membership(setup, random, cipher);
    this.#envelope = new Envelope({ ...setup, ...settingsOf(kind) }, cipher);
    this.#recorded = recorded;
  }

  get wakeAt(): number {
    return this.membership.wakeAt;
  }

  handle(input: Command | WorldInput, now: number): readonly MembershipOutput[] {
    const outputs = this.membership.handle(input as MembershipInput, now);
    for (const output of outputs)
      if (output.type === "datagram") this.#packet(output.data, now);
      else if (output.type === "write") this.#stream(output.data, now);
    return outputs;
  }

  #packet(data: Uint8Array, now: number): void {
    this.sent++;
    if (now <= SETTLE_MS) this.#recorded.packets.push(data);
    must(data.length <= LIMITS.packetBytes, "a packet that is too long", data.length);
    const opened = this.#envelope.openPacket(data);
    must(opened.ok, "a packet that cannot be opened", data);
    const inside = withoutCrc(opened.value);
    must(inside.ok, "a packet with a bad checksum", data);
    const { messages, problems } = decodePacket(inside.value);
    must(problems.length === 0, "a packet that crashes others", problems, inside.value);
    for (const { problem } of messages) must(problem === undefined, "a message that crashes others", problem);
  }

  #stream(data: Uint8Array, now: number): void {
    if (now <= SETTLE_MS) this.#recorded.streams.push(data);
    const label = this.#envelope.checkLabel(data);
    const found = decodeStreamMessage(data.subarray(label.ok ? label.end : 0));
    must(found.ok && found.value.problem === undefined, "a stream's message that crashes others", data);
  }
}

/** Sends what it is told, and hears nothing. */
class Attacker implements Core<Command | WorldInput, WorldOutput<MembershipEvent>> {
  readonly wakeAt = Infinity;
  readonly #pieces = new Map<number, readonly Uint8Array[]>();
  #dialled = 0;

  handle(input: Command | WorldInput): readonly WorldOutput<MembershipEvent>[] {
    if (input.type === "packet")
      return [{ type: "datagram", to: parseEndpoint(addressOf(input.member))!, data: input.bytes }];
    if (input.type === "stream") {
      const connection = ++this.#dialled;
      this.#pieces.set(connection, input.pieces);
      return [{ type: "dial", connection, to: parseEndpoint(addressOf(input.member))! }];
    }
    if (input.type !== "connected") return [];
    const { connection } = input;
    const writes = this.#pieces.get(connection) ?? [];
    this.#pieces.delete(connection);
    return writes.map((data) => ({ type: "write", connection, data }));
  }
}
