import { seededRandom } from "#base/random.ts";
import { NumberHeap } from "#ospf/number-heap.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

test("numbers come out in order, whatever is pushed in between", () => {
  const random = seededRandom("number-heap");
  const heap = new NumberHeap();
  const model: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    if (random.below(5) < 3) {
      const item = random.below(500) * 2 ** random.below(40);
      heap.push(item);
      model.push(item);
    } else if (heap.size > 0) {
      const least = Math.min(...model);
      model.splice(model.indexOf(least), 1);
      assert.equal(heap.pop(), least);
    }
    assert.equal(heap.size, model.length);
  }
  assert.ok(heap.size > 1_024);
});
