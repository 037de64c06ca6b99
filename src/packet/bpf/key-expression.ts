import type { Expression } from "#packet/expression.ts";
import { evaluateInterval, type Interval } from "#packet/bpf/interval.ts";

/** "name", or a choice between names of which it is one. */
export function isChoiceOf(expression: Expression, name: string): boolean {
  if (expression.type === "choice")
    return isChoiceOf(expression.yes, name) || isChoiceOf(expression.no, name);
  return expression.type === "name" && expression.name === name;
}

/** Values of a name at which an expression begins or ceases to be one of these keys. */
export function keyChanges(
  key: Expression,
  name: string,
  most: number,
  scope: (name: string) => Interval,
  keys: ReadonlySet<number>,
): number[] {
  const found: number[] = [];
  let before: number | undefined;
  for (let value = 0; value <= most; value++) {
    const { low, high } = evaluateInterval(key, (each) =>
      each === name ? { low: value, high: value } : scope(each),
    );
    const now = low === high && keys.has(low) ? low : -1;
    if (before !== undefined && now !== before) found.push(value);
    before = now;
  }
  return found;
}

/** "name * factor + plus". */
export function linearIn(expression: Expression): { name: string; factor: number; plus: number } | undefined {
  if (expression.type === "name") return { name: expression.name, factor: 1, plus: 0 };
  if (expression.type !== "binary" || expression.right.type !== "number") return undefined;
  const left = linearIn(expression.left);
  const { value } = expression.right;
  if (!left || value < 0) return undefined;
  if (expression.operator === "+") return { ...left, plus: left.plus + value };
  return expression.operator === "*" && left.plus === 0
    ? { ...left, factor: left.factor * value }
    : undefined;
}
