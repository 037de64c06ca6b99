import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  evaluate,
  generateCondition,
  generateExpression,
  namesIn,
  parseExpression,
  type Expression,
} from "#packet/expression.ts";

const NAMES: Readonly<Record<string, number>> = { a: 5, b: 0, "flags.syn": 1 };
const valueOf = (name: string): number => NAMES[name] ?? 0;

for (const [text, expected] of [
  ["a * 4 - 20", 0],
  ["a + 2 * 3", 11],
  ["(a + 2) * 3", 21],
  ["a / 2", 2],
  ["a / b", 0],
  ["a % b", 0],
  ["a == 5 && flags.syn == 1", 1],
  ["b || flags.syn", 1],
  ["!b", 1],
  ["-a + 6", 1],
  ["a > 4 ? 7 : 8", 7],
  ["a & 4 | 1", 5],
  ["1 << 3 >> 1", 4],
  ["0x10 ^ 0x11", 1],
  ["a != 5", 0],
] as const)
  test(`${text} is ${expected}`, () => assert.equal(evaluate(parseExpression(text), valueOf), expected));

for (const text of ["a +", "(a", "a b", "a $", "", "a ? b", "? 1"])
  test(`"${text}" is refused`, () => assert.throws(() => parseExpression(text)));

test("names are found once each", () => {
  assert.deepEqual([...namesIn(parseExpression("a + a * flags.syn - 3"))], ["a", "flags.syn"]);
});

test("generated code says what evaluation says, for random expressions", () => {
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      fc.record({ type: fc.constant("number" as const), value: fc.nat(300) }),
      fc.record({ type: fc.constant("name" as const), name: fc.constantFrom(...Object.keys(NAMES)) }),
      fc.record({ type: fc.constantFrom("not" as const, "negative" as const), of: tie("expression") }),
      fc.record({
        type: fc.constant("binary" as const),
        operator: fc.constantFrom(..."|| && | ^ & == != <= >= < > + - * / %".split(" ")),
        left: tie("expression"),
        right: tie("expression"),
      }),
      fc.record({
        type: fc.constant("choice" as const),
        test: tie("expression"),
        yes: tie("expression"),
        no: tie("expression"),
      }),
    ) as fc.Arbitrary<Expression>,
  }));
  const nameOf = (name: string): string => String(valueOf(name));
  fc.assert(
    fc.property(expression, (each) => {
      const expected = evaluate(each, valueOf);
      const value = new Function(`return ${generateExpression(each, nameOf)};`)() as number;
      const condition = new Function(`return ${generateCondition(each, nameOf)};`)() as boolean;
      assert.equal(value + 0, expected + 0);
      assert.equal(condition, expected !== 0);
    }),
    { numRuns: 2_000 },
  );
});
