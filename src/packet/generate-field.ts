import { byteOffset, generateCondition, generateExpression, type Expression } from "#packet/expression.ts";
import {
  ADDRESS_TEXTS,
  bitsCode,
  code,
  fixedSize,
  flagTable,
  signedCode,
  uintCode,
  type Place,
  type Region,
  type Result,
  type Scope,
  type Visitor,
} from "#packet/generated-code.ts";
import type { Member, Message } from "#packet/message.ts";
import { ADDRESS_BYTES, bytesBetween, readText, readWide, toSigned } from "#packet/primitive.ts";
import { flagValues } from "#packet/read.ts";
import type { ChooseSpec, CodecSpec, FlagsSpec, ListSpec, Spec, UintSpec } from "#packet/spec.ts";

/** Writes the code that reads single fields; how fields make a message is the Generator's. */
export abstract class FieldGenerator {
  /** Values that the generated code uses: k0 is K[0]. */
  readonly constants: unknown[] = [];
  protected readonly visitor: Visitor | undefined;
  /** How many functions deep the code is that is being made. */
  protected nested = 0;
  readonly #flagTables = new Map<FlagsSpec, unknown>();
  readonly #readings = new Map<() => number, string>();
  #fresh = 0;

  /** With a visitor the code visits, without one it builds values. */
  constructor(visitor?: Visitor) {
    this.visitor = visitor;
  }

  abstract functionFor(message: Message): string;

  /** The code that is being made stands in a function of its own. */
  get isNested(): boolean {
    return this.nested > 0;
  }

  /** JavaScript of giving up. */
  get giveUp(): string {
    return this.visitor ? "return -1;" : "return undefined;";
  }

  name(prefix: string): string {
    return `${prefix}${this.#fresh++}`;
  }

  /** The name under which generated code knows a value. */
  constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    return `k${known >= 0 ? known : this.constants.push(value) - 1}`;
  }

  /** The variable that holds what `begin` returned for this layer. */
  #reading(begin: () => number): string {
    const known = this.#readings.get(begin) ?? this.name("r");
    this.#readings.set(begin, known);
    return known;
  }

  /** Declarations of the variables by which codecs know the layer, and code that begins a layer. */
  get readings(): { readonly declared: string; readonly begun: string } {
    const all = [...this.#readings];
    const declared = all.map(([, name]) => `let ${name} = 0;`).join("\n");
    return { declared, begun: all.map(([begin, name]) => `${name} = ${this.constant(begin)}();`).join("\n") };
  }

  /** JavaScript of a name in an expression, as a number. */
  protected nameOf(name: string, scope: Scope, place: Place): string {
    if (name === "rest") return `(${scope.region.end} - (${code(place)}))`;
    const offset = byteOffset(name);
    if (offset !== undefined) return `(at + ${offset} < lim ? b[at + ${offset}] : 0)`;
    return scope.names.get(name) ?? "0";
  }

  /** Asks once for all fields of fixed size that follow each other. */
  #ensure(scope: Scope, place: Place, members: readonly Member[], size: number, lines: string[]): void {
    const needed = place.offset + size;
    if ((scope.checked.get(place.base) ?? 0) >= needed) return;
    let total = place.offset;
    for (const { spec, run } of members) {
      const fixed = run ? (run.last ? run.totalBits / 8 : 0) : fixedSize(spec);
      if (fixed === undefined) break;
      total += fixed;
    }
    total = Math.max(total, needed);
    scope.checked.set(place.base, total);
    lines.push(`if (${place.base} + ${total} > ${scope.region.limit}) ${this.giveUp}`);
  }

  protected runMember(
    member: Member,
    scope: Scope,
    place: Place,
    lines: string[],
    following: readonly Member[],
  ): Result {
    const run = member.run!;
    const spec = member.spec as UintSpec | FlagsSpec;
    const bytes = run.totalBits / 8;
    if (run.offsetBits === 0) this.#ensure(scope, place, following, bytes, lines);
    const { whole: together } = member;
    if (together && this.visitor?.wants(together)) {
      const end = code({ ...place, offset: place.offset + bytes });
      const value = uintCode(place, bytes, false);
      lines.push(this.visitor.visit(together, { value, start: code(place), end }));
    }
    const raw = this.#signed(spec, bitsCode(place, run.offsetBits, spec.bits));
    const next = run.last ? { base: place.base, offset: place.offset + bytes } : place;
    return this.#number(
      spec,
      raw,
      scope,
      lines,
      member.name,
      place,
      { ...place, offset: place.offset + bytes },
      next,
    );
  }

  /** Binds an integer or flags when anybody needs them. */
  #number(
    spec: UintSpec | FlagsSpec,
    raw: string,
    scope: Scope,
    lines: string[],
    name: string | undefined,
    start: Place,
    end: Place,
    next: Place,
  ): Result {
    const isReferenced = name !== undefined && scope.referenced.has(name);
    const isVisited = this.visitor?.wants(spec) ?? false;
    if (this.visitor && !isReferenced && !isVisited) return { value: "0", next };
    const variable = this.name("v");
    lines.push(`const ${variable} = ${raw};`);
    if (name !== undefined) {
      const isBig = spec.kind === "uint" && spec.bits > 48;
      scope.names.set(name, isBig ? `Number(${variable})` : variable);
      if (spec.kind === "flags")
        for (const flag of spec.flags)
          scope.names.set(`${name}.${flag.name}`, `((${variable} & ${flag.mask}) !== 0 ? 1 : 0)`);
      if (spec.kind === "flags")
        scope.names.set(`${name}.other`, `((${variable} & ${spec.otherMask}) >>> 0)`);
    }
    if (isVisited)
      lines.push(this.visitor!.visit(spec, { value: variable, start: code(start), end: code(end) }));
    return { value: spec.kind === "flags" ? this.#flags(spec, variable) : variable, next };
  }

  /** Flags of up to 16 bits come out of a table: every combination is made once and shared, frozen. */
  #flags(spec: FlagsSpec, raw: string): string {
    if (this.visitor) return raw;
    if (spec.bits > 16) return `${this.constant(flagValues)}(${this.constant(spec)}, ${raw})`;
    const known = this.#flagTables.get(spec) ?? flagTable(spec);
    this.#flagTables.set(spec, known);
    return spec.bits <= 8 ? `${this.constant(known)}[${raw}]` : `${this.constant(known)}(${raw})`;
  }

  protected field(
    spec: Spec,
    scope: Scope,
    place: Place,
    lines: string[],
    following: readonly Member[] = [],
    name?: string,
  ): Result {
    const after = (size: number): Place => ({ base: place.base, offset: place.offset + size });
    switch (spec.kind) {
      case "uint":
      case "flags": {
        const size = spec.bits / 8;
        this.#ensure(scope, place, following, size, lines);
        const raw = this.#uint(spec, place);
        return this.#number(spec, raw, scope, lines, name, place, after(size), after(size));
      }
      case "address": {
        const size = ADDRESS_BYTES[spec.family];
        this.#ensure(scope, place, following, size, lines);
        lines.push(
          this.visitor?.visit(spec, { value: "", start: code(place), end: code(after(size)) }) ?? "",
        );
        // A visitor has seen the bytes; making the text would cost more than all the rest.
        const text = this.visitor ? "0" : `${this.constant(ADDRESS_TEXTS[spec.family])}(b, ${code(place)})`;
        return { value: text, next: after(size) };
      }
      case "bytes":
        return this.#bytes(spec, scope, place, lines, following);
      case "struct": {
        const result = this.#call(spec.message, scope, place, lines);
        const visited = { value: "", start: code(place), end: code(result.next) };
        lines.push(this.visitor?.visit(spec, visited) ?? "");
        return result;
      }
      case "when":
        return this.#when(spec.condition, spec.field, scope, place, lines, name);
      case "list":
        return this.#list(spec, scope, place, lines);
      case "choose":
        return this.#choose(spec, scope, place, lines);
      case "codec":
        return this.#codec(spec, scope, place, lines, name);
    }
  }

  #uint(spec: UintSpec | FlagsSpec, place: Place): string {
    const size = spec.bits / 8;
    if (spec.kind === "uint" && spec.bits > 48)
      return `${this.constant(readWide)}(b, ${code(place)}, ${size}, ${spec.little}, ${spec.signed})`;
    return this.#signed(spec, uintCode(place, size, spec.little));
  }

  #signed(spec: UintSpec | FlagsSpec, raw: string): string {
    if (spec.kind === "flags" || !spec.signed) return raw;
    return signedCode(raw, spec.bits, spec.bits > 32 ? this.constant(toSigned) : "");
  }

  #bytes(
    spec: Spec & { kind: "bytes" },
    scope: Scope,
    place: Place,
    lines: string[],
    following: readonly Member[],
  ): Result {
    const fixed = fixedSize(spec);
    let end: string;
    let next: Place;
    if (fixed !== undefined) {
      this.#ensure(scope, place, following, fixed, lines);
      next = { base: place.base, offset: place.offset + fixed };
      end = code(next);
    } else {
      end = this.#regionEnd(spec.length, scope, place, lines).end;
      next = { base: end, offset: 0 };
    }
    const start = code(place);
    lines.push(this.visitor?.visit(spec, { value: "", start, end }) ?? "");
    if (this.visitor) return { value: "0", next };
    const variable = this.name("v");
    if (spec.form === "bytes")
      lines.push(`const ${variable} = ${this.constant(bytesBetween)}(b, ${start}, ${end});`);
    else if (spec.length?.type === "number") {
      const last = this.name("t");
      lines.push(`let ${last} = ${end};\nwhile (${last} > ${start} && b[${last} - 1] === 0) ${last}--;`);
      lines.push(`const ${variable} = ${this.constant(readText)}(b, ${start}, ${last});`);
    } else lines.push(`const ${variable} = ${this.constant(readText)}(b, ${start}, ${end});`);
    return { value: variable, next };
  }

  /** Binds where a region of `length` bytes ends; without a length, the region around it must have been captured whole. */
  #regionEnd(length: Expression | undefined, scope: Scope, place: Place, lines: string[]): Region {
    const { end, limit } = scope.region;
    if (!length) {
      if (end !== limit) lines.push(`if (${end} !== ${limit}) ${this.giveUp}`);
      return { end: limit, limit };
    }
    const variable = this.name("e");
    const size = generateExpression(length, (name) => this.nameOf(name, scope, place));
    lines.push(`const ${variable} = ${code(place)} + ${size};`);
    lines.push(`if (${variable} > ${limit} || ${variable} < ${code(place)}) ${this.giveUp}`);
    return { end: variable, limit: variable };
  }

  #call(message: Message, scope: Scope, place: Place, lines: string[]): Result {
    const result = this.name("v");
    const next = this.name("p");
    lines.push(
      `const ${result} = ${this.functionFor(message)}(b, ${code(place)}, ${scope.region.end}, cap, ls);`,
    );
    if (this.visitor) lines.push(`if (${result} < 0) ${this.giveUp}`, `const ${next} = ${result};`);
    else lines.push(`if (${result} === undefined) ${this.giveUp}`, `const ${next} = R.next;`);
    return { value: result, next: { base: next, offset: 0 } };
  }

  #when(
    condition: Expression,
    field: Spec,
    scope: Scope,
    place: Place,
    lines: string[],
    name: string | undefined,
  ): Result {
    const value = this.name("v");
    const next = this.name("p");
    const test = generateCondition(condition, (each) => this.nameOf(each, scope, place));
    const inside: string[] = [];
    const inner: Scope = { ...scope, names: new Map(scope.names), checked: new Map(scope.checked) };
    const result = this.field(field, inner, place, inside, [], name);
    lines.push(`let ${value}, ${next} = ${code(place)};`, `if ${test} {`, ...inside);
    lines.push(`${value} = ${result.value};`, `${next} = ${code(result.next)};`, "}");
    if (name !== undefined && (field.kind === "uint" || field.kind === "flags" || field.kind === "codec"))
      scope.names.set(name, field.kind === "flags" ? "0" : `(${value} === undefined ? 0 : Number(${value}))`);
    return { value, next: { base: next, offset: 0 } };
  }

  #list(spec: ListSpec, scope: Scope, place: Place, lines: string[]): Result {
    const [items, next] = [this.name("l"), this.name("p")];
    const region =
      spec.count && !spec.length ? scope.region : this.#regionEnd(spec.length, scope, place, lines);
    const count = spec.count && generateExpression(spec.count, (name) => this.nameOf(name, scope, place));
    const [index, left] = [this.name("i"), this.name("n")];
    lines.push(`let ${next} = ${code(place)}${count === undefined ? "" : `, ${left} = ${count}`};`);
    if (!this.visitor) {
      // An array that grows takes room for 17 items at once.
      const isCounted = count !== undefined && !spec.until;
      const room = isCounted ? `${left} > 0 && ${left} <= ${MOST_ROOM} ? new Array(${left}) : []` : "[]";
      lines.push(`const ${items} = ${room};`, `let ${index} = 0;`);
    }
    lines.push(
      count === undefined ? `while (${next} < ${region.end}) {` : `for (; ${left} > 0; ${left}--) {`,
    );
    const inner: Scope = { ...scope, names: new Map(), checked: new Map(), region, referenced: new Set() };
    const start = this.name("s");
    lines.push(`const ${start} = ${next};`);
    const item = this.field(spec.item, inner, { base: start, offset: 0 }, lines);
    if (!this.visitor) lines.push(`${items}[${index}++] = ${item.value};`);
    lines.push(`${next} = ${code(item.next)};`, `if (${next} <= ${start}) ${this.giveUp}`);
    if (spec.until) lines.push(`if ${this.#endsList(spec, start, `(${region.end} - ${next})`)} break;`);
    lines.push("}");
    if (spec.length) lines.push(`if (${next} !== ${region.end}) ${this.giveUp}`);
    return { value: this.visitor ? "0" : items, next: { base: next, offset: 0 } };
  }

  /** The condition that ends a list, on the bytes of the item that starts at `start`: its names are integers at fixed places. */
  #endsList(spec: ListSpec, start: string, rest: string): string {
    const message = (spec.item as Spec & { kind: "struct" }).message;
    const nameOf = (name: string): string => {
      if (name === "rest") return rest;
      let offset = 0;
      for (const member of message.members) {
        const { spec, run } = member;
        const size = run ? (run.last ? run.totalBits / 8 : 0) : fixedSize(spec);
        if (member.name === name && spec.kind === "uint" && size !== undefined && spec.bits <= 48)
          return this.#signed(
            spec,
            run
              ? bitsCode({ base: start, offset }, run.offsetBits, spec.bits)
              : uintCode({ base: start, offset }, size, spec.little),
          );
        if (size === undefined) break;
        offset += size;
      }
      throw new Error(`${message.name}.${name} cannot end a list: it is not at a fixed place`);
    };
    return generateCondition(spec.until!, nameOf);
  }

  #choose(spec: ChooseSpec, scope: Scope, place: Place, lines: string[]): Result {
    const key = generateExpression(spec.on, (name) => this.nameOf(name, scope, place));
    const region = spec.length ? this.#regionEnd(spec.length, scope, place, lines) : scope.region;
    const [value, next] = [this.name("v"), this.name("p")];
    if (spec.raw)
      lines.push(this.visitor?.visit(spec.raw, { value: "", start: code(place), end: region.end }) ?? "");
    lines.push(`let ${value}, ${next};`, `switch (${key}) {`);
    const branch = (label: string, field: Spec): void => {
      const inner: Scope = { ...scope, names: new Map(scope.names), checked: new Map(), region };
      lines.push(`${label}: {`);
      const result = this.field(field, inner, place, lines);
      lines.push(`${value} = ${result.value};`, `${next} = ${code(result.next)};`, "break;", "}");
    };
    for (const [number, field] of spec.cases) branch(`case ${number}`, field);
    branch("default", spec.otherwise);
    lines.push("}");
    if (spec.length) lines.push(`if (${next} !== ${region.end}) ${this.giveUp}`);
    return { value, next: { base: next, offset: 0 } };
  }

  #codec(spec: CodecSpec, scope: Scope, place: Place, lines: string[], name: string | undefined): Result {
    const bounded = spec.length ? this.#regionEnd(spec.length, scope, place, lines) : scope.region;
    const found = this.name("c");
    const next = this.name("p");
    const reading = spec.codec.begin && !this.visitor ? `, ${this.#reading(spec.codec.begin)}` : "";
    lines.push(
      `const ${found} = ${this.constant(spec.codec)}.read(b, ${code(place)}, ${bounded.limit}, ls${reading});`,
      `if (${found}.error !== undefined || ${found}.problem !== undefined) ${this.giveUp}`,
      `const ${next} = ${found}.next;`,
    );
    if (spec.length) lines.push(`if (${next} !== ${bounded.end}) ${this.giveUp}`);
    const value = `${found}.value`;
    if (name !== undefined) scope.names.set(name, `Number(${value})`);
    lines.push(this.visitor?.visit(spec, { value, start: code(place), end: next }) ?? "");
    return { value, next: { base: next, offset: 0 } };
  }
}

/** Lists of more items grow as they are read: their number is what the packet says, and may be a lie. */
const MOST_ROOM = 16;
