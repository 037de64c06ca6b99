import { unmapAddress } from "#base/address.ts";
import type { Cipher } from "#base/cipher.ts";
import { parseEndpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import { Timers } from "#machine/timers.ts";
import { isGoodName } from "#membership/claim.ts";
import { Envelope } from "#membership/envelope.ts";
import { GossipQueue } from "#membership/gossip-queue.ts";
import { Gossip } from "#membership/gossip.ts";
import { Health } from "#membership/health.ts";
import type {
  MembershipApplication,
  MembershipCommand,
  MembershipInput,
  MembershipOutput,
  MembershipSetup,
  MemberView,
} from "#membership/io.ts";
import { addressBytes, endpointOf, isPresent, viewOf, type Member } from "#membership/member.ts";
import { Members } from "#membership/members.ts";
import { Messages } from "#membership/messages.ts";
import type { Parts } from "#membership/parts.ts";
import { Pings } from "#membership/pings.ts";
import { Prober } from "#membership/prober.ts";
import { PushPull } from "#membership/push-pull.ts";
import { Records } from "#membership/records.ts";
import { refutingIncarnation } from "#membership/rules.ts";
import { Search } from "#membership/search.ts";
import { Seeds } from "#membership/seeds.ts";
import { Sender } from "#membership/sender.ts";
import { Step } from "#membership/step.ts";
import { Streams } from "#membership/streams.ts";
import { MOST_META_BYTES } from "#wire/memberlist/limits.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";

/**
 * Who is in the cluster, without a centre: SWIM with Lifeguard's extensions, as HashiCorp's memberlist speaks it (wire
 * notes). Every node probes one other in each interval; what it finds spreads by gossip; whoever is suspected wrongly
 * objects with a higher incarnation.
 *
 * Where we depart from memberlist, and why:
 * - Failed members are looked for (search), so parts of a network find together by themselves; so are, for a while, those
 *   who left, in case that it was not they who said so.
 * - After a storm of joins nodes exchange all until nothing is new (push-pull), not only at the next regular exchange.
 * - Nacks leave at 0.8 of the probe timeout: memberlist's come just after the window in which they count.
 * - One entry that cannot be is left out of a push/pull; memberlist refuses the whole.
 * - A node that was stopped for a while judges nobody for what it did not hear meanwhile.
 * - News leave at once if the last ones are an interval old, and nothing ticks when there are none.
 *
 * Files: rules (what a message means), records (what follows), members, member, suspicion, health; prober, pings, gossip,
 * gossip-queue, push-pull, search, seeds (what this node does); messages, sender, envelope, streams, stream-reader, claim
 * (the wire's side); profiles, limits, io.
 */
export class Membership implements Core<MembershipInput, MembershipOutput> {
  readonly #parts: Parts;
  readonly #records: Records;
  readonly #sender: Sender;
  readonly #pings: Pings;
  readonly #prober: Prober;
  readonly #streams: Streams;
  readonly #pushPull: PushPull;
  readonly #search: Search;
  readonly #seeds: Seeds;
  readonly #gossip: Gossip;
  readonly #messages: Messages;
  #started = false;
  #departing = false;
  #broadcasts = 0;

  /** Throws RangeError for a setup that no node can have. */
  constructor(setup: MembershipSetup, random: Random, cipher: Cipher, application?: MembershipApplication) {
    const parts = makeParts(setup, random, cipher, application);
    this.#parts = parts;
    this.#records = new Records(parts, {
      found: ({ name }, quietly) => {
        this.#search.delete(name);
        if (!quietly) this.#pushPull.learnt();
      },
      lost: (member) => {
        this.#search.add(member);
        this.#seeds.lost();
      },
    });
    this.#sender = new Sender(parts);
    this.#pings = new Pings(parts, this.#sender);
    this.#messages = new Messages(parts, this.#records, this.#pings);
    this.#streams = new Streams(parts, (message, from) =>
      this.#messages.streamRequest(message, from, this.#pushPull),
    );
    this.#pushPull = new PushPull(parts, this.#records, this.#streams);
    this.#prober = new Prober(
      parts,
      this.#pings,
      this.#sender,
      this.#records,
      (member, sequence, ms, answered) => this.#streamPing(member, sequence, ms, answered),
    );
    this.#search = new Search(parts, this.#pings, this.#sender, this.#pushPull);
    this.#seeds = new Seeds(parts, this.#pushPull);
    this.#gossip = new Gossip(parts, this.#sender);
    parts.timers.set("start", 0);
  }

  get wakeAt(): number {
    return this.#parts.timers.next;
  }

  /** All members that are known, this node included; also those that failed or left until they are forgotten. */
  members(): readonly MemberView[] {
    return this.#parts.members.values().map(viewOf);
  }

  member(name: string): MemberView | undefined {
    const member = this.#parts.members.get(name);
    return member && viewOf(member);
  }

  /** Members that are alive or suspected, this node included. */
  get present(): number {
    return this.#parts.members.present;
  }

  /** 0: well; more: answers are late or missing, so this node gives others more time. */
  get healthScore(): number {
    return this.#parts.health.score;
  }

  /** Failed members that are looked for. */
  get lost(): number {
    return this.#search.size;
  }

  /** Whether a broadcast with this key still has to go into packets. */
  isBroadcasting(key: string): boolean {
    return this.#parts.broadcasts.has(`key ${key}`);
  }

  /** What was dropped, ignored or refused, counted by reason; and how much came and went. */
  counters(): ReadonlyMap<string, number> {
    return this.#parts.step.counters;
  }

  handle(input: MembershipInput, now: number): readonly MembershipOutput[] {
    const { step, timers, setup } = this.#parts;
    const late = now - timers.next;
    step.begin(now);
    if (this.#started && late > setup.profile.probeTimeoutMs) this.#overslept(late);
    // Before what is due, so that the answer that came just in time counts.
    this.#take(input);
    for (let name = timers.takeDue(now); name !== undefined; name = timers.takeDue(now)) this.#fire(name);
    this.#gossip.arm();
    if (this.#departing && !this.#parts.news.has(this.#parts.self.name)) this.#departed();
    return step.outputs;
  }

  #take(input: MembershipInput): void {
    switch (input.type) {
      case "datagram":
        return this.#messages.packet(input.from, input.data);
      case "accepted":
      case "connected":
      case "data":
      case "writable":
      case "closed":
        return this.#streams.take(input);
      case "join":
        return this.#join(input.addresses);
      case "seeds":
        this.#seeds.change(input.added, input.removed);
        if (!this.#records.leaving) this.#seeds.due();
        return;
      case "leave":
        return this.#leave();
      case "meta":
        return this.#setMeta(input.meta);
      case "broadcast":
        return this.#broadcast(input.payload, input.key);
      case "send":
        return this.#send(input);
      case "keys":
        return this.#setKeys(input.keys);
    }
  }

  #fire(name: string): void {
    const space = name.indexOf(" ");
    if (space < 0) return this.#fireOwn(name);
    const subject = name.slice(space + 1);
    const kind = name.slice(0, space);
    if (kind === "suspicion") this.#records.suspicionDue(subject);
    else if (kind === "stream") this.#streams.due(Number(subject));
    else if (kind === "nack") this.#pings.nackDue(Number(subject));
    else if (kind === "relay") this.#pings.relayDue(Number(subject));
    else if (kind === "searched") this.#search.over(Number(subject));
  }

  #fireOwn(name: string): void {
    if (name === "start") this.#start();
    else if (name === "probe") this.#prober.due();
    else if (name === "probe-timeout") this.#prober.timeout();
    else if (name === "probe-end") this.#prober.windowClosed();
    else if (name === "gossip") this.#gossip.due();
    else if (name === "push-pull") this.#pushPull.due();
    else if (name === "settle") this.#pushPull.settleDue();
    else if (name === "search") this.#search.due();
    else if (name === "seeds") this.#seeds.due();
    else if (name === "leave") this.#departed();
  }

  #start(): void {
    this.#started = true;
    this.#parts.self.since = this.#parts.step.now;
    this.#records.announce();
    this.#prober.start();
    this.#pushPull.start();
    this.#search.arm();
    this.#seeds.due();
  }

  #overslept(ms: number): void {
    this.#parts.step.count("times overslept");
    this.#prober.abandon();
    this.#records.overslept(ms);
  }

  #streamPing(member: Member, sequence: number, timeoutMs: number, answered: () => void): void {
    const { address: sourceAddress, name: sourceNode, port: sourcePort } = this.#parts.self;
    const body = { node: member.name, sequenceNumber: sequence, sourceAddress, sourceNode, sourcePort };
    this.#streams.request({
      to: member.endpoint,
      build: () => encodeStreamMessage({ type: "ping", body }),
      ...{ answer: "ack", timeoutMs, urgent: true },
      done: (outcome) => {
        const isAnswer = outcome.ok && outcome.message?.type === "ack";
        if (isAnswer && outcome.message.body.sequenceNumber === sequence) answered();
      },
    });
  }

  // The operator

  #join(addresses: readonly string[]): void {
    if (this.#records.leaving) this.#comeBack();
    this.#seeds.join(addresses);
  }

  #comeBack(): void {
    const { members, self, step, timers } = this.#parts;
    this.#records.leaving = false;
    this.#departing = false;
    timers.cancel("leave");
    self.incarnation = refutingIncarnation(self.incarnation, 0);
    members.setState(self, "alive", step.now);
    this.#start();
  }

  #leave(): void {
    const { self, members, step, timers, setup, news } = this.#parts;
    if (this.#records.leaving) return;
    this.#records.leaving = true;
    this.#departing = true;
    for (const part of [this.#prober, this.#pushPull, this.#search, this.#seeds]) part.stop();
    const { name, incarnation } = self;
    const body = { node: name, from: name, incarnation };
    this.#records.dead(body, "it leaves");
    const isOther = (member: Member): boolean => member !== self && isPresent(member);
    // Gossip may spend its packets on members that are dead themselves, and then nobody is left to tell.
    const goodbye = encodeMessage({ type: "dead", body });
    for (const member of members.sample(TOLD_GOODBYE, isOther))
      this.#sender.sendTogether(member.endpoint, [goodbye], member);
    const isHeard = members.values().some(isOther);
    if (isHeard) timers.set("leave", step.now + setup.limits.leaveMs);
    else news.delete(name);
  }

  #departed(): void {
    if (!this.#departing) return;
    this.#departing = false;
    this.#parts.timers.cancel("leave");
    this.#parts.step.emit({ type: "departed" });
  }

  #setMeta(meta: Uint8Array): void {
    const { self } = this.#parts;
    if (meta.length > MOST_META_BYTES)
      return this.#refuse("meta", `${meta.length} bytes, more than ${MOST_META_BYTES}`);
    self.meta = meta.slice();
    self.incarnation = refutingIncarnation(self.incarnation, 0);
    if (!this.#records.leaving) this.#records.announce();
  }

  #broadcast(payload: Uint8Array, key: string | undefined): void {
    const { broadcasts, step } = this.#parts;
    const message = encodeMessage({ type: "user", body: { payload } });
    if (message.length > this.#room) return this.#refuse("broadcast", this.#tooLong(payload));
    const name = key === undefined ? `${this.#broadcasts++}` : `key ${key}`;
    if (!broadcasts.push(name, message)) step.count("dropped: too many broadcasts wait");
  }

  #send({ node, payload, reliable, address }: Extract<MembershipCommand, { type: "send" }>): void {
    const { members, self, setup, step } = this.#parts;
    const member = members.get(node);
    const stranger = address === undefined ? undefined : parseEndpoint(address);
    if (!stranger && (!member || member === self || !isPresent(member)))
      return this.#refuse("send", `no other member ${node}`);
    if (stranger || !member || !reliable) {
      const message = encodeMessage({ type: "user", body: { payload } });
      if (message.length > this.#room) return this.#refuse("send", this.#tooLong(payload));
      if (stranger) return this.#sender.sendTogether(stranger, [message]);
      return this.#sender.sendTogether(member!.endpoint, [message], member);
    }
    const { userBytes } = setup.limits;
    if (payload.length > userBytes)
      return this.#refuse("send", `${payload.length} bytes, more than ${userBytes}`);
    this.#streams.request({
      to: member.endpoint,
      build: () => encodeStreamMessage({ type: "user", body: { payload } }),
      timeoutMs: setup.profile.streamTimeoutMs,
      done: (outcome) => {
        if (outcome.ok) step.count("user messages written");
        else this.#refuse("send", `${node}: ${outcome.reason}`);
      },
    });
  }

  #setKeys(keys: readonly Uint8Array[]): void {
    try {
      this.#parts.envelope.setKeys(keys);
    } catch (error) {
      this.#refuse("keys", (error as RangeError).message);
    }
  }

  /** Bytes that a message in a packet of its own, or in a compound, may have. */
  get #room(): number {
    return this.#sender.room - 4;
  }

  #tooLong({ length }: Uint8Array): string {
    return `${length} bytes, more than the ${this.#room - 1} that fit a packet`;
  }

  #refuse(command: MembershipCommand["type"], reason: string): void {
    this.#parts.step.emit({ type: "refused", command, reason });
  }
}

function makeParts(
  setup: MembershipSetup,
  random: Random,
  cipher: Cipher,
  application: MembershipApplication | undefined,
): Parts {
  const { limits, profile, name, meta, protocol } = setup;
  const endpoint = parseEndpoint(setup.address);
  const address = endpoint && addressBytes(endpoint);
  if (!address || !endpointOf(address, endpoint.port, true))
    throw new RangeError(`${setup.address} is no address where others can reach us`);
  if (!isGoodName(name, limits.nameBytes))
    throw new RangeError(`a name takes 1 to ${limits.nameBytes} bytes`);
  if (meta.length > MOST_META_BYTES) throw new RangeError(`meta data takes at most ${MOST_META_BYTES} bytes`);
  if (!Number.isInteger(protocol) || protocol < LOWEST_PROTOCOL || protocol > HIGHEST_PROTOCOL)
    throw new RangeError(`protocol ${protocol}, not ${LOWEST_PROTOCOL} to ${HIGHEST_PROTOCOL}`);
  const self: Member = {
    ...{ name, endpoint, port: endpoint.port, address: unmapAddress({ bytes: address }).bytes },
    meta: meta.slice(),
    versions: Uint8Array.of(LOWEST_PROTOCOL, HIGHEST_PROTOCOL, protocol, ...setup.delegateVersions),
    incarnation: 1,
    state: "alive",
    since: 0,
    suspicion: undefined,
    reason: undefined,
    roundTripMs: undefined,
    revision: 0,
    slot: -1,
  };
  const members = new Members(random.fork(), limits.members);
  members.add(self);
  return {
    ...{ setup, random, cipher, application, members, self },
    timers: new Timers(),
    step: new Step(limits.reasons),
    isLoopback: endpointOf(self.address, self.port, false) === undefined,
    health: new Health(profile.healthMaximum),
    envelope: new Envelope(setup, cipher),
    news: new GossipQueue(),
    broadcasts: new GossipQueue(limits.broadcasts),
  };
}

/** Members that hear of a leave from the leaving one itself. */
const TOLD_GOODBYE = 5;
const LOWEST_PROTOCOL = 1;
const HIGHEST_PROTOCOL = 5;
