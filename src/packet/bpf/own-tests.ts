import type { Message } from "#packet/message.ts";
import type { Layout } from "#packet/bpf/layout.ts";
import { endOf, startOf, type Occurrence, type Occurrences } from "#packet/bpf/occurrence.ts";
import { TestSet } from "#packet/bpf/test-set.ts";
import type { FieldTest } from "#packet/bpf/tests.ts";

/** The tests of a query of which a field may be in one message. */
export interface OwnTests {
  readonly list: readonly FieldTest[];
  /** Those that hold as soon as the message is there. */
  readonly presence: TestSet;
  readonly others: TestSet;
  /** Those that are content with any value. */
  readonly existing: readonly FieldTest[];
  /** By the name of the field; without those of presence. */
  readonly names: ReadonlyMap<string, TestSet>;
}

export function ownTests(tests: readonly FieldTest[], message: Message): OwnTests {
  const list = tests.filter(({ field }) => field.layers.includes(message));
  const others = list.filter((test) => !isPresence(test, message));
  const names = new Map<string, number[]>();
  for (const { field, number } of others) {
    const numbers = names.get(field.name);
    if (numbers) numbers.push(number);
    else names.set(field.name, [number]);
  }
  return {
    list,
    presence: numbersOf(list.filter((test) => isPresence(test, message))),
    others: numbersOf(others),
    existing: others.filter(({ clauses }) => !clauses),
    names: new Map([...names].map(([name, numbers]) => [name, TestSet.of(numbers)])),
  };
}

function isPresence({ field, clauses, part, opaque }: FieldTest, message: Message): boolean {
  return field.type === "protocol" && field.name === message.protocol && !clauses && !part && !opaque;
}

function numbersOf(tests: readonly FieldTest[]): TestSet {
  return TestSet.of(tests.map(({ number }) => number));
}

/** One place where a test's field has a value. */
export interface PlacedTest {
  readonly test: FieldTest;
  readonly each: Occurrence;
}

/** Occurrences that one decision is about. */
export interface PlaceGroup {
  readonly first: Occurrence;
  /** Where it ends, from the layer's start. */
  readonly end: number;
  readonly tests: TestSet;
  readonly placed: readonly PlacedTest[];
}

/** Where the tests of a message are in one layout of it. */
export interface PlacedTests {
  readonly of: ReadonlyMap<FieldTest, Occurrences>;
  /** Tests of which nothing can be said. */
  readonly maybe: TestSet;
  /** The first in the packet first. */
  readonly groups: readonly PlaceGroup[];
  /** Occurrences on which a number, by its key, bears. */
  readonly byKey: ReadonlyMap<string, readonly PlacedTest[]>;
}

export function placedTests(
  { list, others }: OwnTests,
  layout: Layout,
  occurrencesOf: (test: FieldTest) => Occurrences,
): PlacedTests {
  const of = new Map<FieldTest, Occurrences>();
  const groups = new Map<string, PlacedTest[]>();
  const byKey = new Map<string, PlacedTest[]>();
  const maybe: number[] = [];
  for (const test of list) {
    if (!others.has(test.number)) continue;
    const occurrences = occurrencesOf(test);
    of.set(test, occurrences);
    if (occurrences.maybe) maybe.push(test.number);
    for (const each of occurrences.found) {
      addTo(groups, each.type === "derived" ? `=${each.keys.join("|")}` : each.key, { test, each });
      if (each.type === "number") addTo(byKey, each.key, { test, each });
      if (each.type === "derived") for (const key of each.keys) addTo(byKey, key, { test, each });
    }
  }
  const ordered = [...groups.values()].map((placed) => ({
    first: placed[0]!.each,
    end: Math.max(...placed.map(({ each }) => endOf(each))),
    tests: numbersOf(placed.map(({ test }) => test)),
    placed,
  }));
  ordered.sort((a, b) => startOf(a.first, layout) - startOf(b.first, layout));
  return { of, maybe: TestSet.of(maybe), groups: ordered, byKey };
}

function addTo(lists: Map<string, PlacedTest[]>, key: string, placed: PlacedTest): void {
  const list = lists.get(key);
  if (list) list.push(placed);
  else lists.set(key, [placed]);
}

/**
 * For each interval between `starts`, which are in order, and up to `most`, the occurrences that a number in it may pass:
 * all derived ones, and numbers by what they accept.
 */
export function passedIn(
  placed: readonly PlacedTest[],
  starts: readonly number[],
  most: number,
): readonly (readonly PlacedTest[])[] {
  const found = starts.map((): PlacedTest[] => []);
  for (const one of placed) {
    if (one.each.type !== "number") for (const list of found) list.push(one);
    else
      for (const { low, high } of one.each.accepted) {
        // As in "not 1" of a bit.
        if (low > most) continue;
        for (
          let i = Math.max(0, firstAtLeast(starts, low + 1) - 1);
          i < starts.length && starts[i]! <= high;
          i++
        )
          if (found[i]!.at(-1) !== one) found[i]!.push(one);
      }
  }
  return found;
}

/** Index of the first number that is not less. */
function firstAtLeast(numbers: readonly number[], least: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
