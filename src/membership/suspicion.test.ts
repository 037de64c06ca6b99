import assert from "node:assert/strict";
import { test } from "node:test";
import { Health } from "#membership/health.ts";
import { PROFILES } from "#membership/profiles.ts";
import { pushPullIntervalMs } from "#membership/push-pull.ts";
import { shortestSuspicionMs, Suspicion } from "#membership/suspicion.ts";

test("the shortest time grows with the logarithm of the cluster", () => {
  for (const [known, ms] of [
    [1, 4_000],
    [10, 4_000],
    [20, 5_204],
    [50, 6_792],
    [100, 8_000],
    [1_000, 12_000],
  ] as const)
    assert.equal(shortestSuspicionMs(PROFILES.lan, known), ms);
  assert.equal(shortestSuspicionMs(PROFILES.wan, 100), 60_000);
});

test("each independent accuser shortens the time, and others nothing", () => {
  const suspicion = new Suspicion(PROFILES.lan, 10, "a", 1_000);
  assert.equal(suspicion.deadline, 25_000);
  assert.ok(!suspicion.confirm("a"));
  assert.equal(suspicion.deadline, 25_000);
  assert.ok(suspicion.confirm("b"));
  // 24,000 less ln 2 / ln 3 of 20,000, as memberlist has it.
  assert.equal(suspicion.deadline, 1_000 + 11_381);
  assert.ok(!suspicion.confirm("b"));
  assert.ok(suspicion.confirm("c"));
  assert.equal(suspicion.deadline, 5_000);
  assert.ok(!suspicion.confirm("d"));
  assert.deepEqual(suspicion.accusers, ["a", "b", "c"]);
});

test("with too few members to confirm the shortest time counts at once", () => {
  assert.equal(new Suspicion(PROFILES.lan, 3, "a", 0).deadline, 4_000);
  assert.equal(new Suspicion(PROFILES.lan, 4, "a", 0).deadline, 24_000);
  assert.equal(new Suspicion(PROFILES.local, 3, "a", 0).deadline, 18_000);
});

test("health stays between well and the maximum, and stretches the interval", () => {
  const health = new Health(8);
  health.change(-1);
  assert.equal(health.score, 0);
  assert.equal(health.scale(1_000), 1_000);
  health.change(3);
  assert.equal(health.scale(1_000), 4_000);
  health.change(100);
  assert.equal(health.score, 7);
  health.change(-1);
  assert.equal(health.score, 6);
});

test("push/pulls are rarer in larger clusters", () => {
  const scaled = [1, 32, 33, 64, 65, 128, 1_000].map((members) => pushPullIntervalMs(30, members) / 30);
  assert.deepEqual(scaled, [1, 1, 2, 2, 3, 3, 6]);
});
