import { generateCondition, generateExpression } from "#packet/expression.ts";
import { Generator } from "#packet/generate.ts";
import { code, type VisitedPlace, type Visitor } from "#packet/generated-code.ts";
import { layerNames, nextLayer } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { addressBytes } from "#packet/primitive.ts";
import { bytesValue } from "#packet/read.ts";
import { walkMessage } from "#packet/query-field.ts";
import type { Registry } from "#packet/registry.ts";
import type { CodecSpec, Spec } from "#packet/spec.ts";
import type { Atom } from "#packet/query/atoms.ts";
import type { Test } from "#packet/query/checked.ts";
import { conditionOf, type ValuePlace } from "#packet/query/test-code.ts";
import type { Regexes } from "#packet/query/evaluate.ts";

/** A test of one field, and the code that notes that a value passes it or does not. */
export interface Watched {
  readonly test: Test;
  /** JavaScript for a value that passes when `condition` holds; `isNested`: in a function of its own. */
  note(condition: string, isNested: boolean): string;
}

/** Several equality tests of one field as one look into a table. */
export interface Lookup {
  readonly table: ReadonlyMap<number, readonly Atom[]>;
  /** Notes the tests that hold for a value. */
  hit(atoms: readonly Atom[]): void;
}

export interface Wishes {
  /** By the field's query name. */
  readonly watched: ReadonlyMap<string, readonly Watched[]>;
  readonly lookups: ReadonlyMap<string, Lookup>;
}

/**
 * Writes the walk over a packet's layers that visits the fields which somebody wishes to see, and nothing else: layers
 * that cannot lead to such a field end it. Variables of the code: b (bytes), at, end (by the packet's lengths), cap
 * (captured); it returns -1 where the thorough way is needed.
 */
export class WalkWriter implements Visitor {
  readonly generator: Generator;
  readonly #registry: Registry;
  readonly #wishes: Wishes;
  readonly #regexes: Regexes;
  readonly #leading: ReadonlySet<number>;
  /** One of the leading messages repeats; one is transparent. */
  readonly #isRepeated: boolean;
  readonly #isThrough: boolean;
  #notesNested = false;

  constructor(registry: Registry, wishes: Wishes, regexes: Regexes) {
    this.#registry = registry;
    this.#wishes = wishes;
    this.#regexes = regexes;
    this.generator = new Generator(this);
    this.#leading = leadingTo(registry, (message) => this.#isWished(message));
    const leading = [...this.#leading].map((number) => registry.messages[number]!);
    this.#isRepeated = leading.some(({ repeats }) => repeats);
    this.#isThrough = leading.some(({ transparent }) => transparent);
  }

  /** Whether a packet that starts with this message can have a wished field. */
  leads(message: Message): boolean {
    return this.#leading.has(this.#registry.numberOf(message));
  }

  /** Functions of their own note what they see: the variables must be outside of the walk. */
  get notesNested(): boolean {
    return this.#notesNested;
  }

  /** The loop over the layers, from the variable p, which starts as the number of `first`. */
  loop(first: Message): string {
    const reached = reachedFrom(this.#registry, this.#registry.numberOf(first));
    const cases = [...this.#leading].filter((each) => reached.has(each)).map((number) => this.#case(number));
    return [
      // Where a transparent layer starts: the next one's bytes start there.
      ...(this.#isThrough ? ["let ts = -1;"] : []),
      // Another message behind one that repeats: its number, where it is, and how deep.
      ...(this.#isRepeated ? ["let rp = -1, ra = 0, re = 0, rn = 0;"] : []),
      `for (let n = 0; n < ${MOST_LAYERS} && p >= 0; n++) {`,
      "switch (p) {",
      ...cases,
      "default: p = -1;",
      "}",
      ...(this.#isRepeated
        ? [
            `if (rp >= 0 && (p < 0 || n === ${MOST_LAYERS - 1})) {`,
            "p = rp, at = ra, end = re, n = rn - 1, rp = -1;",
            "}",
          ]
        : []),
      "}",
    ].join("\n");
  }

  #wants(name: string): boolean {
    return this.#wishes.watched.has(name) || this.#wishes.lookups.has(name);
  }

  #isWished(message: Message): boolean {
    let found = this.#wants(message.protocol) || this.#wantsDerived(message);
    walkMessage(message, (spec) => (found ||= this.wants(spec)));
    return found;
  }

  wants(spec: Spec): boolean {
    if (spec.query?.some((name) => this.#wants(name))) return true;
    if (spec.kind === "flags")
      return spec.flags.some(({ query }) => query?.some((name) => this.#wants(name)) ?? false);
    if (spec.kind === "struct") return this.#wantsDerived(spec.message);
    return spec.kind === "codec" && (spec.codec.facts ?? []).some(({ query }) => this.#wants(query));
  }

  #wantsDerived({ derived }: Message): boolean {
    return derived.some(({ name }) => this.#wants(name));
  }

  visit(spec: Spec, place: VisitedPlace): string {
    if (!this.wants(spec)) return "";
    const lines: string[] = [];
    if (spec.kind === "codec" && spec.codec.facts) return this.#codecFacts(spec, place);
    // What a structure has beside its fields is rare: the thorough reading tells.
    if (spec.kind === "struct" && this.#wantsDerived(spec.message)) return this.generator.giveUp;
    const whole = this.#placeOf(spec, place);
    for (const name of spec.query ?? []) lines.push(this.#notes(name, whole));
    if (spec.kind === "flags")
      for (const { mask, query } of spec.flags)
        for (const name of query ?? []) {
          const value = `((${place.value} & ${mask}) !== 0 ? 1 : 0)`;
          lines.push(this.#notes(name, { ...place, value, form: "number" }));
        }
    return lines.join("\n");
  }

  #placeOf(spec: Spec, place: VisitedPlace): ValuePlace {
    switch (spec.kind) {
      case "uint":
        return { ...place, form: spec.bits > 48 ? "big" : "number" };
      case "flags":
        return { ...place, form: "number" };
      case "address":
        return { ...place, form: spec.family === "ipv4" ? "ipv4" : "bytes" };
      case "bytes": {
        if (spec.form === "bytes") return { ...place, form: "bytes" };
        if (spec.length?.type !== "number") return { ...place, form: "text" };
        const { generator } = this;
        const comparable = `${generator.constant(bytesValue)}(b, ${place.start}, ${place.end}, ${generator.constant(spec)})`;
        return { ...place, form: "other", comparable };
      }
      case "codec": {
        const comparable = `${this.generator.constant(spec.codec)}.show(${place.value})`;
        return { ...place, form: "other", comparable };
      }
      default:
        return { ...place, form: "bytes" };
    }
  }

  /** What a codec found comes by name; the values are JavaScript's. */
  #codecFacts(spec: CodecSpec, place: VisitedPlace): string {
    const branches = (spec.codec.facts ?? []).flatMap(({ query, type }) => {
      if (!this.#wants(query)) return [];
      if (type === "none") {
        // It is there: its bytes are the field's.
        const notes = this.#notes(query, { ...place, form: "bytes" }, true);
        return [`if (name === ${this.generator.constant(query)}) {\n${notes}\n}`];
      }
      const found = {
        start: "0",
        end: "0",
        value: "value",
        // Addresses come as text and are compared as bytes.
        comparable:
          type === "ipv4" || type === "ipv6" || type === "mac"
            ? `${this.generator.constant(addressBytes)}(${this.generator.constant(type)}, value)`
            : "value",
        form: "other",
      } as const;
      const notes = this.#notes(query, found, true);
      return [`if (name === ${this.generator.constant(query)}) {\n${notes}\n}`];
    });
    const take = this.generator.name("t");
    return [
      `const ${take} = (name, value) => {`,
      branches.join(" else "),
      "};",
      `${this.generator.constant(spec.codec)}.factsOf(${place.value}, ${take});`,
    ].join("\n");
  }

  /** `isInside`: the code stands in a function of its own, from which it cannot answer for the packet. */
  #notes(name: string, place: ValuePlace, isInside = this.generator.isNested): string {
    const lines: string[] = [];
    this.#notesNested ||= this.generator.isNested;
    const lookup = this.#wishes.lookups.get(name);
    if (lookup) {
      const found = this.generator.name("h");
      const [table, hit] = [this.generator.constant(lookup.table), this.generator.constant(lookup.hit)];
      lines.push(
        `const ${found} = ${table}.get(${numberCode(place)});`,
        `if (${found} !== undefined) ${hit}(${found});`,
      );
    }
    for (const watched of this.#wishes.watched.get(name) ?? []) {
      const constants = (value: unknown): string => this.generator.constant(value);
      const condition = conditionOf(watched.test, place, constants, this.#regexes);
      lines.push(watched.note(condition, isInside));
    }
    return lines.join("\n");
  }

  #case(number: number): string {
    const message = this.#registry.messages[number]!;
    const { generator } = this;
    const derived = message.derived.filter(({ name }) => this.#wants(name));
    const names = layerNames(message);
    for (const { expression, when } of derived) addNames(names, expression, when);
    const { lines, next, nameOf } = generator.body(message, names, true);
    const inLayer = (name: string): string => {
      if (name === "rest") return "(end - hend)";
      if (name === "headerSize") return "(hend - at)";
      if (name === "payloadSize") return "(lend - hend)";
      return name === "size" ? "(lend - at)" : nameOf(name);
    };
    const visits = derived.map(({ name, expression, find, when, type, carried }) => {
      const test = when ? generateCondition(when, inLayer) : "true";
      // Only the packet's layers together tell.
      if (find) return `if (${test}) ${generator.giveUp}`;
      const bytesForm = type === "ipv4" ? "ipv4" : "bytes";
      const notes = expression
        ? this.#notes(name, {
            value: generateExpression(expression, inLayer),
            start: "at",
            end: "hend",
            form: type === "none" ? "bytes" : "number",
          })
        : this.#notes(name, { value: "", start: "hend", end: carried ? "lim" : "pend", form: bytesForm });
      return `if (${test}${expression ? "" : " && pend > hend"}) {\n${notes}\n}`;
    });
    if (!message.transparent && this.#wants(message.protocol)) {
      const start = this.#isThrough ? "(ts < 0 ? at : ts)" : "at";
      visits.push(this.#notes(message.protocol, { value: "", start, end: "pend", form: "bytes" }));
    }
    const follow = nextLayer(this.#registry, message, generator, inLayer, (each) => this.#leading.has(each));
    return [
      `case ${number}: {`,
      "const lim = end < cap ? end : cap, ls = at;",
      lines,
      `const hend = ${code(next)};`,
      ...(message.size
        ? [
            `const lend = at + ${generateExpression(message.size, inLayer)};`,
            `if (lend < hend || lend > end) ${generator.giveUp}`,
          ]
        : ["const lend = end;"]),
      ...message.checks
        .filter(({ stopsAfter }) => stopsAfter === undefined)
        .map(({ holds }) => `if (!${generateCondition(holds, inLayer)}) ${generator.giveUp}`),
      ...(visits.length > 0 ? ["const pend = lend < cap ? lend : cap;"] : []),
      ...visits,
      follow,
      ...(this.#isThrough ? [`ts = ${message.transparent ? "at" : -1};`] : []),
      ...(message.repeats ? [`if (lend < lim) rp = ${number}, ra = lend, re = end, rn = n;`] : []),
      "at = hend;",
      "end = lend;",
      "p = nx;",
      "break;",
      "}",
    ].join("\n");
  }
}

/** As many layers as a Packet has at most. */
const MOST_LAYERS = 64;

function numberCode(place: ValuePlace): string {
  if (place.form !== "ipv4") return place.value;
  const byte = (i: number): string => `b[${place.start} + ${i}]`;
  return `(((${byte(0)} << 24) | (${byte(1)} << 16) | (${byte(2)} << 8) | ${byte(3)}) >>> 0)`;
}

function addNames(
  names: Set<string>,
  ...expressions: (Parameters<typeof generateExpression>[0] | undefined)[]
): void {
  for (const expression of expressions)
    if (expression)
      generateExpression(expression, (name) => {
        names.add(name.split(".")[0]!);
        return "0";
      });
}

/** Numbers of the messages that are wished, or from which a payload leads to one. */
function leadingTo(registry: Registry, isWished: (message: Message) => boolean): ReadonlySet<number> {
  const leading = new Set<number>();
  const targets = registry.messages.map((message) => followersOf(registry, message));
  for (const [number, message] of registry.messages.entries()) if (isWished(message)) leading.add(number);
  for (let size = -1; size !== leading.size;) {
    size = leading.size;
    for (const [number, following] of targets.entries())
      if ([...following].some((each) => leading.has(each))) leading.add(number);
  }
  return leading;
}

/** Numbers of the messages that a payload can be. */
function followersOf(registry: Registry, message: Message): ReadonlySet<number> {
  const found = new Set(message.next.flatMap((rule) => [...registry.table(rule.table).values()]));
  // Also what names no next layer may end before its bytes do.
  found.add(registry.numberOf(registry.fallback));
  return found;
}

function reachedFrom(registry: Registry, first: number): ReadonlySet<number> {
  const reached = new Set([first]);
  // A set's iteration goes on with what is added meanwhile.
  for (const number of reached)
    for (const each of followersOf(registry, registry.messages[number]!)) reached.add(each);
  return reached;
}
