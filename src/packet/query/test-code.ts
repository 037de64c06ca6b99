import { uintCode, type VisitedPlace } from "#packet/generated-code.ts";
import { readText } from "#packet/primitive.ts";
import type { Comparable, Constant, FieldOperand, Operand, Test } from "#packet/query/checked.ts";
import { compareValues, indexOfBytes, regexOf } from "#packet/query/compare.ts";
import { evaluateTest, type Regexes } from "#packet/query/evaluate.ts";

/** The field of a test that asks one value of one field at a time; undefined for any other test. */
export function singleField(test: Test): FieldOperand | undefined {
  if (test.type === "compare") {
    if (test.right.type === "constant") return fieldIn(test.left);
    return test.left.type === "constant" && test.comparison !== "contains" ? fieldIn(test.right) : undefined;
  }
  return fieldIn(test.operand);
}

function fieldIn(operand: Operand): FieldOperand | undefined {
  switch (operand.type) {
    case "field":
      return operand.layers ? undefined : operand;
    case "slice":
      return fieldIn(operand.of);
    case "arithmetic": {
      const [left, right] = [operand.left, operand.right];
      if (right.type === "constant") return fieldIn(left);
      return left.type === "constant" ? fieldIn(right) : undefined;
    }
    case "call":
      return operand.args.length === 1 &&
        operand.name !== "count" &&
        operand.name !== "max" &&
        operand.name !== "min"
        ? fieldIn(operand.args[0]!)
        : undefined;
    case "constant":
      return undefined;
  }
}

/** Names the values that generated code needs. */
export type Constants = (value: unknown) => string;

/** How a field's value lies before the code that tests it. */
export interface ValuePlace extends VisitedPlace {
  /** number: `value` holds it; ipv4: four bytes; bytes: from start to end; text: UTF-8 from start to end; other: `value` is the comparable itself. */
  readonly form: "number" | "big" | "ipv4" | "bytes" | "text" | "other";
  /** JavaScript of the comparable value, where bytes alone do not say it. */
  readonly comparable?: string;
}

/** JavaScript of the condition that one value of the test's field passes it. */
export function conditionOf(test: Test, place: ValuePlace, constants: Constants, regexes: Regexes): string {
  if (test.type === "exists" && test.operand.type === "field") return "true";
  const quick = quickCondition(test, place, constants, regexes);
  if (quick !== undefined) return quick;
  return `${constants(oneValue(test, regexes))}(${comparableCode(place, constants)})`;
}

function comparableCode(place: ValuePlace, constants: Constants): string {
  if (place.comparable !== undefined) return place.comparable;
  if (place.form === "bytes" || place.form === "ipv4") return `b.subarray(${place.start}, ${place.end})`;
  if (place.form === "text") return `${constants(readText)}(b, ${place.start}, ${place.end})`;
  return place.value;
}

/** The test of one value as a function. */
export function oneValue(test: Test, regexes: Regexes): (value: Comparable) => boolean {
  let value: readonly Comparable[] = [];
  const values = { count: (): number => 1, of: (): readonly Comparable[] => value };
  return (given) => {
    value = [given];
    return evaluateTest(test, values, regexes);
  };
}

function quickCondition(
  test: Test,
  place: ValuePlace,
  constants: Constants,
  regexes: Regexes,
): string | undefined {
  if (test.type === "exists") return undefined;
  if (test.type === "in") {
    if (test.operand.type !== "field") return undefined;
    const parts = test.set.map(({ low, high }) => {
      const from = comparison(high ? ">=" : "==", low, place, constants);
      if (!high) return from;
      const to = comparison("<=", high, place, constants);
      return from === undefined || to === undefined ? undefined : `(${from} && ${to})`;
    });
    return parts.length > 0 && parts.every((part) => part !== undefined)
      ? `(${parts.join(" || ")})`
      : undefined;
  }
  if (test.right.type !== "constant") return undefined;
  if (test.left.type === "field") {
    if (test.comparison === "matches") return matchCode(test.right, place, constants, regexes);
    return comparison(test.comparison, test.right, place, constants);
  }
  if (test.left.type === "arithmetic") return maskedComparison(test, place, constants);
  if (test.left.type === "slice" && test.left.of.type === "field" && place.form === "bytes") {
    const { ranges } = test.left;
    const { from, to } = ranges[0]!;
    if (ranges.length > 1 || from < 0 || to === undefined || to <= from) return undefined;
    const inner = { ...place, start: `(${place.start} + ${from})`, end: `(${place.start} + ${to})` };
    const condition = comparison(test.comparison, test.right, inner, constants);
    if (condition === undefined || test.comparison === "contains") return undefined;
    // Of what is too short there is a part without bytes.
    const { value, prefixBits } = test.right;
    const otherwise = compareValues(test.comparison, new Uint8Array(0), value, prefixBits);
    return `(${place.end} - ${place.start} >= ${to} ? ${condition} : ${otherwise})`;
  }
  return undefined;
}

function matchCode(
  constant: Constant,
  place: ValuePlace,
  constants: Constants,
  regexes: Regexes,
): string | undefined {
  if (place.form !== "bytes" && place.form !== "text") return undefined;
  return `${constants(regexOf(constant, regexes))}.test(b, ${place.start}, ${place.end})`;
}

const OPERATORS: Readonly<Record<string, string>> = {
  "==": "===",
  "!=": "!==",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

function comparison(
  operator: string,
  { value, prefixBits }: Constant,
  place: ValuePlace,
  constants: Constants,
): string | undefined {
  const js = OPERATORS[operator];
  if (place.form === "number" && typeof value === "number" && js)
    return `${place.value} ${js} ${integer(value)}`;
  if (place.form === "ipv4" && value instanceof Uint8Array && value.length === 4 && js) {
    const number = ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0;
    const read = `(${uintCode({ base: place.start, offset: 0 }, 4, false)})`;
    if (prefixBits === undefined || prefixBits === 32) return `${read} ${js} ${number}`;
    const mask = prefixBits === 0 ? 0 : (0xffff_ffff << (32 - prefixBits)) >>> 0;
    return `((${read} & ${mask}) >>> 0) ${js} ${(number & mask) >>> 0}`;
  }
  if ((place.form !== "bytes" && place.form !== "text") || prefixBits !== undefined) return undefined;
  const wanted = value instanceof Uint8Array ? value : undefined;
  if (!wanted) return undefined;
  if (operator === "contains")
    return `${constants(indexOfBytes)}(b, ${place.start}, ${place.end}, ${constants(wanted)}) >= 0`;
  if ((operator !== "==" && operator !== "!=") || wanted.length > 16) return undefined;
  const equal = [`${place.end} - (${place.start}) === ${wanted.length}`];
  for (const [i, byte] of wanted.entries()) equal.push(`b[${place.start} + ${i}] === ${byte}`);
  return operator === "==" ? `(${equal.join(" && ")})` : `!(${equal.join(" && ")})`;
}

/** "field & mask" against a number. */
function maskedComparison(
  test: Test & { readonly type: "compare" },
  place: ValuePlace,
  constants: Constants,
): string | undefined {
  const { left, right } = test;
  if (left.type !== "arithmetic" || left.operator !== "&" || right.type !== "constant") return undefined;
  if (left.left.type !== "field" || left.right.type !== "constant" || place.form !== "number")
    return undefined;
  const mask = left.right.value;
  if (typeof mask !== "number" || mask < 0 || mask > 0xffff_ffff || left.left.field.type === "float")
    return undefined;
  return comparison(
    test.comparison,
    right,
    { ...place, value: `((${place.value} & ${mask}) >>> 0)` },
    constants,
  );
}

/** A number as JavaScript: integers only ever come from queries, and no text of theirs. */
function integer(value: number): string {
  return value < 0 ? `(${value})` : String(value);
}
