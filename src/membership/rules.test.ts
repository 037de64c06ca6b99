import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endOf,
  judgeAlive,
  judgeDead,
  judgeSuspect,
  LAST_INCARNATION,
  refutingIncarnation,
  type Known,
} from "#membership/rules.ts";
import type { MemberState } from "#membership/io.ts";
import { DEFAULT_VERSIONS } from "#wire/memberlist/messages.ts";

const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
const KNOWN: Known = {
  state: "alive",
  incarnation: 5,
  address: Uint8Array.of(192, 0, 2, 2),
  port: 7946,
  meta: Uint8Array.of(1),
  versions: DEFAULT_VERSIONS,
  since: 1_000,
};
const OTHER = { now: 50_000, isSelf: false, leaving: false, isOurs: false, reclaimAfterMs: 0 };
const SELF = { ...OTHER, isSelf: true };

test("a message about another member: its verdict for each state and an older, equal and newer incarnation", () => {
  const judges = {
    alive: (known: Known, incarnation: number) => judgeAlive(known, { ...known, incarnation }, OTHER),
    suspect: (known: Known, incarnation: number) =>
      judgeSuspect(known, { incarnation, from: "a", node: "b" }, OTHER),
    dead: (known: Known, incarnation: number) =>
      judgeDead(known, { incarnation, from: "a", node: "b" }, OTHER),
    leave: (known: Known, incarnation: number) =>
      judgeDead(known, { incarnation, from: "b", node: "b" }, OTHER),
  };
  const table = Object.entries(judges).flatMap(([message, judge]) =>
    STATES.map(
      (state) =>
        `${message.padEnd(7)} of ${state.padEnd(7)} ` +
        [4, 5, 6].map((incarnation) => judge({ ...KNOWN, state }, incarnation)).join(" "),
    ),
  );
  assert.deepEqual(table, [
    "alive   of alive   old old accept",
    "alive   of suspect old old accept",
    "alive   of dead    old old accept",
    "alive   of left    old old accept",
    "suspect of alive   old accept accept",
    "suspect of suspect old confirm confirm",
    "suspect of dead    old old old",
    "suspect of left    old old old",
    "dead    of alive   old accept accept",
    "dead    of suspect old accept accept",
    "dead    of dead    old old old",
    "dead    of left    old old old",
    "leave   of alive   old accept accept",
    "leave   of suspect old accept accept",
    "leave   of dead    old accept accept",
    "leave   of left    old old old",
  ]);
});

test("a message about ourselves is refuted, unless we leave", () => {
  const accusation = (incarnation: number) => ({ incarnation, from: "a", node: "me" });
  for (const [incarnation, verdict] of [
    [4, "old"],
    [5, "refute"],
    [9, "refute"],
  ] as const) {
    assert.equal(judgeSuspect(KNOWN, accusation(incarnation), SELF), verdict);
    assert.equal(judgeDead(KNOWN, accusation(incarnation), SELF), verdict);
  }
  const leaving = { ...SELF, leaving: true };
  assert.equal(judgeSuspect(KNOWN, accusation(5), leaving), "leaving");
  assert.equal(judgeDead(KNOWN, accusation(5), leaving), "accept");
  assert.equal(judgeAlive(KNOWN, { ...KNOWN, incarnation: 9 }, leaving), "leaving");
  assert.equal(judgeAlive(KNOWN, KNOWN, SELF), "old");
  assert.equal(judgeAlive(KNOWN, { ...KNOWN, incarnation: 4 }, SELF), "old");
  assert.equal(judgeAlive(KNOWN, { ...KNOWN, meta: Uint8Array.of(2) }, SELF), "refute");
  assert.equal(judgeAlive(KNOWN, { ...KNOWN, versions: Uint8Array.of(1, 5, 3, 0, 0, 0) }, SELF), "refute");
  assert.equal(judgeAlive(KNOWN, { ...KNOWN, incarnation: 6 }, SELF), "refute");
});

test("unknown members: alive is news, accusations are ignored", () => {
  assert.equal(judgeAlive(undefined, { ...KNOWN, incarnation: 1 }, OTHER), "accept");
  assert.equal(judgeAlive(undefined, { ...KNOWN, incarnation: 0 }, OTHER), "old");
  const accusation = { incarnation: 3, from: "a", node: "b" };
  assert.equal(judgeSuspect(undefined, accusation, OTHER), "unknown");
  assert.equal(judgeDead(undefined, accusation, OTHER), "unknown");
});

test("another address is a conflict, unless the member left or is dead for long enough", () => {
  const moved = { ...KNOWN, port: 7947, incarnation: 1 };
  const reclaiming = { ...OTHER, reclaimAfterMs: 30_000 };
  for (const [state, never, after] of [
    ["alive", "conflict", "conflict"],
    ["suspect", "conflict", "conflict"],
    ["dead", "conflict", "accept"],
    ["left", "accept", "accept"],
  ] as const) {
    assert.equal(judgeAlive({ ...KNOWN, state }, moved, OTHER), never, state);
    assert.equal(judgeAlive({ ...KNOWN, state }, moved, reclaiming), after, state);
  }
  assert.equal(judgeAlive({ ...KNOWN, state: "dead" }, moved, { ...reclaiming, now: 20_000 }), "conflict");
  assert.equal(judgeAlive(KNOWN, { ...moved, incarnation: 9 }, SELF), "conflict");
});

test("an accusation with the last incarnation is impossible unless it is our own, and objections end there", () => {
  const accusation = { incarnation: LAST_INCARNATION, from: "a", node: "b" };
  assert.equal(judgeSuspect(KNOWN, accusation, OTHER), "impossible");
  assert.equal(judgeDead(KNOWN, accusation, SELF), "impossible");
  const last = { ...KNOWN, incarnation: LAST_INCARNATION };
  assert.equal(judgeSuspect(last, accusation, OTHER), "impossible");
  assert.equal(judgeDead(last, accusation, OTHER), "impossible");
  assert.equal(judgeDead(last, accusation, SELF), "impossible");
  const ours = { ...OTHER, isOurs: true };
  assert.equal(judgeSuspect(last, accusation, ours), "accept");
  assert.equal(judgeDead(last, accusation, ours), "accept");
  assert.equal(refutingIncarnation(5, 9), 10);
  assert.equal(refutingIncarnation(5, 5), 6);
  assert.equal(refutingIncarnation(5, LAST_INCARNATION - 1), LAST_INCARNATION);
  assert.equal(refutingIncarnation(LAST_INCARNATION, 7), LAST_INCARNATION);
});

test("who says itself that it is dead has left", () => {
  assert.equal(endOf({ incarnation: 1, from: "a", node: "a" }), "left");
  assert.equal(endOf({ incarnation: 1, from: "b", node: "a" }), "dead");
});
