import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom, type Random } from "#base/random.ts";

const take = (random: Random, count = 20) => Array.from({ length: count }, () => random.next());

test("the same seed gives the same numbers, near seeds others", () => {
  assert.deepEqual(take(seededRandom(7)), take(seededRandom("7")));
  const seen = new Set(Array.from({ length: 1_000 }, (_, seed) => take(seededRandom(seed), 2).join()));
  assert.equal(seen.size, 1_000);
});

test("a saved state goes on exactly where it was taken", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(50), (seed, used) => {
      const random = seededRandom(seed);
      take(random, used);
      const again = seededRandom(random.state());
      assert.deepEqual(take(again), take(random));
    }),
  );
});

test("children are independent, and the same between runs", () => {
  const [a, b] = [seededRandom("x"), seededRandom("x")];
  const children = [a.fork(), a.fork()];
  assert.deepEqual(take(b.fork()), take(children[0]!));
  assert.deepEqual(take(b.fork()), take(children[1]!));
  assert.notDeepEqual(take(children[0]!), take(children[1]!));
  assert.notDeepEqual(take(a), take(children[0]!));
});

test("numbers stay in their range and are spread over it", () => {
  const random = seededRandom(1);
  const counts = Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const float = random.float();
    assert.ok(float >= 0 && float < 1);
    counts[random.below(10)]!++;
  }
  // Six standard deviations around a thousand each.
  for (const count of counts) assert.ok(count > 820 && count < 1_180, String(counts));
  assert.match(random.hex(33), /^[0-9a-f]{33}$/);
  assert.equal(random.hex(0), "");
});

test("the first numbers of a seed are what they were: recordings and traces depend on them", () => {
  assert.equal(seededRandom("parley").state(), PARLEY_STATE);
});

const PARLEY_STATE = "sfc32:9d12452f2f3206a5762ba9770000000d";
