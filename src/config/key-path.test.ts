import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatKeyPath, parseKeyPath } from "#config/key-path.ts";

const unit = fc.oneof(
  fc.constantFrom(..."ab. =\"'\\#[]{},:-\n"),
  fc.integer({ max: 0xffff, min: 0 }).map((code) => String.fromCharCode(code)),
);

test("A formatted key path reads back as the same path.", () => {
  const part = fc.string({ minLength: 1, unit }).filter((key) => key !== "__proto__");
  const path = fc.array(part, { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(path, (parts) => {
      const text = formatKeyPath(parts);
      assert.deepEqual(parseKeyPath(`${text} = 1`), { ok: true, path: parts, end: text.length + 1 });
    }),
  );
});

test("Keys hold spaces and hyphens, and dots within quotes.", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["whisper.nick", ["whisper", "nick"]],
    [" whisper . nick ", ["whisper", "nick"]],
    ["ospf.area 0.interface eth0.hello-interval", ["ospf", "area 0", "interface eth0", "hello-interval"]],
    ['ospf."area 0.0.0.1".cost', ["ospf", "area 0.0.0.1", "cost"]],
    ["ospf.'area 0.0.0.1'.cost", ["ospf", "area 0.0.0.1", "cost"]],
    ['"network.controller.d2"', ["network", "controller", "d2"]],
    ["'network.controller.d2'", ["network", "controller", "d2"]],
    ["\"ospf.'area 0.0.0.1'.cost\"", ["ospf", "area 0.0.0.1", "cost"]],
    ['"a\\u0062c"', ["abc"]],
  ];
  for (const [text, path] of cases) {
    const read = parseKeyPath(text);
    assert.deepEqual(read.ok && read.path, path, text);
  }
});

test("What is no key path is explained.", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "a part of the key is empty"],
    ["= 5", "a part of the key is empty"],
    ["a..b", "a part of the key is empty"],
    [".a", "a part of the key is empty"],
    ["a.", "a part of the key is empty"],
    ["''", "a part of the key is empty"],
    ['"a.b', "a quote is not closed in the key"],
    ['"a\\q"', '"a\\q" is not a well-formed quoted key'],
    ['"a" b', '"." or "=" is missing before b'],
    ['a"b"', '"." or "=" is missing before "b"'],
    ['"a=b"', 'a key cannot hold "="'],
    ["a.__proto__.b", '"__proto__" cannot be a key'],
    ["a.".repeat(20) + "a", "the key has more than 16 parts"],
  ];
  for (const [text, message] of cases) assert.deepEqual(parseKeyPath(text), { ok: false, message }, text);
});

test("List indexes are shown in brackets.", () => {
  assert.equal(formatKeyPath(["peers", 0, "address"]), "peers[0].address");
});
