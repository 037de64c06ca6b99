import { TestSet } from "#packet/bpf/test-set.ts";

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
  readonly tests: TestSet;
  readonly negatives: TestSet;
}

/** What became known of a test: it holds; nobody can say; it does not hold, for no value is left to come. */
export type Outcome = "yes" | "maybe" | "no";

type Parts = Pick<Formula, "type" | "test" | "negated" | "parts">;

/** Makes formulas: equal ones are the same object. */
export class Formulas {
  readonly yes: Formula;
  readonly no: Formula;
  /** By a number made of what they are; few have the same. */
  readonly #known = new Map<number, Formula[]>();
  #count = 0;

  constructor() {
    this.yes = this.#make({ type: "yes", test: -1, negated: false, parts: [] });
    this.no = this.#make({ type: "no", test: -1, negated: false, parts: [] });
  }

  test(test: number, negated: boolean): Formula {
    return this.#make({ type: "test", test, negated, parts: [] });
  }

  and(parts: readonly Formula[]): Formula {
    return this.#join("and", parts, this.yes, this.no);
  }

  or(parts: readonly Formula[]): Formula {
    return this.#join("or", parts, this.no, this.yes);
  }

  #join(type: "and" | "or", parts: readonly Formula[], neutral: Formula, absorbing: Formula): Formula {
    const all: Formula[] = [];
    for (const part of parts) {
      if (part === absorbing) return absorbing;
      if (part === neutral) continue;
      if (part.type === type) for (const each of part.parts) all.push(each);
      else all.push(part);
    }
    if (all.length === 0) return neutral;
    all.sort((a, b) => a.id - b.id);
    const once = all.filter((each, i) => each !== all[i - 1]);
    return once.length === 1 ? once[0]! : this.#make({ type, test: -1, negated: false, parts: once });
  }

  #make(formula: Parts): Formula {
    const { type, test, negated, parts } = formula;
    const key = hashOf(formula);
    let known = this.#known.get(key);
    if (!known) this.#known.set(key, (known = []));
    for (const each of known) if (isSame(each, formula)) return each;
    const own = type === "test" ? TestSet.of([test]) : TestSet.NONE;
    const isLeaf = parts.length === 0;
    const made: Formula = {
      ...formula,
      id: this.#count++,
      tests: isLeaf ? own : TestSet.union(parts.map((part) => part.tests)),
      negatives: isLeaf ? (negated ? own : TestSet.NONE) : TestSet.union(parts.map((part) => part.negatives)),
    };
    known.push(made);
    return made;
  }

  /** The formula once more is known. */
  assign(formula: Formula, outcomes: ReadonlyMap<number, Outcome>): Formula {
    if (outcomes.size === 0) return formula;
    return this.#replaced(formula, TestSet.of(outcomes.keys()), (each) => {
      const outcome = outcomes.get(each.test)!;
      return outcome === "maybe" || (outcome === "yes") !== each.negated ? this.yes : this.no;
    });
  }

  /** The formula where no other tests than these can hold. */
  onlyWith(formula: Formula, tests: TestSet): Formula {
    const others = formula.tests.without(tests);
    return others.isEmpty
      ? formula
      : this.#replaced(formula, others, (each) => (each.negated ? this.yes : this.no));
  }

  /** Whether the formula is fulfilled where these tests may hold and others cannot. */
  isPossible(formula: Formula, tests: TestSet): boolean {
    const done = new Map<Formula, boolean>();
    const walk = (each: Formula): boolean => {
      if (each.type === "yes" || each.type === "no") return each.type === "yes";
      if (each.type === "test") return each.negated || tests.has(each.test);
      let known = done.get(each);
      if (known === undefined) {
        known = each.type === "and" ? each.parts.every(walk) : each.parts.some(walk);
        done.set(each, known);
      }
      return known;
    };
    return walk(formula);
  }

  /** The formula where no test can be known to hold: "not" always counts as fulfilled. */
  withoutNegatives(formula: Formula): Formula {
    return this.#replaced(formula, formula.negatives, (each) => (each.negated ? this.yes : each));
  }

  #replaced(formula: Formula, tests: TestSet, replace: (test: Formula) => Formula): Formula {
    const done = new Map<Formula, Formula>();
    const walk = (each: Formula): Formula => {
      if (!each.tests.meets(tests)) return each;
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

const TYPES: readonly Formula["type"][] = ["yes", "no", "test", "and", "or"];

function hashOf({ type, test, negated, parts }: Parts): number {
  let hash = TYPES.indexOf(type) * 2 + (negated ? 1 : 0);
  hash = Math.imul(hash, 31) + test;
  for (const { id } of parts) hash = (Math.imul(hash, 0x0100_0193) + id) | 0;
  return hash;
}

function isSame(a: Parts, b: Parts): boolean {
  return (
    a.type === b.type &&
    a.test === b.test &&
    a.negated === b.negated &&
    a.parts.length === b.parts.length &&
    a.parts.every((part, i) => part === b.parts[i])
  );
}
