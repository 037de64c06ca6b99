import { byteOffset, namesIn, type Expression } from "#packet/expression.ts";
import type { Message } from "#packet/message.ts";
import type { Formula, Outcome } from "#packet/bpf/formula.ts";
import { Decisions } from "#packet/bpf/decisions.ts";
import { ANY, evaluateInterval, exactly, TRUTH, type Interval } from "#packet/bpf/interval.ts";
import { largest, namesBefore, queryNames, type Layout } from "#packet/bpf/layout.ts";
import { chooseByBytes } from "#packet/bpf/long-bytes.ts";
import {
  endOf,
  keyOf,
  occurrencesOf,
  wordsOf,
  type BytesOccurrence,
  type Key,
  type Occurrence,
  type Occurrences,
} from "#packet/bpf/occurrence.ts";
import { placedTests, type OwnTests, type PlacedTest, type PlacedTests } from "#packet/bpf/own-tests.ts";
import { chooseByLength, isLoadable, lengthFor } from "#packet/bpf/place.ts";
import { TestSet } from "#packet/bpf/test-set.ts";
import { isSure } from "#packet/bpf/soundness.ts";
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
  readonly own: OwnTests;
  readonly #memo = new Map<string, number>();
  readonly #layouts = new WeakMap<Known["values"], Layout>();
  readonly following: Following;
  readonly decisions: Decisions;

  constructor(walk: Walk, state: WalkState) {
    this.walk = walk;
    this.state = state;
    this.message = state.message;
    this.own = walk.ownTests(this.message);
    this.following = new Following(this);
    this.decisions = new Decisions(this);
  }

  node(): number {
    const { formula, there, least } = this.state;
    const known: Known = { formula, values: new Map(), done: new Set(), there, least };
    const present = [...this.own.presence].filter((number) => formula.tests.has(number));
    if (present.length === 0) return this.#places(known);
    const go = (each: Known): number => {
      const outcome = this.state.sure && this.state.limit >= this.needed ? "yes" : "maybe";
      return this.continue(
        this.assigned(
          each,
          present.map((number) => [number, outcome]),
        ),
        (next) => this.#places(next),
      );
    };
    return this.state.sure ? this.withBytes(known, this.needed, go) : go(known);
  }

  /** For people. */
  get name(): string {
    return shortName(this.message);
  }

  /** Bytes without which the layer does not count as one. */
  get needed(): number {
    return bytesNeeded(this.message);
  }

  assigned(known: Known, outcomes: readonly (readonly [number, Outcome])[]): Known {
    const formula = this.walk.table.formulas.assign(known.formula, new Map(outcomes));
    return { ...known, formula };
  }

  /** Goes on, unless the answer is known. */
  continue(known: Known, go: (known: Known) => number): number {
    return this.walk.terminal(known.formula) ?? go(known);
  }

  layout({ values }: Known): Layout {
    let layout = this.#layouts.get(values);
    if (!layout) this.#layouts.set(values, (layout = this.walk.layout(this.message, values)));
    return layout;
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

  /** Names of fields that are asked for and were not found yet. */
  #wishes({ formula }: Known): Set<string> {
    const wishes = new Set<string>();
    for (const [name, tests] of this.own.names) if (formula.tests.meets(tests)) wishes.add(name);
    return wishes;
  }

  /** Where the tests of the layer are. */
  placed(layout: Layout): PlacedTests {
    const { place } = this.state;
    return this.walk.placed(layout, place.stripped ?? "no", () =>
      placedTests(this.own, layout, (test) =>
        isLeftOut(this.walk.options, test)
          ? NOWHERE
          : occurrencesOf(test, this.message, layout, (view) => isLoadable(place, view)),
      ),
    );
  }

  /** Occurrences of open tests on which a number bears. */
  placedBy({ formula }: Known, layout: Layout, key: string): readonly PlacedTest[] {
    return (this.placed(layout).byKey.get(key) ?? []).filter(({ test }) => formula.tests.has(test.number));
  }

  /** First: decisions on which the places of fields hang, and, for certainty, whether the header is sound. */
  #places(known: Known): number {
    const names = this.#placeNames(known);
    const next = this.#undecided(known, names);
    if (next) return this.decisions.decide(known, next, (each) => this.#places(each));
    return this.#settle(known);
  }

  #placeNames(known: Known): Set<string> {
    const { message } = this;
    const wishes = this.#wishes(known);
    const needed = new Set(this.following.namesUsed(known));
    for (const derived of message.derived)
      if (wishes.has(derived.name) && derived.expression)
        for (const each of [derived.expression, derived.when]) if (each) namesIn(each, needed);
    const wanted = (spec: Parameters<typeof queryNames>[0]): boolean =>
      [...queryNames(spec)].some((name) => wishes.has(name));
    const needsEnd = this.following.needsEnd(known);
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
    const maybe = [...this.placed(layout).maybe].filter((each) => known.formula.tests.has(each));
    for (const each of maybe)
      this.walk.doubt([each], `fields of ${this.message.title} that a filter cannot find or compare`);
    const left = this.assigned(
      known,
      maybe.map((each) => [each, "maybe"]),
    );
    return this.continue(left, (next) => this.#existing(next, this.own.existing));
  }

  /** Fields that only have to be there. */
  #existing(known: Known, tests: readonly FieldTest[]): number {
    const [test, ...more] = tests.filter(({ number }) => known.formula.tests.has(number));
    if (!test) return this.#values(known);
    const { found } = this.placed(this.layout(known)).of.get(test)!;
    const plain = found.filter((each) => each.type !== "derived");
    if (plain.length === 0) return this.#existing(known, more);
    const go = (at: Known): number => {
      const outcome = plain.some((each) => isSure(this, at, each)) ? "yes" : "maybe";
      return this.continue(this.assigned(at, [[test.number, outcome]]), (next) => this.#existing(next, more));
    };
    return this.state.sure ? this.withBytes(known, Math.min(...plain.map(endOf)), go) : go(known);
  }

  /** Then: the tests of values. */
  #values(known: Known): number {
    return this.#remembered("values", known, () => {
      const { groups } = this.placed(this.layout(known));
      const open = groups.filter(
        ({ first, tests }) => this.#isOpen(known, first) && tests.meets(known.formula.tests),
      );
      const [group] = open;
      if (!group) return this.following.node(known);
      const here = TestSet.union(open.map(({ tests }) => tests));
      const narrowed = this.following.narrow(known, here, (each) => this.#values(each));
      if (narrowed !== undefined) return narrowed;
      const { first } = group;
      if (first.type === "bytes") return this.#decideBytes(known, first);
      const key = first.type === "number" ? first : this.#undecided(known, new Set(first.keys))!;
      return this.decisions.decide(known, key, (each) => this.#values(each));
    });
  }

  #isOpen(known: Known, occurrence: Occurrence): boolean {
    if (occurrence.type === "derived") return occurrence.keys.some((key) => !known.done.has(key));
    return !known.done.has(occurrence.key);
  }

  #remembered(step: string, known: Known, make: () => number): number {
    const { formula, values, done, there, least } = known;
    let key = `${step} ${formula.id} ${there} ${least}`;
    for (const [name, { low, high }] of values) key += `|${name} ${low} ${high}`;
    for (const name of done) key += `|${name}`;
    const before = this.#memo.get(key);
    if (before !== undefined) return before;
    this.walk.step();
    const node = make();
    this.#memo.set(key, node);
    return node;
  }

  #decideBytes(known: Known, first: BytesOccurrence): number {
    const { place } = first;
    return this.withBytes(known, place.offset + place.length, (at) => {
      const { groups } = this.placed(this.layout(at));
      const group = groups.find((each) => each.first.type === "bytes" && each.first.key === first.key)!;
      const tests = group.placed.flatMap(({ test, each }) =>
        each.type === "bytes" && at.formula.tests.has(test.number) ? [{ test, patterns: each.patterns }] : [],
      );
      const sure = isSure(this, at, first) ? "yes" : "maybe";
      const title = `${this.name}: ${first.title}`;
      const then = (held: ReadonlySet<number>): number => {
        this.walk.step();
        const done = new Set(at.done).add(first.key);
        const outcomes = [...held].map((number) => [number, sure] as const);
        return this.continue(this.assigned({ ...at, done }, outcomes), (next) => this.#values(next));
      };
      return chooseByBytes(this.walk, this.state.place, wordsOf(place), tests, title, then);
    });
  }

  /** Where the last of what may be looked at ends, as far as that is known. */
  #wantedBytes(known: Known): number {
    const layout = this.layout(known);
    const { tests } = known.formula;
    const ends = this.placed(layout).groups.map((each) => (each.tests.meets(tests) ? each.end : 0));
    const keys = [...this.following.namesUsed(known)].flatMap((name) =>
      byteOffset(name) === undefined ? (keyOf(name, layout) ?? []) : [],
    );
    return Math.max(
      this.state.sure ? this.needed : 0,
      ...ends,
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
    const note = `enough bytes for ${this.name}?`;
    return chooseByLength(this.walk.graph, place, all, known.least, { yes, no }, note);
  }
}

const LENGTHS: ReadonlySet<string> = new Set(["headerSize", "payloadSize", "size", "rest"]);
