import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLog } from "#services/event-log.ts";
import type { EventDetail, NodeEvent } from "#services/events.ts";

function said(characters: number): EventDetail {
  const body = "x".repeat(characters);
  const message = { id: "1", address: "", nick: "bob", body, said: 0, received: 0, own: false };
  return { type: "message", message };
}

const sequences = (events: readonly NodeEvent[]) => events.map(({ sequence }) => sequence);

test("however many come, between two and four thousand of the newest are kept, without a gap", () => {
  const log = new EventLog(() => 0);
  for (let published = 1; published <= 9_000; published++) {
    log.publish("a", "info", "x");
    if (published % 89 !== 0 && published !== 4_000 && published !== 4_001) continue;
    const kept = sequences(log.since(0));
    assert.ok(kept.length >= Math.min(published, 2_000) && kept.length <= 4_000, `${kept.length}`);
    assert.deepEqual(
      kept,
      Array.from(kept, (_, i) => published - kept.length + 1 + i),
    );
  }
});

test("messages count with their bodies: at most sixteen million characters are kept, and the newest stay", () => {
  const log = new EventLog(() => 0);
  let total = 0;
  for (let published = 1; published <= 60; published++) {
    const characters = published % 2 === 0 ? 1_000_000 : 300_000;
    total += characters;
    log.publish("a", "info", "said", said(characters));
    const kept = log.since(0);
    const size = kept.reduce(
      (sum, { detail }) => sum + (detail?.type === "message" ? detail.message.body.length : 0),
      0,
    );
    assert.ok(size <= 16_000_000, `${size}`);
    assert.ok(size >= Math.min(total, 6_900_000), `${size}`);
    assert.equal(kept.at(-1)!.sequence, published);
  }
});

test("what was dropped for its size makes room for as many small events as ever", () => {
  const log = new EventLog(() => 0);
  for (let i = 0; i < 40; i++) log.publish("a", "info", "said", said(1_000_000));
  for (let i = 0; i < 3_000; i++) log.publish("a", "info", "x");
  assert.equal(log.since(40).length, 3_000);
  for (let i = 0; i < 3_000; i++) log.publish("a", "info", "x");
  assert.ok(log.since(0).every(({ detail }) => detail === undefined));
});

test("since gives what came after a number: all for less than the oldest, nothing for the newest and beyond", () => {
  const log = new EventLog(() => 0);
  assert.deepEqual(log.since(0), []);
  for (let i = 0; i < 3; i++) log.publish("a", "info", "x");
  const expected: readonly [number, number[]][] = [
    [-1, [1, 2, 3]],
    [0, [1, 2, 3]],
    [1, [2, 3]],
    [2, [3]],
    [3, []],
    [99, []],
  ];
  for (const [after, kept] of expected) assert.deepEqual(sequences(log.since(after)), kept, `${after}`);
});

test("what since gave stays as it was while the log goes on", () => {
  const log = new EventLog(() => 0);
  log.publish("a", "info", "one");
  const before = log.since(0);
  log.publish("a", "info", "two");
  assert.deepEqual(sequences(before), [1]);
});

test("an event is kept before its followers hear of it, so that nobody can miss it between the two", () => {
  const log = new EventLog(() => 0);
  const gone = new AbortController();
  let kept: readonly number[] = [];
  log.subscribe(({ sequence }) => (kept = sequences(log.since(sequence - 1))), gone.signal);
  log.publish("a", "info", "x");
  assert.deepEqual(kept, [1]);
});

test("each follower hears until its own end, also when that comes in the middle of an event", () => {
  const log = new EventLog(() => 0);
  const heard: string[] = [];
  const [short, long] = [new AbortController(), new AbortController()];
  log.subscribe(({ text }) => {
    heard.push(`short ${text}`);
    short.abort();
  }, short.signal);
  log.subscribe(({ text }) => heard.push(`long ${text}`), long.signal);
  log.publish("a", "info", "one");
  log.publish("a", "info", "two");
  long.abort();
  log.publish("a", "info", "three");
  assert.deepEqual(heard, ["short one", "long one", "long two"]);
});

test("a detail comes along as it is, and an event without one has no such key", () => {
  const log = new EventLog(() => 7);
  const detail: EventDetail = { type: "configuration", changed: ["whisper"], error: "" };
  log.publish("node", "debug", "changed", detail);
  log.publish("node", "debug", "plain");
  const [first, second] = log.since(0);
  assert.equal(first!.detail, detail);
  assert.equal("detail" in second!, false);
});

test("a text of a thousand characters stays whole; of a longer one a mark shows the cut", () => {
  const log = new EventLog(() => 0);
  const whole = "y".repeat(1_000);
  log.publish("a", "info", whole);
  log.publish("a", "info", `${whole}z`);
  assert.deepEqual(
    log.since(0).map(({ text }) => text),
    [whole, `${whole}…`],
  );
});
