/** The IDs of messages that were handled; forgotten by age and by count, the oldest first. */
export class SeenIds {
  readonly #ageMs: number;
  readonly #count: number;
  /** When each was first seen. Insertion order is age order. */
  readonly #seen = new Map<string, number>();

  constructor(ageMs: number, count: number) {
    this.#ageMs = ageMs;
    this.#count = count;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Marks `id` as seen; true when it is new (or so old that it was forgotten). */
  add(id: string, now: number): boolean {
    const before = this.#seen.get(id);
    if (before !== undefined) {
      if (now - before <= this.#ageMs) return false;
      this.#seen.delete(id);
    }
    for (const [oldest, at] of this.#seen) {
      if (now - at <= this.#ageMs && this.#seen.size < this.#count) break;
      this.#seen.delete(oldest);
    }
    this.#seen.set(id, now);
    return true;
  }
}
