import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes, equalBytes } from "#base/bytes.ts";
import { formatDuration } from "#base/duration.ts";
import { formatVersion } from "#base/format-version.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import { safeJson, safeLines, safeText } from "#base/safe-text.ts";

test("durations are told in their two largest units", () => {
  for (const [ms, text] of [
    [-5, "0ms"],
    [0, "0ms"],
    [12.4, "12ms"],
    [99, "99ms"],
    [400, "0.4s"],
    [1_000, "1s"],
    [9_940, "9.9s"],
    [9_950, "10s"],
    [59_499, "59s"],
    [59_500, "1m"],
    [312_000, "5m 12s"],
    [3_600_000, "1h"],
    [3_605_000, "1h"],
    [3_660_000, "1h 1m"],
    [273_600_000, "3d 4h"],
  ] as const) {
    assert.equal(formatDuration(ms), text, String(ms));
  }
});

test("safe text has no character that a terminal obeys, and tells which there was", () => {
  assert.equal(safeText("hé 👋"), "hé 👋");
  assert.equal(safeText("a\u001b[31mb\r\n\t\u0007\u009b\u202e"), "a\\x1b[31mb\\r\\n\\t\\x07\\x9b\\u202e");
  assert.equal(safeLines("a\u0007\nb"), "a\\x07\nb");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(safeText(text), /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      assert.doesNotMatch(safeJson(text), /[\p{Cc}\u202a-\u202e]/u);
      assert.equal(JSON.parse(safeJson(text)), text);
    }),
  );
});

test("an operator's error is one line with its remedy", () => {
  assert.equal(explain(new OperatorError("no port", "choose\n  one")), "no port; choose one");
  assert.equal(explain(new Error("a\nb")), "a b");
  assert.equal(explain("text"), "text");
  assert.equal(new OperatorError("a", "b").exitStatus, 1);
  assert.equal(new OperatorError("a", "b", { exitStatus: 2 }).exitStatus, 2);
});

test("a version names its commit, when there is one, and whether it was changed", () => {
  assert.equal(formatVersion({ version: "0.1.0", commit: "", dirty: true }), "v0.1.0");
  assert.equal(formatVersion({ version: "0.1.0", commit: "2871e53", dirty: false }), "v0.1.0 (2871e53)");
  assert.equal(
    formatVersion({ version: "0.1.0", commit: "2871e53", dirty: true }),
    "v0.1.0 (2871e53; dirty)",
  );
});

test("bytes are joined and compared", () => {
  const parts = fc.array(fc.uint8Array());
  fc.assert(
    fc.property(parts, (list) => {
      assert.ok(Buffer.concat(list).equals(concatBytes(list)));
    }),
  );
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assert.equal(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)), false);
});
