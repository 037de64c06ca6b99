import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { sections, ServiceBench, settled } from "#services/testing/bench.ts";

test("a service that fails to start is tried again after growing pauses; what needs it waits", async () => {
  const bench = new ServiceBench();
  const starts: number[] = [];
  const weak = bench.dummy("weak", {
    start: () => {
      starts.push(Math.round(bench.world.now / 100) / 10);
      if (starts.length < 9) throw new Error("not today");
    },
  });
  const manager = bench.manager(weak, bench.dummy("user", { needs: [weak] }), bench.dummy("other"));
  await manager.start(sections({ user: 1, other: 1 }));
  assert.deepEqual(
    manager.statuses().map(({ name, state, reason }) => `${name}: ${state} ${reason}`),
    ["weak: failed not today", "user: waiting needs weak, which is failed", "other: running "],
  );
  assert.equal(manager.statuses()[0]!.nextAttempt, bench.host.clock.wallTime() + 1_000);
  assert.throws(() => manager.api("user"), /service user is not running: needs weak/);
  await bench.pass(250_000);
  // 1, 2, 4, … seconds after the one before, at most 60.
  assert.deepEqual(starts, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
  assert.deepEqual(
    manager.statuses().map(({ name, state, restarts }) => `${name} ${state} ${restarts}`),
    ["weak running 8", "user running 0", "other running 0"],
  );
  await manager.stop();
});

test("a service that fails later is stopped with what needs it, and both come back", async () => {
  const bench = new ServiceBench();
  const links = bench.dummy("links");
  const manager = bench.manager(links, bench.dummy("ospf", { needs: [links] }), bench.dummy("other"));
  await manager.start(sections({ ospf: 1, other: 1 }));
  bench.news();
  const { fail, signal } = bench.hosts.get("links")!;
  fail(new Error("netlink is gone"));
  fail(new Error("and says so twice"));
  await settled();
  assert.equal(signal.aborted, true);
  assert.deepEqual(bench.news(), ["stop ospf", "stop links"]);
  assert.deepEqual(
    manager.statuses().map(({ name, state, reason }) => `${name}: ${state} ${reason}`),
    ["links: failed netlink is gone", "ospf: waiting needs links, which failed", "other: running "],
  );
  const errors = bench.log.since(0).filter(({ level }) => level === "error");
  assert.deepEqual(
    errors.map(({ text }) => text),
    ["service links failed: netlink is gone"],
  );
  await bench.pass(1_500);
  assert.deepEqual(bench.news(), ["start links 1", "start ospf 1 links=api of links"]);
  // The run that is over has nothing to say any more.
  fail(new Error("late"));
  await settled();
  assert.equal(manager.statuses()[0]!.state, "running");
  await manager.stop();
});

test("a long good run makes the next pause short again, short runs do not", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(bench.dummy("a"));
  await manager.start(sections({ a: 1 }));
  const pauses: number[] = [];
  for (const runMs of [100, 100, 100, 61_000, 100]) {
    await bench.pass(runMs);
    bench.hosts.get("a")!.fail(new Error("again"));
    await settled();
    const { nextAttempt } = manager.statuses()[0]!;
    pauses.push(nextAttempt! - bench.host.clock.wallTime());
    await bench.pass(pauses.at(-1)! + 100);
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 1_000, 2_000]);
  await manager.stop();
});

test("after the first start even a taken port is only a reason to try again", async () => {
  const bench = new ServiceBench();
  let taken = false;
  const start = (): void => {
    if (taken) throw new OperatorError("port 1 is taken", "choose another");
  };
  const manager = bench.manager(bench.dummy("a", { start }));
  await manager.start(sections({ a: 1 }));
  taken = true;
  await assert.rejects(manager.restart("a"), /a failed to start: port 1 is taken; choose another/);
  assert.equal(manager.statuses()[0]!.reason, "port 1 is taken; choose another");
  taken = false;
  await bench.pass(1_500);
  assert.equal(manager.statuses()[0]!.state, "running");
  await manager.stop();
});

test("a new configuration of a failed service is tried at once", async () => {
  const bench = new ServiceBench();
  const start = (_host: unknown, { size }: { readonly size: number }): void => {
    if (size < 5) throw new Error("too small");
  };
  const manager = bench.manager(bench.dummy("a", { start }));
  await manager.start(sections({ a: 1 }));
  assert.deepEqual(await manager.reconfigure(sections({ a: 5 })), ["a"]);
  assert.equal(manager.statuses()[0]!.state, "running");
  await bench.pass(10_000);
  assert.deepEqual(
    bench.news().filter((line) => line.startsWith("start")),
    ["start a 1", "start a 5"],
  );
  await manager.stop();
});

test("a service that does not stop is given up after its limit, and the others stop", async () => {
  const bench = new ServiceBench();
  const stuck = bench.dummy("stuck", { start: (host) => host.atStop(() => new Promise(() => {})) });
  const sour = bench.dummy("sour", {
    start: (host) =>
      host.atStop(() => {
        throw new Error("no");
      }),
  });
  const manager = bench.manager(bench.dummy("first"), stuck, sour);
  await manager.start(sections({ first: 1, stuck: 1, sour: 1 }));
  bench.news();
  const stopped = manager.stop();
  await bench.pass(3_500);
  await stopped;
  // What comes after the stuck part of a service is still begun.
  assert.deepEqual(bench.news(), ["stop sour", "stop stuck", "stop first"]);
  const warnings = bench.log.since(0).filter(({ level }) => level === "warn");
  assert.deepEqual(
    warnings.map(({ text }) => text),
    ["stopping service sour: no", "stopping service stuck: did not stop within 3000 ms"],
  );
});

test("what a run keeps, the next one of the same service finds", async () => {
  const bench = new ServiceBench();
  const found: unknown[] = [];
  const start = (host: { readonly kept: Map<string, unknown> }): void => {
    found.push(host.kept.get("runs"));
    host.kept.set("runs", found.length);
  };
  const manager = bench.manager(bench.dummy("a", { start }), bench.dummy("b", { start }));
  await manager.start(sections({ a: 1 }));
  await manager.restart("a");
  await manager.reconfigure(sections({ a: 1, b: 1 }));
  assert.deepEqual(found, [undefined, 1, undefined]);
  await manager.stop();
});
