import { evaluate, namesIn, type Expression } from "#packet/expression.ts";

/** Numbers that a value may be: all from `low` to `high`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const ANY: Interval = { low: -Infinity, high: Infinity };
export const TRUTH: Interval = { low: 0, high: 1 };

export function exactly(value: number): Interval {
  return { low: value, high: value };
}

export function isExact({ low, high }: Interval): boolean {
  return low === high;
}

/** Whether a condition holds: true, false, or undefined where that hangs on what is not known. */
export function truthOf({ low, high }: Interval): boolean | undefined {
  if (low === 0 && high === 0) return false;
  return low > 0 || high < 0 ? true : undefined;
}

/** What an expression may be where its names may be what `valueOf` says. */
export function evaluateInterval(expression: Expression, valueOf: (name: string) => Interval): Interval {
  switch (expression.type) {
    case "number":
      return exactly(expression.value);
    case "name":
      return valueOf(expression.name);
    case "not": {
      const truth = truthOf(evaluateInterval(expression.of, valueOf));
      return truth === undefined ? TRUTH : exactly(truth ? 0 : 1);
    }
    case "negative": {
      const { low, high } = evaluateInterval(expression.of, valueOf);
      return { low: -high, high: -low };
    }
    case "choice": {
      const truth = truthOf(evaluateInterval(expression.test, valueOf));
      if (truth !== undefined) return evaluateInterval(truth ? expression.yes : expression.no, valueOf);
      const [yes, no] = [expression.yes, expression.no].map((each) => evaluateInterval(each, valueOf));
      return { low: Math.min(yes!.low, no!.low), high: Math.max(yes!.high, no!.high) };
    }
    case "binary": {
      const left = evaluateInterval(expression.left, valueOf);
      const { operator } = expression;
      if (operator === "&&" || operator === "||") {
        const truth = truthOf(left);
        if (truth === (operator === "||")) return exactly(truth ? 1 : 0);
      }
      const right = evaluateInterval(expression.right, valueOf);
      return operate(expression, left, right);
    }
  }
}

type Binary = Expression & { readonly type: "binary" };

const SIMPLE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function operate(expression: Binary, left: Interval, right: Interval): Interval {
  const { operator } = expression;
  if (operator === "&&" || operator === "||") {
    const [a, b] = [truthOf(left), truthOf(right)];
    const decisive = operator === "||";
    if (a === decisive || b === decisive) return exactly(decisive ? 1 : 0);
    return a === undefined || b === undefined ? TRUTH : exactly(decisive ? 0 : 1);
  }
  if (isExact(left) && isExact(right)) {
    const simple = SIMPLE[operator];
    if (simple) return exactly(simple(left.low, right.low) ? 1 : 0);
    const numbers = [left.low, right.low].map((value): Expression => ({ type: "number", value }));
    return exactly(evaluate({ ...expression, left: numbers[0]!, right: numbers[1]! }, () => 0));
  }
  switch (operator) {
    case "+":
      return { low: left.low + right.low, high: left.high + right.high };
    case "-":
      return { low: left.low - right.high, high: left.high - right.low };
    case "*":
      return isExact(right) && right.low > 0
        ? { low: left.low * right.low, high: left.high * right.low }
        : ANY;
    case ">>":
    case "<<":
    case "/":
      return scaled(expression, left, right);
    case "&":
      return isExact(right) && right.low >= 0 && right.low < 2 ** 31 && left.low >= 0
        ? { low: 0, high: Math.min(left.high, right.low) }
        : ANY;
    case "<":
      return comparison(left.high < right.low, left.low >= right.high);
    case "<=":
      return comparison(left.high <= right.low, left.low > right.high);
    case ">":
      return comparison(left.low > right.high, left.high <= right.low);
    case ">=":
      return comparison(left.low >= right.high, left.high < right.low);
    case "==":
      return comparison(false, left.high < right.low || left.low > right.high);
    case "!=":
      return comparison(left.high < right.low || left.low > right.high, false);
    default:
      return ANY;
  }
}

/** Shifts and divisions by a known number keep the order of what is not negative. */
function scaled({ operator }: Binary, left: Interval, right: Interval): Interval {
  const isSmall = left.low >= 0 && left.high <= 0xffff && isExact(right) && right.low >= 0 && right.low <= 8;
  if (!isSmall) return ANY;
  const of = (value: number): number => {
    if (operator === "/") return right.low === 0 ? 0 : Math.floor(value / right.low);
    return operator === ">>" ? value >> right.low : value << right.low;
  };
  return { low: of(left.low), high: of(left.high) };
}

function comparison(always: boolean, never: boolean): Interval {
  return always ? exactly(1) : never ? exactly(0) : TRUTH;
}

/**
 * Numbers at which `name`, of values 0 to `most`, begins to mean something else to an expression: where it equals a
 * number that is known. Of other uses of small values, what they lead to is tried out.
 */
export function breakpointsOf(
  expression: Expression,
  name: string,
  most: number,
  valueOf: (name: string) => Interval,
): readonly number[] {
  const found = new Set<number>();
  const isPlain = collect(expression, name, valueOf, found);
  if (isPlain || most > 255) return [...found];
  return triedOnce(expression, name, most, valueOf);
}

/** Remembers what was tried out: the same headers are come to on many ways. */
function triedOnce(
  expression: Expression,
  name: string,
  most: number,
  valueOf: (name: string) => Interval,
): readonly number[] {
  let tried = TRIED_OUT.get(expression);
  if (!tried) TRIED_OUT.set(expression, (tried = { names: [...namesOf(expression)], found: new Map() }));
  let key = `${name} ${most}`;
  for (const each of tried.names)
    if (each !== name) {
      const { low, high } = valueOf(each);
      key += ` ${low} ${high}`;
    }
  let found = tried.found.get(key);
  if (!found) {
    if (tried.found.size === MOST_REMEMBERED) tried.found.clear();
    tried.found.set(key, (found = triedOut(expression, name, most, valueOf)));
  }
  return found;
}

/** Every name that an expression uses, worked out once. */
export function namesOf(expression: Expression): ReadonlySet<string> {
  let names = NAMES.get(expression);
  if (!names) NAMES.set(expression, (names = namesIn(expression)));
  return names;
}

const NAMES = new WeakMap<Expression, ReadonlySet<string>>();

interface Tried {
  readonly names: readonly string[];
  /** By what is known of the names. */
  readonly found: Map<string, readonly number[]>;
}

const TRIED_OUT = new WeakMap<Expression, Tried>();
/** An expression has few other names, and of these few things are known. */
const MOST_REMEMBERED = 256;

/** Finds the numbers that a name is compared with; false where it is used in another way. */
function collect(
  expression: Expression,
  name: string,
  valueOf: (name: string) => Interval,
  found: Set<number>,
): boolean {
  switch (expression.type) {
    case "number":
      return true;
    case "name":
      if (expression.name === name) found.add(1);
      return true;
    case "not":
      return collect(expression.of, name, valueOf, found);
    case "negative":
      return !mentions(expression, name);
    case "choice":
      return [expression.test, expression.yes, expression.no].every((each) =>
        collect(each, name, valueOf, found),
      );
    case "binary":
      break;
  }
  const { operator, left, right } = expression;
  if (operator === "&&" || operator === "||")
    return [left, right].every((each) => collect(each, name, valueOf, found));
  if (!mentions(expression, name)) return true;
  if (!COMPARISONS.has(operator)) return false;
  const isLeft = left.type === "name" && left.name === name;
  const [own, other] = isLeft ? [left, right] : [right, left];
  if (own.type !== "name" || own.name !== name || mentions(other, name)) return false;
  const value = evaluateInterval(other, valueOf);
  if (!isExact(value)) return true;
  // Where "x < 5" and "x >= 5" change, "5 < x" does not.
  const before = operator === (isLeft ? "<" : ">") || operator === (isLeft ? ">=" : "<=");
  const behind = operator === (isLeft ? ">" : "<") || operator === (isLeft ? "<=" : ">=");
  if (!behind) found.add(Math.ceil(value.low));
  if (!before) found.add(Math.floor(value.low) + 1);
  return true;
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

function mentions(expression: Expression, name: string): boolean {
  switch (expression.type) {
    case "number":
      return false;
    case "name":
      return expression.name === name;
    case "not":
    case "negative":
      return mentions(expression.of, name);
    case "choice":
      return [expression.test, expression.yes, expression.no].some((each) => mentions(each, name));
    case "binary":
      return mentions(expression.left, name) || mentions(expression.right, name);
  }
}

function triedOut(
  expression: Expression,
  name: string,
  most: number,
  valueOf: (name: string) => Interval,
): readonly number[] {
  const found: number[] = [];
  let before: Interval | undefined;
  const go = (low: number, high: number): void => {
    const part = { low, high };
    const now = evaluateInterval(expression, (each) => (each === name ? part : valueOf(each)));
    // What is known of all values of a part, each of them gives.
    if (low < high && !isExact(now)) {
      const middle = (low + high) >>> 1;
      go(low, middle);
      go(middle + 1, high);
      return;
    }
    if (before && (before.low !== now.low || before.high !== now.high)) found.push(low);
    before = now;
  };
  go(0, most);
  return found.length <= MOST_BREAKS ? found : [];
}

/** More changes than this would make a program longer than they are worth. */
const MOST_BREAKS = 32;

/** Whether all values of an interval are among those accepted, or none; undefined for some. */
export function isAmong({ low, high }: Interval, accepted: readonly Interval[]): boolean | undefined {
  if (accepted.some((each) => low >= each.low && high <= each.high)) return true;
  return accepted.some((each) => low <= each.high && high >= each.low) ? undefined : false;
}
