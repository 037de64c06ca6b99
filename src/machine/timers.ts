import { Heap } from "#base/heap.ts";

interface Alarm {
  readonly name: string;
  readonly at: number;
  /** Order of setting: alarms of one moment fire in the order they were set, so that a run can be repeated. */
  readonly order: number;
}

/** A core's timers by name; the driver sees only `next`. Setting a name again moves it. All times are ms, monotonic. */
export class Timers {
  readonly #alarms = new Map<string, Alarm>();
  // Moved and cancelled alarms stay in the heap until they surface: cheaper than searching for them.
  readonly #heap = new Heap<Alarm>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;

  /** The earliest alarm's time; Infinity when none is set. */
  get next(): number {
    for (;;) {
      const first = this.#heap.peek();
      if (first === undefined) return Infinity;
      if (this.#alarms.get(first.name) === first) return first.at;
      this.#heap.pop();
    }
  }

  set(name: string, at: number): void {
    const alarm = { name, at, order: this.#order++ };
    this.#alarms.set(name, alarm);
    this.#heap.push(alarm);
    if (this.#heap.size > 64 && this.#heap.size > 4 * this.#alarms.size) this.#compact();
  }

  cancel(name: string): void {
    this.#alarms.delete(name);
  }

  /** When `name` fires; undefined when it is not set. */
  when(name: string): number | undefined {
    return this.#alarms.get(name)?.at;
  }

  /** Takes the earliest alarm that is due at `now`; call until undefined. */
  takeDue(now: number): string | undefined {
    if (this.next > now) return undefined;
    const { name } = this.#heap.pop()!;
    this.#alarms.delete(name);
    return name;
  }

  #compact(): void {
    this.#heap.clear();
    for (const alarm of this.#alarms.values()) this.#heap.push(alarm);
  }
}
