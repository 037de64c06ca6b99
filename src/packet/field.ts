import type { Codec } from "#packet/codec.ts";
import { parseExpression, type Expression } from "#packet/expression.ts";
import type { Fields, Given, Message, Values } from "#packet/message.ts";
import type {
  BytesSpec,
  ChecksumSpec,
  Computed,
  FlagSpec,
  Labels,
  NumberDisplay,
  Spec,
  UintSpec,
} from "#packet/spec.ts";

/** One field of a declaration: how it lies on the wire, and, for the compiler, the types of its value. */
export interface Field<Value, GivenValue = Value> {
  readonly spec: Spec;
  /** Only a type. */
  readonly $value?: Value;
  readonly $given?: GivenValue;
}

export type ValueOf<F> = F extends Field<infer Value, infer _> ? Value : never;
export type GivenOf<F> = F extends Field<infer _, infer GivenValue> ? GivenValue : never;

export interface FieldOptions {
  readonly title?: string;
  /** Names in queries; one that starts with a dot gets the message's prefix. */
  readonly query?: string | readonly string[];
  readonly about?: string;
}

export interface NumberOptions extends FieldOptions {
  readonly display?: NumberDisplay;
  readonly names?: Readonly<Record<number, string>> | ReadonlyMap<number, string>;
  readonly order?: "big" | "little";
  /** Always the initial value: what tells this message from others in its place. */
  readonly fixed?: boolean;
  /** For the first of bits that share bytes: what queries call all of them together, as one number. */
  readonly whole?: FieldOptions & { readonly display?: NumberDisplay };
}

type Initial = number | Computed;

/** Emit works it out of the sizes around it: `size` of the whole layer, `headerSize`, `payloadSize`, `sizeOf.options`, `count.items`. */
export function computed(expression: string): Computed {
  return { type: "expression", expression: parseExpression(expression) };
}

/** Emit works the checksum out when none was given. */
export function checksum(options: ChecksumOptions): Computed {
  const { when, length, ...rest } = options;
  return {
    type: "checksum",
    checksum: {
      ...rest,
      ...(when !== undefined && { when: parseExpression(when) }),
      ...(length !== undefined && { length: parseExpression(length) }),
    },
  };
}

export interface ChecksumOptions extends Omit<ChecksumSpec, "when" | "length"> {
  readonly when?: string;
  readonly length?: string;
}

/** Emit takes the number under which `table` leads to the next layer, or for a layer without one works out `otherwise`. */
export function next(table: string, otherwise?: string): Computed {
  return { type: "next", table, ...(otherwise !== undefined && { otherwise: parseExpression(otherwise) }) };
}

/** An unsigned integer of 1 to 48 bits; widths that are no whole bytes share bytes with their neighbours. */
export function uint(bits: number, initial: Initial = 0, options: NumberOptions = {}): Field<number> {
  return { spec: uintSpec(widthOf(bits), initial, options, false) };
}

function widthOf(bits: number): number {
  if (Number.isInteger(bits) && bits >= 1 && bits <= 48) return bits;
  throw new Error(`an integer of ${bits} bits: 1 to 48, or wide() for whole bytes beyond`);
}

export const u8 = (initial?: Initial, options?: NumberOptions): Field<number> => uint(8, initial, options);
export const u16 = (initial?: Initial, options?: NumberOptions): Field<number> => uint(16, initial, options);
export const u24 = (initial?: Initial, options?: NumberOptions): Field<number> => uint(24, initial, options);
export const u32 = (initial?: Initial, options?: NumberOptions): Field<number> => uint(32, initial, options);
export const u48 = (initial?: Initial, options?: NumberOptions): Field<number> => uint(48, initial, options);
export const bits = uint;

/** One bit, shown as true or false and written 0 or 1 in values. */
export function bit(options: NumberOptions = {}): Field<number> {
  return uint(1, 0, { display: "boolean", ...options });
}

/** An integer of more bits than a number can hold: whole bytes, 56 to 128 bits. `signed`: in two's complement. */
export function wide(
  bits: number,
  initial: bigint | Computed = 0n,
  options: NumberOptions & { readonly signed?: boolean } = {},
): Field<bigint> {
  if (bits % 8 !== 0 || bits <= 48 || bits > 128) throw new Error(`a wide integer of ${bits} bits`);
  return { spec: uintSpec(bits, initial, options, options.signed ?? false) };
}

export const u64 = (initial?: bigint | Computed, options?: NumberOptions): Field<bigint> =>
  wide(64, initial, options);
export const i64 = (initial?: bigint | Computed, options?: NumberOptions): Field<bigint> =>
  wide(64, initial, { ...options, signed: true });

export const i8 = (initial?: Initial, options?: NumberOptions): Field<number> => int(8, initial, options);
export const i16 = (initial?: Initial, options?: NumberOptions): Field<number> => int(16, initial, options);
export const i24 = (initial?: Initial, options?: NumberOptions): Field<number> => int(24, initial, options);
export const i32 = (initial?: Initial, options?: NumberOptions): Field<number> => int(32, initial, options);
export const i48 = (initial?: Initial, options?: NumberOptions): Field<number> => int(48, initial, options);

/** A signed integer in two's complement, of 1 to 48 bits. */
export function int(bits: number, initial: Initial = 0, options: NumberOptions = {}): Field<number> {
  return { spec: uintSpec(widthOf(bits), initial, options, true) };
}

function uintSpec(bits: number, initial: Initial | bigint, options: NumberOptions, signed: boolean): Spec {
  const { names, order, display } = options;
  const isComputed = typeof initial === "object";
  return {
    kind: "uint",
    bits,
    little: order === "little",
    signed,
    initial: isComputed ? (bits > 48 ? 0n : 0) : initial,
    display: display ?? "decimal",
    ...(isComputed && { computed: initial }),
    ...(options.fixed && { fixed: true }),
    ...(names && { names: namesMap(names) }),
    ...(options.whole && { whole: uintSpec(bits, 0, options.whole, false) as UintSpec }),
    ...labels(options),
  };
}

function namesMap(names: NonNullable<NumberOptions["names"]>): ReadonlyMap<number, string> {
  if (names instanceof Map) return names;
  return new Map(Object.entries(names).map(([key, name]) => [Number(key), name as string]));
}

/** A flag: its mask, or its mask and its names in queries; null for none. */
type FlagMask = number | readonly [mask: number, query: string | null, ...also: string[]];

export type FlagValues<Names extends string> = Readonly<Record<Names, boolean>> & {
  /** Bits without a name, as they lie in the field. */
  readonly other: number;
};

/** Single bits with names, in a field of `bits` bits (8 when not said, 32 at most). */
export function flags<Names extends string>(
  masks: Readonly<Record<Names, FlagMask>>,
  options: FieldOptions & {
    readonly bits?: number;
    readonly order?: "big" | "little";
    readonly titles?: Partial<Record<Names, string>>;
  } = {},
): Field<FlagValues<Names>, Partial<FlagValues<Names>>> {
  const width = options.bits ?? 8;
  if (!Number.isInteger(width) || width < 1 || width > 32) throw new Error(`flags of ${width} bits`);
  let left = width === 32 ? 0xffff_ffff : 2 ** width - 1;
  const list = Object.entries<FlagMask>(masks).map(([name, mask]): FlagSpec => {
    const [value, query, ...also] = typeof mask === "number" ? [mask] : mask;
    if ((left & value) >>> 0 !== value || (value & (value - 1)) !== 0)
      throw new Error(`flag ${name} is not one free bit`);
    left = (left & ~value) >>> 0;
    const title = (options.titles as Readonly<Record<string, string>> | undefined)?.[name];
    const flag = { name, mask: value, ...(title !== undefined && { title }) };
    return query === undefined ? flag : { ...flag, query: query === null ? [] : [query, ...also] };
  });
  const little = options.order === "little";
  return { spec: { kind: "flags", bits: width, little, flags: list, otherMask: left, ...labels(options) } };
}

/** An IPv4 address: "192.0.2.1". */
export function ip(initial = "0.0.0.0", options: FieldOptions = {}): Field<string> {
  return { spec: { kind: "address", family: "ipv4", initial, ...labels(options) } };
}

/** An IPv6 address in the form of RFC 5952: "2001:db8::1". */
export function ip6(initial = "::", options: FieldOptions = {}): Field<string> {
  return { spec: { kind: "address", family: "ipv6", initial, ...labels(options) } };
}

/** A 48-bit MAC address: "02:00:5e:10:00:01". */
export function mac(initial = "00:00:00:00:00:00", options: FieldOptions = {}): Field<string> {
  return { spec: { kind: "address", family: "mac", initial, ...labels(options) } };
}

/** Bytes: as many as `length` says, or all that are left. */
export function bytes(
  length: string | number | "rest" = "rest",
  options: FieldOptions = {},
): Field<Uint8Array> {
  return { spec: { kind: "bytes", form: "bytes", ...lengthOf(length), ...labels(options) } };
}

/** UTF-8 text: as many bytes as `length` says, or all that are left. */
export function text(length: string | number | "rest" = "rest", options: FieldOptions = {}): Field<string> {
  return { spec: { kind: "bytes", form: "text", ...lengthOf(length), ...labels(options) } };
}

/** What is left of the header; emit fills it with zeros up to a multiple of `align` bytes. */
export function padding(
  align: number,
  options: FieldOptions & { readonly length?: string } = {},
): Field<Uint8Array> {
  const length = lengthOf(options.length ?? "rest");
  return { spec: { kind: "bytes", form: "bytes", align, ...length, ...labels({ query: [], ...options }) } };
}

function lengthOf(length: string | number): { length?: Expression } {
  return length === "rest" ? {} : { length: parseExpression(length) };
}

/** Another message's fields in this place. */
export function struct<F extends Fields>(
  message: Message<F>,
  options: FieldOptions = {},
): Field<Values<F>, Given<F>> {
  return { spec: { kind: "struct", message: message as unknown as Message, ...labels(options) } };
}

export interface ListOptions extends FieldOptions {
  readonly count?: string | number;
  /** Bytes that all items take together. */
  readonly length?: string;
  /** The list ends after the item for whose fields this holds. */
  readonly until?: string;
  /**
   * Where this does not hold for the fields of an item that is not whole, the list ends before it, as if only the
   * bytes of it were there; `rest` counts from the item's start.
   */
  readonly fits?: string;
}

/** Items one after the other: `count` of them, or `length` bytes of them, or to the end. */
export function list<F extends Fields>(
  item: Message<F>,
  options?: ListOptions,
): Field<readonly Values<F>[], readonly Given<F>[]>;
export function list<Value, GivenValue>(
  item: Field<Value, GivenValue>,
  options?: ListOptions,
): Field<readonly Value[], readonly GivenValue[]>;
export function list(item: Field<unknown> | Message, options: ListOptions = {}): Field<readonly unknown[]> {
  const { count, length, until, fits } = options;
  return {
    spec: {
      kind: "list",
      item: "spec" in item ? item.spec : struct(item).spec,
      ...(count !== undefined && { count: parseExpression(count) }),
      ...(length !== undefined && { length: parseExpression(length) }),
      ...(until !== undefined && { until: parseExpression(until) }),
      ...(fits !== undefined && { fits: parseExpression(fits) }),
      ...labels(options),
    },
  };
}

/** A field that is there only when `condition` holds; its value is undefined otherwise. */
export function when<Value, GivenValue>(
  condition: string,
  field: Field<Value, GivenValue>,
): Field<Value | undefined, GivenValue | undefined> {
  return { spec: { kind: "when", condition: parseExpression(condition), field: field.spec } };
}

type Choice = Field<unknown> | Message;
type ChoiceValue<C> = C extends Message<infer F> ? Values<F> : C extends Field<infer V, infer _> ? V : never;
type ChoiceGiven<C> = C extends Message<infer F> ? Given<F> : C extends Field<infer _, infer G> ? G : never;

/**
 * One of several fields, by the value of `on`; bytes for a key without a case, and for a case that does not take
 * exactly `length` bytes.
 */
export function choose<Cases extends Readonly<Record<number, unknown>>, Else = Uint8Array>(
  on: string,
  cases: Cases,
  options: FieldOptions & {
    readonly length?: string;
    readonly otherwise?: Field<Else>;
    /** What queries call all these bytes, whatever was chosen; needs `length`. */
    readonly raw?: FieldOptions;
    /** A case that breaks off stops nothing: what was there of it is shown, its value is that of `otherwise`. */
    readonly salvage?: boolean;
  } = {},
): Field<ChoiceValue<Cases[keyof Cases]> | Else, ChoiceGiven<Cases[keyof Cases]> | Else> {
  const entries = Object.entries(cases).map(([key, field]): [number, Spec] => {
    const choice = field as Choice;
    return [Number(key), "spec" in choice ? choice.spec : struct(choice).spec];
  });
  return {
    spec: {
      kind: "choose",
      on: parseExpression(on),
      cases: new Map(entries),
      otherwise: options.otherwise?.spec ?? bytes("rest", labels(options)).spec,
      ...(options.length !== undefined && { length: parseExpression(options.length) }),
      ...(options.raw && { raw: bytes("rest", options.raw).spec as BytesSpec }),
      ...(options.salvage && { salvage: true }),
      ...labels(options),
    },
  };
}

/** A field that is read and written by a codec. */
export function coded<Value>(
  codec: Codec<Value>,
  options: FieldOptions & { readonly length?: string } = {},
): Field<Value> {
  return {
    spec: {
      kind: "codec",
      codec: codec as Codec<unknown>,
      ...(options.length !== undefined && { length: parseExpression(options.length) }),
      ...labels(options),
    },
  };
}

function labels({ title, query, about }: FieldOptions): Labels {
  return {
    ...(title !== undefined && { title }),
    ...(query !== undefined && { query: typeof query === "string" ? [query] : query }),
    ...(about !== undefined && { about }),
  };
}
