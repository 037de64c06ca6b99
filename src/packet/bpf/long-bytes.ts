import type { Case } from "#packet/bpf/graph.ts";
import type { View } from "#packet/bpf/layout.ts";
import { chooseBy, type Place } from "#packet/bpf/place.ts";
import type { FieldTest, Pattern } from "#packet/bpf/tests.ts";
import type { Walk } from "#packet/bpf/walk.ts";

/** Tests of the same long bytes, and the patterns that they know. */
interface BytesTest {
  readonly test: FieldTest;
  readonly patterns: readonly Pattern[];
}

/** A pattern that still can hold once the words before were looked at. */
interface Alive {
  readonly test: number;
  readonly pattern: Pattern;
}

/**
 * Decides word by word which of the patterns bytes have, for all tests at once; `then` goes on with the numbers of the
 * tests that hold.
 */
export function chooseByBytes(
  walk: Walk,
  place: Place,
  words: readonly View[],
  tests: readonly BytesTest[],
  title: string,
  then: (held: ReadonlySet<number>) => number,
): number {
  const start = words[0]!.offset;
  const finish = (met: ReadonlySet<number>): number => {
    const held = tests.filter(({ test }) => met.has(test.number) !== test.negated);
    return then(new Set(held.map(({ test }) => test.number)));
  };
  const from = (i: number, alive: readonly Alive[], met: ReadonlySet<number>): number => {
    walk.step();
    const word = words[i];
    const open = alive.filter(({ test }) => !met.has(test));
    if (!word || open.length === 0) return finish(met);
    const at = word.offset - start;
    const most = 2 ** (8 * word.size) - 1;
    const ranges = open.map((each) => ({ each, ...wordOf(each.pattern, at, word.size) }));
    const starts = [...new Set([0, ...ranges.flatMap(({ low, high }) => [low, high + 1])])]
      .filter((low) => low <= most)
      .sort((a, b) => a - b);
    const cases = starts.map((low, j): Case => {
      const high = (starts[j + 1] ?? most + 1) - 1;
      const left = ranges.filter((range) => low >= range.low && high <= range.high).map(({ each }) => each);
      const done = left.filter(({ pattern }) => pattern.bits <= (at + word.size) * 8);
      const now = new Set([...met, ...done.map(({ test }) => test)]);
      return { low, high, target: from(i + 1, left, now) };
    });
    return chooseBy(walk.graph, place, word, cases, { note: title });
  };
  const all = tests.flatMap(({ test, patterns }) =>
    patterns.map((pattern) => ({ test: test.number, pattern })),
  );
  const met = all.filter(({ pattern }) => pattern.bits === 0).map(({ test }) => test);
  return from(0, all, new Set(met));
}

/** The numbers that a word of the bytes may have for a pattern. */
function wordOf({ bytes, bits }: Pattern, at: number, size: number): { low: number; high: number } {
  let number = 0;
  for (let i = at; i < at + size; i++) number = number * 256 + bytes[i]!;
  const free = 2 ** Math.min(8 * size, Math.max(0, (at + size) * 8 - bits));
  const low = Math.floor(number / free) * free;
  return { low, high: low + free - 1 };
}
