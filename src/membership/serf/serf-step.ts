import type { MembershipCommand, MembershipEvent } from "#membership/io.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfEvent, SerfOutput } from "#membership/serf/io.ts";

/** The step that is under way: its time, what Serf's layer says and what it asks of the membership below it. */
export class SerfStep {
  /** ms, monotonic. */
  now = 0;
  outputs: SerfOutput[] = [];
  /** What was dropped, ignored or refused, by reason. */
  readonly counters = new Map<string, number>();
  readonly #commands: MembershipCommand[] = [];

  begin(now: number): void {
    this.now = now;
    this.outputs = [];
  }

  emit(event: MembershipEvent | SerfEvent): void {
    this.outputs.push({ type: "event", event });
  }

  /** Is carried out before the step ends, but not within what happens now. */
  ask(command: MembershipCommand): void {
    this.#commands.push(command);
  }

  takeCommand(): MembershipCommand | undefined {
    return this.#commands.shift();
  }

  /** Answers undefined, so that a caller can count and return in one line. */
  count(reason: string): undefined {
    const name = this.counters.has(reason) || this.counters.size < SERF_LIMITS.reasons ? reason : "others";
    this.counters.set(name, (this.counters.get(name) ?? 0) + 1);
  }
}
