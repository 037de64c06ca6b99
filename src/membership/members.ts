import type { Random } from "#base/random.ts";
import { isPresent, type Member } from "#membership/member.ts";

/** All members that this node knows, itself included, and the order in which it probes them. */
export class Members {
  readonly #byName = new Map<string, Member>();
  /** The same, for choosing at random. */
  readonly #list: Member[] = [];
  readonly #random: Random;
  readonly #most: number;
  #present = 0;
  #lap: Member[] = [];

  constructor(random: Random, most: number) {
    this.#random = random;
    this.#most = most;
  }

  get size(): number {
    return this.#list.length;
  }

  /** Alive or suspected, with ourselves. */
  get present(): number {
    return this.#present;
  }

  get isFull(): boolean {
    return this.#list.length >= this.#most;
  }

  get(name: string): Member | undefined {
    return this.#byName.get(name);
  }

  values(): readonly Member[] {
    return this.#list;
  }

  add(member: Member): void {
    this.#byName.set(member.name, member);
    member.slot = this.#list.push(member) - 1;
    if (isPresent(member)) this.#present++;
    // Somewhere in the lap under way: its first probe must not be at the same time everywhere.
    const place = this.#random.below(this.#lap.length + 1);
    const moved = this.#lap[place];
    this.#lap[place] = member;
    if (moved) this.#lap.push(moved);
  }

  remove(member: Member): void {
    const { slot } = member;
    if (slot < 0) return;
    member.slot = -1;
    this.#byName.delete(member.name);
    if (isPresent(member)) this.#present--;
    const last = this.#list.pop()!;
    if (last === member) return;
    this.#list[slot] = last;
    last.slot = slot;
  }

  setState(member: Member, state: Member["state"], now: number): void {
    const before = isPresent(member);
    member.state = state;
    member.since = now;
    if (isPresent(member) !== before) this.#present += before ? -1 : 1;
  }

  /** Up to `count` different members that `isWanted`, chosen at random; fewer when they are hard to find. */
  sample(count: number, isWanted: (member: Member) => boolean): Member[] {
    const chosen: Member[] = [];
    const size = this.#list.length;
    // As memberlist has it: in a small cluster everyone is found, in a large one nobody searches long.
    for (let tries = 3 * size; tries > 0 && chosen.length < count; tries--) {
      const member = this.#list[this.#random.below(size)]!;
      if (!chosen.includes(member) && isWanted(member)) chosen.push(member);
    }
    return chosen;
  }

  /** The next one to probe; undefined at the end of a lap, after which a new one begins. */
  nextOfLap(): Member | undefined {
    for (let member = this.#lap.pop(); member; member = this.#lap.pop()) if (member.slot >= 0) return member;
    this.#lap = [...this.#list];
    for (let i = this.#lap.length - 1; i > 0; i--) {
      const other = this.#random.below(i + 1);
      [this.#lap[i], this.#lap[other]] = [this.#lap[other]!, this.#lap[i]!];
    }
    return undefined;
  }
}
