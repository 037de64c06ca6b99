import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPlace, plainValue } from "#config/located.ts";
import { readTomlLayer } from "#config/toml-layer.ts";

const source = { name: "f.toml", shortName: "f.toml", order: 0 };

async function problems(text: string): Promise<string[]> {
  return (await readTomlLayer(text, source)).problems.map(
    ({ place, key, message, remedy }) =>
      `${formatPlace(place)}: ${key === "" ? "" : `${key}: `}${message}; ${remedy}`,
  );
}

test("A document becomes values with places; dates are text as in YAML.", async () => {
  const text = '[whisper]\nnick = "bob"\nsince = 2001-01-01\nlist = [1, [true]]\n[[peer]]\na = 1\n';
  const { map } = await readTomlLayer(text, source);
  assert.deepEqual(JSON.parse(JSON.stringify(plainValue(map))), {
    whisper: { nick: "bob", since: "2001-01-01", list: [1, [true]] },
    peer: [{ a: 1 }],
  });
  const whisper = map.entries.get("whisper")!;
  assert.equal(formatPlace(whisper.key), "f.toml:1:2");
  assert(whisper.value.kind === "map");
  const nick = whisper.value.entries.get("nick")!;
  assert.equal(formatPlace(nick.key), "f.toml:2:1");
  assert.equal(formatPlace(nick.value.place), "f.toml:2:8");
});

test("Empty files are empty layers.", async () => {
  for (const text of ["", "\n# nothing\n", "\uFEFF"]) {
    assert.deepEqual(await readTomlLayer(text, source), {
      map: { kind: "map", place: { source, line: 1, column: 1 }, entries: new Map() },
      problems: [],
    });
  }
});

test("What is no TOML is refused at its line and column.", async () => {
  const quotes = 'put text in quotes: nick = "bob"';
  const cases: readonly (readonly [string, string])[] = [
    ["[whisper]\nnick = bob", `2:8: invalid value; ${quotes}`],
    ["a = 012", `1:5: illegal leading zero; ${quotes}`],
    ["a = 127.0.0.1:5", `1:10: illegal character in numeric literal; ${quotes}`],
    ["[mesh]\nlisten = [::1]:8083", '2:11: an address in brackets needs quotes; write "[::1]:8083"'],
    ["a = 1\na = 2", "2:1: trying to redefine an already defined table or value; keep one of them"],
    ["[a]\n[a]", "2:2: trying to redefine an already defined table or value; keep one of them"],
    ["a = {b = 1, b = 2}", "1:13: trying to redefine an already defined value; keep one of them"],
    ["area 0 = 1", '1:6: illegal character in key; write key = value, and quote a key with spaces: "area 0"'],
    ["nick: bob", '1:5: illegal character in key; write key = value, and quote a key with spaces: "area 0"'],
    [
      "a = 1 b = 2",
      "1:7: each key-value declaration must be followed by an end-of-line; begin a new line after each value; text needs quotes",
    ],
    ["a = 'x", "1:5: unfinished string; check the quotes, brackets and line ends here"],
    [
      "a = 12345678901234567890",
      "1:5: integer value cannot be represented losslessly; write it in quotes if it is text",
    ],
    ["a = 1\n__proto__.b = 1", '2:1: "__proto__" cannot be a key; remove it'],
    ["[a.__proto__]\nb = 1", '1:4: a: "__proto__" cannot be a key; remove it'],
    ["a = { __proto__ = 1 }", '1:7: a: "__proto__" cannot be a key; remove it'],
  ];
  for (const [text, expected] of cases) assert.deepEqual(await problems(text), [`f.toml:${expected}`], text);
});

test("Nesting has a limit, however it is written.", async () => {
  for (const text of [
    "a = " + "[".repeat(40) + "]".repeat(40),
    "a = " + "[".repeat(100_000),
    `${"a.".repeat(40)}a = 1`,
    `[${"a.".repeat(100_000)}a]`,
  ]) {
    const found = await problems(text);
    assert.equal(found.length, 1);
    assert.match(found[0]!, /^f\.toml:1:\d+: .*nested.*; use at most 32 levels$/);
  }
});
