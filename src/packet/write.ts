import { assert } from "#base/assert.ts";
import { checksumOf } from "#packet/checksum.ts";
import { byteOffset, evaluate, namesIn } from "#packet/expression.ts";
import type { Member, Message } from "#packet/message.ts";
import { ADDRESS_BYTES, addressBytes, bitPlace, readUint, textBytes, writeUint } from "#packet/primitive.ts";
import { byteNamed, scopeValue } from "#packet/read.ts";
import type { ChooseSpec, Computed, FlagsSpec, Spec, UintSpec } from "#packet/spec.ts";

/** Bytes that grow. */
export class Sink {
  #bytes = new Uint8Array(256);
  length = 0;

  /** Makes `count` zero bytes and returns where they start. */
  extend(count: number): number {
    const at = this.length;
    assert(at + count <= LONGEST_PACKET, `a packet of more than ${LONGEST_PACKET} bytes`);
    if (at + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(at + count, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.length += count;
    return at;
  }

  append(bytes: Uint8Array): void {
    const at = this.extend(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The bytes so far; valid until the next extend. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Far above any frame, far below what would hurt: a mistaken length must not take the memory. */
const LONGEST_PACKET = 16 * 1024 * 1024;

/** A field that was not given and is worked out when everything around it is written. */
export interface Patch {
  readonly name: string;
  readonly spec: UintSpec;
  readonly computed: Computed;
  /** Where its bytes, or those of its run, start. */
  readonly at: number;
  readonly run?: Member["run"];
}

/** A message that was written, its computed fields still zero. */
export interface Written {
  readonly message: Message;
  readonly start: number;
  readonly headerEnd: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Bytes of each field, and items of each list. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly patches: readonly Patch[];
}

export type GivenValues = Readonly<Record<string, unknown>>;

/** What a writing shares: where the layer starts, and what codecs remember of it. */
interface WriteContext {
  readonly layerStart: number;
  readonly codecState: Map<string, number>;
  /** What structures inside leave to the layer, which alone knows its payload's size. */
  readonly later: Patch[];
}

/** Writes a layer's fields; what is missing gets its default, computed fields are left to `settle`. */
export function writeLayer(sink: Sink, message: Message, given: GivenValues): Written {
  const later: Patch[] = [];
  const written = writeMessage(sink, message, given, {
    layerStart: sink.length,
    codecState: new Map(),
    later,
  });
  return later.length === 0 ? written : { ...written, patches: [...written.patches, ...later] };
}

function writeMessage(sink: Sink, message: Message, given: GivenValues, context: WriteContext): Written {
  for (const name of Object.keys(given))
    if (!message.members.some((member) => member.name === name))
      throw new TypeError(`${message.name} has no field ${name}`);
  const start = sink.length;
  const patches: Patch[] = [];
  const sizes = new Map<string, number>();
  const values = withDefaults(message, given);
  const scope = (name: string): number =>
    byteNamed(sink.bytes, start, sink.length, name) ?? scopeValue(values, name, () => 0);
  let runStart = start;
  for (const member of message.members) {
    const { name, spec, run } = member;
    const before = sink.length;
    const path = `${message.name}.${name}`;
    if (run) {
      if (run.offsetBits === 0) runStart = sink.extend(run.totalBits / 8);
      putBits(sink.bytes, runStart, run.offsetBits, spec as UintSpec, values[name], path);
    } else writeSpec(sink, spec, values[name], { context, scope, path, start });
    const inner = spec.kind === "when" ? spec.field : spec;
    const isMissing = given[name] === undefined && (spec.kind !== "when" || sink.length > before);
    if (inner.kind === "uint" && inner.computed && isMissing)
      patches.push({
        name,
        spec: inner,
        computed: inner.computed,
        at: run ? runStart : before,
        ...(run && { run }),
      });
    sizes.set(`sizeOf.${name}`, sink.length - before);
    const value = values[name];
    if (Array.isArray(value)) sizes.set(`count.${name}`, value.length);
  }
  return { message, start, headerEnd: sink.length, values, sizes, patches };
}

function withDefaults(message: Message, given: GivenValues): GivenValues {
  const values: Record<string, unknown> = {};
  for (const { name, spec } of message.members) values[name] = given[name] ?? defaultOf(spec);
  return values;
}

/** What an absent value is, where others may ask for it. */
function defaultOf(spec: Spec): unknown {
  if (spec.kind === "uint" || spec.kind === "address") return spec.initial;
  return spec.kind === "list" ? [] : undefined;
}

interface Writing {
  readonly context: WriteContext;
  readonly scope: (name: string) => number;
  readonly path: string;
  /** Where the message starts that holds the field. */
  readonly start: number;
}

function writeSpec(sink: Sink, spec: Spec, value: unknown, writing: Writing): void {
  const { context, scope, path, start } = writing;
  switch (spec.kind) {
    case "uint": {
      const at = sink.extend(spec.bits / 8);
      putUint(sink.bytes, at, spec, value ?? spec.initial, path);
      return;
    }
    case "flags": {
      const at = sink.extend(spec.bits / 8);
      writeUint(sink.bytes, at, spec.bits / 8, flagBits(spec, value, path), false);
      return;
    }
    case "address": {
      const bytes = typeof value === "string" ? addressBytes(spec.family, value) : undefined;
      if (value !== undefined && !bytes)
        throw new TypeError(`${path}: ${String(value)} is no ${spec.family} address`);
      sink.append(
        bytes ?? addressBytes(spec.family, spec.initial) ?? new Uint8Array(ADDRESS_BYTES[spec.family]),
      );
      return;
    }
    case "bytes": {
      const bytes = typeof value === "string" ? textBytes(value) : value;
      if (bytes !== undefined && !(bytes instanceof Uint8Array)) throw new TypeError(`${path} takes bytes`);
      sink.append(bytes ?? new Uint8Array(0));
      const fixed = spec.length?.type === "number" ? spec.length.value - (bytes?.length ?? 0) : 0;
      if (fixed > 0) sink.extend(fixed);
      if (spec.align && value === undefined)
        sink.extend((spec.align - ((sink.length - start) % spec.align)) % spec.align);
      return;
    }
    case "struct":
      settleStruct(sink, writeMessage(sink, spec.message, (value ?? {}) as GivenValues, context), context);
      return;
    case "when":
      if (value !== undefined || evaluate(spec.condition, scope) !== 0)
        writeSpec(sink, spec.field, value, writing);
      return;
    case "list":
      for (const [i, item] of ((value ?? []) as readonly unknown[]).entries())
        writeSpec(sink, spec.item, item, { ...writing, path: `${path}.${i}` });
      return;
    case "choose":
      writeChoice(sink, spec, value, writing);
      return;
    case "codec": {
      const offset = sink.length - context.layerStart;
      sink.append(spec.codec.write(value ?? spec.codec.initial, offset, context.codecState));
      return;
    }
  }
}

function settleStruct(sink: Sink, written: Written, { later }: WriteContext): void {
  const isLater = ({ computed }: Patch): boolean =>
    computed.type === "expression" && namesIn(computed.expression).has("payloadSize");
  const patches = written.patches.filter((patch) => !isLater(patch));
  // Its name says nothing to the layer's own expressions.
  later.push(...written.patches.filter(isLater).map((patch) => ({ ...patch, name: "" })));
  settle(sink, { ...written, patches });
}

function writeChoice(sink: Sink, spec: ChooseSpec, value: unknown, writing: Writing): void {
  const chosen =
    fittingCase(spec, value) ?? spec.cases.get(evaluate(spec.on, writing.scope)) ?? spec.otherwise;
  // Bytes in the place of a structure are what could not be read as one.
  const isRaw = value instanceof Uint8Array && chosen.kind !== "bytes";
  writeSpec(sink, isRaw ? spec.otherwise : chosen, value, writing);
}

/** Where the choice looks ahead at bytes that are still to be written, the value says what it is. */
function fittingCase({ on, cases }: ChooseSpec, value: unknown): Spec | undefined {
  const looksAhead = [...namesIn(on)].some((name) => byteOffset(name) !== undefined);
  if (!looksAhead || typeof value !== "object" || value === null || value instanceof Uint8Array)
    return undefined;
  const given = value as GivenValues;
  return [...cases.values()].find((spec) => {
    if (spec.kind !== "struct") return false;
    const { members } = spec.message;
    const isKnown = (name: string): boolean => members.some((member) => member.name === name);
    const fixed = members.flatMap((member) =>
      member.spec.kind === "uint" && member.spec.fixed ? [member] : [],
    );
    return (
      fixed.length > 0 &&
      Object.keys(given).every(isKnown) &&
      fixed.every(({ name, spec: own }) => given[name] === (own as UintSpec).initial)
    );
  });
}

function putUint(bytes: Uint8Array, at: number, spec: UintSpec, value: unknown, path: string): void {
  if (spec.bits === 64) {
    const big = BigInt.asUintN(64, BigInt(value as bigint | number));
    const [high, low] = [Number(big >> 32n), Number(big & 0xffff_ffffn)];
    writeUint(bytes, at, 4, spec.little ? low : high, spec.little);
    writeUint(bytes, at + 4, 4, spec.little ? high : low, spec.little);
    return;
  }
  writeUint(bytes, at, spec.bits / 8, checkedNumber(spec, value, path), spec.little);
}

function checkedNumber(spec: UintSpec, value: unknown, path: string): number {
  const [low, high] = spec.signed
    ? [-(2 ** (spec.bits - 1)), 2 ** (spec.bits - 1) - 1]
    : [0, 2 ** spec.bits - 1];
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    throw new TypeError(`${path} takes an integer from ${low} to ${high}, not ${String(value)}`);
  return value;
}

function flagBits(spec: FlagsSpec, value: unknown, path: string): number {
  if (value === undefined) return 0;
  if (typeof value !== "object" || value === null) throw new TypeError(`${path} takes flags by name`);
  const given = value as Readonly<Record<string, boolean | number | undefined>>;
  let bits = Number(given["other"] ?? 0) & spec.otherMask;
  for (const name of Object.keys(given))
    if (name !== "other" && !spec.flags.some((flag) => flag.name === name))
      throw new TypeError(`${path} has no flag ${name}`);
  for (const { name, mask } of spec.flags) if (given[name]) bits |= mask;
  return bits >>> 0;
}

function putBits(
  bytes: Uint8Array,
  runStart: number,
  offsetBits: number,
  spec: UintSpec | FlagsSpec,
  value: unknown,
  path: string,
): void {
  const { from, count, shift } = bitPlace(offsetBits, spec.bits);
  const number = spec.kind === "flags" ? flagBits(spec, value, path) : checkedNumber(spec, value, path);
  const mask = (2 ** spec.bits - 1) * 2 ** shift;
  const before = readUint(bytes, runStart + from, count, false);
  const kept = before - (Math.floor(before / 2 ** shift) % 2 ** spec.bits) * 2 ** shift;
  assert(mask < 2 ** 32, "a bit field inside four bytes");
  writeUint(bytes, runStart + from, count, kept + number * 2 ** shift, false);
}

/** What a layer's computed fields are worked out of, beside its own fields. */
export interface Surroundings {
  /** End of the layer's payload. */
  readonly end: number;
  /** The sum of the pseudo header's words, without the length. */
  readonly pseudoSum?: number;
  /** The key of the next layer in a table. */
  readonly keyOf?: (table: string) => number | undefined;
}

/** Works out the fields that were not given: first numbers, then checksums, which are taken over them. */
export function settle(
  sink: Sink,
  written: Written,
  around: Surroundings = { end: written.headerEnd },
): void {
  const { bytes } = sink;
  const settled = new Map<string, number>();
  const scope = (name: string): number => {
    if (name === "size") return around.end - written.start;
    if (name === "headerSize") return written.headerEnd - written.start;
    if (name === "payloadSize") return around.end - written.headerEnd;
    return settled.get(name) ?? written.sizes.get(name) ?? scopeValue(written.values, name, () => 0);
  };
  for (const patch of written.patches) {
    const { computed } = patch;
    if (computed.type === "checksum") continue;
    const value =
      computed.type === "expression"
        ? evaluate(computed.expression, scope)
        : (around.keyOf?.(computed.table) ??
          (computed.otherwise ? evaluate(computed.otherwise, scope) : Number(patch.spec.initial)));
    put(bytes, patch, value, written.message);
    settled.set(patch.name, value);
  }
  for (const patch of written.patches) {
    if (patch.computed.type !== "checksum") continue;
    const { checksum } = patch.computed;
    if (checksum.when && evaluate(checksum.when, scope) === 0) continue;
    const length = checksum.length ? evaluate(checksum.length, scope) : Infinity;
    const end = Math.min(written.start + length, around.end);
    const place = { bytes, start: written.start, headerEnd: written.headerEnd, end };
    const value = checksumOf(checksum, place, patch.at, patch.spec.bits / 8, around.pseudoSum ?? 0);
    put(bytes, patch, value, written.message);
  }
}

function put(bytes: Uint8Array, { spec, at, run }: Patch, value: number, message: Message): void {
  // A length that does not fit stays what its bits can hold: a jumbo frame's is 0 (RFC 2675), others are built wrong on purpose.
  const limit = 2 ** spec.bits;
  const fitting = spec.signed ? value : ((value % limit) + limit) % limit;
  if (run) putBits(bytes, at, run.offsetBits, spec, fitting, message.name);
  else putUint(bytes, at, spec, spec.bits === 64 ? BigInt(fitting) : fitting, message.name);
}
