import { namesIn, type Expression } from "#packet/expression.ts";
import type { Member, Message } from "#packet/message.ts";
import type { ChecksumSpec, Computed, Spec, UintSpec } from "#packet/spec.ts";
import { isSize, whenWritten, type SettleScope } from "#packet/write-expression.ts";
import { writerOf, type SpecWriter } from "#packet/write-field.ts";
import { flagReader, numberReader, placeOf, type BitPlace } from "#packet/write-number.ts";

/** How a message is written: all that its declaration says, worked out once. */
export interface WritePlan {
  readonly message: Message;
  /** What absent values are, where others may ask for them. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly known: ReadonlySet<string>;
  readonly steps: readonly Step[];
}

/** One field. */
export interface Step {
  readonly name: string;
  /** For errors. */
  readonly path: string;
  readonly write: SpecWriter;
  /** Its place, where integers share bytes. */
  readonly run: RunStep | undefined;
  readonly computed: ComputedStep | undefined;
  /** It may be absent. */
  readonly isConditional: boolean;
  /** "sizeOf.data" and "count.data"; empty when nothing asks. */
  readonly sizeName: string;
  readonly countName: string;
}

export interface RunStep {
  /** Bytes of the run that it begins; 0 for the others. */
  readonly opens: number;
  readonly place: BitPlace;
  readonly read: (value: unknown, path: string) => number;
}

interface ComputedCommon {
  readonly spec: UintSpec;
  /** Values below it fit. */
  readonly limit: number;
  readonly read: (value: unknown, path: string) => number;
  /** Only the layer can tell. */
  readonly needsPayload: boolean;
}

type Settled = (scope: SettleScope) => number;

export type ComputedStep = ComputedCommon &
  (
    | { readonly type: "expression"; readonly value: Settled }
    | {
        readonly type: "next";
        readonly table: string;
        readonly otherwise: Settled | undefined;
        readonly initial: number;
      }
    | {
        readonly type: "checksum";
        readonly checksum: ChecksumSpec;
        readonly when: Settled | undefined;
        readonly length: Settled | undefined;
      }
  );

/** The plan of a message, made when it is first written. */
export function planOf(message: Message): WritePlan {
  const known = PLANS.get(message);
  if (known) return known;
  const sizes = sizesAsked(message);
  const plan: WritePlan = {
    message,
    defaults: Object.fromEntries(message.members.map(({ name, spec }) => [name, defaultOf(spec)])),
    known: new Set(message.members.map(({ name }) => name)),
    steps: message.members.map((member) => stepOf(message, member, sizes)),
  };
  PLANS.set(message, plan);
  return plan;
}

/** Nothing but what follows from declarations, which never change. */
const PLANS = new WeakMap<Message, WritePlan>();

function stepOf(message: Message, { name, spec, run }: Member, sizes: ReadonlySet<string>): Step {
  const inner = spec.kind === "when" ? spec.field : spec;
  const isAsked = sizes.has(`sizeOf.${name}`) || sizes.has(`count.${name}`);
  return {
    name,
    path: `${message.name}.${name}`,
    write: writerOf(spec),
    run: run && runStep(spec, run),
    computed: inner.kind === "uint" && inner.computed ? computedStep(inner, inner.computed) : undefined,
    isConditional: spec.kind === "when",
    sizeName: isAsked ? `sizeOf.${name}` : "",
    countName: isAsked ? `count.${name}` : "",
  };
}

function runStep(spec: Spec, { offsetBits, totalBits }: NonNullable<Member["run"]>): RunStep {
  if (spec.kind !== "uint" && spec.kind !== "flags") throw new Error(`bits of kind ${spec.kind}`);
  return {
    opens: offsetBits === 0 ? totalBits / 8 : 0,
    place: placeOf(offsetBits, spec.bits),
    read: spec.kind === "flags" ? flagReader(spec) : numberReader(spec),
  };
}

function computedStep(spec: UintSpec, computed: Computed): ComputedStep {
  const common = {
    spec,
    limit: 2 ** spec.bits,
    read: numberReader(spec),
    needsPayload: needsPayload(computed),
  };
  const compile = (expression: Expression | undefined): Settled | undefined =>
    expression && whenWritten(expression);
  switch (computed.type) {
    case "expression":
      return { ...common, type: "expression", value: whenWritten(computed.expression) };
    case "next": {
      const { table, otherwise } = computed;
      const initial = Number(spec.initial);
      return { ...common, type: "next", table, otherwise: compile(otherwise), initial };
    }
    case "checksum": {
      const { checksum } = computed;
      const [when, length] = [compile(checksum.when), compile(checksum.length)];
      return { ...common, type: "checksum", checksum, when, length };
    }
  }
}

function needsPayload(computed: Computed): boolean {
  return computed.type === "expression" && namesIn(computed.expression).has("payloadSize");
}

/** The sizes for which computed fields ask, here and, where they are left to this layer, in structures inside. */
function sizesAsked(message: Message): ReadonlySet<string> {
  const asked = new Set<string>();
  const seen = new Set<Message>();
  const ask = (from: Message): void => {
    if (seen.has(from)) return;
    seen.add(from);
    for (const { spec } of from.members)
      eachSpec(spec, (each) => {
        if (each.kind === "struct") ask(each.message);
        else if (each.kind === "uint" && each.computed && (from === message || needsPayload(each.computed)))
          for (const name of namesAsked(each.computed)) if (isSize(name)) asked.add(name);
      });
  };
  ask(message);
  return asked;
}

function eachSpec(spec: Spec, visit: (spec: Spec) => void): void {
  visit(spec);
  if (spec.kind === "when") eachSpec(spec.field, visit);
  else if (spec.kind === "list") eachSpec(spec.item, visit);
  else if (spec.kind === "choose")
    for (const each of [...spec.cases.values(), spec.otherwise]) eachSpec(each, visit);
}

function namesAsked(computed: Computed): readonly string[] {
  const { checksum } = computed.type === "checksum" ? computed : {};
  const expressions =
    computed.type === "expression"
      ? [computed.expression]
      : computed.type === "next"
        ? [computed.otherwise]
        : [checksum!.when, checksum!.length];
  return expressions.flatMap((each) => (each ? [...namesIn(each)] : []));
}

function defaultOf(spec: Spec): unknown {
  if (spec.kind === "uint" || spec.kind === "address") return spec.initial;
  return spec.kind === "list" ? NO_ITEMS : undefined;
}

const NO_ITEMS: readonly unknown[] = Object.freeze([]);
