import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OperatorError } from "#base/operator-error.ts";
import { sections, ServiceBench, settled } from "#services/testing/bench.ts";
import type { AnyService } from "#services/service.ts";

test("needs that cannot be met are refused before anything starts, with a remedy", () => {
  const bench = new ServiceBench();
  const links = bench.dummy("links");
  const router = bench.dummy("ospf", { needs: [links] });
  const needs: Record<string, AnyService> = {};
  const a: AnyService = { ...bench.dummy("a"), needs };
  needs["b"] = bench.dummy("b", { needs: [a] });
  const refused: readonly [readonly AnyService[], string, string][] = [
    [[router], "service ospf needs links, which is not there", "add links"],
    [[a, needs["b"]], "services need each other in a cycle: a -> b -> a", "take one of these needs away"],
    [[links, bench.dummy("links")], "two services are called links", "rename one of them"],
  ];
  for (const [services, message, remedy] of refused)
    assert.throws(() => bench.manager(...services), new OperatorError(message, remedy));
  assert.deepEqual(bench.news(), []);
});

test("a service that needs itself is a cycle of one", () => {
  const bench = new ServiceBench();
  const needs: Record<string, AnyService> = {};
  const narcissus: AnyService = { ...bench.dummy("narcissus"), needs };
  needs["self"] = narcissus;
  assert.throws(() => bench.manager(narcissus), /in a cycle: narcissus -> narcissus$/);
});

test("whatever the needs, each service starts after all it needs and stops before them", async () => {
  const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 9 });
  const shuffles = fc.array(fc.nat(), { minLength: 9, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(graphs, shuffles, async (graph, random) => {
      const bench = new ServiceBench();
      const made: AnyService[] = [];
      for (const [i, picks] of graph.entries()) {
        const needs = i === 0 ? [] : [...new Set(picks.map((pick) => made[pick % i]!))];
        made.push(bench.dummy(`s${i}`, { needs }));
      }
      const given = made.map((each, i) => [random[i]!, each] as const).sort(([x], [y]) => x - y);
      const manager = bench.manager(...given.map(([, each]) => each));
      await manager.start(sections(Object.fromEntries(made.map(({ name }) => [name, 1]))));
      const started = bench.news().map((line) => line.split(" ")[1]!);
      assert.deepEqual(started.toSorted(), made.map(({ name }) => name).toSorted());
      for (const { name, needs } of made) {
        for (const need of Object.keys(needs)) assert.ok(started.indexOf(need) < started.indexOf(name));
      }
      await manager.stop();
      assert.deepEqual(
        bench.news(),
        started.toReversed().map((name) => `stop ${name}`),
      );
    }),
    { numRuns: 50 },
  );
});

test("a first start that fails stops also what had started before on its own, says so, and plans nothing", async () => {
  const bench = new ServiceBench();
  const weak = bench.dummy("weak", {
    start: () => {
      throw new Error("not today");
    },
  });
  const port = bench.dummy("port", {
    start: () => {
      throw new OperatorError("port 1 is taken", "choose another");
    },
  });
  const manager = bench.manager(weak, bench.dummy("other"), port, bench.dummy("never"));
  const starting = manager.start(sections({ weak: 1, other: 1, port: 1, never: 1 }));
  await assert.rejects(starting, new OperatorError("port 1 is taken", "choose another"));
  assert.deepEqual(bench.news(), [
    "start weak 1",
    "stop weak",
    "start other 1",
    "start port 1",
    "stop port",
    "stop other",
  ]);
  assert.ok(manager.statuses().every(({ state }) => state === "stopped"));
  // Whoever called start says why; the log says only what nobody else does.
  const errors = bench.log.since(0).filter(({ level }) => level === "error");
  assert.deepEqual(
    errors.map(({ text }) => text),
    ["service weak failed: not today"],
  );
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
});

test("a run that fails while it starts has not started, whatever its start says", async () => {
  const bench = new ServiceBench();
  let starts = 0;
  const hasty = bench.dummy("hasty", {
    start: ({ fail }) => {
      if (++starts > 1) return;
      fail(new Error("the socket broke"));
      fail(new Error("and the next"));
    },
  });
  const manager = bench.manager(hasty, bench.dummy("user", { needs: [hasty] }));
  await manager.start(sections({ user: 1 }));
  await settled();
  assert.deepEqual(bench.news(), ["start hasty 1", "stop hasty"]);
  assert.equal(manager.statuses()[0]!.reason, "the socket broke");
  await bench.pass(1_500);
  assert.deepEqual(bench.news(), ["start hasty 1", "start user 1 hasty=api of hasty"]);
  await manager.stop();
});

test("a mistake of the operator that shows while a service starts ends the first start as well", async () => {
  const bench = new ServiceBench();
  const mistake = new OperatorError("the key is unreadable", "chmod it");
  const manager = bench.manager(bench.dummy("a", { start: ({ fail }) => fail(mistake) }));
  await assert.rejects(manager.start(sections({ a: 1 })), mistake);
  assert.deepEqual(bench.news(), ["start a 1", "stop a"]);
});

test("what a run left to clean up is done last first, one after the other, with its signal aborted", async () => {
  const bench = new ServiceBench();
  const seen: string[] = [];
  const manager = bench.manager(
    bench.dummy("a", {
      start: ({ atStop, signal }) => {
        atStop(() => void seen.push("first"));
        atStop(async () => {
          seen.push(`second, aborted: ${signal.aborted}`);
          await settled();
          seen.push("second is done");
        });
      },
    }),
  );
  await manager.start(sections({ a: 1 }));
  assert.equal(bench.hosts.get("a")!.signal.aborted, false);
  await manager.stop();
  assert.deepEqual(seen, ["second, aborted: true", "second is done", "first"]);
});
