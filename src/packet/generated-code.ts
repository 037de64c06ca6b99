import { namesIn, type Expression } from "#packet/expression.ts";
import type { Message } from "#packet/message.ts";
import { ADDRESS_BYTES, bitPlace, ipv4Text, ipv6Text, macText } from "#packet/primitive.ts";
import { flagValues } from "#packet/read.ts";
import type { FlagsSpec, Spec } from "#packet/spec.ts";

/** A position in generated code: a variable and a number of bytes after it. */
export interface Place {
  readonly base: string;
  readonly offset: number;
}

/** Somebody who looks at fields while generated code reads a message. */
export interface Visitor {
  /** Code that takes a field's value, or "" when nobody wants it. */
  visit(spec: Spec, place: VisitedPlace): string;
  wants(spec: Spec): boolean;
}

export interface VisitedPlace {
  /** JavaScript of the number, for integers and flags (all bits of them), and of the decoded value for codecs. */
  readonly value: string;
  /** JavaScript of where it starts and ends in `b`. */
  readonly start: string;
  readonly end: string;
}

/** Where fields may end: `end` by the packet's lengths, `limit` by what was captured too. */
export interface Region {
  readonly end: string;
  readonly limit: string;
}

export interface Result {
  readonly value: string;
  readonly next: Place;
}

/** The state of generating one function. */
export interface Scope {
  readonly names: Map<string, string>;
  readonly referenced: ReadonlySet<string>;
  /** Bytes from a base that are known to be there. */
  readonly checked: Map<string, number>;
  region: Region;
}

/** JavaScript of a place. */
export function code({ base, offset }: Place): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}

export const ADDRESS_TEXTS = { ipv4: ipv4Text, ipv6: ipv6Text, mac: macText } as const;

/** JavaScript of the unsigned integer of `count` bytes. */
export function uintCode(place: Place, count: number, little: boolean): string {
  const byte = (i: number): string =>
    `b[${code({ ...place, offset: place.offset + (little ? count - 1 - i : i) })}]`;
  if (count === 1) return byte(0);
  if (count > 4) {
    const high = uintCode(little ? { ...place, offset: place.offset + 4 } : place, count - 4, little);
    const low = uintCode(little ? place : { ...place, offset: place.offset + count - 4 }, 4, little);
    return `(${high} * 4294967296 + ${low})`;
  }
  const parts = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? byte(i) : `(${byte(i)} << ${8 * (count - 1 - i)})`,
  );
  return count === 4 ? `((${parts.join(" | ")}) >>> 0)` : `(${parts.join(" | ")})`;
}

/** JavaScript of `bits` bits of the run that starts at `place`, `offset` bits into it. */
export function bitsCode(place: Place, offset: number, bits: number): string {
  const { from, count, shift } = bitPlace(offset, bits);
  const whole = uintCode({ base: place.base, offset: place.offset + from }, count, false);
  // Beyond 32 bits JavaScript has no operators on bits.
  if (count > 4) return `(Math.floor(${whole} / ${2 ** shift}) % ${2 ** bits})`;
  const mask = bits === 32 ? "" : ` & ${2 ** bits - 1}`;
  return shift === 0 && count * 8 === bits ? whole : `((${whole} >>> ${shift})${mask})`;
}

/** JavaScript of the integer in two's complement that `raw` is without a sign; `toSigned` names the function. */
export function signedCode(raw: string, bits: number, toSigned: string): string {
  return bits <= 32 ? `((${raw} << ${32 - bits}) >> ${32 - bits})` : `${toSigned}(${raw}, ${bits})`;
}

/** Bytes that a field always takes, or undefined. */
export function fixedSize(spec: Spec): number | undefined {
  switch (spec.kind) {
    case "uint":
    case "flags":
      return spec.bits / 8;
    case "address":
      return ADDRESS_BYTES[spec.family];
    case "bytes":
      return spec.length?.type === "number" ? spec.length.value : undefined;
    default:
      return undefined;
  }
}

/** Whether a field, or one inside it, is as asked. */
export function anySpec(spec: Spec, isSo: (spec: Spec) => boolean, seen = new Set<Message>()): boolean {
  if (isSo(spec)) return true;
  const any = (each: Spec): boolean => anySpec(each, isSo, seen);
  if (spec.kind === "list") return any(spec.item);
  if (spec.kind === "when") return any(spec.field);
  if (spec.kind === "choose") return [...spec.cases.values(), spec.otherwise].some(any);
  if (spec.kind !== "struct" || seen.has(spec.message)) return false;
  seen.add(spec.message);
  return spec.message.members.some((member) => any(member.spec));
}

/** Every name in the lengths and conditions of a message. */
export function referencedIn(message: Message): Set<string> {
  const found = new Set<string>();
  const add = (expression: Expression | undefined): void => {
    if (expression) for (const name of namesIn(expression)) found.add(name.split(".")[0]!);
  };
  const walk = (spec: Spec): void => {
    if (spec.kind === "bytes" || spec.kind === "codec") add(spec.length);
    else if (spec.kind === "when") {
      add(spec.condition);
      walk(spec.field);
    } else if (spec.kind === "list") {
      add(spec.count);
      add(spec.length);
      walk(spec.item);
    } else if (spec.kind === "choose") {
      add(spec.on);
      add(spec.length);
      for (const each of spec.cases.values()) walk(each);
      walk(spec.otherwise);
    }
  };
  for (const { spec } of message.members) walk(spec);
  add(message.headerSize);
  for (const { holds, stopsAfter } of message.checks) if (stopsAfter !== undefined) add(holds);
  return found;
}

/** All values of a flags field, made when they are first met. */
export function flagTable(spec: FlagsSpec): unknown {
  if (spec.bits <= 8)
    return Array.from({ length: 2 ** spec.bits }, (_, raw) => Object.freeze(flagValues(spec, raw)));
  const known: unknown[] = [];
  return (raw: number): unknown => (known[raw] ??= Object.freeze(flagValues(spec, raw)));
}
