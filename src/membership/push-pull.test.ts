import assert from "node:assert/strict";
import { test } from "node:test";
import { aliveOf, TestNode } from "#membership/testing/node.ts";

/** How many exchanges a node has begun. */
function dials(node: TestNode): number {
  return node.counted("streams dialled");
}

/** A node that answers pings, so that nothing but exchanges is dialled. */
function pass(node: TestNode, ms: number): void {
  for (let left = ms; left > 0; left -= 50) {
    node.run(50);
    for (const { message } of node.takeSent())
      if (message.type === "ping") {
        const { sequenceNumber } = message.body;
        node.message({ type: "ack", body: { sequenceNumber, payload: undefined } });
      }
  }
}

test("after a storm of joins others are asked for more, and once more when all is quiet", () => {
  const node = new TestNode();
  pass(node, 40_000);
  for (let x = 2; x <= 9; x++) node.message(aliveOf(x, 1));
  pass(node, 1_000);
  assert.equal(node.counted("exchanges to settle"), 1);
  pass(node, 8_000);
  assert.equal(node.counted("exchanges to settle"), 2);
  pass(node, 15_000);
  assert.equal(node.counted("exchanges to settle"), 2);
  assert.ok(dials(node) >= 2);
});

test("members that come one by one are no storm, also after one", () => {
  const node = new TestNode();
  for (let x = 2; x <= 9; x++) node.message(aliveOf(x, 1));
  pass(node, 20_000);
  assert.equal(node.counted("exchanges to settle"), 2);
  for (let x = 10; x < 30; x++) {
    node.message(aliveOf(x, 1));
    pass(node, 5_000);
  }
  assert.equal(node.counted("exchanges to settle"), 2);
});
