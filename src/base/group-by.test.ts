import assert from "node:assert/strict";
import { test } from "node:test";
import { groupBy } from "#base/group-by.ts";

test("What has the same key is together, in the order in which it came.", () => {
  const groups = groupBy(["ant", "bee", "asp", "cat"], (name) => name[0]);
  assert.deepEqual(
    [...groups],
    [
      ["a", ["ant", "asp"]],
      ["b", ["bee"]],
      ["c", ["cat"]],
    ],
  );
});
