import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { FakeLog } from "#api/fake-control.ts";
import { Level, WatchRequestSchema } from "#api/gen/parley/v1/node_pb.ts";
import { watch, type WatchItem } from "#api/watch.ts";

const limits = { watchEvents: 5, watchBytes: 1_000_000 };

function watching(log: FakeLog, request: MessageInitShape<typeof WatchRequestSchema> = {}, within = limits) {
  const controller = new AbortController();
  const items = watch(log, create(WatchRequestSchema, request), controller.signal, within);
  const next = async () => shown((await items.next()).value);
  const take = async (count: number) => {
    const taken: unknown[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  return { controller, items, next, take };
}

/** "started", the sequence of an event, or "lost N". */
function shown(item: WatchItem | undefined | void): string | number {
  const content = item?.item;
  if (content?.case === "event") return Number(content.value.sequence);
  return content?.case === "lost" ? `lost ${content.value}` : (content?.case ?? "nothing");
}

test("a watch without `after` begins with `started` and then tells what comes", async () => {
  const log = new FakeLog();
  log.publish({});
  const { next, take } = watching(log);
  assert.equal(await next(), "started");
  log.publish({});
  log.publish({});
  assert.deepEqual(await take(2), [2, 3]);
  const waiting = next();
  log.publish({});
  assert.equal(await waiting, 4);
});

test("kept and live events come once each and in order, also those published while the kept ones are sent", async () => {
  const log = new FakeLog();
  for (let i = 0; i < 4; i++) log.publish({});
  const { next, take } = watching(log, { after: 1n });
  assert.equal(await next(), "started");
  log.publish({});
  assert.deepEqual(await take(2), [2, 3]);
  log.publish({});
  assert.deepEqual(await take(3), [4, 5, 6]);
});

test("a client that comes back after a restart of the daemon is told the new events, whose numbers are lower", async () => {
  const log = new FakeLog();
  log.publish({});
  const { take } = watching(log, { after: 1_000n });
  const first = take(2);
  await Promise.resolve();
  log.publish({});
  assert.deepEqual(await first, ["started", 2]);
});

test("only the services and levels that were asked for are told, kept or live", async () => {
  const log = new FakeLog();
  const publish = () => {
    log.publish({ service: "ospf", level: "error" });
    log.publish({ service: "whisper", level: "debug" });
    log.publish({ service: "whisper", level: "warn" });
  };
  publish();
  const { next, take } = watching(log, { after: 0n, services: ["whisper"], level: Level.INFO });
  assert.equal(await next(), "started");
  publish();
  assert.deepEqual(await take(2), [3, 6]);
});

test("a slow reader loses the oldest and is told how many, in their place", async () => {
  const log = new FakeLog();
  const { next, take } = watching(log);
  assert.equal(await next(), "started");
  for (let i = 0; i < 12; i++) log.publish({});
  assert.deepEqual(await take(3), ["lost 7", 8, 9]);
  for (let i = 0; i < 3; i++) log.publish({});
  assert.deepEqual(await take(6), ["lost 1", 11, 12, 13, 14, 15]);
});

test("events that wait for a reader are bounded by their size too", async () => {
  const log = new FakeLog();
  const { next, take } = watching(log, {}, { watchEvents: 100, watchBytes: 10_000 });
  assert.equal(await next(), "started");
  for (let i = 0; i < 5; i++) log.publish({ text: "x".repeat(4_000) });
  assert.deepEqual(await take(3), ["lost 3", 4, 5]);
  log.publish({ text: "x".repeat(40_000) });
  assert.equal(await next(), 6);
});

test("a watch ends with its signal, whether it waits or sends, and stops listening", async () => {
  const log = new FakeLog();
  const stopping = new ConnectError("parleyd is stopping", Code.Unavailable);
  const waiting = watching(log);
  await waiting.next();
  const next = waiting.next();
  assert.equal(log.listeners, 1);
  waiting.controller.abort(stopping);
  await assert.rejects(next, stopping);
  assert.equal(log.listeners, 0);

  log.publish({});
  const sending = watching(log, { after: 0n });
  await sending.next();
  sending.controller.abort();
  await assert.rejects(sending.next(), { code: Code.Canceled });
  assert.equal(log.listeners, 0);
});

test("a reader that leaves stops the listening", async () => {
  const log = new FakeLog();
  const { items, next } = watching(log);
  await next();
  await items.return(undefined);
  assert.equal(log.listeners, 0);
});
