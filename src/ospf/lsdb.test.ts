import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import { INITIAL_SEQUENCE, MAX_AGE, MAX_SEQUENCE } from "#ospf/constants.ts";
import { lsaKey, type LsaInstance } from "#ospf/lsa.ts";
import { compareInstances, Lsdb } from "#ospf/lsdb.ts";
import { Tombstones } from "#ospf/tombstones.ts";
import { TOMBSTONE_MS } from "#ospf/limits.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

function instance(sequence: number, checksum: number, age: number): LsaInstance {
  return {
    ...{ type: 1, id: 1, advertisingRouter: 1, key: "x", options: 2, length: 20 },
    ...{ sequence, checksum, ageAt: () => age },
  };
}

// RFC 2328 13.1: sequence, checksum and age of each; the first is newer, or they are the same.
const CASES: readonly (readonly [
  string,
  readonly [number, number, number],
  readonly [number, number, number],
  "newer" | "same",
])[] = [
  ["the higher sequence number", [2, 0, 0], [1, 9, 0], "newer"],
  ["sequence numbers are signed", [1, 0, 0], [-1, 0, 0], "newer"],
  ["from the first to the last", [MAX_SEQUENCE, 0, 0], [INITIAL_SEQUENCE, 0, 0], "newer"],
  ["a higher sequence number also at MaxAge", [2, 0, 5], [1, 0, MAX_AGE], "newer"],
  ["then the larger checksum", [1, 0x8000, 0], [1, 0x7fff, MAX_AGE], "newer"],
  ["then the one of MaxAge", [1, 1, MAX_AGE], [1, 1, 0], "newer"],
  ["two of MaxAge", [1, 1, MAX_AGE], [1, 1, MAX_AGE], "same"],
  ["then the younger, if it is much younger", [1, 1, 0], [1, 1, 901], "newer"],
  ["one that is a little younger", [1, 1, 0], [1, 1, 900], "same"],
];
for (const [what, a, b, expected] of CASES)
  test(`of two instances, ${what}: ${expected}`, () => {
    const order = compareInstances(instance(...a), instance(...b), 0);
    const back = compareInstances(instance(...b), instance(...a), 0);
    assert.deepEqual([Math.sign(order), Math.sign(back)], expected === "same" ? [0, 0] : [1, -1]);
  });

test("an LSA is as old as it came and the time since, and no older than MaxAge", () => {
  const lsa = wholeLsa({ age: 3_000, now: 10_000 });
  assert.deepEqual(
    [9_000, 10_999, 11_000, 609_999, 610_000, 1e9].map((now) => lsa.ageAt(now)),
    [3_000, 3_000, 3_001, 3_599, 3_600, 3_600],
  );
  assert.equal(lsa.timeOfAge(MAX_AGE), 610_000);
});

test("a database tells once when an LSA reaches MaxAge", () => {
  const lsdb = new Lsdb();
  const [old, young] = [wholeLsa({ age: 3_500 }), wholeLsa({ id: "203.0.113.0" })];
  lsdb.put(old, 0, true);
  lsdb.put(young, 0, true);
  lsdb.put(wholeLsa({ id: "192.0.2.0", age: MAX_AGE }), 0, true);
  assert.equal(lsdb.nextEnd, 100_000);
  assert.deepEqual(lsdb.takeEnded(99_999), []);
  assert.deepEqual(lsdb.takeEnded(100_000), [old]);
  assert.deepEqual(lsdb.takeEnded(100_000), []);
  assert.equal(lsdb.nextEnd, 3_600_000);
  lsdb.delete(young.key);
  assert.deepEqual(lsdb.takeEnded(3_600_000), []);
  assert.equal(lsdb.nextEnd, Infinity);
});

test("whatever is put and deleted, a database counts right and ends what it has", () => {
  const step = fc.record({
    at: fc.integer({ min: 0, max: 12 }),
    isDeleted: fc.boolean(),
    age: fc.integer({ min: 0, max: MAX_AGE }),
    size: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const lsdb = new Lsdb();
      const model = new Map<string, { age: number; octets: number; type: number }>();
      for (const { at, isDeleted, age, size } of steps) {
        const lsa = wholeLsa({ type: 10 + (at % 2), id: `10.0.0.${at}`, age, body: new Uint8Array(size) });
        if (isDeleted) lsdb.delete(lsa.key);
        else lsdb.put(lsa, 0, true);
        if (isDeleted) model.delete(lsa.key);
        else model.set(lsa.key, { age, octets: 20 + size, type: lsa.type });
      }
      const all = [...model.values()];
      assert.equal(lsdb.size, model.size);
      assert.equal(
        lsdb.octets,
        all.reduce((sum, { octets }) => sum + octets, 0),
      );
      for (const type of [10, 11])
        assert.equal(lsdb.countOf(type), all.filter((each) => each.type === type).length);
      const ending = all.filter(({ age }) => age < MAX_AGE);
      const next = Math.min(...ending.map(({ age }) => (MAX_AGE - age) * 1_000));
      assert.ok(lsdb.nextEnd <= next);
      assert.equal(lsdb.takeEnded(MAX_AGE * 1_000).length, ending.length);
      lsdb.clear();
      assert.deepEqual([lsdb.size, lsdb.octets, lsdb.countOf(10), lsdb.nextEnd], [0, 0, 0, Infinity]);
    }),
  );
});

test("instances that were replaced are not kept until their hour is over", async () => {
  const lsdb = new Lsdb();
  // Asked for, since when it comes by itself is nobody's to say.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2_000; i++)
    lsdb.put(wholeLsa({ type: 10, sequence: i, body: new Uint8Array(60_000) }), i, true);
  const heldNow = () => (process.memoryUsage().arrayBuffers - before) / 1e6;
  // The memory of buffers is given back a little after the collector's turn.
  for (let left = 50; left > 0 && heldNow() >= 10; left--) {
    collect();
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  const held = heldNow();
  assert.equal(lsdb.octets, 60_020);
  assert.ok(held < 10, `${held.toFixed(0)} MB`);
});

test("keys are equal for the same LSA only", () => {
  const part = fc.integer({ min: 0, max: 0xffff_ffff });
  const name = fc.tuple(fc.integer({ min: 0, max: 255 }), part, part);
  fc.assert(
    fc.property(name, name, (a, b) => {
      assert.equal(lsaKey(...a) === lsaKey(...b), String(a) === String(b));
      assert.equal(lsaKey(...a), lsaKey(...a));
    }),
  );
});

test("what has left is remembered for a moment: what is no newer is stale then", () => {
  const tombstones = new Tombstones();
  const lsa = wholeLsa({ sequence: 5 });
  tombstones.add(lsa.withAge(MAX_AGE, 0), 0);
  assert.equal(tombstones.isStale(lsa, TOMBSTONE_MS - 1), true);
  assert.equal(tombstones.isStale(wholeLsa({ sequence: 6 }), 0), false);
  assert.equal(tombstones.isStale(wholeLsa({ sequence: 5, id: "203.0.113.0" }), 0), false);
  assert.equal(tombstones.isStale(lsa, TOMBSTONE_MS), false);
});

test("an LSA has the age at the time that is told for it, whatever fractions of a ms there are", () => {
  const random = seededRandom("fractions");
  for (let i = 0; i < 10_000; i++) {
    const at = random.below(4_000_000) + random.below(1_000_000) / 999_983;
    const lsa = wholeLsa({ now: at });
    for (const age of [1_800, 3_600]) assert.equal(lsa.ageAt(lsa.timeOfAge(age)), age, `${at}`);
  }
});
