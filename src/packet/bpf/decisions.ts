import { structureAt, testsAt } from "#packet/bpf/breakpoints.ts";
import type { Outcome } from "#packet/bpf/formula.ts";
import type { Case } from "#packet/bpf/graph.ts";
import { namesOf, type Interval } from "#packet/bpf/interval.ts";
import type { Known, LayerWalk } from "#packet/bpf/layer-walk.ts";
import { largest } from "#packet/bpf/layout.ts";
import type { Key } from "#packet/bpf/occurrence.ts";
import { passedIn, type PlacedTest } from "#packet/bpf/own-tests.ts";
import { chooseBy } from "#packet/bpf/place.ts";
import { isHopeless, outcomeOf } from "#packet/bpf/soundness.ts";

/** Decisions of a layer by one of its numbers. */
export class Decisions {
  readonly #layer: LayerWalk;

  constructor(layer: LayerWalk) {
    this.#layer = layer;
  }

  /** Looks at a number and goes on for each of the intervals in which it means one thing. */
  decide(known: Known, key: Key, go: (known: Known) => number, extra: readonly number[] = []): number {
    const before = known.values.get(key.key) ?? { low: 0, high: largest(key.view) };
    const structure = structureAt(this.#layer, this.#layer.following, known, key);
    const points = [...structure, ...testsAt(this.#layer, known, key), ...extra].filter(
      (point) => point > before.low && point <= before.high,
    );
    if (points.length === 0 && !this.#layer.state.sure) {
      const placed = this.#layer.placedBy(known, this.#layer.layout(known), key.key);
      return this.#decided(known, key, { interval: before, placed }, structure, go);
    }
    const starts = [...new Set([before.low, ...points])].sort((a, b) => a - b);
    return this.#layer.withBytes(known, key.view.offset + key.view.size, (at) => {
      const passed = passedIn(this.#layer.placedBy(at, this.#layer.layout(at), key.key), starts, before.high);
      const same = this.#sameness(at, key, structure);
      const cases = starts.map((low, i): Case => {
        const interval = { low, high: (starts[i + 1] ?? before.high + 1) - 1 };
        const placed = passed[i]!;
        const target = same(low, placed, () => this.#decided(at, key, { interval, placed }, structure, go));
        return { ...interval, target };
      });
      const words = { note: `${this.#layer.name}: ${key.title}`, ...(key.names && { names: key.names }) };
      return chooseBy(this.#layer.walk.graph, this.#layer.state.place, key.view, cases, words);
    });
  }

  /**
   * Runs `make` only once for all intervals that pass the same tests and mean the same structure; where only that
   * counts, and not where the answer is known by then.
   */
  #sameness(
    known: Known,
    { key }: Key,
    structure: readonly number[],
  ): (low: number, passed: readonly PlacedTest[], make: () => number) => number {
    const { walk, state } = this.#layer;
    const isPlain =
      !(state.sure && this.#isChecked(key)) &&
      !this.#isWished(known, key) &&
      !this.#isCounted(key) &&
      !walk.placeNames(this.#layer.message).has(key);
    const targets = new Map<string, number>();
    return (low, passed, make) => {
      if (!isPlain || passed.some(({ each }) => each.type !== "number")) return make();
      const numbers = passed.map(({ test }) => test.number);
      const segment = structure.filter((point) => point <= low).length;
      // Where nothing is certain, a test that passes can only be in doubt: then more ways are the same.
      const formula = state.sure ? undefined : walk.assign(known.formula, numbers, "maybe");
      const name = `${segment} ${formula?.id ?? numbers.join()}`;
      const target = targets.get(name) ?? (formula && walk.terminal(formula)) ?? make();
      targets.set(name, target);
      return target;
    };
  }

  /** Goes on apart for each of the intervals in which a number means another structure, before its tests are made. */
  split(known: Known, key: Key, go: (known: Known) => number): number {
    const before = known.values.get(key.key) ?? { low: 0, high: largest(key.view) };
    const points = structureAt(this.#layer, this.#layer.following, known, key).filter(
      (point) => point > before.low && point <= before.high,
    );
    const done = new Set(known.done).add(splitOf(key.key));
    if (points.length === 0) return go({ ...known, done });
    const starts = [...new Set([before.low, ...points])].sort((a, b) => a - b);
    return this.#layer.withBytes(known, key.view.offset + key.view.size, (at) => {
      const cases = starts.map((low, i): Case => {
        const interval = { low, high: (starts[i + 1] ?? before.high + 1) - 1 };
        this.#layer.walk.step();
        return {
          ...interval,
          target: go({ ...at, done, values: new Map(at.values).set(key.key, interval) }),
        };
      });
      const words = { note: `${this.#layer.name}: ${key.title}`, ...(key.names && { names: key.names }) };
      return chooseBy(this.#layer.walk.graph, this.#layer.state.place, key.view, cases, words);
    });
  }

  #decided(
    known: Known,
    key: Key,
    { interval, placed }: { readonly interval: Interval; readonly placed: readonly PlacedTest[] },
    structure: readonly number[],
    go: (known: Known) => number,
  ): number {
    this.#layer.walk.step();
    const name = key.key;
    const values = new Map(known.values).set(name, interval);
    const now: Known = { ...known, values, done: new Set(known.done).add(name) };
    const layout = this.#layer.layout(now);
    const isSame = layout === this.#layer.layout(known);
    const outcomes = new Map<number, Outcome>();
    for (const { test, each } of isSame ? placed : this.#layer.placedBy(now, layout, name)) {
      const outcome = outcomeOf(this.#layer, now, each, name);
      if (outcome && outcomes.get(test.number) !== "yes") outcomes.set(test.number, outcome);
    }
    const after = this.#layer.assigned(now, [...outcomes]);
    return this.#layer.continue(after, (next) => {
      if (this.#layer.state.sure && isHopeless(this.#layer, next, this.#layer.following.needsEnd(next)))
        return this.#startAnew(next);
      return go(this.#forgotten(next, key, structure));
    });
  }

  /** The layer once more, with nothing certain: few ways are left apart then. */
  #startAnew({ formula, there, least }: Known): number {
    return this.#layer.walk.layer({ ...this.#layer.state, formula, there, least, sure: false }, true);
  }

  /** Drops a value that counts no longer, or how exactly it is known, so that more ways are the same. */
  #forgotten(known: Known, key: Key, structure: readonly number[]): Known {
    const name = key.key;
    const values = new Map(known.values);
    if (this.#isWished(known, name)) return known;
    const isUsed =
      this.#layer.state.sure ||
      this.#layer.following.namesUsed(known).has(name) ||
      this.#layer.walk.placeNames(this.#layer.message).has(name);
    if (!isUsed) values.delete(name);
    else {
      const value = known.values.get(name)!;
      const low = Math.max(0, ...structure.filter((point) => point <= value.low));
      const behind = Math.min(largest(key.view) + 1, ...structure.filter((point) => point > value.high));
      // A number of which a header's size or a length is made counts itself.
      if (!this.#isCounted(name)) values.set(name, { low, high: behind - 1 });
    }
    return { ...known, values };
  }

  /** Whether a derived value that is asked for is made of it. */
  #isWished({ formula }: Known, name: string): boolean {
    return this.#layer.message.derived.some(
      (derived) =>
        this.#layer.own.names.get(derived.name)?.meets(formula.tests) &&
        [derived.expression, derived.when].some((each) => each && namesOf(each).has(name)),
    );
  }

  /** Whether the header is sound hangs on it: then each interval is asked for itself. */
  #isChecked(name: string): boolean {
    return this.#layer.message.checks.some(({ holds }) => namesOf(holds).has(name));
  }

  #isCounted(name: string): boolean {
    const { headerSize, size } = this.#layer.message;
    return [headerSize, size].some((each) => each && namesOf(each).has(name));
  }
}

/** Says in what was done that a number was looked at for the structure only. */
export function splitOf(key: string): string {
  return `?${key}`;
}

export function isSplit(done: string): boolean {
  return done.startsWith("?");
}
