import { bitPlace, readUint, writeUint } from "#packet/primitive.ts";
import type { FlagsSpec, UintSpec } from "#packet/spec.ts";

/** Where an integer lies among others that share its bytes. */
export interface BitPlace {
  /** Bytes from the start of their run. */
  readonly from: number;
  readonly count: number;
  /** Bits below it. */
  readonly shift: number;
  /** All bits that it has. */
  readonly ones: number;
}

export function placeOf(offsetBits: number, bits: number): BitPlace {
  return { ...bitPlace(offsetBits, bits), ones: 2 ** bits - 1 };
}

/** Puts an integer into its bits of the run at `at`, and leaves those around it alone. */
export function putBits(bytes: Uint8Array, at: number, place: BitPlace, signed: number): void {
  const { from, count, shift, ones } = place;
  const value = signed < 0 ? signed + ones + 1 : signed;
  if (count > 4) {
    // Beyond 32 bits JavaScript has no operators on bits.
    const before = readUint(bytes, at + from, count, false);
    const [low, all] = [before % 2 ** shift, 2 ** shift * (ones + 1)];
    const high = before - (before % all);
    return writeUint(bytes, at + from, count, high + value * 2 ** shift + low, false);
  }
  for (let i = 0; i < count; i++) {
    // Bits of the value below those that this byte has.
    const below = 8 * (count - 1 - i) - shift;
    const mask = below >= 0 ? ones >>> below : ones << -below;
    const part = below >= 0 ? value >>> below : value << -below;
    bytes[at + from + i] = (bytes[at + from + i]! & ~mask) | part;
  }
}

/** Puts the low bits of an integer into `size` bytes. */
export function putInteger(
  bytes: Uint8Array,
  at: number,
  size: number,
  value: number,
  little: boolean,
): void {
  if (little || size > 4) return writeUint(bytes, at, size, value, little);
  for (let i = size - 1, left = value; i >= 0; i--, left >>>= 8) bytes[at + i] = left;
}

/** The low bits of a long integer into `size` bytes. Throws for what BigInt does not take. */
export function putLong(bytes: Uint8Array, at: number, size: number, little: boolean, value: unknown): void {
  let left = BigInt.asUintN(size * 8, BigInt(value as bigint | number));
  for (let i = 0; i < size; i++, left >>= 8n)
    bytes[little ? at + i : at + size - 1 - i] = Number(left & 0xffn);
}

/** What gives back an integer if the field can hold it; otherwise it throws TypeError that names the field. */
export function numberReader({ signed, bits }: UintSpec): (value: unknown, path: string) => number {
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  return (value, path) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
    throw new TypeError(`${path} takes an integer from ${low} to ${high}, not ${String(value)}`);
  };
}

/** What makes a number of flags by name; it throws TypeError for names that are none of them. */
export function flagReader(spec: FlagsSpec): (value: unknown, path: string) => number {
  const masks = new Map(spec.flags.map(({ name, mask }) => [name, mask]));
  return (value, path) => {
    if (value === undefined) return 0;
    if (typeof value !== "object" || value === null) throw new TypeError(`${path} takes flags by name`);
    const given = value as Readonly<Record<string, boolean | number | undefined>>;
    let bits = Number(given["other"] ?? 0) & spec.otherMask;
    for (const name of Object.keys(given)) {
      if (name === "other") continue;
      const mask = masks.get(name);
      if (mask === undefined) throw new TypeError(`${path} has no flag ${name}`);
      if (given[name]) bits |= mask;
    }
    return bits >>> 0;
  };
}
