import assert from "node:assert/strict";
import { test } from "node:test";
import { LamportClock, LAST_TIME } from "#membership/serf/lamport-clock.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import { Recent } from "#membership/serf/recent.ts";

test("a clock is past all that was heard, and stops at the end of all times", () => {
  const clock = new LamportClock();
  assert.equal(clock.next(), 1);
  clock.witness(1);
  assert.equal(clock.time, 2);
  clock.witness(9);
  assert.deepEqual([clock.next(), clock.next()], [10, 11]);
  clock.witness(LAST_TIME);
  assert.deepEqual([clock.next(), clock.next()], [LAST_TIME, LAST_TIME]);
  assert.equal(clock.read(BigInt(LAST_TIME)), LAST_TIME);
  assert.equal(clock.read(BigInt(LAST_TIME) + 1n), undefined);
});

test("no clock follows a time that nobody can have reached", () => {
  const clock = new LamportClock();
  assert.equal(clock.read(2n ** 32n + 1n), 2 ** 32 + 1);
  assert.equal(clock.read(2n ** 32n + 2n), undefined);
  assert.equal(clock.read(2n ** 53n), undefined);
  assert.equal(clock.read(2n ** 64n - 1n), undefined);
});

test("each message counts once, and none that is too old to know", () => {
  const recent = new Recent<string>((text) => text);
  assert.equal(recent.take(7, "a"), "new");
  assert.equal(recent.take(7, "a"), "known");
  assert.equal(recent.take(7, "b"), "new");
  assert.equal(recent.take(3, "a"), "new");
  assert.equal(recent.clock.time, 8);
  assert.equal(recent.take(7 + SERF_LIMITS.times, "c"), "new");
  // The slot of 7 holds 519 now: what is older than 512 times is not known any more.
  assert.equal(recent.take(7, "a"), "old");
  assert.equal(recent.take(8, "d"), "new");
  assert.deepEqual(
    recent.slots().flatMap((slot) => (slot ? [[slot.time, slot.items]] : [])),
    [
      [3, ["a"]],
      [519, ["c"]],
      [8, ["d"]],
    ],
  );
});

test("of one time, and of all together, only so much is kept; the oldest goes and does not come again", () => {
  const many = new Recent<number>((each) => each);
  for (let i = 0; i < SERF_LIMITS.perTime; i++) assert.equal(many.take(1, i), "new");
  assert.equal(many.take(1, -1), "full");
  assert.equal(many.take(1, 0), "known");

  const large = new Recent<number>(
    (each) => each,
    () => SERF_LIMITS.rememberedBytes / 2,
  );
  assert.equal(large.take(5, 0), "new");
  assert.equal(large.take(6, 0), "new");
  assert.equal(large.take(7, 0), "new");
  assert.deepEqual(
    large.slots().flatMap((slot) => slot?.time ?? []),
    [6, 7],
  );
  assert.equal(large.take(5, 0), "old");
});
