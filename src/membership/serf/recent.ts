import { LamportClock } from "#membership/serf/lamport-clock.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";

interface Slot<Item> {
  readonly time: number;
  readonly items: Map<string | number, Item>;
  /** It had to go for want of room: nothing of its time is taken any more. */
  isClosed: boolean;
}

/** "known": it came before; "old": too old to know that; "full": too much is remembered of its time. */
export type RecentVerdict = "new" | "known" | "old" | "full";

/** What was heard at the last Lamport times, so that each message counts once although gossip brings it many times. */
export class Recent<Item> {
  readonly clock = new LamportClock();
  readonly #slots = new Array<Slot<Item> | undefined>(SERF_LIMITS.times).fill(undefined);
  readonly #keyOf: (item: Item) => string | number;
  readonly #bytesOf: (item: Item) => number;
  #bytes = 0;

  /** `keyOf`: what only equal items have in common; `bytesOf`: what one takes. */
  constructor(keyOf: (item: Item) => string | number, bytesOf: (item: Item) => number = () => 0) {
    this.#keyOf = keyOf;
    this.#bytesOf = bytesOf;
  }

  take(time: number, item: Item): RecentVerdict {
    this.clock.witness(time);
    if (time < this.clock.time - SERF_LIMITS.times) return "old";
    const place = time % SERF_LIMITS.times;
    let slot = this.#slots[place];
    if (slot && (slot.time > time || (slot.time === time && slot.isClosed))) return "old";
    const key = this.#keyOf(item);
    if (slot?.time === time && slot.items.has(key)) return "known";
    if (slot?.time !== time) {
      if (slot) this.#empty(slot);
      this.#slots[place] = slot = { time, items: new Map(), isClosed: false };
    }
    if (slot.items.size >= SERF_LIMITS.perTime) return "full";
    slot.items.set(key, item);
    this.#bytes += this.#bytesOf(item);
    while (this.#bytes > SERF_LIMITS.rememberedBytes && this.#closeOldest());
    return "new";
  }

  /** What is remembered, in Serf's order: by the remainder of the time, undefined where there is nothing. */
  slots(): readonly ({ readonly time: number; readonly items: readonly Item[] } | undefined)[] {
    return this.#slots.map((slot) =>
      slot && slot.items.size > 0 ? { time: slot.time, items: [...slot.items.values()] } : undefined,
    );
  }

  /** False when only the newest is left. */
  #closeOldest(): boolean {
    let oldest: Slot<Item> | undefined;
    let full = 0;
    for (const slot of this.#slots) {
      if (!slot || slot.items.size === 0) continue;
      full++;
      if (!oldest || slot.time < oldest.time) oldest = slot;
    }
    if (!oldest || full < 2) return false;
    this.#empty(oldest);
    oldest.isClosed = true;
    return true;
  }

  #empty(slot: Slot<Item>): void {
    for (const item of slot.items.values()) this.#bytes -= this.#bytesOf(item);
    slot.items.clear();
  }
}
