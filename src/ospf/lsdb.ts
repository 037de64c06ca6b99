import { MAX_AGE, MAX_AGE_DIFF } from "#ospf/constants.ts";
import { ARRIVAL_BURST } from "#ospf/limits.ts";
import type { Lsa, LsaInstance } from "#ospf/lsa.ts";

/** Which of two instances of one LSA is newer. RFC 2328 13.1: above 0 `a`, below 0 `b`, 0: the same. */
export function compareInstances(a: LsaInstance, b: LsaInstance, now: number): number {
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  if (a.checksum !== b.checksum) return a.checksum - b.checksum;
  const [ageA, ageB] = [a.ageAt(now), b.ageAt(now)];
  if (ageA === MAX_AGE || ageB === MAX_AGE) return Number(ageA === MAX_AGE) - Number(ageB === MAX_AGE);
  return Math.abs(ageA - ageB) > MAX_AGE_DIFF ? ageB - ageA : 0;
}

/** An LSA in a database and what is known of it there. */
export interface Entry {
  /** It was installed when it came or was made (`at`). */
  readonly lsa: Lsa;
  /** It came by flooding, not from this router itself. */
  readonly wasReceived: boolean;
  /** On how many retransmission lists it is: one of MaxAge stays until none has it. */
  pending: number;
  /** How many further instances are taken at once, before only one in each MinLSArrival is. */
  readonly credit: number;
}

/**
 * The LSAs of one flooding scope: an area's, a link's, or those of the whole autonomous system. Each is found by its key
 * and surfaces again when it has reached MaxAge.
 */
export class Lsdb {
  readonly #entries = new Map<string, Entry>();
  /** No LSA reaches MaxAge by itself before, ms. Those that are refreshed never do: a list of all ends would be idle. */
  #nextEnd = Infinity;
  /** ms when it was looked for such LSAs last. */
  #lookedAt = -Infinity;
  readonly #maxAged = new Set<Entry>();
  /** How many LSAs of each type there are. */
  readonly #counts = new Map<number, number>();
  #octets = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Of all LSAs together. */
  get octets(): number {
    return this.#octets;
  }

  /** When it has to be looked for LSAs that have reached MaxAge by themselves, ms; Infinity for never. */
  get nextEnd(): number {
    return this.#nextEnd;
  }

  get(key: string): Lsa | undefined {
    return this.#entries.get(key)?.lsa;
  }

  entry(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  *lsas(): Iterable<Lsa> {
    for (const { lsa } of this.#entries.values()) yield lsa;
  }

  countOf(type: number): number {
    return this.#counts.get(type) ?? 0;
  }

  put(lsa: Lsa, now: number, wasReceived: boolean, credit = ARRIVAL_BURST): Entry {
    this.delete(lsa.key);
    const entry: Entry = { lsa, wasReceived, pending: 0, credit };
    this.#entries.set(lsa.key, entry);
    this.#counts.set(lsa.type, this.countOf(lsa.type) + 1);
    this.#octets += lsa.size;
    if (lsa.ageAt(now) === MAX_AGE) this.#maxAged.add(entry);
    else this.#endsAt(lsa.timeOfAge(MAX_AGE));
    return entry;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#maxAged.delete(entry);
    this.#counts.set(entry.lsa.type, this.countOf(entry.lsa.type) - 1);
    this.#octets -= entry.lsa.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#nextEnd = Infinity;
    this.#maxAged.clear();
    this.#counts.clear();
    this.#octets = 0;
  }

  /** Those that have reached MaxAge by `now` and were not told before. */
  takeEnded(now: number): Lsa[] {
    if (now < this.#nextEnd) return [];
    this.#nextEnd = Infinity;
    this.#lookedAt = now;
    const ended: Lsa[] = [];
    for (const entry of this.#entries.values()) {
      if (this.#maxAged.has(entry)) continue;
      const end = entry.lsa.timeOfAge(MAX_AGE);
      if (end > now) this.#endsAt(end);
      else {
        this.#maxAged.add(entry);
        ended.push(entry.lsa);
      }
    }
    return ended;
  }

  /** It is looked at all of them then, but not more than once in a second: ages are of seconds, too. */
  #endsAt(end: number): void {
    this.#nextEnd = Math.min(this.#nextEnd, Math.max(end, this.#lookedAt + 1_000));
  }
}
