import type { Random } from "#base/random.ts";
import { emit } from "#packet/build.ts";
import { evaluate, namesIn, type Expression } from "#packet/expression.ts";
import type { Fields, Given, Member, Message, Values } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { readAddress, ADDRESS_BYTES } from "#packet/primitive.ts";
import { flagValues, scopeValue } from "#packet/read.ts";
import type { BytesSpec, ChooseSpec, ListSpec, Spec, UintSpec } from "#packet/spec.ts";

/**
 * Random values that a message can hold, whole, computed fields included: emit and parse bring them back unchanged.
 * Throws when none are found, which is the declaration's mistake.
 */
export function randomValues<F extends Fields>(message: Message<F>, random: Random): Values<F> {
  for (let i = 0; i < MOST_TRIES; i++) {
    const parsed = parse(message, emit(message, randomGiven(message, random)));
    if (parsed.ok) return parsed.value;
  }
  throw new Error(`no values were found that ${message.name} can hold`);
}

/** Options whose length counts words of eight bytes are seldom met by chance. */
const MOST_TRIES = 200;

/** Random values for emit, with what it works out left out; not all of them fit together. */
export function randomGiven<F extends Fields>(message: Message<F>, random: Random): Given<F> {
  return valuesFor(message as unknown as Message, random, { left: BUDGET_BYTES }) as Given<F>;
}

/** Bytes that texts and lists may take together: within what a 4-bit header length can say. */
const BUDGET_BYTES = 20;

interface Budget {
  left: number;
}

interface Surroundings {
  readonly message: Message;
  readonly values: Record<string, unknown>;
  readonly random: Random;
  readonly budget: Budget;
}

function valuesFor(message: Message, random: Random, budget: Budget): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const around = { message, values, random, budget };
  for (const member of message.members) {
    const value = isKept(member, message) ? undefined : valueFor(member.spec, around, member.name);
    if (value !== undefined) values[member.name] = value;
    else if (member.spec.kind === "uint" && !member.spec.computed) values[member.name] = member.spec.initial;
  }
  return values;
}

/** A field on which the message's validity hangs stays as it is by default; a computed one is left to emit. */
function isKept({ name, spec }: Member, message: Message): boolean {
  if (message.checks.some(({ holds }) => namesIn(holds).has(name))) return true;
  const inner = spec.kind === "when" ? spec.field : spec;
  return inner.kind === "uint" && inner.computed !== undefined && inner.computed.type !== "next";
}

function scopeOf({ values, random }: Surroundings): (name: string) => number {
  return (name) => (name.startsWith("$") ? random.below(256) : scopeValue(values, name, () => 0));
}

function valueFor(spec: Spec, around: Surroundings, name?: string): unknown {
  const { random, budget } = around;
  switch (spec.kind) {
    case "uint":
      return randomUint(spec, around, name);
    case "flags":
      return flagValues(spec, random.next() % 2 ** spec.bits);
    case "address": {
      const size = ADDRESS_BYTES[spec.family];
      return readAddress(spec.family, randomBytes(random, size), 0);
    }
    case "bytes":
      return randomBytesField(spec, around);
    case "struct":
      return valuesFor(spec.message, random, budget);
    case "when":
      return evaluate(spec.condition, scopeOf(around)) === 0 ? undefined : valueFor(spec.field, around, name);
    case "list":
      return randomList(spec, around);
    case "choose":
      return randomChoice(spec, around);
    case "codec":
      return spec.codec.random(random);
  }
}

function randomUint(spec: UintSpec, { message, random }: Surroundings, name?: string): number | bigint {
  if (spec.fixed) return spec.initial;
  if (spec.bits > 48) return randomWide(spec, random);
  const keys = message.members.flatMap((member) => keysFor(member.spec, name));
  const known = [...(spec.names?.keys() ?? []), ...keys];
  const low = spec.signed ? -(2 ** (spec.bits - 1)) : 0;
  if (known.length > 0 && random.below(8) > 0) return known[random.below(known.length)]!;
  const edge = random.below(8);
  if (edge === 0) return low;
  if (edge === 1) return low + 2 ** spec.bits - 1;
  return low + Math.floor(random.float() * 2 ** spec.bits);
}

function randomWide({ bits, signed }: UintSpec, random: Random): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(random.next());
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The keys that a choice by `name` knows. */
function keysFor(spec: Spec, name: string | undefined): readonly number[] {
  const inner = spec.kind === "when" ? spec.field : spec;
  if (inner.kind !== "choose" || inner.on.type !== "name" || inner.on.name !== name) return [];
  return [...inner.cases.keys()];
}

/** Whether a length is one that emit works out of what is there. */
function isFree(length: Expression | undefined, { message }: Surroundings): boolean {
  if (!length) return true;
  return [...namesIn(length)].some((name) => {
    const spec = message.members.find((member) => member.name === name)?.spec;
    const inner = spec?.kind === "when" ? spec.field : spec;
    return name === "rest" || (inner?.kind === "uint" && inner.computed !== undefined);
  });
}

function randomBytesField(spec: BytesSpec, around: Surroundings): Uint8Array | string | undefined {
  // Padding is what emit makes it.
  if (spec.align) return undefined;
  const { random, budget } = around;
  const free = isFree(spec.length, around);
  const size = free
    ? random.below(Math.max(1, Math.min(9, budget.left)))
    : evaluate(spec.length!, scopeOf(around));
  if (free) budget.left -= size;
  if (size < 0) return undefined;
  if (spec.form === "bytes") return randomBytes(random, Math.min(size, 4_096));
  const length = spec.length?.type === "number" ? random.below(size + 1) : size;
  return Array.from({ length }, () => String.fromCharCode(97 + random.below(26))).join("");
}

function randomBytes(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random.below(256));
}

function randomList(spec: ListSpec, around: Surroundings): unknown[] {
  const { random, budget } = around;
  const counted = spec.count && !isFree(spec.count, around);
  const count = counted ? Math.min(evaluate(spec.count!, scopeOf(around)), 64) : random.below(4);
  const items: unknown[] = [];
  while (items.length < count && (counted || budget.left > 4)) {
    const item = valueFor(spec.item, around);
    budget.left -= 4;
    items.push(item);
    const isLast =
      spec.until &&
      evaluate(spec.until, (name) => scopeValue(item as Record<string, unknown>, name, () => 0));
    if (isLast) break;
  }
  return items;
}

function randomChoice(spec: ChooseSpec, around: Surroundings): unknown {
  const chosen = spec.cases.get(evaluate(spec.on, scopeOf(around))) ?? spec.otherwise;
  return valueFor(chosen, around);
}
