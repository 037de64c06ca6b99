import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Outbox } from "#whisper/outbox.ts";
import { SeenIds } from "#whisper/seen-ids.ts";

const LIMITS = { queuedMessages: 4, queuedWhileAway: 2, queuedBytes: 100, queuedAgeMs: 1_000, writeBytes: 5 };
const bytes = (...values: number[]) => Uint8Array.of(...values);

test("messages leave in order, as many whole ones as a write may hold", () => {
  const outbox = new Outbox(LIMITS);
  for (const message of [bytes(1, 1), bytes(2, 2), bytes(3, 3), bytes(4, 4, 4, 4, 4, 4)])
    outbox.push({ bytes: message, at: 0 }, false);
  assert.deepEqual(outbox.take(0), bytes(1, 1, 2, 2));
  assert.equal(outbox.inFlight, true);
  assert.equal(outbox.messages, 4);
  assert.equal(outbox.sent(), 2);
  assert.deepEqual(outbox.take(0), bytes(3, 3));
  assert.equal(outbox.sent(), 1);
  // Longer than a write, but a message is never cut.
  assert.deepEqual(outbox.take(0), bytes(4, 4, 4, 4, 4, 4));
  outbox.sent();
  assert.equal(outbox.take(0), undefined);
  assert.deepEqual([outbox.messages, outbox.bytes, outbox.dropped], [0, 0, 0]);
});

test("the oldest are pushed out by count, by bytes and by age", () => {
  const crowded = new Outbox(LIMITS);
  for (let i = 1; i <= 6; i++) crowded.push({ bytes: bytes(i), at: 0 }, false);
  assert.deepEqual([crowded.dropped, crowded.messages], [2, 4]);
  assert.deepEqual(crowded.take(0), bytes(3, 4, 5, 6));

  const heavy = new Outbox(LIMITS);
  heavy.push({ bytes: bytes(1), at: 0 }, false);
  heavy.push({ bytes: new Uint8Array(60), at: 0 }, false);
  heavy.push({ bytes: new Uint8Array(70), at: 0 }, false);
  assert.deepEqual([heavy.dropped, heavy.bytes], [2, 70]);
  // One alone may be above the limit: it was within that of messages.
  heavy.push({ bytes: new Uint8Array(300), at: 0 }, false);
  assert.deepEqual([heavy.dropped, heavy.messages], [3, 1]);

  const old = new Outbox(LIMITS);
  old.push({ bytes: bytes(1), at: 0 }, false);
  old.push({ bytes: bytes(2), at: 900 }, false);
  assert.deepEqual(old.take(1_500), bytes(2));
  assert.equal(old.dropped, 1);
});

test("less is kept for a peer that is away", () => {
  const outbox = new Outbox(LIMITS);
  for (let i = 1; i <= 3; i++) outbox.push({ bytes: bytes(i), at: 0 }, true);
  assert.deepEqual([outbox.dropped, outbox.take(0)], [1, bytes(2, 3)]);
});

test("what was in flight when the connection broke goes first again", () => {
  const outbox = new Outbox(LIMITS);
  outbox.push({ bytes: bytes(1), at: 0 }, false);
  outbox.push({ bytes: bytes(2), at: 0 }, false);
  outbox.take(0);
  outbox.push({ bytes: bytes(3), at: 0 }, false);
  outbox.putBack(0);
  outbox.putBack(0);
  assert.deepEqual(outbox.take(0), bytes(1, 2, 3));
  outbox.clear();
  assert.deepEqual([outbox.messages, outbox.bytes, outbox.inFlight], [0, 0, false]);
});

test("any use keeps the order, the limits and the count of bytes", () => {
  const step = fc.oneof(fc.constantFrom("take", "sent", "back"), fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const outbox = new Outbox({ ...LIMITS, queuedMessages: 50, writeBytes: 64 });
      let serial = 0;
      let last = -1;
      for (const what of steps) {
        if (what === "take") {
          if (outbox.inFlight) continue;
          const data = outbox.take(0);
          for (let at = 0; data && at < data.length; at += data[at + 1]!) {
            assert.ok(data[at]! > last || last > 200, "order");
            last = data[at]!;
          }
        } else if (what === "sent") outbox.sent();
        else if (what === "back") {
          outbox.putBack(0);
          last = -1;
        } else {
          // Serial number and length of the message in its first two bytes.
          const message = new Uint8Array(Math.max(2, what)).fill(0);
          message.set([serial++ % 250, message.length]);
          outbox.push({ bytes: message, at: 0 }, false);
        }
        assert.ok(outbox.bytes <= 100 || outbox.messages === 1);
        assert.ok(outbox.bytes >= 0 && outbox.messages >= 0);
      }
      outbox.sent();
      while (outbox.take(0)) outbox.sent();
      assert.equal(outbox.bytes, 0);
    }),
  );
});

test("seen IDs are forgotten by age and by count, the oldest first", () => {
  const seen = new SeenIds(1_000, 3);
  assert.equal(seen.add("a", 0), true);
  assert.equal(seen.add("a", 500), false);
  assert.equal(seen.has("a", 1_000), true);
  assert.equal(seen.has("a", 1_001), false);
  assert.equal(seen.add("a", 1_001), true);
  for (const id of ["b", "c", "d", "e"]) seen.add(id, 1_100);
  assert.deepEqual(
    ["a", "b", "c", "d", "e"].map((id) => seen.has(id, 1_100)),
    [false, false, true, true, true],
  );
  for (let i = 0; i < 10_000; i++) seen.add(String(i), 2_000 + i);
  assert.ok(seen.size <= 3);
});
