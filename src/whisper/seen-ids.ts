/** The IDs of messages that were handled; forgotten by age and by count, the oldest first. */
export class SeenIds {
  readonly #ageMs: number;
  readonly #count: number;
  /** When each was first seen. Insertion order is age order. */
  readonly #seen = new Map<string, number>();
  /** The old ones are looked for now and then; `has` knows their age in the meantime. */
  #nextSweep = 0;

  constructor(ageMs: number, count: number) {
    this.#ageMs = ageMs;
    this.#count = count;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** True when `id` was seen and is not forgotten. */
  has(id: string, now: number): boolean {
    const at = this.#seen.get(id);
    return at !== undefined && now - at <= this.#ageMs;
  }

  /** Marks `id` as seen; true when it is new (or so old that it was forgotten). */
  add(id: string, now: number): boolean {
    if (this.has(id, now)) return false;
    this.#seen.delete(id); // what is added again goes to the end of the order
    if (now >= this.#nextSweep || this.#seen.size >= this.#count) this.#sweep(now);
    this.#seen.set(id, now);
    return true;
  }

  #sweep(now: number): void {
    this.#nextSweep = now + this.#ageMs / 16;
    for (const [oldest, at] of this.#seen) {
      if (now - at <= this.#ageMs && this.#seen.size < this.#count) break;
      this.#seen.delete(oldest);
    }
  }
}
