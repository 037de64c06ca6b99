import { byteOffset, namesIn, type Expression } from "#packet/expression.ts";
import type { Message } from "#packet/message.ts";
import type { Formula, Outcome } from "#packet/bpf/formula.ts";
import type { Case } from "#packet/bpf/graph.ts";
import { ANY, evaluateInterval, exactly, TRUTH, type Interval } from "#packet/bpf/interval.ts";
import { largest, namesBefore, queryNames, type Layout } from "#packet/bpf/layout.ts";
import { structureAt, testsAt } from "#packet/bpf/breakpoints.ts";
import { chooseByBytes } from "#packet/bpf/long-bytes.ts";
import {
  endOf,
  keyOf,
  occurrencesOf,
  startOf,
  wordsOf,
  type BytesOccurrence,
  type Key,
  type Occurrence,
  type Occurrences,
} from "#packet/bpf/occurrence.ts";
import { chooseBy, chooseByLength, isLoadable, lengthFor } from "#packet/bpf/place.ts";
import { isHopeless, isSure, outcomeOf } from "#packet/bpf/soundness.ts";
import { bytesNeeded, shortName } from "#packet/bpf/message-facts.ts";
import type { FieldTest } from "#packet/bpf/tests.ts";
import { Following } from "#packet/bpf/following.ts";
import { isLeftOut, type Walk, type WalkState } from "#packet/bpf/walk.ts";

/** What is known in the middle of a layer. */
export interface Known {
  readonly formula: Formula;
  readonly values: ReadonlyMap<string, Interval>;
  /** Keys of decisions that were made, also where the value no longer counts. */
  readonly done: ReadonlySet<string>;
  readonly there: number;
  readonly least: number;
}

/** Of a test that is left out nothing is known but where it cannot hold. */
const NOWHERE: Occurrences = { found: [], maybe: true };

/** Writes the decisions of one layer: first those on which the places of fields hang, then tests, then what follows. */
export class LayerWalk {
  readonly walk: Walk;
  readonly state: WalkState;
  readonly message: Message;
  readonly #own: readonly FieldTest[];
  readonly #memo = new Map<string, number>();
  readonly #pending = new Map<number, readonly FieldTest[]>();
  readonly #following: Following;

  constructor(walk: Walk, state: WalkState) {
    this.walk = walk;
    this.state = state;
    this.message = state.message;
    this.#own = walk.table.tests.filter(({ field }) => field.layers.includes(this.message));
    this.#following = new Following(this);
  }

  node(): number {
    const { formula, there, least } = this.state;
    const known: Known = { formula, values: new Map(), done: new Set(), there, least };
    const present = this.#own.filter((test) => formula.tests.has(test.number) && this.#isPresence(test));
    if (present.length === 0) return this.#places(known);
    const go = (each: Known): number => {
      const outcome = this.state.sure && this.state.limit >= this.needed ? "yes" : "maybe";
      return this.#continue(
        this.assigned(
          each,
          present.map(({ number }) => [number, outcome]),
        ),
        (next) => this.#places(next),
      );
    };
    return this.state.sure ? this.withBytes(known, this.needed, go) : go(known);
  }

  get #name(): string {
    return shortName(this.message);
  }

  /** Bytes without which the layer does not count as one. */
  get needed(): number {
    return bytesNeeded(this.message);
  }

  #isPresence({ field, clauses, part, opaque }: FieldTest): boolean {
    return field.type === "protocol" && field.name === this.message.protocol && !clauses && !part && !opaque;
  }

  assigned(known: Known, outcomes: readonly (readonly [number, Outcome])[]): Known {
    const formula = this.walk.table.formulas.assign(known.formula, new Map(outcomes));
    return { ...known, formula };
  }

  /** Goes on, unless the answer is known. */
  #continue(known: Known, go: (known: Known) => number): number {
    return this.walk.terminal(known.formula) ?? go(known);
  }

  layout({ values }: Known): Layout {
    return this.walk.layout(this.message, values);
  }

  /** The value of a name in an expression. */
  scope(known: Known, layout = this.layout(known)): (name: string) => Interval {
    return (name) => {
      const value = known.values.get(name);
      if (value) return value;
      if (layout.absent.has(name)) return exactly(0);
      if (name === "quoted") return this.state.sure ? exactly(0) : TRUTH;
      if (name === "headerSize" && layout.end !== undefined) return exactly(layout.end);
      if (LENGTHS.has(name)) return { low: 0, high: Infinity };
      const key = keyOf(name, layout);
      return key ? { low: 0, high: largest(key.view) } : ANY;
    };
  }

  evaluate(known: Known, expression: Expression): Interval {
    return evaluateInterval(expression, this.scope(known));
  }

  pending({ formula }: Known): readonly FieldTest[] {
    let pending = this.#pending.get(formula.id);
    if (!pending) {
      pending = this.#own.filter((test) => formula.tests.has(test.number) && !this.#isPresence(test));
      this.#pending.set(formula.id, pending);
    }
    return pending;
  }

  occurrences(test: FieldTest, layout: Layout): Occurrences {
    const { stripped = "no" } = this.state.place;
    const known = this.walk.occurrences(layout, stripped);
    let found = known.get(test);
    if (!found) {
      found = isLeftOut(this.walk.options, test)
        ? NOWHERE
        : occurrencesOf(test, this.message, layout, (view) => isLoadable(this.state.place, view));
      known.set(test, found);
    }
    return found;
  }

  /** First: decisions on which the places of fields hang, and, for certainty, whether the header is sound. */
  #places(known: Known): number {
    const names = this.#placeNames(known);
    const next = this.#undecided(known, names);
    if (next) return this.decide(known, next, (each) => this.#places(each));
    return this.#settle(known);
  }

  #placeNames(known: Known): Set<string> {
    const { message } = this;
    const wishes = new Set(this.pending(known).map(({ field }) => field.name));
    const needed = new Set(this.#following.namesUsed(known));
    for (const derived of message.derived)
      if (wishes.has(derived.name) && derived.expression)
        for (const each of [derived.expression, derived.when]) if (each) namesIn(each, needed);
    const wanted = (spec: Parameters<typeof queryNames>[0]): boolean =>
      [...queryNames(spec)].some((name) => wishes.has(name));
    const needsEnd = this.#following.needsEnd(known);
    const wholeHeader = needsEnd && (this.state.sure || !message.headerSize);
    const last = wholeHeader
      ? message.members.length
      : message.members.findLastIndex(
          ({ name, spec, whole }) => wanted(spec) || (whole && wanted(whole)) || needed.has(name),
        );
    const names = namesBefore(message, last, wanted);
    if (this.state.sure && (needsEnd || wishes.size > 0)) {
      for (const { holds } of message.checks) namesIn(holds, names);
      if (message.headerSize) namesIn(message.headerSize, names);
    }
    return names;
  }

  /** The first of the names that is at a known place and was not looked at. */
  #undecided(known: Known, names: ReadonlySet<string>): Key | undefined {
    const layout = this.layout(known);
    const keys = [...names].flatMap((name) => {
      if (known.done.has(name)) return [];
      const key = keyOf(name, layout);
      return key && isLoadable(this.state.place, key.view) ? [key] : [];
    });
    return keys.sort((a, b) => a.view.offset - b.view.offset)[0];
  }

  /** Then: what is there in any case, and what cannot be found. */
  #settle(known: Known): number {
    const layout = this.layout(known);
    const outcomes: [number, Outcome][] = [];
    for (const test of this.pending(known)) {
      const { maybe } = this.occurrences(test, layout);
      if (maybe) {
        this.walk.doubt(
          [test.number],
          `fields of ${this.message.title} that a filter cannot find or compare`,
        );
        outcomes.push([test.number, "maybe"]);
      }
    }
    const exists = this.pending(known).filter(
      ({ clauses, number }) => !clauses && !outcomes.some(([each]) => each === number),
    );
    return this.#continue(this.assigned(known, outcomes), (next) => this.#existing(next, exists));
  }

  /** Fields that only have to be there. */
  #existing(known: Known, tests: readonly FieldTest[]): number {
    const [test, ...more] = tests.filter(({ number }) => known.formula.tests.has(number));
    if (!test) return this.#values(known);
    const { found } = this.occurrences(test, this.layout(known));
    const plain = found.filter((each) => each.type !== "derived");
    if (plain.length === 0) return this.#existing(known, more);
    const go = (at: Known): number => {
      const outcome = plain.some((each) => isSure(this, at, each)) ? "yes" : "maybe";
      return this.#continue(this.assigned(at, [[test.number, outcome]]), (next) =>
        this.#existing(next, more),
      );
    };
    return this.state.sure ? this.withBytes(known, Math.min(...plain.map(endOf)), go) : go(known);
  }

  /** Then: the tests of values. */
  #values(known: Known): number {
    return this.#remembered("values", known, () => {
      const layout = this.layout(known);
      const found = this.pending(known).flatMap((test) => this.occurrences(test, layout).found);
      const first = found
        .filter((each) => this.#isOpen(known, each))
        .sort((a, b) => startOf(a, layout) - startOf(b, layout))[0];
      if (!first) return this.#following.node(known);
      if (first.type === "bytes") return this.#decideBytes(known, first);
      const key = first.type === "number" ? first : this.#undecided(known, new Set(first.keys))!;
      return this.decide(known, key, (each) => this.#values(each));
    });
  }

  #isOpen(known: Known, occurrence: Occurrence): boolean {
    if (occurrence.type === "derived") return occurrence.keys.some((key) => !known.done.has(key));
    return !known.done.has(occurrence.key);
  }

  #remembered(step: string, known: Known, make: () => number): number {
    const values = [...known.values].map(([name, { low, high }]) => [name, low, high]);
    const { formula, done, there, least } = known;
    const key = JSON.stringify([step, formula.id, values, [...done], there, least]);
    const before = this.#memo.get(key);
    if (before !== undefined) return before;
    this.walk.step();
    const node = make();
    this.#memo.set(key, node);
    return node;
  }

  /** Looks at a number and goes on for each of the intervals in which it means one thing. */
  decide(known: Known, key: Key, go: (known: Known) => number, extra: readonly number[] = []): number {
    const before = known.values.get(key.key) ?? { low: 0, high: largest(key.view) };
    const structure = structureAt(this, this.#following, known, key);
    const points = [...structure, ...testsAt(this, known, key), ...extra].filter(
      (point) => point > before.low && point <= before.high,
    );
    if (points.length === 0 && !this.state.sure) return this.#decided(known, key, before, structure, go);
    const starts = [...new Set([before.low, ...points])].sort((a, b) => a - b);
    return this.withBytes(known, key.view.offset + key.view.size, (at) => {
      const cases = starts.map((low, i): Case => {
        const interval = { low, high: (starts[i + 1] ?? before.high + 1) - 1 };
        return { ...interval, target: this.#decided(at, key, interval, structure, go) };
      });
      const words = { note: `${this.#name}: ${key.title}`, ...(key.names && { names: key.names }) };
      return chooseBy(this.walk.graph, this.state.place, key.view, cases, words);
    });
  }

  #decided(
    known: Known,
    key: Key,
    interval: Interval,
    structure: readonly number[],
    go: (known: Known) => number,
  ): number {
    this.walk.step();
    const name = key.key;
    const values = new Map(known.values).set(name, interval);
    const now: Known = { ...known, values, done: new Set(known.done).add(name) };
    const layout = this.layout(now);
    const outcomes = new Map<number, Outcome>();
    for (const test of this.pending(now))
      for (const each of this.occurrences(test, layout).found) {
        const outcome = outcomeOf(this, now, each, name);
        if (outcome && outcomes.get(test.number) !== "yes") outcomes.set(test.number, outcome);
      }
    const after = this.assigned(now, [...outcomes]);
    return this.#continue(after, (next) => {
      if (this.state.sure && isHopeless(this, next, this.#following.needsEnd(next)))
        return this.#startAnew(next);
      return go(this.#forgotten(next, key, structure));
    });
  }

  /** The layer once more, with nothing certain: few ways are left apart then. */
  #startAnew({ formula, there, least }: Known): number {
    return this.walk.layer({ ...this.state, formula, there, least, sure: false }, true);
  }

  /** Drops a value that counts no longer, or how exactly it is known, so that more ways are the same. */
  #forgotten(known: Known, key: Key, structure: readonly number[]): Known {
    const name = key.key;
    const values = new Map(known.values);
    const wishes = new Set(this.pending(known).map(({ field }) => field.name));
    const isWished = this.message.derived.some(
      (derived) =>
        wishes.has(derived.name) &&
        [derived.expression, derived.when].some((each) => each && namesIn(each).has(name)),
    );
    if (isWished) return known;
    const isUsed =
      this.state.sure ||
      this.#following.namesUsed(known).has(name) ||
      this.walk.placeNames(this.message).has(name);
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

  #isCounted(name: string): boolean {
    const { headerSize, size } = this.message;
    return [headerSize, size].some((each) => each && namesIn(each).has(name));
  }

  #decideBytes(known: Known, first: BytesOccurrence): number {
    const { place } = first;
    return this.withBytes(known, place.offset + place.length, (at) => {
      const layout = this.layout(at);
      const tests = this.pending(at).flatMap((test) => {
        const found = this.occurrences(test, layout).found.find(
          (each) => each.type === "bytes" && each.key === first.key,
        ) as BytesOccurrence | undefined;
        return found ? [{ test, patterns: found.patterns }] : [];
      });
      const sure = isSure(this, at, first) ? "yes" : "maybe";
      const title = `${this.#name}: ${first.title}`;
      const then = (held: ReadonlySet<number>): number => {
        this.walk.step();
        const done = new Set(at.done).add(first.key);
        const outcomes = [...held].map((number) => [number, sure] as const);
        return this.#continue(this.assigned({ ...at, done }, outcomes), (next) => this.#values(next));
      };
      return chooseByBytes(this.walk, this.state.place, wordsOf(place), tests, title, then);
    });
  }

  /** Where the last of what may be looked at ends, as far as that is known. */
  #wantedBytes(known: Known): number {
    const layout = this.layout(known);
    const found = this.pending(known).flatMap((test) => this.occurrences(test, layout).found);
    const keys = [...this.#following.namesUsed(known)].flatMap((name) =>
      byteOffset(name) === undefined ? (keyOf(name, layout) ?? []) : [],
    );
    return Math.max(
      this.state.sure ? this.needed : 0,
      ...found.map(endOf),
      ...keys.map(({ view }) => view.offset + view.size),
    );
  }

  /** Makes sure that the packet has so many bytes of the layer; of one that has not, nothing is known. */
  withBytes(known: Known, count: number, go: (known: Known) => number): number {
    if (known.there >= count) return go(known);
    const { place } = this.state;
    const all = Math.max(count, this.#wantedBytes(known));
    const least = place.x ? Math.max(known.least, lengthFor(place, all)) : 0;
    const yes = go({ ...known, there: all, least });
    const no = this.walk.doubtful(known.formula, [this.message], "packets that end early");
    const note = `enough bytes for ${this.#name}?`;
    return chooseByLength(this.walk.graph, place, all, known.least, { yes, no }, note);
  }
}

const LENGTHS: ReadonlySet<string> = new Set(["headerSize", "payloadSize", "size", "rest"]);
