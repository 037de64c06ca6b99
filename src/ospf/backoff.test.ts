import assert from "node:assert/strict";
import { test } from "node:test";
import { Allowance } from "#ospf/allowance.ts";
import { Backoff } from "#ospf/backoff.ts";

const TIMERS = {
  initialDelayMs: 5,
  shortDelayMs: 50,
  longDelayMs: 250,
  timeToLearnMs: 500,
  holdDownMs: 1_000,
};

// RFC 8405 5: changes at these times (ms), the delay that each is given, and the state after it.
const CASES: readonly (readonly [string, readonly (readonly [number, number, string])[]])[] = [
  ["one change waits for hardly anything", [[0, 5, "SHORT_WAIT"]]],
  [
    "further ones wait a little while it is learnt what goes on",
    [
      [0, 5, "SHORT_WAIT"],
      [1, 50, "SHORT_WAIT"],
      [499, 50, "SHORT_WAIT"],
    ],
  ],
  [
    "then they wait long",
    [
      [0, 5, "SHORT_WAIT"],
      [400, 50, "SHORT_WAIT"],
      [500, 250, "LONG_WAIT"],
      [1_499, 250, "LONG_WAIT"],
    ],
  ],
  [
    "after the hold-down it is quiet again",
    [
      [0, 5, "SHORT_WAIT"],
      [600, 250, "LONG_WAIT"],
      [1_600, 5, "SHORT_WAIT"],
    ],
  ],
  [
    "every change makes the hold-down begin anew",
    [
      [0, 5, "SHORT_WAIT"],
      [900, 250, "LONG_WAIT"],
      [1_800, 250, "LONG_WAIT"],
      [2_799, 250, "LONG_WAIT"],
    ],
  ],
  [
    "quiet before it was learnt is quiet",
    [
      [0, 5, "SHORT_WAIT"],
      [1_000, 5, "SHORT_WAIT"],
    ],
  ],
];
for (const [what, changes] of CASES)
  test(`backoff: ${what}`, () => {
    const backoff = new Backoff();
    assert.equal(backoff.stateAt(0), "QUIET");
    assert.deepEqual(
      changes.map(([at]) => [at, backoff.changed(at, TIMERS), backoff.stateAt(at)]),
      changes,
    );
    const [last] = changes.at(-1)!;
    assert.equal(backoff.stateAt(last + TIMERS.holdDownMs), "QUIET");
  });

test("an allowance gives so much at once, and then so much in a second, never more than at first", () => {
  const allowance = new Allowance(3, 2);
  const taken = (now: number, times: number) =>
    Array.from({ length: times }, () => allowance.take(now)).filter(Boolean).length;
  assert.deepEqual(
    [taken(0, 5), taken(499, 5), taken(500, 5), taken(1_500, 5), taken(60_000, 9)],
    [3, 0, 1, 2, 3],
  );
});
