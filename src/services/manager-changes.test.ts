import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { OperatorError } from "#base/operator-error.ts";
import { service } from "#services/service.ts";
import { sections, ServiceBench } from "#services/testing/bench.ts";

test("a service that needs two others of one root starts and stops once when the root changes", async () => {
  const bench = new ServiceBench();
  const root = bench.dummy("root");
  const left = bench.dummy("left", { needs: [root] });
  const right = bench.dummy("right", { needs: [root] });
  const manager = bench.manager(root, left, right, bench.dummy("top", { needs: [left, right] }));
  await manager.start(sections({ top: 1, root: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ top: 1, root: 2 })), ["root"]);
  assert.deepEqual(bench.news(), [
    "stop top",
    "stop right",
    "stop left",
    "stop root",
    "start root 2",
    "start left 1 root=api of root",
    "start right 1 root=api of root",
    "start top 1 left=api of left right=api of right",
  ]);
  await manager.stop();
});

test("a change that the running service declines restarts it and what needs it", async () => {
  const bench = new ServiceBench();
  const limited = service({
    name: "limited",
    type: "Limited",
    needs: {},
    config: z.strictObject({ size: z.number() }),
    start({ atReconfigure, atStop }, { size: began }) {
      bench.did.push(`start limited ${began}`);
      atStop(() => void bench.did.push("stop limited"));
      atReconfigure(({ size }) => {
        bench.did.push(`asked ${size}`);
        return size <= 5;
      });
    },
  });
  const manager = bench.manager(limited, bench.dummy("user", { needs: [limited] }));
  await manager.start(sections({ limited: 1, user: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ limited: 5, user: 1 })), ["limited"]);
  assert.deepEqual(bench.news(), ["asked 5"]);
  assert.deepEqual(await manager.reconfigure(sections({ limited: 6, user: 1 })), ["limited"]);
  assert.deepEqual(bench.news(), [
    "asked 6",
    "stop user",
    "stop limited",
    "start limited 6",
    "start user 1 limited=undefined",
  ]);
  await manager.stop();
});

test("a section that goes gives a service that is still needed its defaults", async () => {
  const bench = new ServiceBench();
  const links = bench.dummy("links");
  const manager = bench.manager(links, bench.dummy("ospf", { needs: [links] }));
  await manager.start(sections({ links: 7, ospf: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ ospf: 1 })), ["links"]);
  assert.equal(bench.news()[2], "start links 1");
  // Written out, the defaults are no change.
  assert.deepEqual(await manager.reconfigure(sections({ links: 1, ospf: 1 })), []);
  // A need that nobody needs any more goes with the last who did.
  assert.deepEqual(await manager.reconfigure(new Map()), ["links", "ospf"]);
  assert.deepEqual(bench.news(), ["stop ospf", "stop links"]);
  assert.deepEqual(manager.statuses(), []);
  await manager.stop();
});

test("all that stops has stopped before anything starts again", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(bench.dummy("a"), bench.dummy("b"), bench.dummy("c"));
  await manager.start(sections({ a: 1, b: 1 }));
  bench.news();
  // So that one service can take over the port of another.
  await manager.reconfigure(sections({ a: 2, c: 1 }));
  assert.deepEqual(bench.news(), ["stop b", "stop a", "start a 2", "start c 1"]);
  await manager.stop();
});

test("a mistake in a new configuration fails its service only, and the others take theirs", async () => {
  const bench = new ServiceBench();
  const picky = bench.dummy("picky", {
    start: (_host, { size }) => {
      if (size > 5) throw new OperatorError("size is too large", "at most 5");
    },
  });
  const manager = bench.manager(picky, bench.dummy("user", { needs: [picky] }), bench.dummy("other"));
  await manager.start(sections({ picky: 1, user: 1, other: 1 }));
  const changed = await manager.reconfigure(sections({ picky: 6, user: 1, other: 2 }));
  assert.deepEqual(changed, ["picky", "other"]);
  assert.deepEqual(
    manager.statuses().map(({ name, state, reason }) => `${name}: ${state} ${reason}`),
    [
      "picky: failed size is too large; at most 5",
      "user: waiting needs picky, which is failed",
      "other: running ",
    ],
  );
  await manager.stop();
});

test("restart and api tell an operator which services there are and what to do", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(bench.dummy("a"), bench.dummy("b"));
  await manager.start(sections({ a: 1 }));
  const unknown = new OperatorError("there is no service x", "the services are a, b");
  await assert.rejects(manager.restart("x"), unknown);
  assert.throws(() => manager.api("x"), unknown);
  const remedy = 'add a section "b" to the configuration';
  await assert.rejects(manager.restart("b"), new OperatorError("service b is not configured", remedy));
  const notRunning = new OperatorError("service b is not running: it is not configured", remedy);
  assert.throws(() => manager.api("b"), notRunning);
  await manager.stop();
  assert.throws(
    () => manager.api("a"),
    new OperatorError("service a is not running: it is stopped", "see `show services`"),
  );
});

test("every state that a service goes through is told with its status", async () => {
  const bench = new ServiceBench();
  const links = bench.dummy("links");
  let broken = true;
  const router = bench.dummy("ospf", {
    needs: [links],
    start: () => {
      if (broken) throw new Error("no\n  memory");
    },
  });
  const manager = bench.manager(links, router);
  await manager.start(sections({ ospf: 1 }));
  const began = bench.host.clock.wallTime();
  const status = { name: "ospf", type: "Type of ospf", needs: ["links"], since: began };
  const failed = { ...status, state: "failed", restarts: 0, reason: "no memory", nextAttempt: began + 1_000 };
  assert.deepEqual(manager.statuses()[1], failed);
  await bench.pass(300);
  broken = false;
  await manager.restart("ospf");
  const running = { ...status, state: "running", restarts: 1, reason: "", since: began + 300 };
  assert.deepEqual(manager.statuses()[1], running);
  const told = bench.log
    .since(0)
    .flatMap(({ text, detail }) =>
      detail?.type === "service" && detail.status.name === "ospf" ? [{ text, status: detail.status }] : [],
    );
  assert.deepEqual(
    told.map(({ text }) => text.replace("service ospf is ", "")),
    ["starting", "stopping", "failed: no memory", "stopped", "starting", "running"],
  );
  assert.deepEqual(told[2]!.status, failed);
  assert.deepEqual(told[5]!.status, running);
  await manager.stop();
});
