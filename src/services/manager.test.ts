import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import type { NodeHost, ServiceHost } from "#services/service.ts";
import { sections, ServiceBench, settled } from "#services/testing/bench.ts";

/** links <- ospf <- show; whisper stands alone. */
function family(bench: ServiceBench, ospf = {}) {
  const links = bench.dummy("links");
  const router = bench.dummy("ospf", { needs: [links], ...ospf });
  return [bench.dummy("show", { needs: [router] }), router, links, bench.dummy("whisper")] as const;
}

test("services start in the order of their needs, are given their APIs, and stop in reverse", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(...family(bench));
  await manager.start(sections({ show: 1, ospf: 2, whisper: 3 }));
  // links is not configured: it starts with its defaults, because ospf needs it.
  assert.deepEqual(bench.news(), [
    "start links 1",
    "start ospf 2 links=api of links",
    "start show 1 ospf=api of ospf",
    "start whisper 3",
  ]);
  assert.equal(manager.api("ospf"), "api of ospf");
  assert.deepEqual(
    bench.log.since(0).flatMap(({ text, level }) => (level === "info" ? [text] : [])),
    [
      "starting service: links",
      "starting service: ospf",
      "starting service: show",
      "starting service: whisper",
    ],
  );
  await manager.stop();
  assert.deepEqual(bench.news(), ["stop whisper", "stop show", "stop ospf", "stop links"]);
});

test("what is not configured does not start, unless it always does", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(bench.dummy("a"), bench.dummy("b", { always: true }));
  await manager.start(new Map());
  assert.deepEqual(bench.news(), ["start b 1"]);
  assert.deepEqual(
    manager.statuses().map(({ name, state }) => `${name} ${state}`),
    ["b running"],
  );
  assert.throws(() => manager.api("a"), /service a is not running: it is not configured/);
  await assert.rejects(manager.restart("a"), /service a is not configured/);
  await assert.rejects(manager.restart("x"), /there is no service x/);
  await manager.stop();
});

test("a changed section restarts its service and what needs it, nothing else", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(...family(bench));
  await manager.start(sections({ show: 1, ospf: 1, links: 1, whisper: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ show: 1, ospf: 5, links: 1, whisper: 1 })), ["ospf"]);
  assert.deepEqual(bench.news(), [
    "stop show",
    "stop ospf",
    "start ospf 5 links=api of links",
    "start show 1 ospf=api of ospf",
  ]);
  assert.deepEqual(await manager.reconfigure(sections({ show: 1, ospf: 5, links: 1, whisper: 1 })), []);
  assert.deepEqual(bench.news(), []);
  await manager.stop();
});

test("a section that comes or goes starts or stops its service", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(...family(bench));
  await manager.start(sections({ whisper: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ ospf: 1 })), ["links", "ospf", "whisper"]);
  assert.deepEqual(bench.news(), ["stop whisper", "start links 1", "start ospf 1 links=api of links"]);
  assert.deepEqual(
    manager.statuses().map(({ name }) => name),
    ["links", "ospf"],
  );
  await manager.stop();
});

test("a service that takes a change in place goes on, and so does what needs it", async () => {
  const bench = new ServiceBench();
  const book = bench.dummy("book", { takes: true });
  const manager = bench.manager(book, bench.dummy("reader", { needs: [book] }));
  await manager.start(sections({ book: 1, reader: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ book: 2, reader: 1 })), ["book"]);
  assert.deepEqual(bench.news(), ["take book 2"]);
  // A later restart uses what was taken.
  await manager.restart("book");
  assert.equal(bench.news()[2], "start book 2");
  await manager.stop();
});

test("restart stops and starts a service with what needs it, and counts", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(...family(bench));
  await manager.start(sections({ show: 1, whisper: 1 }));
  bench.news();
  await manager.restart("ospf");
  assert.deepEqual(bench.news().slice(0, 2), ["stop show", "stop ospf"]);
  assert.deepEqual(
    manager.statuses().map(({ name, restarts }) => `${name} ${restarts}`),
    ["links 0", "ospf 1", "show 0", "whisper 0"],
  );
  await manager.stop();
});

test("what an operator must mend ends the first start, with everything stopped again", async () => {
  const bench = new ServiceBench();
  const start = (): never => {
    throw new OperatorError("port 1 is taken", "choose another");
  };
  const manager = bench.manager(...family(bench, { start }));
  await assert.rejects(manager.start(sections({ ospf: 1, whisper: 1 })), /port 1 is taken/);
  assert.deepEqual(bench.news(), [
    "start links 1",
    "start ospf 1 links=api of links",
    "stop ospf",
    "stop links",
  ]);
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
});

test("changes never overlap: each waits for the one before", async () => {
  const bench = new ServiceBench();
  const gate = Promise.withResolvers<void>();
  const manager = bench.manager(bench.dummy("slow", { start: () => gate.promise }));
  const starting = manager.start(sections({ slow: 1 }));
  const restarting = manager.restart("slow");
  await settled();
  assert.deepEqual(bench.news(), ["start slow 1"]);
  assert.equal(manager.statuses()[0]!.state, "starting");
  gate.resolve();
  await Promise.all([starting, restarting]);
  assert.deepEqual(bench.news(), ["stop slow", "start slow 1"]);
  await manager.stop();
});

test("stopping gives up a start that does not end, and nothing starts afterwards", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(
    bench.dummy("a"),
    bench.dummy("hung", { start: () => new Promise(() => {}) }),
  );
  const starting = manager.start(sections({ a: 1, hung: 1 }));
  await settled();
  const queued = manager.restart("a");
  await manager.stop();
  await starting;
  assert.deepEqual(bench.news(), ["start a 1", "start hung 1", "stop hung", "stop a"]);
  assert.equal(bench.hosts.get("hung")!.signal.aborted, true);
  await assert.rejects(queued, /the node is stopping/);
  await assert.rejects(manager.restart("a"), /the node is stopping/);
  await assert.rejects(manager.reconfigure(sections({ a: 2 })), /the node is stopping/);
  await bench.pass(100_000);
  assert.deepEqual(bench.news(), []);
});

test("a service that cannot take a change in place is restarted, and so is everything else that changed", async () => {
  const bench = new ServiceBench();
  const start = (host: NodeHost): void =>
    (host as ServiceHost<unknown>).atReconfigure(() => {
      throw new Error("not like this");
    });
  const manager = bench.manager(bench.dummy("a"), bench.dummy("bad", { start }));
  await manager.start(sections({ a: 1, bad: 1 }));
  bench.news();
  assert.deepEqual(await manager.reconfigure(sections({ a: 2, bad: 2 })), ["a", "bad"]);
  assert.deepEqual(bench.news(), ["stop bad", "stop a", "start a 2", "start bad 2"]);
  await manager.stop();
});
