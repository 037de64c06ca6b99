import type { BackoffTimers } from "#ospf/config.ts";

/**
 * How long to wait before the routes are computed again: hardly at all for a first change, longer while changes go on.
 * RFC 8405, whose names the states and timers have; all times are ms.
 */
export class Backoff {
  #state: "QUIET" | "SHORT_WAIT" | "LONG_WAIT" = "QUIET";
  #learnUntil = Infinity;
  #holdUntil = Infinity;

  /** At `now`, if nothing has changed since the last change. */
  stateAt(now: number): "QUIET" | "SHORT_WAIT" | "LONG_WAIT" {
    if (now >= this.#holdUntil) return "QUIET";
    return this.#state === "SHORT_WAIT" && now >= this.#learnUntil ? "LONG_WAIT" : this.#state;
  }

  /** Something changed at `now`: the time after which to compute, if it is not already set for then or earlier. */
  changed(now: number, timers: BackoffTimers): number {
    this.#state = this.stateAt(now);
    this.#holdUntil = now + timers.holdDownMs;
    if (this.#state === "QUIET") {
      this.#state = "SHORT_WAIT";
      this.#learnUntil = now + timers.timeToLearnMs;
      return timers.initialDelayMs;
    }
    return this.#state === "SHORT_WAIT" ? timers.shortDelayMs : timers.longDelayMs;
  }
}
