import type { Cipher } from "#base/cipher.ts";
import type { Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import { Timers } from "#machine/timers.ts";
import type { MembershipEvent, MembershipOutput, MembershipSetup, MemberView } from "#membership/io.ts";
import { Membership } from "#membership/membership.ts";
import { Commands } from "#membership/serf/commands.ts";
import { Coordinates } from "#membership/serf/coordinates.ts";
import { bytesOfEvent, encodeState, keyOfEvent, type GossipState } from "#membership/serf/gossip-state.ts";
import { Hearing } from "#membership/serf/hearing.ts";
import { Inquiries } from "#membership/serf/inquiries.ts";
import { InternalQueries } from "#membership/serf/internal-queries.ts";
import type {
  Attachment,
  Coordinate,
  RunningQuery,
  SerfInput,
  SerfMemberView,
  SerfOutput,
  SerfSetup,
  Tags,
} from "#membership/serf/io.ts";
import { KeyRing } from "#membership/serf/key-ring.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import { conflictInquiry } from "#membership/serf/name-conflict.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import { Questions } from "#membership/serf/questions.ts";
import { Recent } from "#membership/serf/recent.ts";
import { Roster, type RosterEntry } from "#membership/serf/roster.ts";
import { SerfStep } from "#membership/serf/serf-step.ts";
import { tagsOf } from "#membership/serf/tags.ts";
import { encodeSerf, encodeTags } from "#wire/memberlist/serf.ts";

/** Serf's own versions: lowest, highest and spoken. */
const DELEGATE_VERSIONS = [2, 5, 5] as const;
/** First bytes of Serf's messages; others are the application's. */
const LAST_SERF_TYPE = 9;

/**
 * A member of a Serf cluster: membership, and what Serf puts on top of it. Tags travel as meta data; events, queries and
 * what members say of their joins and leaves as messages that each member passes on once, ordered by Lamport clocks; the
 * state of all that goes with every push/pull; coordinates come with the answers to probes (wire notes, section 13).
 *
 * Where we depart from Serf, and why:
 * - Answers, and answers that are passed on, go to members only; Serf sends them to whatever address a packet names.
 * - Queries that crash Go peers are not passed on, and times far ahead of all clocks are refused.
 * - A member that the membership saw leave has left, also when its word of that was lost.
 * - Who comes late hears recent events; Serf's agent leaves them out unless told otherwise.
 * - In a vote about a name, members that do not know it have no voice.
 *
 * Files: hearing (what others say), commands (what the operator says), roster (members), recent (what came before),
 * gossip-state (push/pull), inquiries (we ask), questions (others ask), internal-queries, key-ring, name-conflict, filters,
 * coordinates, vivaldi.
 */
export class Serf implements Core<SerfInput, SerfOutput> {
  readonly #setup: MembershipSetup;
  readonly #membership: Membership;
  readonly #step = new SerfStep();
  readonly #timers = new Timers();
  readonly #roster: Roster;
  readonly #ring: KeyRing;
  readonly #questions: Questions;
  readonly #inquiries: Inquiries;
  readonly #hearing: Hearing;
  readonly #commands: Commands;
  readonly #coordinates: Coordinates;
  readonly #state: GossipState;
  readonly #tagCache = new WeakMap<Uint8Array, Tags>();
  #tags: Tags;
  #phase: "staying" | "leaving" | "left" | "silent" = "staying";
  #isDisputing = false;
  #leaves = 0;

  /** Throws RangeError for a setup that no node can have. */
  constructor(setup: SerfSetup, random: Random, cipher: Cipher, attachment?: Attachment) {
    this.#tags = { ...setup.tags };
    const meta = metaOf(setup.tags);
    if (!meta) throw new RangeError("tags take more than 512 bytes");
    const below = { ...setup.membership, meta, delegateVersions: DELEGATE_VERSIONS };
    this.#setup = below;
    this.#coordinates = new Coordinates(below.name, this.#step, random.fork());
    this.#membership = new Membership(below, random, cipher, {
      userState: () => encodeState(this.#state),
      mergeUserState: (state) => this.#hearing.merge(state),
      ackPayload: () => this.#coordinates.ackPayload(),
      pinged: (member, ms, payload) => this.#coordinates.pinged(member, ms, payload),
    });
    const own = this.#membership.member(below.name)!;
    this.#roster = new Roster(own, below.limits.members, (name) => this.#coordinates.forget(name));
    this.#ring = new KeyRing(below.keys);
    const parts: SerfParts = {
      ...{ setup: below, random, timers: this.#timers, step: this.#step, roster: this.#roster },
      ...{ ring: this.#ring, events: new Recent(keyOfEvent, bytesOfEvent) },
      isLoopback: below.address.startsWith("127.") || below.address.startsWith("[::1]"),
      member: (name) => this.#membership.member(name),
      present: () => this.#membership.present,
      tags: () => this.#tags,
      viewOf: (entry) => this.#viewOf(entry),
    };
    this.#questions = new Questions(parts, (response) => this.#inquiries.take(response));
    this.#inquiries = new Inquiries(parts, this.#questions.recent.clock);
    const internal = new InternalQueries(parts, this.#questions, () => this.#ringChanged());
    this.#state = {
      ...{ roster: this.#roster, events: parts.events, attachment },
      queryClock: this.#questions.recent.clock,
    };
    this.#hearing = new Hearing(parts, this.#state, this.#inquiries, this.#questions, internal, {
      isStaying: () => this.#phase === "staying",
      sayJoined: () => this.#sayJoined(),
    });
    this.#commands = new Commands(parts, this.#inquiries, this.#questions, this.#hearing);
  }

  get wakeAt(): number {
    return this.#phase === "silent" ? Infinity : Math.min(this.#membership.wakeAt, this.#timers.next);
  }

  /** All members that are known, this node included; also those that failed or left, for a day. */
  members(): readonly SerfMemberView[] {
    return [...this.#roster.values()].map((entry) => this.#viewOf(entry));
  }

  member(name: string): SerfMemberView | undefined {
    const entry = this.#roster.get(name);
    return entry && this.#viewOf(entry);
  }

  /** Members that are alive or suspected, this node included. */
  get present(): number {
    return this.#membership.present;
  }

  /** 0: well; more: answers are late or missing, so this node gives others more time. */
  get healthScore(): number {
    return this.#membership.healthScore;
  }

  /** Failed members that are looked for. */
  get lost(): number {
    return this.#membership.lost;
  }

  /** What was dropped, ignored or refused, counted by reason; and how much came and went. */
  counters(): ReadonlyMap<string, number> {
    return new Map([...this.#membership.counters(), ...this.#step.counters]);
  }

  /** Keys as they are now, the one that encrypts first. */
  get keys(): readonly Uint8Array[] {
    return this.#ring.keys;
  }

  /** Where a member is, as far as it has answered our probes. */
  coordinate(name: string): Coordinate | undefined {
    return this.#coordinates.of(name);
  }

  /** The time between two members that their coordinates tell, ms; undefined while one of them is not known. */
  roundTripMs(one: string, other: string): number | undefined {
    return this.#coordinates.roundTripMs(one, other);
  }

  /** Queries of the operator that are not over. */
  queries(): readonly RunningQuery[] {
    return this.#commands.running();
  }

  handle(input: SerfInput, now: number): readonly SerfOutput[] {
    if (this.#phase === "silent") return [];
    this.#step.begin(now);
    this.#take(input);
    for (let name = this.#timers.takeDue(now); name !== undefined; name = this.#timers.takeDue(now))
      this.#fire(name);
    this.#carryOut();
    if (this.#phase === "leaving" && !this.#membership.isBroadcasting(`leave ${this.#leaves}`)) this.#go();
    if (this.#roster.needsReaping && this.#timers.when("reap") === undefined)
      this.#timers.set("reap", now + SERF_LIMITS.reapMs);
    return this.#step.outputs;
  }

  #take(input: SerfInput): void {
    switch (input.type) {
      case "tags":
        return this.#setTags(input.tags);
      case "event":
        return this.#commands.event(input);
      case "query":
        return this.#commands.query(input);
      case "respond":
        return this.#commands.respond(input.query, input.payload);
      case "keyring":
        return this.#commands.keyring(input);
      case "leave":
        return this.#leave();
      case "join":
        if (this.#phase !== "staying") this.#comeBack();
        break;
      case "keys":
        this.#ring.set(input.keys);
        break;
    }
    this.#through(this.#membership.handle(input, this.#step.now));
  }

  #fire(name: string): void {
    const [kind, number] = name.split(" ");
    if (kind === "query") this.#inquiries.due(Number(number));
    else if (kind === "question") this.#questions.due(Number(number));
    else if (kind === "leave") this.#go();
    else this.#roster.reap(this.#step.now);
  }

  // Between the membership below and those above

  #carryOut(): void {
    for (let next = this.#step.takeCommand(); next; next = this.#step.takeCommand()) {
      const outputs = this.#membership.handle(next, this.#step.now);
      const { type } = next;
      this.#through(
        outputs.filter((output) => {
          const isOurs =
            output.type === "event" && output.event.type === "refused" && output.event.command === type;
          if (isOurs) this.#step.count(`could not ${type} what Serf's layer has to say`);
          return !isOurs;
        }),
      );
    }
  }

  #through(outputs: readonly MembershipOutput[]): void {
    for (const output of outputs) {
      if (output.type === "event") this.#event(output.event);
      else this.#step.outputs.push(output);
    }
  }

  #event(event: MembershipEvent): void {
    switch (event.type) {
      case "joined":
        this.#roster.joined(event.member);
        return this.#step.emit({ ...event, member: this.#decorated(event.member) });
      case "updated":
      case "suspected":
      case "recovered":
        this.#roster.updated(event.member);
        return this.#step.emit({ ...event, member: this.#decorated(event.member) });
      case "left":
        return this.#ended(event.member, "");
      case "failed":
        return this.#ended(event.member, event.reason);
      case "user":
        if (event.payload.length === 0 || event.payload[0]! > LAST_SERF_TYPE) break;
        return this.#hearing.message(event.payload);
      case "reached":
        this.#sayJoined();
        break;
      case "conflict":
        if (event.member.name === this.#setup.name) this.#dispute();
        break;
      case "departed":
        this.#phase = "left";
        break;
    }
    this.#step.emit(event);
  }

  /** Serf's layer knows better whether it left. */
  #ended(member: MemberView, reason: string): void {
    const status = this.#roster.ended(member, member.state === "left", this.#step.now);
    if (status === undefined) return;
    const view: SerfMemberView = { ...this.#decorated(member), state: status === "left" ? "left" : "dead" };
    if (status === "left") this.#step.emit({ type: "left", member: view });
    else this.#step.emit({ type: "failed", member: view, reason });
  }

  /** As the roster has it: what failed may have left. */
  #viewOf(entry: RosterEntry): SerfMemberView {
    const view = this.#decorated(this.#membership.member(entry.name) ?? entry.view);
    if (entry.status === "left") return { ...view, state: "left" };
    return entry.status === "failed" ? { ...view, state: "dead" } : view;
  }

  #decorated(view: MemberView): SerfMemberView {
    let tags = this.#tagCache.get(view.meta);
    if (!tags) this.#tagCache.set(view.meta, (tags = tagsOf(view.meta)));
    return { ...view, tags };
  }

  // Coming and going

  #sayJoined(): void {
    const time = this.#roster.clock.next();
    const { name } = this.#setup;
    this.#roster.joinIntent(name, time, this.#step.now);
    const payload = encodeSerf({ type: "join", body: { ltime: BigInt(time), node: name } });
    this.#step.ask({ type: "broadcast", payload });
  }

  /** First our word that we go; then, when others have heard it, we. */
  #leave(): void {
    if (this.#phase !== "staying") return;
    this.#phase = "leaving";
    const time = this.#roster.clock.next();
    const { name } = this.#setup;
    this.#roster.leaveIntent({ name, time, prune: false }, false, this.#step.now);
    if (this.#membership.present <= 1) return;
    const payload = encodeSerf({ type: "leave", body: { ltime: BigInt(time), node: name, prune: false } });
    this.#step.ask({ type: "broadcast", payload, key: `leave ${++this.#leaves}` });
    this.#timers.set("leave", this.#step.now + SERF_LIMITS.leaveMs);
  }

  #go(): void {
    if (this.#phase !== "leaving") return;
    this.#phase = "left";
    this.#timers.cancel("leave");
    this.#through(this.#membership.handle({ type: "leave" }, this.#step.now));
  }

  #comeBack(): void {
    this.#phase = "staying";
    this.#timers.cancel("leave");
    this.#sayJoined();
  }

  #setTags(tags: Tags): void {
    const meta = metaOf(tags);
    if (!meta) return this.#commands.refuse("tags", "together they take more than 512 bytes");
    this.#tags = { ...tags };
    this.#through(this.#membership.handle({ type: "meta", meta }, this.#step.now));
  }

  #ringChanged(): void {
    const { keys } = this.#ring;
    this.#step.ask({ type: "keys", keys });
    this.#step.emit({ type: "keyring-changed", keys });
  }

  /** Another node has our name: the others say who stays. */
  #dispute(): void {
    if (this.#isDisputing) return;
    this.#isDisputing = true;
    const { name } = this.#setup;
    const inquiry = conflictInquiry(this.#setup, (matching, answers) => {
      this.#isDisputing = false;
      if (answers === 0 || matching > answers / 2) return this.#step.count("disputes about our name won");
      this.#phase = "silent";
      this.#step.emit({ type: "name-lost", name, matching, answers });
    });
    if (!this.#commands.begin(inquiry).ok) this.#isDisputing = false;
  }
}

/** Undefined when they do not fit. */
function metaOf(tags: Tags): Uint8Array | undefined {
  try {
    return encodeTags(new Map(Object.entries(tags)));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
