import type { Clock } from "#host/clock.ts";

/** So many at once, and so many each second on the average. */
export class RateLimit {
  readonly #clock: Pick<Clock, "now">;
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  constructor(clock: Pick<Clock, "now">, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
    this.#left = burst;
    this.#at = clock.now();
  }

  /** How many of `count` may pass now. */
  take(count: number): number {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    const passing = Math.min(count, Math.floor(this.#left + ROUNDING));
    this.#left -= passing;
    return passing;
  }
}

/** Fractions of one that add up to it may fall short of it. */
const ROUNDING = 1e-6;
