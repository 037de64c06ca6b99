import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { decodeMessage, encodeMessage, leadingId, timestampMs } from "#whisper/message.ts";

const MESSAGE = {
  id: "45c58a9938a5d141",
  address: "10.77.0.1:55555",
  body: 'hi "é" 😀',
  nick: "alice",
  timestamp: 1_795_219_132,
  from: "",
};

test("a message is written with the original's keys in their order, and both nick keys", () => {
  assert.equal(
    decodeUtf8(encodeMessage(MESSAGE)),
    '{"ID":"45c58a9938a5d141","Addr":"10.77.0.1:55555","Body":"hi \\"é\\" 😀","omitempty":"alice",' +
      '"Timestamp":1795219132,"Nick":"alice"}\n',
  );
  assert.match(decodeUtf8(encodeMessage({ ...MESSAGE, from: "10.0.0.1:1" })), /,"From":"10\.0\.0\.1:1"\}\n$/);
});

test("what a running peer of the original writes is read", () => {
  const go =
    '{"ID":"45c58a9938a5d141","Addr":"10.77.0.1:55555","Body":"hello \\u003cb\\u003e\\u0026\\"é\\u2028 😀",' +
    '"omitempty":"alice","Timestamp":1795219132}';
  assert.deepEqual(decodeMessage(JSON.parse(go)), {
    ok: true,
    message: { ...MESSAGE, body: 'hello <b>&"é\u2028 😀' },
  });
});

test("every message reads back", () => {
  const text = fc.string({ unit: "grapheme" });
  const any = fc.record({
    id: text,
    address: text,
    body: text,
    nick: text,
    timestamp: fc.maxSafeInteger(),
    from: text,
  });
  fc.assert(
    fc.property(any, (message) => {
      const json: unknown = JSON.parse(decodeUtf8(encodeMessage(message)));
      // -0 has no JSON of its own.
      const expected = { ...message, timestamp: message.timestamp + 0 };
      assert.deepEqual(decodeMessage(json), { ok: true, message: expected });
    }),
  );
});

test("keys are read as Go reads them: any case, null is absent, unknown ones are ignored", () => {
  const of = (value: unknown) => {
    const decoded = decodeMessage(value);
    assert.ok(decoded.ok);
    return decoded.message;
  };
  assert.equal(of({ id: "x", BODY: "b", aDDr: "a" }).body, "b");
  assert.equal(of({ ID: null, Body: "b", Nick: null }).id, "");
  assert.equal(of({ Nick: "nick", omitempty: "go" }).nick, "go");
  assert.equal(of({ Nick: "nick", omitempty: "" }).nick, "nick");
  assert.deepEqual(of({ FileType: 1, FileContents: [1], __proto__: 1, constructor: 2, Body: "b" }).body, "b");
  assert.equal(of(null).body, "");
});

test("a known key of a wrong type is malformed, and so is what is no object", () => {
  for (const value of [[], "x", 1, true, { Body: 1 }, { ID: {} }, { Timestamp: "1" }, { Timestamp: 1.5 }]) {
    assert.equal(decodeMessage(value).ok, false, JSON.stringify(value));
  }
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof decodeMessage(value).ok === "boolean"));
});

test("the leading ID is found without reading JSON, or not at all", () => {
  const leading = (text: string) => leadingId(encodeUtf8(text), 16);
  assert.equal(leading('{"ID":"45c58a9938a5d141","Addr"'), "45c58a9938a5d141");
  assert.equal(leading('{"ID":""}'), "");
  for (const text of [
    '{"ID":"a\\u0062"}',
    '{"ID":"é"}',
    '{"ID":"12345678901234567"}',
    '{"id":"a"}',
    '{ "ID":"a"}',
  ])
    assert.equal(leading(text), undefined, text);
  assert.equal(leading('{"ID":"abc'), undefined);
});

test("timestamps are seconds or milliseconds", () => {
  assert.equal(timestampMs(1_795_219_132), 1_795_219_132_000);
  assert.equal(timestampMs(1_795_219_132_123), 1_795_219_132_123);
  assert.equal(timestampMs(0), 0);
  assert.equal(timestampMs(-5), 0);
});
