import type { Lsa } from "#ospf/lsa.ts";
import { compareInstances } from "#ospf/lsdb.ts";
import { MOST_TOMBSTONES, TOMBSTONE_MS } from "#ospf/limits.ts";

/**
 * LSAs that have just left. A packet that was overtaken on its way must not bring one back: nobody would end it again before
 * its hour is over.
 */
export class Tombstones {
  readonly #left = new Map<string, { readonly lsa: Lsa; readonly at: number }>();

  /** `lsa`: the instance of MaxAge. */
  add(lsa: Lsa, now: number): void {
    // In the order of leaving: those at the front are the oldest.
    for (const [key, { at }] of this.#left) {
      if (now - at < TOMBSTONE_MS && this.#left.size < MOST_TOMBSTONES) break;
      this.#left.delete(key);
    }
    this.#left.delete(lsa.key);
    this.#left.set(lsa.key, { lsa, at: now });
  }

  /** Whether an LSA is no newer than one that has just left. */
  isStale(lsa: Lsa, now: number): boolean {
    const left = this.#left.get(lsa.key);
    return left !== undefined && now - left.at < TOMBSTONE_MS && compareInstances(lsa, left.lsa, now) < 0;
  }
}
