import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heap } from "#base/heap.ts";

test("items come out in order, however they went in", () => {
  // A number is pushed, undefined pops: compared with a sorted list at every step.
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer(), { nil: undefined })), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const sorted: number[] = [];
      for (const step of steps) {
        if (step === undefined) assert.equal(heap.pop(), sorted.shift());
        else {
          heap.push(step);
          sorted.push(step);
          sorted.sort((a, b) => a - b);
        }
        assert.equal(heap.size, sorted.length);
        assert.equal(heap.peek(), sorted[0]);
      }
    }),
  );
});

test("a cleared heap is empty", () => {
  const heap = new Heap<number>((a, b) => a < b);
  heap.push(1);
  heap.clear();
  assert.deepEqual([heap.size, heap.peek(), heap.pop()], [0, undefined, undefined]);
});
