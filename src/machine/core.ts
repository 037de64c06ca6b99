/**
 * A protocol that only thinks: no sockets, timers, promises, clock or dice. Whoever runs it (a driver on a real machine,
 * a World in virtual time, a replay) carries out what it says and tells it what happened.
 */
export interface Core<Input, Output> {
  /** Takes one input at `now` (ms, monotonic) and says what should happen. Never throws on remote input. */
  handle(input: Input, now: number): readonly Output[];
  /** When to call handle({ type: "wake" }, now) next; Infinity when idle. An early or repeated wake is harmless. */
  readonly wakeAt: number;
}
