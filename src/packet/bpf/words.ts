import { ADDRESS_BYTES, hexText, ipv4Text, ipv6Text } from "#packet/primitive.ts";
import type { FactType } from "#packet/codec.ts";
import type { Constant, Operand, Test } from "#packet/query/checked.ts";

/** A test as somebody would write it in a query. */
export function testText(test: Test): string {
  if (test.type === "exists") return operandText(test.operand);
  const quantifier = test.quantifier === "all" ? "all " : "";
  const type = typeOf(test.type === "in" ? test.operand : test.left) ?? typeOfRight(test);
  if (test.type === "in") {
    const items = test.set.map(({ low, high }) =>
      high ? `${constantText(low, type)}..${constantText(high, type)}` : constantText(low, type),
    );
    return `${quantifier}${operandText(test.operand)} in {${items.join(", ")}}`;
  }
  const { comparison, left, right } = test;
  return `${quantifier}${operandText(left, type)} ${comparison} ${operandText(right, type)}`;
}

function typeOfRight(test: Test): FactType | undefined {
  return test.type === "compare" ? typeOf(test.right) : undefined;
}

function typeOf(operand: Operand): FactType | undefined {
  return operand.type === "field" ? operand.field.type : undefined;
}

function operandText(operand: Operand, type?: FactType): string {
  switch (operand.type) {
    case "field":
      return operand.layers ? `${operand.field.name}#…` : operand.field.name;
    case "slice": {
      const ranges = operand.ranges.map(({ from, to }) =>
        to === undefined ? `${from}:` : `${from}:${to - from}`,
      );
      return `${operandText(operand.of)}[${ranges.join(",")}]`;
    }
    case "call":
      return `${operand.name}(${operand.args.map((each) => operandText(each)).join(", ")})`;
    case "arithmetic":
      return `${operandText(operand.left)} ${operand.operator} ${operandText(operand.right)}`;
    case "constant":
      return constantText(operand, type);
  }
}

function constantText({ value, prefixBits }: Constant, type: FactType | undefined): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (!(value instanceof Uint8Array)) return String(value);
  const prefix = prefixBits === undefined ? "" : `/${prefixBits}`;
  if (type === "ipv4" && value.length === ADDRESS_BYTES.ipv4) return `${ipv4Text(value, 0)}${prefix}`;
  if (type === "ipv6" && value.length === ADDRESS_BYTES.ipv6) return `${ipv6Text(value, 0)}${prefix}`;
  return `${hexText(value, 0, value.length, ":")}${prefix}`;
}
