import type { Random } from "#base/random.ts";

/** Numbers at which mistakes gather: ends of ranges, signs, lengths one too many. */
const INTERESTING = [
  0, 1, 2, 3, 4, 7, 8, 0x0f, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff, 0x100, 0x3fff,
  0x7fff, 0x8000, 0xfffe, 0xffff, 0x1_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
] as const;

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  interesting,
  interesting,
  nudge,
  nudge,
  cut,
  remove,
  duplicate,
  insert,
  splice,
  copyOver,
];

/** A changed copy of `bytes`: one change or a few, with pieces of `others`. */
export function mutate(
  bytes: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
  longest: number,
): Uint8Array {
  let changed: Uint8Array = bytes.slice();
  const count = 1 + (random.below(2) === 0 ? 0 : random.below(6));
  for (let i = 0; i < count; i++)
    changed = MUTATIONS[random.below(MUTATIONS.length)]!(changed, random, others);
  return changed.length > longest ? changed.slice(0, longest) : changed;
}

export function randomBytes(random: Random, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random.below(256));
}

/** Small sizes often, large ones seldom. */
function sizeUpTo(random: Random, most: number): number {
  const limit = [2, 4, 8, 32, most][random.below(5)]!;
  return Math.min(most, random.below(limit + 1));
}

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

function interesting(bytes: Uint8Array, random: Random): Uint8Array {
  const size = [1, 2, 4][random.below(3)]!;
  if (bytes.length < size) return bytes;
  put(
    bytes,
    random.below(bytes.length - size + 1),
    size,
    INTERESTING[random.below(INTERESTING.length)]!,
    random,
  );
  return bytes;
}

/** Adds a little to a number, as a wrong length would be. */
function nudge(bytes: Uint8Array, random: Random): Uint8Array {
  const size = 1 + random.below(2);
  if (bytes.length < size) return bytes;
  const at = random.below(bytes.length - size + 1);
  const by = (1 + random.below(4)) * (random.below(2) === 0 ? 1 : -1);
  if (size === 1) bytes[at]! += by;
  else {
    const value = ((bytes[at]! << 8) | bytes[at + 1]!) + by;
    bytes[at] = value >> 8;
    bytes[at + 1] = value;
  }
  return bytes;
}

function put(bytes: Uint8Array, at: number, size: number, value: number, random: Random): void {
  const isLittle = random.below(2) === 0;
  for (let i = 0; i < size; i++) bytes[at + i] = value / 256 ** (isLittle ? i : size - 1 - i);
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  const size = random.below(bytes.length + 1);
  return random.below(4) === 0 ? bytes.slice(size) : bytes.slice(0, size);
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at + sizeUpTo(random, bytes.length - at), new Uint8Array(0));
}

function duplicate(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const part = bytes.slice(at, at + sizeUpTo(random, bytes.length - at));
  const times = random.below(8) === 0 ? 1 + random.below(16) : 1;
  let changed = bytes;
  for (let i = 0; i < times && changed.length < 65_536; i++) changed = replaced(changed, at, at, part);
  return changed;
}

function insert(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const added =
    random.below(2) === 0
      ? randomBytes(random, sizeUpTo(random, 64))
      : new Uint8Array(sizeUpTo(random, 64)).fill([0, 0xff, random.below(256)][random.below(3)]!);
  return replaced(bytes, at, at, added);
}

/** The start of this and the end of another. */
function splice(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const other = others[random.below(others.length)] ?? bytes;
  const at = random.below(bytes.length + 1);
  const from = random.below(3) === 0 ? random.below(other.length + 1) : Math.min(at, other.length);
  return replaced(bytes, at, bytes.length, other.subarray(from));
}

/** A piece of another, over what is here or between it. */
function copyOver(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const other = others[random.below(others.length)] ?? bytes;
  const from = random.below(other.length + 1);
  const piece = other.slice(from, from + sizeUpTo(random, other.length - from));
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, random.below(2) === 0 ? at : Math.min(at + piece.length, bytes.length), piece);
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes.length - (to - from) + by.length);
  changed.set(bytes.subarray(0, from));
  changed.set(by, from);
  changed.set(bytes.subarray(to), from + by.length);
  return changed;
}
