import type { Random } from "#base/random.ts";

/** Something that takes bytes from outside, and what must hold whatever they are. */
export interface Target {
  readonly name: string;
  /** Bytes of an input at most. */
  readonly longest: number;
  /** Inputs to start from, beside the files of the corpus. */
  seeds?(random: Random): readonly Uint8Array[];
  /** An input made from nothing; undefined when that did not succeed. */
  make?(random: Random): Uint8Array | undefined;
  /**
   * Takes an input through everything and says in a few words what came of it: inputs with new words are worth keeping.
   * Throws when something is wrong.
   */
  run(input: Uint8Array): string;
}

/** Something that must hold did not. */
export class BrokenRule extends Error {
  override name = "BrokenRule";
}

export function must(holds: boolean, rule: string, ...details: readonly unknown[]): asserts holds {
  if (!holds) throw new BrokenRule([rule, ...details.map(shown)].join("\n    "));
}

/** A value on one line, bytes as hexadecimal digits. */
export function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return hex(value);
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Uint8Array) return hex(each);
    return typeof each === "bigint" ? `${each}n` : each;
  });
  return text === undefined ? String(value) : text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** A number that depends on the bytes alone, for choices that must be the same when an input is replayed. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
