import type { Layer, Packet } from "#packet/dissect.ts";
import { factsOf, type PacketFact } from "#packet/facts.ts";
import { ADDRESS_BYTES, addressBytes, hexText, readAddress } from "#packet/primitive.ts";
import type {
  ArithmeticOperand,
  CallOperand,
  Checked,
  Comparable,
  FieldOperand,
  Operand,
  Test,
} from "#packet/query/checked.ts";
import { compareValues, matchesRegex, regexOf, sliceOf } from "#packet/query/compare.ts";
import { frameValues, type Frame } from "#packet/query/frame.ts";
import type { Regex } from "#packet/query/regex.ts";
import type { Range } from "#packet/query/syntax.ts";

/** Where a test finds the values of fields. */
export interface Values {
  /** How often the field is there, with or without a value. */
  count(operand: FieldOperand): number;
  of(operand: FieldOperand): readonly Comparable[];
}

/** Regular expressions that were met, by the constant that holds them. */
export type Regexes = Map<Parameters<typeof regexOf>[0], Regex>;

/** Answers a query by what was read of a packet: slow and thorough, and right for broken packets too. */
export function evaluateQuery(query: Checked, values: Values, regexes: Regexes): boolean {
  switch (query.type) {
    case "and":
      return evaluateQuery(query.left, values, regexes) && evaluateQuery(query.right, values, regexes);
    case "or":
      return evaluateQuery(query.left, values, regexes) || evaluateQuery(query.right, values, regexes);
    case "xor":
      return evaluateQuery(query.left, values, regexes) !== evaluateQuery(query.right, values, regexes);
    case "not":
      return !evaluateQuery(query.of, values, regexes);
    default:
      return evaluateTest(query, values, regexes);
  }
}

export function evaluateTest(test: Test, values: Values, regexes: Regexes): boolean {
  if (test.type === "exists")
    return test.operand.type === "field"
      ? values.count(test.operand) > 0
      : valuesOf(test.operand, values).some(isSome);
  if (test.type === "in") {
    const isIn = (value: Comparable): boolean =>
      test.set.some(({ low, high }) =>
        high
          ? compareValues(">=", value, low.value) && compareValues("<=", value, high.value)
          : compareValues("==", value, low.value, low.prefixBits),
      );
    const found = valuesOf(test.operand, values);
    return test.quantifier === "any" ? found.some(isIn) : found.length > 0 && found.every(isIn);
  }
  const { comparison, left, right, quantifier } = test;
  const isFound = left.type === "slice" && (comparison === "contains" || comparison === "matches");
  const lefts = isFound ? valuesOf(left, values).filter(isSome) : valuesOf(left, values);
  if (lefts.length === 0) return false;
  if (comparison === "matches" && right.type === "constant") {
    const regex = regexOf(right, regexes);
    const isMatch = (value: Comparable): boolean => matchesRegex(regex, value);
    return quantifier === "any" ? lefts.some(isMatch) : lefts.every(isMatch);
  }
  const rights = valuesOf(right, values);
  if (rights.length === 0) return false;
  const prefix =
    right.type === "constant" ? right.prefixBits : left.type === "constant" ? left.prefixBits : undefined;
  const holds = (a: Comparable): boolean => {
    const isSo = (b: Comparable): boolean => compareValues(comparison, a, b, prefix);
    return quantifier === "any" ? rights.some(isSo) : rights.every(isSo);
  };
  return quantifier === "any" ? lefts.some(holds) : lefts.every(holds);
}

/** What is no part of a value, because it is too short, has no bytes. */
function isSome(value: Comparable): boolean {
  return !(value instanceof Uint8Array) || value.length > 0;
}

function valuesOf(operand: Operand, values: Values): readonly Comparable[] {
  switch (operand.type) {
    case "constant":
      return [operand.value];
    case "field":
      return values.of(operand);
    case "slice":
      return valuesOf(operand.of, values).flatMap((value) => sliceOf(value, operand.ranges) ?? []);
    case "arithmetic":
      return arithmetic(operand, values);
    case "call":
      return callFunction(operand, values);
  }
}

function arithmetic({ operator, left, right }: ArithmeticOperand, values: Values): readonly Comparable[] {
  const rights = valuesOf(right, values);
  return valuesOf(left, values).flatMap((a) => rights.flatMap((b) => operate(operator, a, b) ?? []));
}

function operate(
  operator: ArithmeticOperand["operator"],
  a: Comparable,
  b: Comparable,
): Comparable | undefined {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return undefined;
    const both = a.subarray(0, Math.min(a.length, b.length)).map((byte, i) => byte & b[i]!);
    // Wireshark takes bytes that are all zero for nothing.
    return both.some((byte) => byte !== 0) ? both : new Uint8Array(0);
  }
  if (typeof a === "string" || typeof b === "string") return undefined;
  if (!isWhole(a) || !isWhole(b)) return operateOnFloats(operator, Number(a), Number(b));
  const result = operateOnBig(operator, BigInt(a), BigInt(b));
  if (result === undefined || typeof a === "bigint" || typeof b === "bigint") return result;
  return Number(result);
}

function isWhole(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

function operateOnFloats(operator: ArithmeticOperand["operator"], a: number, b: number): number | undefined {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? undefined : a / b;
    default:
      return undefined;
  }
}

function operateOnBig(operator: ArithmeticOperand["operator"], a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0n ? undefined : a / b;
    case "%":
      return b === 0n ? undefined : a % b;
    case "&":
      return a & b;
  }
}

function callFunction({ name, args }: CallOperand, values: Values): readonly Comparable[] {
  const first = args[0]!;
  if (name === "count") {
    // As in Wireshark, what is not there has no count.
    const count = first.type === "field" ? values.count(first) : valuesOf(first, values).length;
    return count === 0 ? [] : [count];
  }
  const found = args.flatMap((arg) => valuesOf(arg, values));
  switch (name) {
    case "len":
      return found.map((value) => (value instanceof Uint8Array ? value.length : textLength(value)));
    case "upper":
      return found.map((value) => String(value).toUpperCase());
    case "lower":
      return found.map((value) => String(value).toLowerCase());
    case "string":
      return found.map((value) => stringOf(value, first));
    case "abs":
      return found.map((value) =>
        typeof value === "bigint" ? (value < 0n ? -value : value) : Math.abs(Number(value)),
      );
    case "max":
    case "min": {
      if (found.length === 0) return [];
      return [found.reduce((best, value) => (value > best === (name === "max") ? value : best))];
    }
  }
}

/** A value as text: an address as people write it, other bytes as aa:bb. */
function stringOf(value: Comparable, operand: Operand): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const type = operand.type === "field" ? operand.field.type : "bytes";
  if ((type === "ipv4" || type === "ipv6" || type === "mac") && value.length === ADDRESS_BYTES[type])
    return readAddress(type, value, 0);
  return hexText(value, 0, value.length, ":");
}

function textLength(value: Comparable): number {
  return [...String(value)].length;
}

/** The values of a packet and its frame. */
export class PacketValues implements Values {
  readonly #packet: Packet;
  readonly #frame: Frame;
  #facts: Map<string, PacketFact[]> | undefined;

  constructor(packet: Packet, frame: Frame) {
    this.#packet = packet;
    this.#frame = frame;
  }

  count(operand: FieldOperand): number {
    const { name } = operand.field;
    if (name === "frame" || name === "frame.protocols") return 1;
    if (name.startsWith("frame.")) return frameValues(this.#frame, name).length;
    return this.#found(operand).length;
  }

  of(operand: FieldOperand): readonly Comparable[] {
    const { name } = operand.field;
    const { start, captured, bytes, layers } = this.#packet;
    if (name === "frame") return [bytes.subarray(start, captured)];
    if (name === "frame.protocols") return [protocolsOf(layers)];
    if (name.startsWith("frame.")) return frameValues(this.#frame, name);
    return this.#found(operand).flatMap((fact) => comparableOf(fact, this.#packet) ?? []);
  }

  #found({ field, layers }: FieldOperand): readonly PacketFact[] {
    if (!this.#facts) {
      this.#facts = new Map();
      for (const fact of factsOf(this.#packet)) {
        const known = this.#facts.get(fact.query);
        if (known) known.push(fact);
        else this.#facts.set(fact.query, [fact]);
      }
    }
    const found = this.#facts.get(field.name) ?? [];
    return layers ? found.filter((fact) => this.#isInLayers(fact, layers)) : found;
  }

  #isInLayers(fact: PacketFact, ranges: readonly Range[]): boolean {
    const { layers } = this.#packet;
    const isCounted = (layer: Layer, i: number): boolean =>
      layer.message.protocol === fact.layer.message.protocol && !isAnother(layers, i);
    const same = layers.filter(isCounted);
    const number = layers.slice(0, layers.indexOf(fact.layer) + 1).filter(isCounted).length;
    return ranges.some(({ from, to }) => {
      const low = from < 0 ? same.length + 1 + from : from;
      const high = to === undefined ? same.length + 1 : to <= 0 && from < 0 ? same.length + 1 + to : to;
      return number >= low && number < high;
    });
  }
}

/** A stream's second message, or a later one: they count as one layer, as Wireshark's do. */
function isAnother(layers: readonly Layer[], i: number): boolean {
  const carrier = layers[i - 1]?.message;
  return carrier?.repeats === true && layers.findIndex(({ message }) => message === carrier) < i - 1;
}

/** "eth:ethertype:ip:udp:dns", as Wireshark writes it. */
export function protocolsOf(layers: readonly Layer[]): string {
  return layers
    .filter(({ message }, i) => !message.transparent && !isAnother(layers, i))
    .flatMap(({ message, values }) =>
      message.protocol === "eth" && Number(values["type"] ?? 0) >= 1536
        ? ["eth", "ethertype"]
        : [message.protocol],
    )
    .join(":");
}

function comparableOf(fact: PacketFact, { bytes, captured }: Packet): Comparable | undefined {
  const { type, value, start, end } = fact;
  // What has only parts, as an option has, is its bytes.
  if (type === "none") return bytes.subarray(start, Math.max(start, Math.min(end, captured)));
  if (type !== "ipv4" && type !== "ipv6" && type !== "mac") return value;
  if (end - start === ADDRESS_BYTES[type]) return bytes.subarray(start, end);
  return typeof value === "string" ? addressBytes(type, value) : undefined;
}
