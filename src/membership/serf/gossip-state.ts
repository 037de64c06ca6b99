import { concatBytes } from "#base/bytes.ts";
import type { Attachment } from "#membership/serf/io.ts";
import type { LamportClock } from "#membership/serf/lamport-clock.ts";
import type { Recent } from "#membership/serf/recent.ts";
import type { Roster } from "#membership/serf/roster.ts";
import type { SerfStep } from "#membership/serf/serf-step.ts";
import { readText } from "#packet/primitive.ts";
import type { MemberlistLimits } from "#wire/memberlist/limits.ts";
import { decodeSerfState, encodeSerf } from "#wire/memberlist/serf.ts";

/** An event, as it is remembered. */
export interface PastEvent {
  readonly name: string;
  readonly payload: Uint8Array | undefined;
}

/** What tells an event from others of its Lamport time. */
export function keyOfEvent({ name, payload = NOTHING }: PastEvent): string {
  return `${name.length} ${name}${readText(payload, 0, payload.length)}`;
}

/** What an event takes in memory and in a push/pull, about. */
export function bytesOfEvent({ name, payload }: PastEvent): number {
  return EVENT_BYTES + name.length + (payload?.length ?? 0);
}

const EVENT_BYTES = 32;
const NOTHING = new Uint8Array(0);

/** What Serf's layer of two members exchanges in a push/pull. */
export interface GossipState {
  readonly roster: Roster;
  readonly events: Recent<PastEvent>;
  readonly queryClock: LamportClock;
  readonly attachment: Attachment | undefined;
}

export function encodeState({ roster, events, queryClock, attachment }: GossipState): Uint8Array {
  const statusLtimes = new Map<string, bigint>();
  const leftMembers: string[] = [];
  for (const { name, time, status } of roster.values()) {
    statusLtimes.set(name, BigInt(time));
    if (status === "left") leftMembers.push(name);
  }
  const state = encodeSerf({
    type: "state",
    body: {
      ltime: BigInt(roster.clock.time),
      eventLtime: BigInt(events.clock.time),
      queryLtime: BigInt(queryClock.time),
      statusLtimes,
      leftMembers,
      events: events.slots().map((slot) => slot && { ltime: BigInt(slot.time), events: slot.items }),
    },
  });
  return attachment ? concatBytes([state, attachment.state()]) : state;
}

/** What is to be done with another member's state. */
export interface StateTaker {
  leave(name: string, time: number): void;
  join(name: string, time: number): void;
  event(time: number, event: PastEvent): void;
}

export function mergeState(
  bytes: Uint8Array,
  limits: MemberlistLimits,
  into: GossipState,
  step: SerfStep,
  taker: StateTaker,
): void {
  const found = decodeSerfState(bytes, limits);
  if (!found) return step.count("bad Serf state");
  const { ltime, eventLtime, queryLtime, statusLtimes, leftMembers, events } = found.state;
  // Nobody has sent a message of these times yet.
  for (const [clock, time] of [
    [into.roster.clock, ltime],
    [into.events.clock, eventLtime],
    [into.queryClock, queryLtime],
  ] as const)
    witnessBefore(clock, time);
  const left = new Set(leftMembers);
  // The time of a leave is not told, but it is after the join.
  for (const name of left) {
    const time = into.roster.clock.read((statusLtimes?.get(name) ?? 0n) + 1n);
    if (time !== undefined) taker.leave(name, time);
  }
  for (const [name, each] of statusLtimes ?? []) {
    const time = into.roster.clock.read(each);
    if (time !== undefined && !left.has(name)) taker.join(name, time);
  }
  for (const slot of events ?? []) {
    const time = slot && into.events.clock.read(slot.ltime);
    if (time === undefined) continue;
    for (const { name, payload } of slot?.events ?? []) taker.event(time, { name, payload });
  }
  if (found.rest.length > 0) into.attachment?.merge(found.rest);
}

function witnessBefore(clock: LamportClock, ltime: bigint): void {
  const time = ltime > 0n ? clock.read(ltime - 1n) : undefined;
  if (time !== undefined) clock.witness(time);
}
