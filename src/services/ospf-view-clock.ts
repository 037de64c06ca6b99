import type { Clock } from "#host/clock.ts";

/** The clock that a view tells times by. */
export type ViewClock = Pick<Clock, "now" | "wallTime">;

/** The wall clock's time of a moment of the router's clock. */
export function wallTimeOf(at: number, clock: ViewClock): number {
  return clock.wallTime() - (clock.now() - at);
}

/** What is left until `at`, ms; 0 for what is overdue. */
export function msUntil(at: number, now: number): number {
  return Math.max(0, Math.round(at - now));
}
