import type { FactType, FactValue } from "#packet/codec.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { namesIn, parseExpression, type Expression } from "#packet/expression.ts";
import type { Field, GivenOf, ValueOf } from "#packet/field.ts";
import { labelled, snake, titleOf } from "#packet/labels.ts";
import type { Spec, UintSpec } from "#packet/spec.ts";

/**
 * A protocol, or a part of one, declared once. Everything else follows from the declaration: `parse`, `emit` and
 * `build`, the tree that people see, the TypeScript type, random values, names in queries and the documentation.
 */
export interface Message<F extends Fields = Fields> {
  /** As queries name it: "ip", "ospf.hello". */
  readonly name: string;
  /** What queries call a layer of it; absent: the name. Two messages may be one protocol. */
  readonly protocol: string;
  readonly title: string;
  /** What it is called where there is little room: "ICMPv6". Absent: the protocol's name in capitals. */
  readonly label?: string;
  readonly about?: string;
  readonly rfc?: string;
  readonly fields: F;
  /** The fields in their order, with all that parsing needs worked out. */
  readonly members: readonly Member[];
  /** Bytes from the start to the payload; known after `headerSizeAfter` members. Absent: what the fields take. */
  readonly headerSize?: Expression;
  readonly headerSizeAfter: number;
  /** Bytes without which no field is shown: Wireshark reads some headers before it shows anything of them. */
  readonly needs?: Expression;
  /** Bytes of the whole layer with its payload. Absent: up to the end of what carries it. */
  readonly size?: Expression;
  /** Ways to find the next layer, tried in order. */
  readonly next: readonly NextRule[];
  /** Tables in which this message stands, and under which keys. */
  readonly on: ReadonlyMap<string, readonly number[]>;
  /** What queries may ask beyond the fields. */
  readonly derived: readonly Derived[];
  /** What has to hold for the layer to be followed. */
  readonly checks: readonly Check[];
  /** A field here or inside is a checksum. */
  readonly hasChecksums: boolean;
  /** Does not count as a layer of its own: a length before a message. */
  readonly transparent: boolean;
  /** What the layer below carries behind its end is another of it: a stream's messages, one after the other. */
  readonly repeats: boolean;
  /** Fields that run over the header's end into the payload do not hinder the payload from being followed. */
  readonly mayOverrun: boolean;
  /** Queries read the header whole whatever they want of it: nothing follows a broken one. */
  readonly readsWhole: boolean;
  /** Where in the header source and destination lie that checksums of the layers above take in. */
  readonly pseudoHeader?: readonly [from: number, to: number];
  info?(values: Values<F>, sizes: LayerSizes): string;
  /** Addresses that count in checksums above instead of the IP header's. */
  endpoints?(values: Readonly<Record<string, unknown>>): Endpoints;
}

/** What a layer's line about itself may need beside its values. */
export interface LayerSizes {
  /** Bytes of the payload, as the layer's own length says. */
  readonly payloadSize: number;
}

/** Where a packet really comes from and goes to: a routing header's last address, a mobile node's home address. */
export interface Endpoints {
  readonly source?: string;
  readonly destination?: string;
}

export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;
export type Values<F> = { readonly [Name in keyof F]: ValueOf<F[Name]> };
/** What emit takes: everything may be left out. */
export type Given<F> = { readonly [Name in keyof F]?: GivenOf<F[Name]> | undefined };
export type ValuesOf<M> = M extends Message<infer F> ? Values<F> : never;

export interface Member {
  readonly name: string;
  readonly spec: Spec;
  /** For integers that share bytes: where they lie in their run of bytes. */
  readonly run?: { readonly offsetBits: number; readonly totalBits: number; readonly last: boolean };
  /** The whole run as one number, at its first member, when queries have a name for it. */
  readonly whole?: UintSpec;
}

export interface NextRule {
  readonly table: string;
  /** Looked up in the table. */
  readonly key: Expression;
  /** The rule counts only where this holds. */
  readonly when?: Expression;
  /** What follows quotes the start of another packet: that it ends early is no mistake (ICMP errors). */
  readonly quoted?: boolean;
  /** Bytes of the payload that the next layer may take, where something else follows it; absent: all. */
  readonly length?: Expression;
}

export interface Derived {
  readonly name: string;
  readonly type: FactType;
  readonly title: string;
  /** Undefined, with `find`, for the payload's bytes. */
  readonly expression?: Expression;
  /** The payload with all that the layer below has behind it. */
  readonly carried?: true;
  /** For what depends on the layers around or on bytes behind the payload. */
  readonly find?: Finder;
  readonly when?: Expression;
}

/** Finds a derived value where no expression can: what it is, and where. Undefined when the layer has none. */
export type Finder = (packet: Packet, layer: Layer) => Finding | undefined;

export interface Finding {
  readonly value: FactValue;
  readonly start: number;
  readonly end: number;
}

export interface Check {
  readonly holds: Expression;
  readonly problem: string;
  /** Reading stops where this does not hold, once so many members are known: what follows would mean nothing. */
  readonly stopsAfter?: number;
}

interface Rule {
  readonly table: string;
  readonly key?: string | number;
  readonly when?: string;
  readonly quoted?: boolean;
  readonly length?: string;
}

export interface MessageOptions<F extends Fields> {
  readonly protocol?: string;
  readonly title?: string;
  readonly label?: string;
  readonly about?: string;
  readonly rfc?: string;
  /** What query names start with; absent: the message's name. */
  readonly prefix?: string;
  readonly fields: F;
  readonly headerSize?: string;
  /** Knows only bytes by their offset: "$3 == 128 ? 4 : 35". At most what the fields of a whole message take. */
  readonly needs?: string;
  readonly size?: string;
  readonly next?: Rule | readonly Rule[];
  readonly on?: Readonly<Record<string, number | readonly number[]>>;
  readonly derived?: Readonly<Record<string, DerivedChoice>>;
  readonly checks?: Readonly<Record<string, string>>;
  /** Like checks, but the fields behind the last one named are not even read; `rest` counts from there. */
  readonly stops?: Readonly<Record<string, string>>;
  readonly transparent?: boolean;
  readonly repeats?: boolean;
  readonly mayOverrun?: boolean;
  readonly readsWhole?: boolean;
  /** One line that says what a packet of it is about. */
  info?(values: Values<F>, sizes: LayerSizes): string;
  readonly pseudoHeader?: readonly [from: number, to: number];
  endpoints?(values: Values<F>): Endpoints;
}

/** Several where the value is another one in some cases; each whose condition holds counts. */
export type DerivedChoice = DerivedOptions | readonly DerivedOptions[];

export interface DerivedOptions {
  readonly type: FactType;
  readonly title?: string;
  /**
   * "carried" is the payload with what the layer below has behind it. Several: the name stands for each of them, as
   * "eth.ig" for both addresses' bits.
   */
  readonly value: "payload" | "carried" | string | Finder | readonly (string | Finder)[];
  readonly when?: string;
}

/** Declares a message. Throws for a declaration that cannot be right. */
export function message<const F extends Fields>(name: string, options: MessageOptions<F>): Message<F> {
  const members = membersOf(name, options);
  const headerSize = options.headerSize === undefined ? undefined : parseExpression(options.headerSize);
  const rules = options.next === undefined ? [] : [options.next].flat();
  return {
    name,
    protocol: options.protocol ?? name,
    title: options.title ?? titleOf(name),
    ...(options.label !== undefined && { label: options.label }),
    ...(options.about !== undefined && { about: options.about }),
    ...(options.rfc !== undefined && { rfc: options.rfc }),
    fields: options.fields,
    members,
    ...(headerSize && { headerSize }),
    headerSizeAfter: headerSize ? lastNamed(headerSize, members) + 1 : 0,
    ...(options.needs !== undefined && { needs: parseExpression(options.needs) }),
    ...(options.size !== undefined && { size: parseExpression(options.size) }),
    next: rules.map(({ table, key = 0, when, quoted = false, length }) => ({
      table,
      quoted,
      key: parseExpression(key),
      ...(when !== undefined && { when: parseExpression(when) }),
      ...(length !== undefined && { length: parseExpression(length) }),
    })),
    on: new Map(Object.entries(options.on ?? {}).map(([table, keys]) => [table, [keys].flat()])),
    derived: Object.entries(options.derived ?? {}).flatMap(([query, choice]) =>
      [choice].flat().flatMap((each) => derivedOf(query, each)),
    ),
    checks: [...stopsOf(options.stops ?? {}, members), ...checksOf(options.checks ?? {})],
    hasChecksums: members.some(({ spec }) => isOrHasChecksum(spec)),
    transparent: options.transparent ?? false,
    repeats: options.repeats ?? false,
    mayOverrun: options.mayOverrun ?? false,
    readsWhole: options.readsWhole ?? false,
    ...(options.pseudoHeader && { pseudoHeader: options.pseudoHeader }),
    ...(options.info && { info: options.info }),
    ...(options.endpoints && {
      endpoints: (values: Readonly<Record<string, unknown>>) => options.endpoints!(values as Values<F>),
    }),
  };
}

function checksOf(checks: Readonly<Record<string, string>>): Check[] {
  return Object.entries(checks).map(([problem, holds]) => ({ problem, holds: parseExpression(holds) }));
}

function stopsOf(stops: Readonly<Record<string, string>>, members: readonly Member[]): Check[] {
  return checksOf(stops).map((check) => ({ ...check, stopsAfter: lastNamed(check.holds, members) + 1 }));
}

function derivedOf(name: string, { type, title, value, when }: DerivedOptions): Derived[] {
  const values = typeof value === "object" ? value : [value];
  return values.map((each) => ({
    name,
    type,
    title: title ?? titleOf(name),
    ...bytesOrNumber(each),
    ...(when !== undefined && { when: parseExpression(when) }),
  }));
}

function bytesOrNumber(value: string | Finder): Pick<Derived, "find" | "carried" | "expression"> {
  if (typeof value === "function") return { find: value };
  if (value === "carried") return { carried: true };
  return value === "payload" ? {} : { expression: parseExpression(value) };
}

function isOrHasChecksum(spec: Spec): boolean {
  switch (spec.kind) {
    case "uint":
      return spec.computed?.type === "checksum";
    case "struct":
      return spec.message.hasChecksums;
    case "list":
      return isOrHasChecksum(spec.item);
    case "when":
      return isOrHasChecksum(spec.field);
    case "choose":
      return [...spec.cases.values(), spec.otherwise].some(isOrHasChecksum);
    default:
      return false;
  }
}

function membersOf(name: string, options: MessageOptions<Fields>): Member[] {
  const prefix = options.prefix ?? name;
  const members: Member[] = [];
  let run: Member[] = [];
  let runBits = 0;
  for (const [property, { spec }] of Object.entries(options.fields)) {
    if (!/^[a-z]\w*$/i.test(property) || RESERVED.has(property))
      throw new Error(
        `${name}.${property} cannot be the name of a field: a word of letters and digits, and none of ${[...RESERVED].join(", ")}`,
      );
    if (spec === undefined)
      throw new Error(`${name}.${property} is no field: computed(…) and checksum(…) go into u16(…)`);
    for (const used of namesUsed(spec))
      if (!Object.hasOwn(options.fields, used) && !RESERVED.has(used) && !used.startsWith("$"))
        throw new Error(`${name}.${property} asks for ${used}, which is no field of ${name}`);
    const title = spec.title ?? titleOf(property);
    const own = labelled(spec, { title, prefix, query: spec.query ?? [`${prefix}.${snake(property)}`] });
    const width = own.kind === "uint" || own.kind === "flags" ? own.bits : undefined;
    if (width === undefined || (run.length === 0 && width % 8 === 0)) {
      if (run.length > 0) throw new Error(`${name}.${property} does not start at a whole byte`);
      members.push({ name: property, spec: own });
      continue;
    }
    if ((runBits % 8) + width > 48) throw new Error(`${name}.${property} lies across more than six bytes`);
    if ((own.kind === "uint" || own.kind === "flags") && own.little)
      throw new Error(`${name}.${property} shares bytes with others: no such bits are little endian`);
    run.push({ name: property, spec: own, run: { offsetBits: runBits, totalBits: 0, last: false } });
    runBits += width;
    if (runBits % 8 !== 0) continue;
    members.push(...run.map((each, i) => withTotal(each, runBits, i === run.length - 1)));
    run = [];
    runBits = 0;
  }
  if (run.length > 0) throw new Error(`${name} does not end at a whole byte`);
  return members;
}

function withTotal(member: Member, totalBits: number, last: boolean): Member {
  const { offsetBits } = member.run!;
  const whole = member.spec.kind === "uint" ? member.spec.whole : undefined;
  if (whole && (offsetBits > 0 || totalBits > 32))
    throw new Error(`${member.name} cannot name the whole of its bits`);
  return {
    ...member,
    run: { offsetBits, totalBits, last },
    ...(whole && { whole: { ...whole, bits: totalBits } }),
  };
}

/** Names that expressions know besides the fields. */
const RESERVED = new Set(["rest", "size", "headerSize", "payloadSize", "quoted", "sizeOf", "count", "other"]);

/** The fields that a field's lengths and conditions ask for; those inside structures ask for their own. */
function namesUsed(spec: Spec): string[] {
  const own = (...expressions: readonly (Expression | undefined)[]): string[] =>
    expressions.flatMap((each) => (each ? [...namesIn(each)].map((used) => used.split(".")[0]!) : []));
  switch (spec.kind) {
    case "bytes":
    case "codec":
      return own(spec.length);
    case "when":
      return [...own(spec.condition), ...namesUsed(spec.field)];
    case "list":
      return [...own(spec.count, spec.length), ...namesUsed(spec.item)];
    case "choose":
      return [...own(spec.on, spec.length), ...[...spec.cases.values(), spec.otherwise].flatMap(namesUsed)];
    default:
      return [];
  }
}

function lastNamed(expression: Expression, members: readonly Member[]): number {
  const names = [...namesIn(expression)].map((name) => name.split(".")[0]);
  return members.reduce((last, { name }, i) => (names.includes(name) ? i : last), -1);
}
