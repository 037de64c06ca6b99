import { byteOffset, generateExpression, type Expression } from "#packet/expression.ts";
import type { Sink } from "#packet/sink.ts";

/** Expressions of declarations as JavaScript functions, made once for each. */

export type Numbers = Readonly<Record<string, number>>;

/** What conditions and choices can ask while a message is being written: fields, and bytes that are there already. */
export interface WriteScope {
  readonly values: Readonly<Record<string, unknown>>;
  readonly start: number;
  readonly sink: Sink;
}

/** What computed fields are worked out of, once all is written. */
export interface SettleScope {
  readonly values: Readonly<Record<string, unknown>>;
  readonly sizes: Numbers;
  /** Computed fields so far. */
  readonly settled: ReadonlyMap<string, number>;
  readonly size: number;
  readonly headerSize: number;
  readonly payloadSize: number;
}

export function whileWriting(expression: Expression): (scope: WriteScope) => number {
  return compiled(expression, (name) => {
    if (name === "rest") return "0";
    const offset = byteOffset(name);
    if (offset === undefined) return valueCode(name);
    return `(s.start + ${offset} < s.sink.length ? s.sink.raw[s.start + ${offset}] : 0)`;
  });
}

export function whenWritten(expression: Expression): (scope: SettleScope) => number {
  return compiled(expression, (name) => {
    if (name === "size" || name === "headerSize" || name === "payloadSize") return `s.${name}`;
    if (name === "rest") return "0";
    if (isSize(name)) return `(s.sizes[${JSON.stringify(name)}] ?? 0)`;
    return `(s.settled.get(${JSON.stringify(name)}) ?? ${valueCode(name)})`;
  });
}

/** "sizeOf.data", "count.items". */
export function isSize(name: string): boolean {
  return name.startsWith("sizeOf.") || name.startsWith("count.");
}

function valueCode(name: string): string {
  const [first, ...parts] = name.split(".").map((part) => JSON.stringify(part));
  return `number(s.values[${first}]${parts.map((part) => `?.[${part}]`).join("")})`;
}

function compiled<Scope>(expression: Expression, nameOf: (name: string) => string): (scope: Scope) => number {
  const source = `return (s) => ${generateExpression(expression, nameOf)};`;
  return (new Function("number", source) as (number: typeof numberOf) => (scope: Scope) => number)(numberOf);
}

/** What a field's value is in an expression. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "bigint" ? Number(value) : 0;
}
