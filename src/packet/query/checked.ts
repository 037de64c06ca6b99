import type { FactType } from "#packet/codec.ts";
import type { QueryField } from "#packet/query-field.ts";
import type { Comparison, Quantifier, Range } from "#packet/query/syntax.ts";

/** What values are when they are compared: addresses, bytes and protocols as bytes; times as nanoseconds. */
export type Kind = "number" | "bytes" | "text" | "time";
export type Comparable = number | bigint | string | Uint8Array;

/** A query whose names and types are right. */
export type Checked =
  Junction<"and"> | Junction<"or"> | Junction<"xor"> | { readonly type: "not"; readonly of: Checked } | Test;

interface Junction<Type> {
  readonly type: Type;
  readonly left: Checked;
  readonly right: Checked;
}

/** The smallest question: the same text of two tests means the same test. */
export type Test = ExistsTest | CompareTest | SetTest;

export interface ExistsTest {
  readonly type: "exists";
  readonly operand: Operand;
}

export interface CompareTest {
  readonly type: "compare";
  readonly comparison: Comparison;
  readonly quantifier: Quantifier;
  readonly left: Operand;
  readonly right: Operand;
}

export interface SetTest {
  readonly type: "in";
  readonly quantifier: Quantifier;
  readonly operand: Operand;
  readonly set: readonly { readonly low: Constant; readonly high?: Constant }[];
}

export type Operand = FieldOperand | SliceOperand | CallOperand | ArithmeticOperand | Constant;

export interface FieldOperand {
  readonly type: "field";
  readonly field: QueryField;
  readonly kind: Kind;
  /** Only in these layers of the protocol, counted from 1. */
  readonly layers?: readonly Range[];
}

export interface SliceOperand {
  readonly type: "slice";
  readonly kind: "bytes";
  readonly of: Operand;
  readonly ranges: readonly Range[];
}

export interface CallOperand {
  readonly type: "call";
  readonly kind: Kind;
  readonly name: FunctionName;
  readonly args: readonly Operand[];
}

export interface ArithmeticOperand {
  readonly type: "arithmetic";
  readonly kind: Kind;
  readonly operator: "+" | "-" | "*" | "/" | "%" | "&";
  readonly left: Operand;
  readonly right: Operand;
}

export interface Constant {
  readonly type: "constant";
  readonly kind: Kind;
  readonly value: Comparable;
  /** For addresses with a prefix length: bits that count. */
  readonly prefixBits?: number;
}

export type FunctionName = "len" | "count" | "upper" | "lower" | "string" | "max" | "min" | "abs";

export function kindOf(type: FactType): Kind {
  switch (type) {
    case "number":
    case "boolean":
    case "float":
      return "number";
    case "text":
      return "text";
    case "time":
    case "duration":
      return "time";
    default:
      return "bytes";
  }
}
