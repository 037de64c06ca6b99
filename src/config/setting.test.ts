import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OperatorError } from "#base/operator-error.ts";
import { formatKeyPath } from "#config/key-path.ts";
import { plainValue } from "#config/located.ts";
import { readSetting } from "#config/setting.ts";

function read(text: string): unknown[] {
  return readSetting(text, 1, 0, []).map((map) => JSON.parse(JSON.stringify(plainValue(map))));
}

function refusal(text: string, secrets: readonly string[] = []): string {
  let error: unknown;
  try {
    readSetting(text, 2, 0, secrets);
  } catch (caught) {
    error = caught;
  }
  assert(error instanceof OperatorError);
  assert.equal(error.exitStatus, 2);
  return `${error.message}; ${error.remedy}`;
}

const unit = fc.oneof(
  fc.constantFrom(..."ab. =\"'\\#[]{},:-\n"),
  fc.integer({ max: 0xffff, min: 0 }).map((code) => String.fromCharCode(code)),
);

test("Values are texts, numbers, truth, lists and maps.", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["bob", "bob"],
    ['"bob"', "bob"],
    ["'bob'", "bob"],
    ['"5"', "5"],
    ["5", 5],
    ["-1.5e3", -1500],
    ["0x1F", 31],
    ["true", true],
    ["null", null],
    ["[a, b, 3]", ["a", "b", 3]],
    ["{a: 1, b: [x]}", { a: 1, b: ["x"] }],
    ['["192.0.2.10:55555", "[::1]:9"]', ["192.0.2.10:55555", "[::1]:9"]],
    ["bob # a comment", "bob"],
    ["127.0.0.1:55555", "127.0.0.1:55555"],
    ["./data", "./data"],
    ["mesh://[::1]:8083", "mesh://[::1]:8083"],
  ];
  for (const [text, value] of cases) assert.deepEqual(read(`k=${text}`), [{ k: value }], text);
});

test("What only looks like YAML is text.", () => {
  for (const text of [
    "@bob",
    "*bob",
    "&bob",
    "!bob",
    "a: b",
    "- a",
    "? a",
    "a, b",
    "a,",
    "a]",
    "a}",
    "%x",
    "`x`",
    "|",
    ">",
    "---",
    "[::1]:55555",
    "[fe80::1%eth0]:1",
    "x [a]",
    "a:",
    "=",
    "a=b",
    "]",
    "}",
    ",",
  ]) {
    assert.deepEqual(read(`k=${text}`), [{ k: text }], text);
  }
});

test("Spaces around the equals sign do not count, and one setting may have many lines.", () => {
  assert.deepEqual(read('whisper.nick = "bob"'), [{ whisper: { nick: "bob" } }]);
  assert.deepEqual(read('"network.controller.d2" = true'), [{ network: { controller: { d2: true } } }]);
  assert.deepEqual(read("\n# first\na.b = 1\r\n\n  c = [2]\n"), [{ a: { b: 1 } }, { c: [2] }]);
});

/** A number that would change is marked as unusable: integers beyond 2^53 are refused. */
function marked(_key: string, value: unknown): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? "__proto__" : value;
}

test("Any value written as JSON under any key reads back.", () => {
  const part = fc.string({ minLength: 1, unit }).filter((key) => key !== "__proto__");
  const value = fc
    .jsonValue({ maxDepth: 4 })
    .filter((json) => !JSON.stringify(json, marked).includes("__proto__"));
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 5 }), value, (path, json) => {
      let expected: unknown = JSON.parse(JSON.stringify(json));
      for (const key of path.toReversed()) expected = { [key]: expected };
      assert.deepEqual(read(`${formatKeyPath(path)} = ${JSON.stringify(json)}`), [expected]);
    }),
  );
});

test("Any words without punctuation are read as the text they are.", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[g-z]+( [g-z]+){0,3}$/), (words) => {
      fc.pre(words !== "null");
      assert.deepEqual(read(`a.b=${words}`), [{ a: { b: words } }]);
    }),
  );
});

test("Any text is a setting or an OperatorError of bad usage.", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `k=${text}`),
      ),
      (text) => {
        try {
          readSetting(text, 1, 0, []);
        } catch (error) {
          assert(error instanceof OperatorError && error.exitStatus === 2);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("A malformed setting is refused with what to write.", () => {
  const example = "write KEY=VALUE, for example -s whisper.nick=bob";
  assert.equal(refusal(""), `-s 2: is empty; ${example}`);
  assert.equal(refusal("whisper"), `-s 2 (whisper): has no "="; ${example}`);
  assert.equal(refusal("=5"), `-s 2 (=5): a part of the key is empty; ${example}`);
  assert.equal(refusal('"a.b=5'), `-s 2 ("a.b=5): a quote is not closed in the key; ${example}`);
  assert.equal(refusal("__proto__.x=5"), `-s 2 (__proto__.x=5): "__proto__" cannot be a key; ${example}`);
  const empty = 'write KEY="" for an empty text, KEY=null to take the key away';
  assert.equal(refusal("a="), `-s 2 (a=): has no value; ${empty}`);
  assert.equal(refusal("a = # b"), `-s 2 (a = # b): has no value; ${empty}`);
  assert.equal(refusal('a="b" c'), `-s 2 (a="b" c): missing , or : between flow sequence items; add it`);
  assert.equal(
    refusal('a="b", "c"'),
    `-s 2 (a="b", "c"): holds more than one value; write one, such as bob, [a, b] or { a: 1 }`,
  );
  assert.match(refusal("a=[1, 2"), /^-s 2 \(a=\[1, 2\): .*; .*$/);
  assert.match(refusal('a="b'), /^-s 2 \(a="b\): .*; .*$/);
  assert.equal(
    refusal("a={b: 1, b: 2}"),
    `-s 2 (a={b: 1, b: 2}): is set twice, first in line 1; keep one of them`,
  );
});

test("A place names the setting, cut to a readable length and without secrets.", () => {
  const name = (text: string) => readSetting(text, 3, 0, ["api.tokens"])[0]!.place.source.name;
  assert.equal(name("whisper.nick = bob"), "-s 3 (whisper.nick = bob)");
  assert.equal(name(`a=${"x".repeat(100)}`), `-s 3 (a=${"x".repeat(57)}…)`);
  assert.equal(name("api.tokens=[hunter2]"), "-s 3 (api.tokens=********)");
  assert.equal(name("api.tokens.bob=hunter2"), "-s 3 (api.tokens.bob=********)");
  assert.equal(name("api={tokens: [hunter2]}"), "-s 3 (api=********)");
  assert.match(refusal('api.tokens=["hunter2', ["api.tokens"]), /^-s 2 \(api\.tokens=\*{8}\): (?!.*hunter2)/);
});
