import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, joinNames, nearestNames, suggestion } from "#base/edit-distance.ts";

test("A swap, a change, a missing and an extra letter each count one.", () => {
  for (const typed of ["wihsper", "whimper", "whsper", "whispper"])
    assert.equal(editDistance(typed, "whisper"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("The distance is symmetric, zero for equal texts and never more than the longer text.", () => {
  const text = fc.string({ maxLength: 20 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert(distance <= Math.max(a.length, b.length));
    }),
  );
});

test("The nearest names come first and far ones do not come.", () => {
  const known = ["hello-interval", "dead-interval", "cost", "priority"];
  assert.deepEqual(nearestNames("helo-interval", known), ["hello-interval"]);
  assert.deepEqual(nearestNames("Hello_Interval", known), ["hello-interval"]);
  assert.deepEqual(nearestNames("costs", known), ["cost"]);
  assert.deepEqual(nearestNames("nick", known), []);
  assert.deepEqual(nearestNames("x", ["a", "b"]), []);
  assert.deepEqual(nearestNames("", known), []);
  assert.deepEqual(nearestNames("bab", ["bob", "bib", "bub", "baa"]), ["baa", "bib", "bob"]);
});

test("Suggestions read as a question.", () => {
  assert.equal(suggestion("nik", ["nick", "listen"]), "did you mean nick?");
  assert.equal(suggestion("bab", ["bob", "bib"]), "did you mean bib or bob?");
  assert.equal(suggestion("zzz", ["bob"]), undefined);
});

test("Long lists of names are cut.", () => {
  assert.equal(joinNames(["a", "b", "c"], "and"), "a, b and c");
  const many = Array.from({ length: 25 }, (_, i) => `n${i}`);
  assert.match(joinNames(many, "or"), /^n0, .*, n19 and 5 more$/);
});
