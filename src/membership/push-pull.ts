import type { Endpoint } from "#base/endpoint.ts";
import { claimOf, isGoodName } from "#membership/claim.ts";
import type { Member } from "#membership/member.ts";
import type { MemberState } from "#membership/io.ts";
import type { Parts } from "#membership/parts.ts";
import type { Records } from "#membership/records.ts";
import type { Outcome, Reply, Streams } from "#membership/streams.ts";
import { MESSAGE_TYPES, NODE_STATE, PUSH_PULL, type NodeState } from "#wire/memberlist/messages.ts";
import { MsgpackWriter } from "#wire/memberlist/msgpack.ts";
import type { PushPull as PushPullBody } from "#wire/memberlist/stream.ts";

const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
/** In pauses between exchanges that settle: news that far apart are no storm; and when to look for the last time. */
const STORM_PAUSES = 4;
const LAST_PAUSES = 10;
/** A cluster of more exchanges more rarely. */
const FREQUENT_UP_TO = 32;

/**
 * The exchange of all that two nodes know: when joining, from time to time with a random member, and, which memberlist does
 * not, soon after many new members were learnt, until nothing is new any more. So what gossip missed in a storm of joins
 * is known a second later and not at the next regular exchange.
 */
export class PushPull {
  readonly #parts: Parts;
  readonly #records: Records;
  readonly #streams: Streams;
  /** New members since others were last asked for more. */
  #learnt = 0;
  #learntAt = -Infinity;
  #isSettling = false;

  constructor(parts: Parts, records: Records, streams: Streams) {
    this.#parts = parts;
    this.#records = records;
    this.#streams = streams;
  }

  start(): void {
    const { timers, step, setup, random } = this.#parts;
    timers.set("push-pull", step.now + random.float() * setup.profile.pushPullIntervalMs);
  }

  stop(): void {
    this.#parts.timers.cancel("push-pull");
    this.#parts.timers.cancel("settle");
  }

  due(): void {
    const { timers, step, setup, members } = this.#parts;
    timers.set("push-pull", step.now + pushPullIntervalMs(setup.profile.pushPullIntervalMs, members.size));
    this.#withSomeone();
  }

  /** A member is new. */
  learnt(): void {
    const { timers, step, setup, random } = this.#parts;
    const pause = this.#settlePauseMs;
    // Members that come one by one are no storm.
    if (!this.#isSettling && step.now - this.#learntAt > STORM_PAUSES * pause) this.#learnt = 0;
    this.#learntAt = step.now;
    this.#learnt++;
    if (this.#learnt < (this.#isSettling ? 1 : setup.limits.settleAfter)) return;
    const at = step.now + pause * (0.5 + random.float());
    if (at < (timers.when("settle") ?? Infinity)) timers.set("settle", at);
  }

  /** Asks somebody for more; and once more after a longer pause, for whoever was asked may have lacked the same. */
  settleDue(): void {
    const { timers, step, random } = this.#parts;
    this.#isSettling = this.#learnt > 0;
    this.#learnt = 0;
    if (this.#isSettling)
      timers.set("settle", step.now + LAST_PAUSES * this.#settlePauseMs * (0.5 + random.float()));
    step.count("exchanges to settle");
    this.#withSomeone();
  }

  get #settlePauseMs(): number {
    const { setup, members } = this.#parts;
    return pushPullIntervalMs(setup.profile.settleMs, members.size);
  }

  /** Dials an address, exchanges all and merges the answer; `done` gets the members that the other one named. */
  exchange(to: Endpoint, join: boolean, done?: (outcome: Outcome, members: number) => void): void {
    const { setup, step } = this.#parts;
    this.#streams.request({
      to,
      build: () => this.message(join),
      answer: "pushPull",
      timeoutMs: setup.profile.streamTimeoutMs,
      done: (outcome) => {
        if (!outcome.ok) step.count("failed exchanges");
        if (!outcome.ok || outcome.message?.type !== "pushPull") return done?.(outcome, 0);
        const { body } = outcome.message;
        const merged = this.#merge(body);
        if (merged > 0 || body.states.length === 0) return done?.(outcome, merged);
        done?.({ ok: false, reason: "its members are not compatible with this one" }, 0);
      },
    });
  }

  /** Another node's request: it gets our list before we have merged its own. */
  answer(body: PushPullBody): Reply {
    return { bytes: this.message(body.join), after: () => void this.#merge(body) };
  }

  message(join: boolean): Uint8Array {
    const { members, application } = this.#parts;
    const userState = application?.userState(join) ?? new Uint8Array(0);
    const writer = new MsgpackWriter();
    writer.append(Uint8Array.of(MESSAGE_TYPES.pushPull));
    const header = { join, nodes: members.size, userStateLength: userState.length };
    PUSH_PULL.write(writer, header, "push/pull");
    for (const member of members.values()) NODE_STATE.write(writer, stateOf(member), "member");
    writer.append(userState);
    return writer.finish();
  }

  /** How many of them can be members here. */
  #merge({ states, userState, join }: PushPullBody): number {
    const { step, self, setup, application, members } = this.#parts;
    // Of what the first list of a newcomer says nobody else must be told: all others have it from there too.
    const quietly = members.size === 1;
    let possible = 0;
    for (const each of states) {
      const { name: node, incarnation } = each;
      const state = STATES[each.state];
      if (state === "alive") {
        if (this.#records.alive(claimOf(each), quietly) !== "refused") possible++;
      } else if (state === undefined) step.count("refused member: an unknown state");
      else if (!isGoodName(node, setup.limits.nameBytes)) step.count("refused member: a bad name");
      else if (state === "left") this.#records.dead({ node, incarnation, from: node });
      // Whoever is called dead may object: it gets the time of a suspected one.
      else this.#records.suspect({ node, incarnation, from: self.name });
    }
    if (userState.length > 0) application?.mergeUserState(userState, join);
    step.count("exchanges");
    return possible;
  }

  #withSomeone(): void {
    const { members, self } = this.#parts;
    const isOther = (member: Member): boolean => member !== self && member.state === "alive";
    const [member] = members.sample(1, isOther);
    if (member) this.exchange(member.endpoint, false);
  }
}

function stateOf(member: Member): NodeState {
  const { name, address, port, meta, versions, incarnation, state } = member;
  return {
    ...{ name, address, port, versions, incarnation },
    meta: meta.length > 0 ? meta : undefined,
    state: STATES.indexOf(state),
  };
}

/** memberlist's scaling: twice as long from 33 members on, three times from 65, and so on. */
export function pushPullIntervalMs(intervalMs: number, members: number): number {
  if (members <= FREQUENT_UP_TO) return intervalMs;
  return intervalMs * (Math.ceil(Math.log2(members) - Math.log2(FREQUENT_UP_TO)) + 1);
}
