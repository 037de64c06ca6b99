import type { Clock } from "#host/clock.ts";

/** The alarm of one core: it is moved to wherever the core's `wakeAt` is. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #cancel = (): void => {};

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `at` (ms, monotonic) and at no other time; Infinity: never. */
  set(at: number): void {
    if (at === this.#at) return;
    this.#cancel();
    this.#at = at;
    this.#cancel = at === Infinity ? () => {} : this.#clock.at(at, () => this.#rung());
  }

  #rung(): void {
    this.#at = Infinity;
    this.#cancel = () => {};
    this.#ring();
  }
}
