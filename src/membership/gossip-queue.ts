import { MOST_COMPOUND_PARTS } from "#wire/memberlist/limits.ts";

interface Entry {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly order: number;
  /** Packets that it went into. */
  sent: number;
}

/**
 * Messages that are to reach everyone: each goes into a number of packets that grows with the logarithm of the cluster's
 * size, the least sent ones first; of those the largest that fits, then the newest. A message about something replaces the
 * one about the same that still waits.
 */
export class GossipQueue {
  readonly #most: number;
  /** By key; in the order of arrival. */
  readonly #entries = new Map<string, Entry>();
  /** By packets sent, each sorted: what is to go first stands last. */
  readonly #tiers: Entry[][] = [];
  #order = 0;

  constructor(most = Infinity) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** False: another one had to go, because too many wait. */
  push(key: string, bytes: Uint8Array): boolean {
    this.delete(key);
    let wasRoom = true;
    if (this.#entries.size >= this.#most) {
      const [oldest] = this.#entries.keys();
      this.delete(oldest!);
      wasRoom = false;
    }
    const entry = { key, bytes, order: this.#order++, sent: 0 };
    this.#entries.set(key, entry);
    this.#insert(entry);
    return wasRoom;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#remove(entry);
  }

  /**
   * Messages for one packet: at most `room` bytes, with `overhead` for each, and at most `parts` of them. Each counts as
   * sent; those sent `limit` times are gone.
   */
  take(room: number, overhead: number, limit: number, parts = MOST_COMPOUND_PARTS): Uint8Array[] {
    const taken: Entry[] = [];
    let left = room;
    for (const tier of this.#tiers) {
      while (taken.length < parts) {
        const place = lastThatFits(tier, left - overhead);
        if (place < 0) break;
        const [entry] = tier.splice(place, 1);
        taken.push(entry!);
        left -= overhead + entry!.bytes.length;
      }
    }
    for (const entry of taken) {
      if (++entry.sent >= limit) this.#entries.delete(entry.key);
      else this.#insert(entry);
    }
    return taken.map(({ bytes }) => bytes);
  }

  #insert(entry: Entry): void {
    while (this.#tiers.length <= entry.sent) this.#tiers.push([]);
    const tier = this.#tiers[entry.sent]!;
    tier.splice(placeOf(tier, entry), 0, entry);
  }

  #remove(entry: Entry): void {
    const tier = this.#tiers[entry.sent]!;
    const place = placeOf(tier, entry);
    if (tier[place] === entry) tier.splice(place, 1);
  }
}

/** Negative: `a` goes after `b`, and stands before it. */
function compare(a: Entry, b: Entry): number {
  return a.bytes.length - b.bytes.length || a.order - b.order;
}

function placeOf(tier: readonly Entry[], entry: Entry): number {
  let low = 0;
  let high = tier.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(tier[middle]!, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place of the largest that has at most so many bytes; -1 for none. */
function lastThatFits(tier: readonly Entry[], bytes: number): number {
  let low = 0;
  let high = tier.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tier[middle]!.bytes.length <= bytes) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Packets that one message goes into. */
export function retransmitLimit(multiplier: number, members: number): number {
  return multiplier * Math.ceil(Math.log10(members + 1));
}
