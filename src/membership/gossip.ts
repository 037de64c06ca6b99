import type { Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import type { Sender } from "#membership/sender.ts";

/** News wait so long for others that come with them, ms; after that they leave at the next interval. */
const TOGETHER_MS = 10;

/** Sends news to a few random members in each interval, as long as there are any. */
export class Gossip {
  readonly #parts: Parts;
  readonly #sender: Sender;
  #last = -Infinity;

  constructor(parts: Parts, sender: Sender) {
    this.#parts = parts;
    this.#sender = sender;
  }

  /** To be called when there may be news. */
  arm(): void {
    const { timers, news, broadcasts, members, step, setup } = this.#parts;
    if ((news.size === 0 && broadcasts.size === 0) || members.size < 2) return;
    if (timers.when("gossip") !== undefined) return;
    timers.set("gossip", Math.max(step.now + TOGETHER_MS, this.#last + setup.profile.gossipIntervalMs));
  }

  due(): void {
    const { members, setup, step, self } = this.#parts;
    this.#last = step.now;
    const { gossipNodes, gossipToTheDeadMs } = setup.profile;
    const isWanted = (member: Member): boolean => {
      if (member === self || member.state === "left") return false;
      return member.state !== "dead" || step.now - member.since < gossipToTheDeadMs;
    };
    for (const member of members.sample(gossipNodes, isWanted)) if (!this.#sender.gossip(member)) return;
  }
}
