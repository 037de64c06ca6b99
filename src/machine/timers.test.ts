import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Timers } from "#machine/timers.ts";

function due(timers: Timers, now: number): string[] {
  const names: string[] = [];
  for (let name = timers.takeDue(now); name !== undefined; name = timers.takeDue(now)) names.push(name);
  return names;
}

test("timers fire by time, and those of one moment in the order they were set", () => {
  const timers = new Timers();
  assert.equal(timers.next, Infinity);
  timers.set("late", 30);
  timers.set("b", 10);
  timers.set("a", 10);
  assert.equal(timers.next, 10);
  assert.deepEqual(due(timers, 9), []);
  assert.deepEqual(due(timers, 10), ["b", "a"]);
  assert.equal(timers.when("b"), undefined);
  assert.equal(timers.next, 30);
});

test("setting a name again moves it, cancelling forgets it", () => {
  const timers = new Timers();
  timers.set("x", 10);
  timers.set("x", 20);
  timers.set("y", 15);
  timers.cancel("y");
  timers.cancel("never set");
  assert.equal(timers.when("x"), 20);
  assert.equal(timers.next, 20);
  assert.deepEqual(due(timers, 100), ["x"]);
  assert.equal(timers.next, Infinity);
});

test("a timer set while others are taken fires in the same round when it is due", () => {
  const timers = new Timers();
  timers.set("first", 1);
  assert.equal(timers.takeDue(5), "first");
  timers.set("second", 2);
  assert.deepEqual(due(timers, 5), ["second"]);
});

test("any sequence of settings and cancellations agrees with a plain list", () => {
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    at: fc.option(fc.nat(100), { nil: undefined }),
    take: fc.boolean(),
    now: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const timers = new Timers();
      let list: { name: string; at: number; order: number }[] = [];
      for (const [order, { name, at, take, now }] of steps.entries()) {
        list = list.filter((each) => each.name !== name);
        if (at === undefined) timers.cancel(name);
        else {
          timers.set(name, at);
          list.push({ name, at, order });
        }
        list.sort((a, b) => a.at - b.at || a.order - b.order);
        assert.equal(timers.next, list[0]?.at ?? Infinity);
        if (!take) continue;
        assert.deepEqual(
          due(timers, now),
          list.filter((each) => each.at <= now).map((each) => each.name),
        );
        list = list.filter((each) => each.at > now);
      }
    }),
  );
});
