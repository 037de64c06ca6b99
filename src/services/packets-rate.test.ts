import assert from "node:assert/strict";
import { test } from "node:test";
import { RateLimit } from "#services/packets-rate.ts";

test("a rate lets a burst pass, then what the time has made room for, and never more than a burst", () => {
  let now = 5_000;
  const rate = new RateLimit({ now: () => now }, 10, 2);
  assert.deepEqual([rate.take(4), rate.take(4), rate.take(4), rate.take(1)], [4, 4, 2, 0]);
  now += 499;
  assert.equal(rate.take(1), 0);
  now += 1;
  assert.deepEqual([rate.take(5), rate.take(1)], [1, 0]);
  now += 3_600_000;
  assert.equal(rate.take(100), 10);
});
