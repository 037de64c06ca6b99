import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeUtf8 } from "#base/utf8.ts";
import { JsonReader } from "#whisper/json-reader.ts";

const limits = { bytes: 100_000, depth: 32 };

/** All values in `text`, cut into pieces of the given sizes (the last size repeats); and what was wrong. */
function readAll(bytes: Uint8Array, sizes: readonly number[], reader = new JsonReader(limits)) {
  const values: unknown[] = [];
  let error: string | undefined;
  for (let at = 0, piece = 0; at < bytes.length && error === undefined; piece++) {
    const size = sizes[Math.min(piece, sizes.length - 1)]!;
    error = reader.read(bytes.subarray(at, at + size), (value) => values.push(value));
    at += size;
  }
  return { values, error };
}

test("values come out however the stream is cut", () => {
  const anySpace = fc.constantFrom("", " ", "\n", "\r\n\t");
  const anyValue = fc.oneof(fc.object({ maxDepth: 4 }), fc.array(fc.string({ unit: "grapheme" })));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.json(), anySpace, anyValue), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (parts, sizes) => {
        // A blank after every value, so that two numbers do not become one.
        const texts = parts.flatMap(([json, space, value]) => [
          json + " " + space,
          JSON.stringify(value) + " ",
        ]);
        const { values, error } = readAll(encodeUtf8(texts.join("")), sizes);
        assert.equal(error, undefined);
        assert.deepEqual(
          values,
          texts.map((text) => JSON.parse(text)),
        );
      },
    ),
  );
});

test("it accepts exactly what JSON.parse accepts", () => {
  const nearlyJson = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ...'{}[]:,"\\ue0.-+1tfn\u0001 '), fc.boolean())
    .map(([json, at, letter, replace]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + letter + json.slice(replace ? place + 1 : place);
    });
  const objectsOnly = fc.oneof(nearlyJson, fc.string(), fc.json()).map((text) => `{"a":${text}}`);
  fc.assert(
    fc.property(objectsOnly, (text) => {
      let expected: unknown;
      let valid = true;
      try {
        expected = JSON.parse(text);
      } catch {
        valid = false;
      }
      const { values, error } = readAll(encodeUtf8(text), [7]);
      if (valid) assert.deepEqual([error, values], [undefined, [expected]]);
      else assert.ok(error !== undefined || values.length !== 1, text);
    }),
    { numRuns: 1_000 },
  );
});

test("what cannot become JSON is noticed at its first wrong byte", () => {
  for (const [text, error] of [
    ["GET / HTTP/1.1", 'not JSON at "G"'],
    ['{"a" 1', 'not JSON at "1"'],
    ['{"a":1}}', 'not JSON at "}"'],
    ['{"a":1]', 'not JSON at "]"'],
    ['{"a":"\u0000', "not JSON at byte 0x00"],
    ["[01]", 'not JSON at "1"'],
    ["[1.]", 'not JSON at "]"'],
    ["[nul]", 'not JSON at "]"'],
    ["{,}", 'not JSON at ","'],
    ["[1,]", 'not JSON at "]"'],
    ['"\\x', 'not JSON at "x"'],
    ['"\\u12g', 'not JSON at "g"'],
    ["\ufeff{}", "not JSON at byte 0xef"],
  ] as const) {
    assert.equal(readAll(encodeUtf8(text), [1]).error, error, text);
  }
});

test("the values before a wrong byte are still taken, and nothing after it", () => {
  const reader = new JsonReader(limits);
  assert.deepEqual(readAll(encodeUtf8('{"a":1}{"b":2}x{"c":3}'), [100], reader).values, [{ a: 1 }, { b: 2 }]);
  assert.equal(
    reader.read(encodeUtf8("{}"), () => assert.fail("a value")),
    "the stream is malformed",
  );
});

test("a value over the size limit is refused in whole and in pieces, and then holds no memory", () => {
  for (const size of [1, 1_000, 1_000_000]) {
    const reader = new JsonReader({ bytes: 5_000, depth: 8 });
    const { error } = readAll(encodeUtf8(`"${"x".repeat(6_000)}"`), [size], reader);
    assert.equal(error, "a JSON value longer than 5000 bytes");
    assert.equal(reader.heldBytes, 0);
  }
  const fits = `"${"x".repeat(4_998)}"`;
  assert.deepEqual(
    readAll(encodeUtf8(fits), [999], new JsonReader({ bytes: 5_000, depth: 8 })).values.length,
    1,
  );
});

test("nesting is limited, so that no input overflows a stack", () => {
  const reader = new JsonReader({ bytes: 1_000_000, depth: 3 });
  assert.deepEqual(readAll(encodeUtf8('[[{"a":1}]]'), [1], reader).values, [[[{ a: 1 }]]]);
  assert.equal(readAll(encodeUtf8("[".repeat(100_000)), [4_096], reader).error, "JSON nested deeper than 3");
});

test("malformed UTF-8 becomes U+FFFD", () => {
  const { values } = readAll(Uint8Array.from([0x22, 0x61, 0xff, 0xe2, 0x82, 0x62, 0x22]), [1]);
  assert.deepEqual(values, ["a\ufffd\ufffdb"]);
});

test("a value that comes byte by byte is read to its end", () => {
  const text = encodeUtf8(`"${"x".repeat(200_000)}"`);
  const { values, error } = readAll(text, [1], new JsonReader({ bytes: 1_000_000, depth: 4 }));
  assert.equal(error, undefined);
  assert.equal((values[0] as string).length, 200_000);
});
