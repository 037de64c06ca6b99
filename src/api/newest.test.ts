import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { newest } from "#api/newest.ts";

test("the newest items within the number and the size that are allowed are given, oldest first", () => {
  const sizes = [5, 1, 2, 3];
  const own = (size: number) => size;
  assert.deepEqual(newest(sizes, 0, 100, own), sizes);
  assert.deepEqual(newest(sizes, 2, 100, own), [2, 3]);
  assert.deepEqual(newest(sizes, 9, 100, own), sizes);
  assert.deepEqual(newest(sizes, 0, 6, own), [1, 2, 3]);
  assert.deepEqual(newest(sizes, 0, 5, own), [2, 3]);
  assert.deepEqual(newest([], 0, 5, own), []);
});

test("one item is given even if it alone is too large", () => {
  assert.deepEqual(
    newest([1, 9], 0, 5, (size) => size),
    [9],
  );
});

test("what is given is always the end of what there is", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(10), fc.nat(60), (items, limit, bytes) => {
      const given = newest(items, limit, bytes, (size) => size);
      assert.deepEqual(given, items.slice(items.length - given.length));
    }),
  );
});
