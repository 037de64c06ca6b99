import assert from "node:assert/strict";
import { test } from "node:test";
import { sections, ServiceBench, settled } from "#services/testing/bench.ts";

/** What throws while `broken` has it. */
function fragile(bench: ServiceBench, name: string, broken: Set<string>, needs = {}) {
  const start = (): void => {
    if (broken.has(name)) throw new Error(`${name} is broken`);
  };
  return bench.dummy(name, { start, ...needs });
}

test("an operator's restart comes instead of the planned attempt and makes the pauses short again", async () => {
  const bench = new ServiceBench();
  const broken = new Set(["a"]);
  const manager = bench.manager(fragile(bench, "a", broken));
  await manager.start(sections({ a: 1 }));
  await bench.pass(3_500);
  const pause = (): number => manager.statuses()[0]!.nextAttempt! - manager.statuses()[0]!.since;
  assert.equal(pause(), 4_000);
  await assert.rejects(manager.restart("a"), /a failed to start: a is broken/);
  assert.equal(pause(), 1_000);
  broken.clear();
  await manager.restart("a");
  bench.news();
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
  // Two attempts of its own and two of the operator's.
  assert.equal(manager.statuses()[0]!.restarts, 4);
  await manager.stop();
});

test("an attempt planned before a restart that failed too is forgotten", async () => {
  const bench = new ServiceBench();
  const starts: number[] = [];
  const start = (): never => {
    starts.push(Math.round(bench.world.now / 100) / 10);
    throw new Error("never");
  };
  const manager = bench.manager(bench.dummy("a", { start }));
  await manager.start(sections({ a: 1 }));
  await bench.pass(3_500);
  await assert.rejects(manager.restart("a"));
  await bench.pass(8_000);
  // The one that was planned for 7 s is not made.
  assert.deepEqual(starts, [0, 1, 3, 3.5, 4.5, 6.5, 10.5]);
  await manager.stop();
});

test("nothing is tried again after the end", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(fragile(bench, "a", new Set(["a"])), bench.dummy("b"));
  await manager.start(sections({ a: 1, b: 1 }));
  const { fail } = bench.hosts.get("b")!;
  await manager.stop();
  bench.news();
  fail(new Error("what I used is gone"));
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
  assert.deepEqual(
    manager.statuses().map(({ state, reason, nextAttempt }) => [state, reason, nextAttempt]),
    [
      ["stopped", "", undefined],
      ["stopped", "", undefined],
    ],
  );
});

test("a failure that is still in the queue when the end comes changes nothing", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(bench.dummy("a"), bench.dummy("b"));
  await manager.start(sections({ a: 1, b: 1 }));
  const stopping = manager.stop();
  bench.hosts.get("b")!.fail(new Error("too late"));
  await stopping;
  await bench.pass(10_000);
  assert.deepEqual(bench.news(), ["start a 1", "start b 1", "stop b", "stop a"]);
  assert.ok(bench.log.since(0).every(({ text }) => !text.includes("too late")));
});

test("what needs two failed services starts when the last of them has", async () => {
  const bench = new ServiceBench();
  const broken = new Set(["a", "b"]);
  const [a, b] = [fragile(bench, "a", broken), fragile(bench, "b", broken)];
  const manager = bench.manager(a, b, bench.dummy("user", { needs: [a, b] }));
  await manager.start(sections({ user: 1 }));
  const user = (): string => {
    const { state, reason } = manager.statuses()[2]!;
    return `${state} ${reason}`;
  };
  assert.equal(user(), "waiting needs a, which is failed");
  broken.delete("a");
  await bench.pass(1_500);
  assert.equal(user(), "waiting needs b, which is failed");
  broken.delete("b");
  await bench.pass(2_000);
  assert.equal(user(), "running ");
  assert.equal(bench.news().filter((line) => line.startsWith("start user")).length, 1);
  await manager.stop();
});

test("a failure stops all that needs it, nearest last, and each says which need it lacks", async () => {
  const bench = new ServiceBench();
  const broken = new Set<string>();
  const root = fragile(bench, "root", broken);
  const middle = bench.dummy("middle", { needs: [root] });
  const manager = bench.manager(root, middle, bench.dummy("top", { needs: [middle] }), bench.dummy("other"));
  await manager.start(sections({ top: 1, other: 1 }));
  bench.news();
  broken.add("root");
  bench.hosts.get("root")!.fail("a plain text");
  await settled();
  assert.deepEqual(bench.news(), ["stop top", "stop middle", "stop root"]);
  assert.equal(manager.statuses()[0]!.reason, "a plain text");
  await bench.pass(1_500);
  assert.deepEqual(
    manager.statuses().map(({ name, state, reason }) => `${name}: ${state} ${reason}`),
    [
      "root: failed root is broken",
      "middle: waiting needs root, which is failed",
      "top: waiting needs middle, which is waiting",
      "other: running ",
    ],
  );
  broken.clear();
  await bench.pass(2_000);
  assert.ok(manager.statuses().every(({ state }) => state === "running"));
  assert.equal(bench.hosts.get("other")!.signal.aborted, false);
  await manager.stop();
});

test("a failed service that the configuration no longer wants is not tried again", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(fragile(bench, "a", new Set(["a"])), bench.dummy("b"));
  await manager.start(sections({ a: 1, b: 1 }));
  assert.deepEqual(await manager.reconfigure(sections({ b: 1 })), ["a"]);
  bench.news();
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
  await manager.stop();
});

test("a service that does not stop holds up its own restart only until the limit", async () => {
  const bench = new ServiceBench();
  const stuck = bench.dummy("stuck", { start: ({ atStop }) => atStop(() => new Promise(() => {})) });
  const manager = bench.manager(stuck);
  await manager.start(sections({ stuck: 1 }));
  bench.news();
  const restarted = manager.restart("stuck");
  await bench.pass(2_900);
  assert.equal(manager.statuses()[0]!.state, "stopping");
  assert.deepEqual(bench.news(), []);
  await bench.pass(200);
  await restarted;
  assert.equal(manager.statuses()[0]!.state, "running");
  assert.deepEqual(bench.news(), ["stop stuck", "start stuck 1"]);
});
