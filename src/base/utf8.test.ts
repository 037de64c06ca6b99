import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";

/** Any UTF-16 units, lone surrogates included. */
const units = fc.array(fc.oneof(fc.nat(0xff), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })));

test("text becomes the bytes that TextEncoder makes of it", () => {
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
    }),
  );
});

test("any bytes become the text that TextDecoder makes of them", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const likely = fc.constantFrom(
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0x41,
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(255), likely)), (list) => {
      const bytes = Uint8Array.from(list);
      assert.equal(decodeUtf8(bytes, 0, bytes.length), decoder.decode(bytes));
    }),
    { numRuns: 1_000 },
  );
});

test("long text survives the way there and back", () => {
  const text = "grüße 👋 \u0000 ".repeat(20_000);
  const bytes = encodeUtf8(text);
  assert.equal(decodeUtf8(bytes, 0, bytes.length), text);
});
