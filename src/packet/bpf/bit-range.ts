import type { Expression } from "#packet/expression.ts";
import { bitsView, type View } from "#packet/bpf/layout.ts";

/** An expression's value as neighbouring bits of the packet times `factor` plus `plus`. */
export interface BitRange {
  readonly view: View;
  readonly factor: number;
  readonly plus: number;
}

/** Bits that end `end` bits behind the layer's start and stand in a number above `weight` lower ones. */
interface Piece {
  readonly end: number;
  readonly bits: number;
  readonly weight: number;
}

/**
 * The bits of an expression that only puts numbers of neighbouring bits together, as "dscp * 4 + ecn" and "$0 >> 1 & 1"
 * do; undefined for another.
 */
export function bitRangeOf(
  expression: Expression,
  viewOf: (name: string) => View | undefined,
): BitRange | undefined {
  const plus =
    expression.type === "binary" && expression.operator === "+" && expression.right.type === "number"
      ? expression.right.value
      : 0;
  const piece = pieceOf(plus > 0 ? (expression as { left: Expression }).left : expression, viewOf);
  if (!piece || piece.bits > 32) return undefined;
  const start = piece.end - piece.bits;
  const first = Math.floor(start / 8);
  const view = bitsView(first, start - first * 8, piece.bits);
  return view && { view, factor: 2 ** piece.weight, plus };
}

function pieceOf(expression: Expression, viewOf: (name: string) => View | undefined): Piece | undefined {
  if (expression.type === "name") {
    const view = viewOf(expression.name);
    if (!view) return undefined;
    const ones = view.mask >>> view.shift;
    return { end: (view.offset + view.size) * 8 - view.shift, bits: 32 - Math.clz32(ones), weight: 0 };
  }
  if (expression.type !== "binary") return undefined;
  const { operator, left, right } = expression;
  const piece = pieceOf(left, viewOf);
  if (!piece) return undefined;
  if (right.type === "number") return changed(piece, operator, right.value);
  const other = operator === "+" || operator === "|" ? pieceOf(right, viewOf) : undefined;
  return other && joined(piece, other);
}

function changed(piece: Piece, operator: string, value: number): Piece | undefined {
  const { end, bits, weight } = piece;
  switch (operator) {
    case "<<":
      return { ...piece, weight: weight + value };
    case "*":
      return Number.isInteger(Math.log2(value)) ? { ...piece, weight: weight + Math.log2(value) } : undefined;
    case ">>": {
      const dropped = Math.max(0, value - weight);
      if (dropped >= bits) return undefined;
      return { end: end - dropped, bits: bits - dropped, weight: Math.max(0, weight - value) };
    }
    case "&": {
      const low = 31 - Math.clz32(value & -value);
      const count = Math.log2(value / 2 ** low + 1);
      if (weight > 0 || value <= 0 || !Number.isInteger(count) || low >= bits) return undefined;
      return { end: end - low, bits: Math.min(count, bits - low), weight: low };
    }
    default:
      return undefined;
  }
}

function joined(a: Piece, b: Piece): Piece | undefined {
  const [low, high] = a.weight < b.weight ? [a, b] : [b, a];
  if (high.weight !== low.weight + low.bits || high.end !== low.end - low.bits) return undefined;
  return { end: low.end, bits: low.bits + high.bits, weight: low.weight };
}
