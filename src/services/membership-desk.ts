import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import type { ValueCommand, ValueEvent } from "#membership/cluster.ts";
import type { MembershipCommand, MembershipEvent } from "#membership/io.ts";
import type { KeyValue } from "#membership/key-values-io.ts";
import type { SerfCommand, SerfEvent } from "#membership/serf/io.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type {
  ChatParticipant,
  JoinStatus,
  KeyringResult,
  MembershipApi,
  MembershipStatus,
  MemberStatus,
  NameConflict,
  QueryRequest,
  QueryResult,
  RoundTrip,
} from "#services/membership-api.ts";
import { keyTexts, MembershipCalls } from "#services/membership-calls.ts";
import { ANNOUNCEMENT_TAG, type MembershipSection } from "#services/membership-config.ts";
import { Joins } from "#services/membership-joins.ts";
import { changedRing, notEncrypted, readKey, type KeyRingFile } from "#services/membership-keys.ts";
import { MembershipLog } from "#services/membership-log.ts";
import { MemberBook, toBase64Url, type AnyMember } from "#services/membership-members.ts";
import { hasLeft, joinProblem, nameLost, needsSerf, refusal } from "#services/membership-refusals.ts";
import type { PeersApi } from "#services/peers-api.ts";
import type { NodeHost } from "#services/service.ts";

export type ClusterCommand = MembershipCommand | SerfCommand | ValueCommand;
export type ClusterEvent = MembershipEvent | SerfEvent | ValueEvent;

/** What the desk asks of either kind of cluster. */
export interface ClusterReads {
  readonly carrier: {
    members(): readonly AnyMember[];
    member(name: string): AnyMember | undefined;
    readonly present: number;
    readonly healthScore: number;
    readonly lost: number;
    counters(): ReadonlyMap<string, number>;
    /** Only Serf's layer knows. */
    roundTripMs?(one: string, other: string): number | undefined;
  };
  values(): readonly KeyValue[];
  valueCounters(): ReadonlyMap<string, number>;
}

export interface DeskSetup {
  readonly section: MembershipSection;
  readonly name: string;
  /** "IP:port" that others are told. */
  readonly address: string;
  readonly listen: Endpoint;
  /** An exchange with a member takes at most, ms. */
  readonly streamTimeoutMs: number;
  readonly keys: readonly Uint8Array[];
  readonly keyRing: KeyRingFile;
  readonly push: (command: ClusterCommand) => void;
}

interface Needs {
  readonly peers: PeersApi;
  readonly identity: IdentityApi;
}

/** One run of the membership service: between the core, people, and what else the node runs. */
export class MembershipDesk implements MembershipApi {
  readonly #host: NodeHost;
  readonly #needs: Needs;
  readonly #cluster: ClusterReads;
  readonly #setup: DeskSetup;
  readonly #log: MembershipLog;
  readonly #book: MemberBook;
  readonly #joins: Joins;
  readonly #calls: MembershipCalls;
  readonly #conflicts = new Map<string, NameConflict>();
  #section: MembershipSection;
  #keys: readonly Uint8Array[];
  #state: MembershipStatus["state"] = "member";
  #departures: (() => void)[] = [];
  /** Why the command that was just given was refused. */
  #refusal: string | undefined;
  #isOrdered = false;

  constructor(host: NodeHost, needs: Needs, cluster: ClusterReads, setup: DeskSetup) {
    const { section, name, address, keys, streamTimeoutMs, push } = setup;
    this.#host = host;
    this.#needs = needs;
    this.#cluster = cluster;
    this.#setup = setup;
    this.#section = section;
    this.#keys = keys;
    this.#log = new MembershipLog(host.log, host.clock);
    this.#book = new MemberBook(host, name, needs, cluster.carrier);
    const dial = (addresses: readonly string[]): void => push({ type: "join", addresses });
    const reseed = (added: readonly string[], removed: readonly string[]): void =>
      push({ type: "seeds", added, removed });
    const around = { clock: host.clock, timeoutMs: streamTimeoutMs, own: address, dial, reseed };
    this.#joins = new Joins(around, needs.peers.configured("member"));
    this.#calls = new MembershipCalls(
      (command) => this.#order(command),
      () => cluster.carrier.present,
    );
    needs.peers.follow(() => this.#peersChanged(), host.signal);
    needs.identity.follow(() => this.#announce(), host.signal);
  }

  /** A changed section; false: it needs another run. */
  reconfigure(section: MembershipSection): boolean {
    const before = this.#section;
    const fixed = ({ keys, tags, answers, ...rest }: MembershipSection): string => {
      return JSON.stringify([rest, keys.length === 0]);
    };
    if (fixed(before) !== fixed(section)) return false;
    this.#section = section;
    if (JSON.stringify(before.tags) !== JSON.stringify(section.tags)) this.#announce();
    if (JSON.stringify(before.keys) === JSON.stringify(section.keys)) return true;
    this.#keys = section.keys.map(readKey);
    this.#setup.keyRing.configure(this.#keys);
    this.#setup.push({ type: "keys", keys: this.#keys });
    return true;
  }

  /** Tells the others that this node goes; resolves when they know, or after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#calls.stop();
    if (this.#state === "member") await this.#depart(limitMs);
    await this.#setup.keyRing.settled();
  }

  /** Members that the next run can begin with. */
  presentAddresses(): readonly string[] {
    const isOther = ({ name, state }: AnyMember): boolean => name !== this.#setup.name && state === "alive";
    return this.#cluster.carrier
      .members()
      .filter(isOther)
      .slice(0, MOST_TRIED)
      .map(({ address }) => address);
  }

  status(): MembershipStatus {
    const { name, address, listen } = this.#setup;
    const { serf, profile, protocol, label, compression } = this.#section;
    const { healthScore, lost } = this.#cluster.carrier;
    const members = this.#book.all();
    const count = (state: string): number => members.filter((member) => member.state === state).length;
    const { clock } = this.#host;
    const recently = clock.wallTime() - CONFLICT_SHOWN_MS;
    const counters = [...this.#cluster.carrier.counters()];
    for (const [reason, times] of this.#cluster.valueCounters())
      counters.push([`broadcasts: ${reason}`, times]);
    return {
      ...{ name, address, listen: formatEndpoint(listen), state: this.#state },
      ...{ serf, profile, protocol, label, compression, keys: this.#keys.length, healthScore, lost },
      ...{ alive: count("alive"), suspect: count("suspect"), failed: count("failed"), left: count("left") },
      joins: this.#joins.statuses(),
      conflicts: [...this.#conflicts.values()].filter(({ since }) => since > recently),
      counters: counters.map(([reason, times]) => ({ name: reason, count: times })).sort(byName),
    };
  }

  members(): readonly MemberStatus[] {
    return this.#book.all();
  }

  async join(addresses: readonly string[]): Promise<readonly JoinStatus[]> {
    const outcomes = this.#joins.join(addresses);
    this.#state = "member";
    return outcomes;
  }

  async leave(): Promise<void> {
    if (this.#state === "left") throw hasLeft();
    await this.#depart(LEAVE_MS);
  }

  sendEvent(name: string, payload: Uint8Array, coalesce: boolean): void {
    if (!this.#section.serf) throw needsSerf("events");
    this.#checkPresent();
    this.#order({ type: "event", name, payload, coalesce });
  }

  async query(request: QueryRequest): Promise<QueryResult> {
    if (!this.#section.serf) throw needsSerf("queries");
    this.#checkPresent();
    return this.#calls.query(request);
  }

  roundTrip(a: string, b: string): RoundTrip {
    const [one, other] = [a, b].map((name) => this.#member(name)) as [AnyMember, AnyMember];
    const estimate = this.#cluster.carrier.roundTripMs?.(one.name, other.name);
    if (estimate !== undefined) return { ms: estimate, estimated: true };
    const remote = one.name === this.#setup.name ? other : one;
    const isOurs = one.name === this.#setup.name || other.name === this.#setup.name;
    if (isOurs && remote.roundTripMs !== undefined) return { ms: remote.roundTripMs, estimated: false };
    if (isOurs)
      throw new OperatorError(`${remote.name} has not answered a probe so far`, "ask again in a while");
    throw new OperatorError(
      `the time between ${one.name} and ${other.name} is not known here`,
      this.#section.serf
        ? "ask again when their coordinates have come"
        : "set membership.serf at all members for coordinates, or name this node as one of the two",
    );
  }

  async keyring(action: "install" | "use" | "remove" | "list", text: string): Promise<KeyringResult> {
    const key = action === "list" ? new Uint8Array(0) : readKey(text);
    if (this.#keys.length === 0 && action !== "list") throw notEncrypted();
    if (this.#keys.length === 0) return { local: true, answers: [] };
    if (this.#section.serf) this.#checkPresent();
    if (this.#section.serf) return { local: false, answers: await this.#calls.keyring(action, key) };
    if (action !== "list") {
      const keys = changedRing(this.#keys, action, key);
      this.#order({ type: "keys", keys });
      await this.#keep(keys);
    }
    const keys = keyTexts(this.#keys);
    return { local: true, answers: [{ from: this.#setup.name, ok: true, message: "", keys }] };
  }

  values(): readonly KeyValue[] {
    return this.#cluster.values();
  }

  setValue(key: string, text: string): void {
    this.#checkPresent();
    this.#order({ type: "set-value", key, text });
  }

  removeValue(key: string): void {
    this.#checkPresent();
    this.#order({ type: "remove-value", key });
  }

  chat(): readonly ChatParticipant[] {
    return this.#book.chat();
  }

  setChat(present: boolean): void {
    this.#needs.identity.setLobby(present);
  }

  /** What the core says happened. */
  take(event: ClusterEvent): void {
    switch (event.type) {
      case "joined":
      case "updated":
      case "recovered":
        this.#book.present(event.member);
        // Who failed and moved has its name again.
        if (this.#conflicts.get(event.member.name)?.claimant === event.member.address)
          this.#conflicts.delete(event.member.name);
        return this.#log.member(event.type, this.#book.statusOf(event.member));
      case "left":
        this.#book.left(event.member);
        return this.#log.member("left", this.#book.statusOf(event.member));
      case "suspected":
        return this.#log.member("suspected", this.#book.statusOf(event.member), event.reason);
      case "failed":
        this.#book.failed(event.member, event.reason);
        return this.#log.member("failed", this.#book.statusOf(event.member), event.reason);
      case "conflict":
        return this.#conflict(event.member, event.address);
      case "reached":
      case "unreachable":
        return this.#reached(event);
      case "departed":
        this.#state = "left";
        for (const tell of this.#departures.splice(0)) tell();
        return;
      case "refused":
      case "value-refused":
        this.#refusal = event.reason;
        if (!this.#isOrdered) this.#host.log.publish("warn", `refused: ${event.reason}`);
        return;
      case "value":
        return this.#log.value(event.change, event.own);
      case "user":
        return this.#log.userEvent("message", event.payload, event.from);
      case "user-event":
        return this.#log.userEvent(event.name, event.payload, "");
      case "query-received":
        return this.#answer(event);
      case "keyring-changed":
        void this.#keep(event.keys).catch((error: Error) => this.#host.log.publish("error", error.message));
        return;
      case "name-lost":
        return this.#host.fail(nameLost(event.name));
      case "query-acknowledged":
      case "query-answered":
      case "query-ended":
      case "keyring-answered":
        return this.#calls.take(event);
    }
  }

  /** Gives the core a command; throws OperatorError when it refuses it. */
  #order(command: ClusterCommand): void {
    this.#isOrdered = true;
    this.#refusal = undefined;
    this.#setup.push(command);
    this.#isOrdered = false;
    const reason = this.#refusal;
    if (reason !== undefined) throw refusal(command.type, reason);
  }

  #announce(): void {
    const bytes = this.#needs.identity.announcement();
    const tags = { ...this.#section.tags, [ANNOUNCEMENT_TAG]: toBase64Url(bytes) };
    this.#setup.push(this.#section.serf ? { type: "tags", tags } : { type: "meta", meta: bytes });
  }

  #peersChanged(): void {
    const { peers } = this.#needs;
    if (this.#state !== "member") return;
    this.#joins.configure(peers.configured("member"));
    if (this.#cluster.carrier.present > 1) return;
    // Alone: whatever the book knows of members, from wherever, may lead to them.
    const addresses = peers.addresses("member").filter((address) => address !== this.#setup.address);
    if (addresses.length > 0) this.#setup.push({ type: "join", addresses: addresses.slice(0, MOST_TRIED) });
  }

  #reached(event: Extract<MembershipEvent, { readonly type: "reached" | "unreachable" }>): void {
    const { address } = event;
    if (event.type === "reached") {
      this.#joins.take(event);
      return this.#host.log.publish("debug", `joined by ${address}`);
    }
    const reason = joinProblem(event.reason);
    this.#joins.take({ ...event, reason });
    this.#host.log.publish("info", `cannot join by ${address}: ${reason}`);
    this.#needs.peers.report("member", address, { state: "lost", reason: event.reason });
  }

  #conflict(member: AnyMember, claimant: string): void {
    const since = this.#host.clock.wallTime();
    this.#conflicts.delete(member.name);
    if (this.#conflicts.size >= MOST_CONFLICTS) this.#conflicts.delete(this.#conflicts.keys().next().value!);
    this.#conflicts.set(member.name, { name: member.name, address: member.address, claimant, since });
    this.#log.conflict(this.#book.statusOf(member), claimant);
  }

  #answer({ query, name, payload, from }: Extract<SerfEvent, { readonly type: "query-received" }>): void {
    const { answers } = this.#section;
    const answer = Object.hasOwn(answers, name) ? answers[name] : undefined;
    this.#log.query(name, payload, from, answer);
    if (answer !== undefined) this.#setup.push({ type: "respond", query, payload: encodeUtf8(answer) });
  }

  async #keep(keys: readonly Uint8Array[]): Promise<void> {
    this.#keys = keys;
    await this.#setup.keyRing.save(keys);
    this.#host.log.publish("info", `the key ring has ${keys.length} keys now`);
  }

  async #depart(limitMs: number): Promise<void> {
    const { clock, log } = this.#host;
    const departed = new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + limitMs, () => resolve());
      this.#departures.push(() => {
        cancel();
        resolve();
      });
    });
    if (this.#state === "member") {
      this.#state = "leaving";
      log.publish("info", "leaving the cluster");
      this.#setup.push({ type: "leave" });
    }
    await departed;
    this.#state = "left";
  }

  /** What is said to all is heard by nobody while we are not one of them. */
  #checkPresent(): void {
    if (this.#state !== "member") throw hasLeft();
  }

  #member(name: string): AnyMember {
    const member = this.#cluster.carrier.member(name);
    if (member) return member;
    throw new OperatorError(`no member is ${name}`, "`show members` has their names");
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** A leave by command waits for others to hear of it for at most so long. */
const LEAVE_MS = 6_000;
/** Names with rivals that are shown, and for how long: the core tells again of those that stay, once a minute. */
const MOST_CONFLICTS = 64;
const CONFLICT_SHOWN_MS = 5 * 60_000;
/** Addresses of the book that a lonely node dials at once. */
const MOST_TRIED = 16;
