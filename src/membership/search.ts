import type { Endpoint } from "#base/endpoint.ts";
import type { Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import type { Pings } from "#membership/pings.ts";
import type { PushPull } from "#membership/push-pull.ts";
import type { Sender } from "#membership/sender.ts";

/** A pause between searches for one member grows to this part of the time that it is lost. */
const PAUSE_OF_AGE = 1 / 4;
/** A node begins no more than so many searches at once. */
const MOST_AT_ONCE = 3;

/**
 * Looks for members that failed, which memberlist never does: who answers a ping again is told all, so that the halves of
 * a parted network find together by themselves. The cluster shares the work: each node searches so rarely that all of them
 * together ask for each lost member about once in its pause. Who left is looked for too, for a while: when somebody else
 * said so in its name, nobody would ever speak to it again, and it would not know why.
 */
export class Search {
  readonly #parts: Parts;
  readonly #pings: Pings;
  readonly #sender: Sender;
  readonly #pushPull: PushPull;
  readonly #lost = new Map<string, Lost>();
  readonly #underWay = new Set<number>();

  constructor(parts: Parts, pings: Pings, sender: Sender, pushPull: PushPull) {
    this.#parts = parts;
    this.#pings = pings;
    this.#sender = sender;
    this.#pushPull = pushPull;
  }

  /** Failed members that are looked for. */
  get size(): number {
    let size = 0;
    for (const { hasLeft } of this.#lost.values()) if (!hasLeft) size++;
    return size;
  }

  add({ name, endpoint, state }: Member): void {
    const { step, setup } = this.#parts;
    this.#lost.delete(name);
    if (this.#lost.size >= setup.limits.lost) this.#lost.delete(this.#lost.keys().next().value!);
    this.#lost.set(name, { name, endpoint, since: step.now, hasLeft: state === "left" });
    this.arm();
  }

  delete(name: string): void {
    this.#lost.delete(name);
  }

  arm(): void {
    const { timers, step, setup } = this.#parts;
    if (this.#lost.size === 0 || timers.when("search") !== undefined) return;
    timers.set("search", step.now + setup.profile.searchIntervalMs);
  }

  stop(): void {
    this.#parts.timers.cancel("search");
  }

  due(): void {
    const { random, setup, step, members } = this.#parts;
    const { limits, profile } = setup;
    let share = 0;
    for (const { name, since, hasLeft } of this.#lost.values()) {
      const age = step.now - since;
      if (age > (hasLeft ? limits.leftAgeMs : limits.lostAgeMs)) this.#lost.delete(name);
      const pause = Math.min(limits.searchLongestMs, Math.max(profile.searchIntervalMs, age * PAUSE_OF_AGE));
      share += profile.searchIntervalMs / pause;
    }
    let searches = Math.min(MOST_AT_ONCE, share / members.present);
    for (; searches > 0; searches--) if (random.float() < searches) this.#one();
    this.arm();
  }

  /** Nobody answered. */
  over(sequence: number): void {
    this.#underWay.delete(sequence);
    this.#pings.forget(sequence);
  }

  #one(): void {
    const { random, setup, step, timers } = this.#parts;
    if (this.#lost.size === 0 || this.#underWay.size >= setup.limits.searches) return;
    const lost = [...this.#lost.values()][random.below(this.#lost.size)]!;
    const sequence = this.#pings.expect({
      ack: () => {
        this.over(sequence);
        step.count("lost members that answer");
        // It may have come back meanwhile.
        if (this.#lost.has(lost.name)) this.#pushPull.exchange(lost.endpoint, false);
      },
    });
    this.#underWay.add(sequence);
    timers.set(`searched ${sequence}`, step.now + 2 * setup.profile.probeTimeoutMs);
    this.#sender.sendTogether(lost.endpoint, [this.#pings.message(lost.name, sequence)]);
    step.count("searches for lost members");
  }
}

interface Lost {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly since: number;
  readonly hasLeft: boolean;
}
