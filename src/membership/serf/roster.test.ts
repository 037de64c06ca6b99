import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemberState, MemberView } from "#membership/io.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import { Roster } from "#membership/serf/roster.ts";

function view(name: string, state: MemberState = "alive"): MemberView {
  const [meta, versions] = [new Uint8Array(0), Uint8Array.of(1, 5, 2, 2, 5, 5)];
  return { name, address: "192.0.2.1:7946", state, incarnation: 1, meta, versions, since: 0 };
}

function roster(most = 100): { roster: Roster; erased: string[] } {
  const erased: string[] = [];
  return { roster: new Roster(view("own"), most, (name) => erased.push(name)), erased };
}

function leave(name: string, time: number, prune = false) {
  return { name, time, prune };
}

test("who said that it leaves has left, who did not has failed", () => {
  const { roster: all } = roster();
  for (const name of ["a", "b", "c"]) all.joined(view(name));
  assert.equal(all.joinIntent("a", 4, 0), "news");
  assert.equal(all.joinIntent("a", 4, 0), "old");
  assert.equal(all.leaveIntent(leave("a", 4), true, 0), "old");
  assert.equal(all.leaveIntent(leave("a", 5), true, 0), "news");
  assert.equal(all.get("a")!.status, "leaving");
  assert.equal(all.leaveIntent(leave("a", 5), true, 0), "old");
  assert.equal(all.ended(view("a", "dead"), false, 1), "left");
  assert.equal(all.ended(view("b", "dead"), false, 1), "failed");
  assert.equal(all.ended(view("c", "left"), true, 1), "left");
  assert.equal(all.ended(view("c", "left"), true, 2), undefined);
  assert.equal(all.ended(view("nobody", "dead"), false, 1), undefined);
  assert.equal(all.clock.time, 6);
});

test("an operator's word makes a failed one one that left; it comes back all the same", () => {
  const { roster: all } = roster();
  all.joined(view("a"));
  all.ended(view("a", "dead"), false, 1);
  assert.equal(all.leaveIntent(leave("a", 9), true, 2), "left");
  assert.equal(all.leaveIntent(leave("a", 9), true, 2), "old");
  assert.equal(all.ended(view("a", "left"), true, 3), undefined);
  all.joined(view("a"));
  assert.equal(all.get("a")!.status, "alive");
});

test("a later join outweighs a leave, and word about ourselves is refuted while we stay", () => {
  const { roster: all } = roster();
  all.joined(view("a"));
  all.leaveIntent(leave("a", 3), true, 0);
  assert.equal(all.joinIntent("a", 4, 0), "news");
  assert.equal(all.get("a")!.status, "alive");
  assert.equal(all.leaveIntent(leave("own", 7), true, 0), "refute");
  assert.equal(all.get("own")!.status, "alive");
  assert.equal(all.leaveIntent(leave("own", 8), false, 0), "news");
  assert.equal(all.get("own")!.status, "leaving");
});

test("word of members that are not known yet waits for them, for some minutes, and no more than there is room for", () => {
  const { roster: all } = roster();
  assert.equal(all.leaveIntent(leave("late", 3), true, 0), "news");
  assert.equal(all.joinIntent("late", 2, 0), "old");
  all.joined(view("late"));
  assert.equal(all.get("late")!.status, "leaving");
  assert.equal(all.joinIntent("later", 5, 0), "news");
  all.reap(SERF_LIMITS.intentMs);
  all.joined(view("later"));
  assert.equal(all.get("later")!.time, 0);
  for (let i = 0; i < 2 * SERF_LIMITS.intents; i++) all.joinIntent(`ghost ${i}`, i, 0);
  assert.equal(all.joinIntent("ghost 0", 0, 0), "news");
  assert.equal(all.joinIntent(`ghost ${2 * SERF_LIMITS.intents - 1}`, 1, 0), "old");
});

test("those that failed or left are forgotten after a day, pruned ones at once, and the oldest when there is no room", () => {
  const { roster: all, erased } = roster(4);
  for (const name of ["a", "b", "c"]) all.joined(view(name));
  all.ended(view("a", "dead"), false, 1_000);
  all.ended(view("b", "dead"), false, 2_000);
  all.joined(view("d"));
  assert.deepEqual(erased, ["a"]);
  all.reap(SERF_LIMITS.tombstoneMs + 1_999);
  assert.deepEqual(erased, ["a"]);
  all.reap(SERF_LIMITS.tombstoneMs + 2_000);
  assert.deepEqual(erased, ["a", "b"]);
  all.leaveIntent(leave("c", 2, true), true, 0);
  assert.equal(all.get("c")!.status, "leaving");
  all.ended(view("c", "left"), true, 5);
  assert.deepEqual(erased, ["a", "b", "c"]);
  all.leaveIntent(leave("own", 3, true), false, 0);
  assert.equal(all.size, 2);
  assert.equal(all.needsReaping, false);
});
