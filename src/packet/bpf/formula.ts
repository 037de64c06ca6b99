/**
 * What is left of a query while a packet is walked over, with "not" only before tests. It is a question for more or
 * less: a test of which nobody knows counts as fulfilled, with and without a "not" before it.
 */
export interface Formula {
  readonly id: number;
  readonly type: "yes" | "no" | "test" | "and" | "or";
  /** Of a test: its number, and whether "not" stands before it. */
  readonly test: number;
  readonly negated: boolean;
  readonly parts: readonly Formula[];
  /** Numbers of the tests in it, and of those after a "not". */
  readonly tests: ReadonlySet<number>;
  readonly negatives: ReadonlySet<number>;
}

/** What became known of a test: it holds; nobody can say; it does not hold, for no value is left to come. */
export type Outcome = "yes" | "maybe" | "no";

const NONE: ReadonlySet<number> = new Set();

/** Makes formulas: equal ones are the same object. */
export class Formulas {
  readonly yes: Formula;
  readonly no: Formula;
  readonly #known = new Map<string, Formula>();

  constructor() {
    this.yes = this.#make("yes", { type: "yes", test: -1, negated: false, parts: [] });
    this.no = this.#make("no", { type: "no", test: -1, negated: false, parts: [] });
  }

  test(test: number, negated: boolean): Formula {
    return this.#make(`${negated ? "!" : ""}${test}`, { type: "test", test, negated, parts: [] });
  }

  and(parts: Iterable<Formula>): Formula {
    return this.#join("and", parts, this.yes, this.no);
  }

  or(parts: Iterable<Formula>): Formula {
    return this.#join("or", parts, this.no, this.yes);
  }

  #join(type: "and" | "or", parts: Iterable<Formula>, neutral: Formula, absorbing: Formula): Formula {
    const all = new Map<number, Formula>();
    for (const part of parts) {
      if (part === absorbing) return absorbing;
      if (part === neutral) continue;
      for (const each of part.type === type ? part.parts : [part]) all.set(each.id, each);
    }
    if (all.size === 0) return neutral;
    const sorted = [...all.values()].sort((a, b) => a.id - b.id);
    if (sorted.length === 1) return sorted[0]!;
    const key = `${type} ${sorted.map(({ id }) => id).join(" ")}`;
    return this.#make(key, { type, test: -1, negated: false, parts: sorted });
  }

  #make(key: string, formula: Pick<Formula, "type" | "test" | "negated" | "parts">): Formula {
    const known = this.#known.get(key);
    if (known) return known;
    const { type, test, negated, parts } = formula;
    const own = type === "test" ? new Set([test]) : NONE;
    const tests = parts.length === 0 ? own : union(parts.map((part) => part.tests));
    const negatives =
      parts.length === 0 ? (negated ? own : NONE) : union(parts.map((part) => part.negatives));
    const made = { ...formula, id: this.#known.size, tests, negatives };
    this.#known.set(key, made);
    return made;
  }

  /** The formula once more is known. */
  assign(formula: Formula, outcomes: ReadonlyMap<number, Outcome>): Formula {
    if (outcomes.size === 0) return formula;
    return this.#replaced(formula, (each) => {
      const outcome = outcomes.get(each.test);
      if (outcome === undefined) return each;
      return outcome === "maybe" || (outcome === "yes") !== each.negated ? this.yes : this.no;
    });
  }

  /** The formula where no test can be known to hold: "not" always counts as fulfilled. */
  withoutNegatives(formula: Formula): Formula {
    if (formula.negatives.size === 0) return formula;
    return this.#replaced(formula, (each) => (each.negated ? this.yes : each));
  }

  #replaced(formula: Formula, replace: (test: Formula) => Formula): Formula {
    const done = new Map<Formula, Formula>();
    const walk = (each: Formula): Formula => {
      if (each.type === "yes" || each.type === "no") return each;
      if (each.type === "test") return replace(each);
      const known = done.get(each);
      if (known) return known;
      const parts = each.parts.map(walk);
      const result = each.type === "and" ? this.and(parts) : this.or(parts);
      done.set(each, result);
      return result;
    };
    return walk(formula);
  }
}

function union(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (const set of sets) for (const each of set) all.add(each);
  return all;
}
