import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GossipQueue, retransmitLimit } from "#membership/gossip-queue.ts";

function bytes(size: number, value = 0): Uint8Array {
  return new Uint8Array(size).fill(value);
}

function sizes(parts: readonly Uint8Array[]): number[] {
  return parts.map(({ length }) => length);
}

test("of equally often sent messages the largest that fits goes first, then the newest", () => {
  const queue = new GossipQueue();
  for (const [key, size] of [
    ["a", 10],
    ["b", 30],
    ["c", 20],
  ] as const)
    queue.push(key, bytes(size));
  assert.deepEqual(sizes(queue.take(45, 2, 9)), [30, 10]);
  // What was sent less often goes first, though it is smaller.
  assert.deepEqual(sizes(queue.take(60, 2, 9)), [20, 30]);
  queue.push("d", bytes(10, 1));
  queue.push("e", bytes(10, 2));
  assert.deepEqual(queue.take(12, 2, 9), [bytes(10, 2)]);
  assert.deepEqual(queue.take(12, 2, 9), [bytes(10, 1)]);
});

test("a message is gone after so many packets, and a newer one about the same replaces it", () => {
  const queue = new GossipQueue();
  queue.push("a", bytes(10));
  queue.take(100, 2, 2);
  assert.ok(queue.has("a"));
  queue.push("a", bytes(11));
  for (let i = 0; i < 2; i++) assert.deepEqual(sizes(queue.take(100, 2, 2)), [11]);
  assert.equal(queue.size, 0);
  assert.deepEqual(queue.take(100, 2, 2), []);
});

test("nothing that is too large, and no more parts than allowed", () => {
  const queue = new GossipQueue();
  for (let i = 0; i < 200; i++) queue.push(`${i}`, bytes(4));
  assert.equal(queue.take(10_000, 2, 9).length, 127);
  assert.equal(queue.take(10_000, 2, 9, 3).length, 3);
  assert.deepEqual(queue.take(5, 2, 9), []);
});

test("a bounded queue lets the oldest go", () => {
  const queue = new GossipQueue(2);
  assert.ok(queue.push("a", bytes(1)));
  assert.ok(queue.push("b", bytes(2)));
  assert.ok(!queue.push("c", bytes(3)));
  assert.deepEqual(sizes(queue.take(100, 2, 9)), [3, 2]);
});

test("every message goes into exactly so many packets, whatever their room", () => {
  const message = fc.record({ key: fc.nat(20), size: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), fc.integer({ min: 62, max: 300 }), (messages, room) => {
      const queue = new GossipQueue();
      for (const [i, { key, size }] of messages.entries()) queue.push(`${key}`, bytes(size, i));
      const expected = queue.size;
      const taken = new Map<Uint8Array, number>();
      while (queue.size > 0) {
        const parts = queue.take(room, 2, 3);
        assert.ok(parts.length > 0);
        assert.ok(parts.reduce((sum, { length }) => sum + length + 2, 0) <= room);
        for (const part of parts) taken.set(part, (taken.get(part) ?? 0) + 1);
      }
      assert.equal(taken.size, expected);
      assert.ok([...taken.values()].every((count) => count === 3));
    }),
  );
});

test("packets per message grow with the logarithm of the cluster", () => {
  assert.deepEqual(
    [1, 9, 10, 99, 100, 1_000].map((members) => retransmitLimit(4, members)),
    [4, 4, 8, 8, 12, 16],
  );
});
