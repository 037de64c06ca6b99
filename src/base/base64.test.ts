import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toBase64 } from "#base/base64.ts";

test("bytes become the base64 of RFC 4648", () => {
  for (const [text, expected] of [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foobar", "Zm9vYmFy"],
  ] as const)
    assert.equal(toBase64(Buffer.from(text)), expected);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
    }),
  );
});
