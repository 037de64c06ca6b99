import { neededField } from "#packet/query/needed-field.ts";
import type { QueryField } from "#packet/query-field.ts";
import { hexText } from "#packet/primitive.ts";
import type { Checked, Comparable, FieldOperand, Operand, Test } from "#packet/query/checked.ts";
import type { Comparison } from "#packet/query/syntax.ts";
import { Formulas, type Formula } from "#packet/bpf/formula.ts";
import type { Interval } from "#packet/bpf/interval.ts";
import { testText } from "#packet/bpf/words.ts";

/** Whether any value of a field passes: the smallest question that a filter asks. */
export interface FieldTest {
  readonly number: number;
  readonly field: QueryField;
  /** What of the value: all of it, some bytes, some bits. */
  readonly part?: { readonly from: number; readonly to: number } | { readonly mask: number };
  /** One of them has to hold; absent: it is enough that there is a value. */
  readonly clauses?: readonly Clause[];
  /** None of the clauses may hold. */
  readonly negated: boolean;
  /** A filter cannot compare: it only knows where the field cannot be. */
  readonly opaque: boolean;
  /** The test of the query that it comes from. */
  readonly text: string;
}

export type Clause = ComparedClause | RangeClause;

interface ComparedClause {
  readonly comparison: Comparison;
  readonly value: Comparable;
  readonly prefixBits?: number;
}

interface RangeClause {
  readonly low: Comparable;
  readonly high: Comparable;
}

/** The tests of queries, each once, and the queries as formulas of them. */
export class TestTable {
  readonly tests: FieldTest[] = [];
  /** Tests of which a filter does not even know where they cannot hold. */
  readonly unknown = new Set<string>();
  readonly formulas = new Formulas();
  readonly #numbers = new Map<string, number>();

  formulaOf(checked: Checked, negated = false): Formula {
    const { formulas } = this;
    switch (checked.type) {
      case "not":
        return this.formulaOf(checked.of, !negated);
      case "and": {
        const parts = [checked.left, checked.right].map((each) => this.formulaOf(each, negated));
        return negated ? formulas.or(parts) : formulas.and(parts);
      }
      case "or":
        return this.formulaOfAny([checked], negated);
      case "xor": {
        const [left, notLeft] = [this.formulaOf(checked.left), this.formulaOf(checked.left, true)];
        const [right, notRight] = [this.formulaOf(checked.right), this.formulaOf(checked.right, true)];
        const same = negated ? right : notRight;
        const other = negated ? notRight : right;
        return formulas.or([formulas.and([left, same]), formulas.and([notLeft, other])]);
      }
      default:
        return this.#testFormula(checked, negated);
    }
  }

  /** One of them has to hold, or none. What compares the same field with constants is one test. */
  formulaOfAny(alternatives: readonly Checked[], negated = false): Formula {
    const { formulas } = this;
    const parts: Formula[] = [];
    const sets = new Map<
      string,
      { readonly shape: Shape; readonly clauses: Clause[]; readonly texts: string[] }
    >();
    for (const each of alternatives.flatMap(alternativesOf)) {
      const shape = equalityOf(each);
      if (!shape) {
        parts.push(this.formulaOf(each, negated));
        continue;
      }
      const { field, part } = shape.operand;
      const key = JSON.stringify([field.field.name, part]);
      const set = sets.get(key);
      if (!set) sets.set(key, { shape, clauses: [...shape.clauses], texts: [testText(each as Test)] });
      else {
        set.clauses.push(...shape.clauses);
        set.texts.push(testText(each as Test));
      }
    }
    for (const { shape, clauses, texts } of sets.values()) {
      const { field, part } = shape.operand;
      const shared = { field: field.field, ...(part && { part }), text: texts.join(" or ") };
      parts.push(
        this.formulas.test(this.#add({ ...shared, clauses, negated: false, opaque: false }), negated),
      );
    }
    return negated ? formulas.and(parts) : formulas.or(parts);
  }

  #testFormula(test: Test, negated: boolean): Formula {
    const { formulas } = this;
    const text = testText(test);
    const found = shapeOf(test);
    if (!found) {
      const field = neededField(test);
      if (field) return formulas.test(this.#add({ field, negated: false, opaque: true, text }), negated);
      this.unknown.add(text);
      return formulas.yes;
    }
    const { operand, clauses } = found;
    const shared = { field: operand.field.field, ...(operand.part && { part: operand.part }), text };
    const exists = { ...shared, negated: false, opaque: false };
    if (!clauses) return formulas.test(this.#add(exists), negated);
    if (test.type === "exists" || test.quantifier === "any")
      return formulas.test(this.#add({ ...exists, clauses, negated: found.negated }), negated);
    // All values pass: there is one, and none that fails.
    const fails = this.#add({ ...exists, clauses, negated: !found.negated });
    const parts = [formulas.test(this.#add(exists), negated), formulas.test(fails, !negated)];
    return negated ? formulas.or(parts) : formulas.and(parts);
  }

  #add(test: Omit<FieldTest, "number">): number {
    const { field, text, ...rest } = test;
    const key = JSON.stringify([field.name, test.opaque ? text : "", rest], (_, value: unknown) => {
      if (value instanceof Uint8Array) return hexText(value);
      return typeof value === "bigint" ? `${value}n` : value;
    });
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.tests.length;
    this.tests.push({ ...test, number });
    this.#numbers.set(key, number);
    return number;
  }
}

function alternativesOf(checked: Checked): readonly Checked[] {
  const found: Checked[] = [];
  const open = [checked];
  for (let each = open.pop(); each; each = open.pop())
    if (each.type === "or") open.push(each.right, each.left);
    else found.push(each);
  return found;
}

/** A test that holds where any value of a field is one of some constants, or between two; undefined for any other. */
function equalityOf(checked: Checked): (Shape & { readonly clauses: readonly Clause[] }) | undefined {
  if ((checked.type !== "compare" && checked.type !== "in") || checked.quantifier !== "any") return undefined;
  const shape = shapeOf(checked);
  if (!shape?.clauses || shape.negated) return undefined;
  const isEqual = shape.clauses.every((clause) => "low" in clause || clause.comparison === "==");
  return isEqual ? { ...shape, clauses: shape.clauses } : undefined;
}

interface Shape {
  readonly operand: PlainOperand;
  readonly clauses?: readonly Clause[];
  readonly negated: boolean;
}

interface PlainOperand {
  readonly field: FieldOperand;
  readonly part?: FieldTest["part"];
}

/** A test of one field with constants; undefined for what a filter cannot compute. */
function shapeOf(test: Test): Shape | undefined {
  const shape = anyShapeOf(test);
  if (!shape?.operand.part || !("from" in shape.operand.part) || test.type === "exists") return shape;
  // A part that is not there has no bytes, and those may pass: here it has no value.
  return test.quantifier === "any" && mustBeThere(test) ? shape : undefined;
}

/** Whether no bytes at all do not pass. */
function mustBeThere(test: Test): boolean {
  const isSome = ({ value }: { readonly value: Comparable }): boolean =>
    value instanceof Uint8Array && value.length > 0;
  if (test.type === "exists") return true;
  if (test.type === "in") return test.set.every(({ low }) => isSome(low));
  const isPlain = test.left.type !== "constant" && test.right.type === "constant" && isSome(test.right);
  return isPlain && ["==", ">", ">="].includes(test.comparison);
}

function anyShapeOf(test: Test): Shape | undefined {
  if (test.type === "exists") {
    const operand = plainOperand(test.operand);
    return operand && { operand, negated: false };
  }
  if (test.type === "in") {
    const operand = plainOperand(test.operand);
    if (!operand) return undefined;
    const clauses = test.set.map(({ low, high }): Clause =>
      high ? { low: low.value, high: high.value } : { comparison: "==", ...constantOf(low) },
    );
    return { operand, clauses, negated: false };
  }
  const isFlipped = test.left.type === "constant";
  const [side, constant] = isFlipped ? [test.right, test.left] : [test.left, test.right];
  const operand = plainOperand(side);
  const comparison = isFlipped ? FLIPPED[test.comparison] : test.comparison;
  if (!operand || constant.type !== "constant" || !ORDERS.has(comparison ?? "contains")) return undefined;
  const isOther = comparison === "!=";
  return {
    operand,
    clauses: [{ comparison: isOther ? "==" : comparison!, ...constantOf(constant) }],
    negated: isOther,
  };
}

function constantOf({ value, prefixBits }: { value: Comparable; prefixBits?: number }) {
  return { value, ...(prefixBits !== undefined && { prefixBits }) };
}

const FLIPPED: Readonly<Partial<Record<Comparison, Comparison>>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};
const ORDERS: ReadonlySet<string> = new Set(Object.keys(FLIPPED));

function plainOperand(operand: Operand): PlainOperand | undefined {
  switch (operand.type) {
    case "field":
      return operand.layers ? undefined : { field: operand };
    case "slice": {
      const [range, more] = operand.ranges;
      if (operand.of.type !== "field" || operand.of.layers || !range || more) return undefined;
      const { from, to } = range;
      if (from < 0 || to === undefined || to <= from || operand.kind !== "bytes") return undefined;
      return { field: operand.of, part: { from, to } };
    }
    case "arithmetic": {
      const { operator, left, right } = operand;
      if (operator !== "&" || left.type !== "field" || left.layers || right.type !== "constant")
        return undefined;
      const mask = right.value;
      if (typeof mask !== "number" || mask < 0 || mask > 0xffff_ffff || left.field.type === "float")
        return undefined;
      return { field: left, part: { mask } };
    }
    default:
      return undefined;
  }
}

/**
 * The numbers for which a test holds, in order; of bytes the numbers that they are in network order. Undefined where
 * numbers do not say it.
 */
export function acceptedNumbers(
  { clauses, negated }: FieldTest,
  bytes: number | undefined,
): readonly Interval[] | undefined {
  if (!clauses) return [{ low: -Infinity, high: Infinity }];
  const found: Interval[] = [];
  for (const clause of clauses) {
    const accepted = "low" in clause ? rangeOf(clause, bytes) : comparedWith(clause, bytes);
    if (!accepted) return undefined;
    found.push(accepted);
  }
  const sorted = found.filter(({ low, high }) => low <= high).sort((a, b) => a.low - b.low);
  const joined: Interval[] = [];
  for (const each of sorted) {
    const last = joined.at(-1);
    if (last && each.low <= last.high + 1)
      joined[joined.length - 1] = { low: last.low, high: Math.max(last.high, each.high) };
    else joined.push(each);
  }
  return negated ? complement(joined) : joined;
}

function complement(intervals: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  let low = -Infinity;
  for (const each of intervals) {
    if (each.low > low) found.push({ low, high: each.low - 1 });
    low = each.high + 1;
  }
  if (low < Infinity) found.push({ low, high: Infinity });
  return found;
}

function rangeOf({ low, high }: RangeClause, bytes: number | undefined): Interval | undefined {
  const [from, to] = [numberOf(low, bytes), numberOf(high, bytes)];
  return from === undefined || to === undefined ? undefined : { low: from, high: to };
}

function comparedWith(
  { comparison, value, prefixBits }: ComparedClause,
  bytes: number | undefined,
): Interval | undefined {
  const number = numberOf(value, bytes);
  // Bytes of another length are never equal.
  if (number === undefined)
    return comparison === "==" && value instanceof Uint8Array && bytes !== undefined
      ? { low: 1, high: 0 }
      : undefined;
  const free = prefixBits === undefined || bytes === undefined ? 1 : 2 ** (bytes * 8 - prefixBits);
  const low = Math.floor(number / free) * free;
  const high = low + free - 1;
  switch (comparison) {
    case "==":
      return { low, high };
    case "<":
      return { low: -Infinity, high: low - 1 };
    case "<=":
      return { low: -Infinity, high };
    case ">":
      return { low: high + 1, high: Infinity };
    case ">=":
      return { low, high: Infinity };
    default:
      return undefined;
  }
}

function numberOf(value: Comparable, bytes: number | undefined): number | undefined {
  if (bytes === undefined) {
    if (typeof value === "bigint") return Number(value);
    return typeof value === "number" && Number.isInteger(value) ? value : undefined;
  }
  if (!(value instanceof Uint8Array) || value.length !== bytes || bytes > 6) return undefined;
  return value.reduce((number, byte) => number * 256 + byte, 0);
}

/** Bytes of which so many bits have to be equal. */
export interface Pattern {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** For long bytes: the patterns of which one holds where the clauses of a test do; undefined where these ask otherwise. */
export function patternsOf({ clauses }: FieldTest, length: number): readonly Pattern[] | undefined {
  const patterns: Pattern[] = [];
  for (const clause of clauses ?? []) {
    if ("low" in clause || clause.comparison !== "==" || !(clause.value instanceof Uint8Array))
      return undefined;
    if (clause.value.length === length)
      patterns.push({ bytes: clause.value, bits: clause.prefixBits ?? length * 8 });
  }
  return patterns;
}
