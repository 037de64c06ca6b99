import type { Message } from "#packet/message.ts";
import { putBits, putInteger, putLong } from "#packet/write-number.ts";
import { checksumOf } from "#packet/checksum.ts";
import { Sink } from "#packet/sink.ts";
import type { Numbers, SettleScope } from "#packet/write-expression.ts";
import { planOf, type ComputedStep, type Step, type WritePlan } from "#packet/write-plan.ts";

/*
 * Writing a message takes two passes. First the fields in their order, by a plan that is made of the declaration once
 * (write-plan.ts); then what depends on what is around it: lengths, the numbers of next layers, checksums.
 */

/** A field that was not given and is worked out when everything around it is written. */
export interface Patch {
  readonly step: Step;
  readonly computed: ComputedStep;
  /** Where its bytes, or those of its run, start. */
  readonly at: number;
  /** It is a structure's inside: its name says nothing to the layer's own expressions. */
  readonly isInner: boolean;
}

/** A message that was written, its computed fields still zero. */
export interface Written {
  readonly message: Message;
  readonly start: number;
  readonly headerEnd: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Bytes of fields ("sizeOf.data") and items of lists ("count.items") that something asks for. */
  readonly sizes: Numbers;
  readonly patches: readonly Patch[];
}

export type GivenValues = Readonly<Record<string, unknown>>;

/** What the writing of a layer shares: where it starts, and what codecs remember of it. */
export class WriteContext {
  readonly layerStart: number;
  /** What structures inside leave to the layer, which alone knows its payload's size. */
  readonly later: Patch[] = [];
  #codecState: Map<string, number> | undefined;

  constructor(layerStart: number) {
    this.layerStart = layerStart;
  }

  get codecState(): Map<string, number> {
    return (this.#codecState ??= new Map());
  }
}

/** A message that is being written. */
export interface Writing {
  readonly context: WriteContext;
  readonly values: Readonly<Record<string, unknown>>;
  readonly start: number;
  readonly sink: Sink;
}

/** Writes a layer's fields; what is missing gets its default, computed fields are left to `settle`. */
export function writeLayer(sink: Sink, message: Message, given: GivenValues): Written {
  const context = new WriteContext(sink.length);
  const written = writeMessage(sink, message, given, context);
  if (context.later.length === 0) return written;
  return { ...written, patches: [...written.patches, ...context.later] };
}

/** Writes a structure inside a layer, all but what depends on the layer's payload. */
export function writeStruct(sink: Sink, message: Message, given: GivenValues, context: WriteContext): void {
  const written = writeMessage(sink, message, given, context);
  if (written.patches.length === 0) return;
  const patches = written.patches.filter(({ computed }) => !computed.needsPayload);
  for (const patch of written.patches)
    if (patch.computed.needsPayload) context.later.push({ ...patch, isInner: true });
  settle(sink, { ...written, patches }, { end: written.headerEnd });
}

function writeMessage(sink: Sink, message: Message, given: GivenValues, context: WriteContext): Written {
  const plan = planOf(message);
  const values = valuesOf(plan, given);
  const start = sink.length;
  const writing: Writing = { context, values, start, sink };
  let patches = NO_PATCHES;
  let sizes = NO_SIZES;
  let runStart = start;
  for (const step of plan.steps) {
    const before = sink.length;
    const value = values[step.name];
    if (step.run) {
      if (step.run.opens > 0) runStart = sink.extend(step.run.opens);
      putBits(sink.raw, runStart, step.run.place, step.run.read(value, step.path));
    } else step.write(sink, value, writing, step.path);
    const { computed } = step;
    if (computed && given[step.name] === undefined && (!step.isConditional || sink.length > before)) {
      if (patches === NO_PATCHES) patches = [];
      patches.push({ step, computed, at: step.run ? runStart : before, isInner: false });
    }
    if (!step.sizeName) continue;
    if (sizes === NO_SIZES) sizes = {};
    sizes[step.sizeName] = sink.length - before;
    if (Array.isArray(value)) sizes[step.countName] = value.length;
  }
  return { message, start, headerEnd: sink.length, values, sizes, patches };
}

const NO_PATCHES: Patch[] = [];
const NO_SIZES: Record<string, number> = {};

/** What was given, and defaults for the rest. */
function valuesOf({ message, defaults, known }: WritePlan, given: GivenValues): Record<string, unknown> {
  const values = { ...defaults };
  for (const name of Object.keys(given)) {
    if (!known.has(name)) throw new TypeError(`${message.name} has no field ${name}`);
    const value = given[name];
    if (value !== undefined && value !== null) values[name] = value;
  }
  return values;
}

/** What a layer's computed fields are worked out of, beside its own fields. */
export interface Surroundings {
  /** End of the layer's payload. */
  readonly end: number;
  /** The sum of the pseudo header's words, without the length. */
  readonly pseudoSum?: () => number | undefined;
  /** The key of the next layer in a table. */
  readonly keyOf?: (table: string) => number | undefined;
}

/** Works out the fields that were not given: first numbers, then checksums, which are taken over them. */
export function settle(sink: Sink, written: Written, around: Surroundings): void {
  const { start, headerEnd, values, sizes } = written;
  const settled = new Map<string, number>();
  const scope: SettleScope = {
    values,
    sizes,
    settled,
    size: around.end - start,
    headerSize: headerEnd - start,
    payloadSize: around.end - headerEnd,
  };
  for (const patch of written.patches) {
    const { computed } = patch;
    if (computed.type === "checksum") continue;
    const value =
      computed.type === "expression"
        ? computed.value(scope)
        : (around.keyOf?.(computed.table) ??
          (computed.otherwise ? computed.otherwise(scope) : computed.initial));
    put(sink, patch, value, written.message);
    if (!patch.isInner) settled.set(patch.step.name, value);
  }
  for (const patch of written.patches) {
    const { computed } = patch;
    if (computed.type !== "checksum" || (computed.when && computed.when(scope) === 0)) continue;
    const length = computed.length ? computed.length(scope) : Infinity;
    const end = Math.min(start + length, around.end);
    const place = { bytes: sink.raw, start, headerEnd, end };
    const pseudoSum = computed.checksum.pseudo ? (around.pseudoSum?.() ?? 0) : 0;
    const value = checksumOf(computed.checksum, place, patch.at, computed.spec.bits / 8, pseudoSum);
    put(sink, patch, value, written.message);
  }
}

function put({ raw }: Sink, { step, computed, at }: Patch, value: number, message: Message): void {
  const { bits, signed, little } = computed.spec;
  // A length that does not fit stays what its bits can hold: a jumbo frame's is 0 (RFC 2675), others are built wrong on purpose.
  const { limit } = computed;
  const fitting = signed ? value : ((value % limit) + limit) % limit;
  if (bits > 48) return putLong(raw, at, bits / 8, little, fitting);
  const checked = computed.read(fitting, message.name);
  if (step.run) putBits(raw, at, step.run.place, checked);
  else putInteger(raw, at, bits / 8, checked, little);
}
