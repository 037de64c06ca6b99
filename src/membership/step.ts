import type { MembershipEvent, MembershipOutput } from "#membership/io.ts";

/** The step of the core that is under way: its time and what it says. The core's parts share it. */
export class Step {
  /** ms, monotonic. */
  now = 0;
  outputs: MembershipOutput[] = [];
  /** What was dropped, ignored or refused, by reason, and how much came and went; since the core began. */
  readonly counters = new Map<string, number>();
  readonly #mostReasons: number;

  constructor(mostReasons: number) {
    this.#mostReasons = mostReasons;
  }

  begin(now: number): void {
    this.now = now;
    this.outputs = [];
  }

  emit(event: MembershipEvent): void {
    this.outputs.push({ type: "event", event });
  }

  /** Answers undefined, so that a caller can count and return in one line. */
  count(reason: string, times = 1): undefined {
    const known = this.counters.get(reason);
    const name = known === undefined && this.counters.size >= this.#mostReasons ? "others" : reason;
    this.counters.set(name, (this.counters.get(name) ?? 0) + times);
  }

  /** Counts what a codec says is wrong: the same whatever it found, and where. */
  countBad(where: string, problem: string): undefined {
    this.count(`${where}: ${problem.replace(WHERE, "").replaceAll(NUMBER, "#").slice(0, 80)}`);
  }
}

const WHERE = /(?: but 0x[0-9a-f]+)?(?:, at byte \d+)?$/;
/** Not those of a version, such as 0.2.2. */
const NUMBER = /(?<![\d.])\d+(?!\d*\.\d)/g;
