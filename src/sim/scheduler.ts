import { Heap } from "#base/heap.ts";

interface Scheduled {
  readonly at: number;
  /** What is due at one moment happens in the order it was scheduled: a run must not depend on the heap's shape. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** Virtual time: nothing happens between two events, and an hour costs only what happens in it. */
export class Scheduler {
  readonly #heap = new Heap<Scheduled>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;
  #now = 0;

  /** ms since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Runs `run` at `at`, or next when that has passed; the answer cancels it. */
  at(at: number, run: () => void): () => void {
    const event: Scheduled = { at: Math.max(at, this.#now), order: this.#order++, run };
    this.#heap.push(event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs the next event that is due until `until`; false when there is none, and then it is `until`. */
  step(until: number): boolean {
    for (;;) {
      const next = this.#heap.peek();
      if (next === undefined || next.at > until) {
        if (until > this.#now) this.#now = until;
        return false;
      }
      this.#heap.pop();
      if (next.run === undefined) continue;
      this.#now = next.at;
      next.run();
      return true;
    }
  }
}
