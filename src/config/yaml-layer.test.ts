import assert from "node:assert/strict";
import { test } from "node:test";
import { MAXIMUM_VALUES } from "#config/limits.ts";
import { formatPlace, plainValue, type Located } from "#config/located.ts";
import { readYamlLayer } from "#config/yaml-layer.ts";

const source = { name: "f.yaml", shortName: "f.yaml", order: 0 };

function problems(text: string): string[] {
  return readYamlLayer(text, source).problems.map(
    ({ place, key, message, remedy }) =>
      `${formatPlace(place)}: ${key === "" ? "" : `${key}: `}${message}; ${remedy}`,
  );
}

function values(text: string): unknown {
  assert.deepEqual(problems(text), []);
  return JSON.parse(JSON.stringify(plainValue(readYamlLayer(text, source).map)));
}

/** "whisper.nick" with the places of key and value. */
function places(value: Located, path = ""): string[] {
  if (value.kind === "list")
    return value.items.flatMap((item, i) => [`${path}[${i}] ${at(item)}`, ...places(item, `${path}[${i}]`)]);
  if (value.kind !== "map") return [];
  return [...value.entries].flatMap(([key, entry]) => [
    `${path}.${key} ${entry.key.line}:${entry.key.column} ${at(entry.value)}`,
    ...places(entry.value, `${path}.${key}`),
  ]);
}

function at({ place }: Located): string {
  return `${place.line}:${place.column}`;
}

test("Every key and value knows its line and column.", () => {
  const text = "# c\nwhisper:\n  nick: bob # x\n  list:\n    - a\n    - { b: 1, 'c d': [2] }\nempty:\n";
  assert.deepEqual(places(readYamlLayer(text, source).map), [
    ".whisper 2:1 3:3",
    ".whisper.nick 3:3 3:9",
    ".whisper.list 4:3 5:5",
    ".whisper.list[0] 5:7",
    ".whisper.list[1] 6:7",
    ".whisper.list[1].b 6:9 6:12",
    ".whisper.list[1].c d 6:15 6:22",
    ".whisper.list[1].c d[0] 6:23",
    ".empty 7:1 7:7",
  ]);
});

test("Empty files, and files of comments alone, are empty layers.", () => {
  for (const text of ["", "\n\n", "# nothing\n", "---\n", "{}", "\uFEFF"])
    assert.deepEqual(values(text), {}, text);
});

test("Keys are text whatever they look like, and only true and false are truth.", () => {
  assert.deepEqual(values("1: a\ntrue: b\nnull: c\n2001-01-01: d"), {
    "1": "a",
    true: "b",
    null: "c",
    "2001-01-01": "d",
  });
  assert.deepEqual(values("a: yes\nb: true\nc: 0x1f\nd: 1e3\ne: 2001-01-01\nf: .inf"), {
    a: "yes",
    b: true,
    c: 31,
    d: 1000,
    e: "2001-01-01",
    f: null, // as JSON has no infinity
  });
});

test("A key without a value is told from an explicit null.", () => {
  const { map } = readYamlLayer("a:\nb: null\nc: ~\nd: {e: , f: null}", source);
  const kinds = [...map.entries.values()].map(({ value }) => value.kind);
  assert.deepEqual(kinds, ["nothing", "scalar", "scalar", "map"]);
});

test("Aliases stand for what they name, and a name that is given again is the latest.", () => {
  assert.deepEqual(values("a: &x {b: [1]}\nc: *x\nd: &x 2\ne: *x\n&k f: *k"), {
    a: { b: [1] },
    c: { b: [1] },
    d: 2,
    e: 2,
    f: "f",
  });
});

test("Aliases of aliases cannot grow without end, nor hold themselves.", () => {
  const laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++)
    laughs.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  const [first, ...others] = problems(laughs.join("\n"));
  assert.match(
    first!,
    new RegExp(`^f.yaml:\\d+:\\d+: there are more than ${MAXIMUM_VALUES} values; shorten it`),
  );
  assert.deepEqual(others, []);
  const remedy = 'put "&x" before an earlier value, or write text that begins with "*" in quotes';
  assert.deepEqual(problems("a: &x [1, *x]"), [`f.yaml:1:11: a[1]: "*x" stands inside itself; ${remedy}`]);
  assert.deepEqual(problems("a: *x\nb: &x 1"), [`f.yaml:1:4: a: "*x" names no anchor; ${remedy}`]);
});

test("What is no YAML is refused at its line and column, once a line.", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["whisper:\n  listen: [::1]:55555", '2:16: an address in brackets needs quotes; write "[::1]:55555"'],
    ["whisper: { listen: [::1]:55555 }", '1:25: an address in brackets needs quotes; write "[::1]:55555"'],
    ["peers:\n  - [fe80::1%eth0]:7", '2:19: an address in brackets needs quotes; write "[fe80::1%eth0]:7"'],
    ["a: 1\n\tb: 2", "2:1: tabs are not allowed as indentation; indent with spaces"],
    ["a: @b", "1:4: plain value cannot start with reserved character @; put the value in quotes"],
    [
      "a: b: c",
      '1:4: nested mappings are not allowed in compact mappings; put a value that holds ": " in quotes, or begin a new line',
    ],
    ["a: 'x", "1:6: missing closing 'quote; add it"],
    ["a: !foo b", '1:4: unresolved tag: !foo; remove the tag, or put text that begins with "!" in quotes'],
    [
      "a: !!js/function b",
      '1:4: unresolved tag: tag:yaml.org,2002:js/function; remove the tag, or put text that begins with "!" in quotes',
    ],
    [
      "a: 1\n---\nb: 2",
      '2:1: a second document begins; keep one document: remove the line "---" and what does not belong',
    ],
    ["? [a]\n: b", "1:3: a key must be plain text; write plain text before the colon"],
    [
      "a: 'x' y z",
      "1:8: unexpected scalar at node end; check the quotes, brackets and indentation here and above",
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(problems(text), [`f.yaml:${expected}`], text);
});

test("Duplicate keys, dangerous keys, lost digits and depth are refused.", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a: 1\nb:\n  c: 1\n  d: 2\n  c: 3", "5:3: b.c: is set twice, first in line 3; keep one of them"],
    ["a: {b: 1, b: 2}", "1:11: a.b: is set twice, first in line 1; keep one of them"],
    ["a: 1\n__proto__: {b: 1}", '2:1: "__proto__" cannot be a key; remove it'],
    ["a:\n  __proto__: {b: 1}", '2:3: a: "__proto__" cannot be a key; remove it'],
    [
      "a: 12345678901234567890",
      "1:4: a: is a number too large to be kept exactly; write it in quotes if it is text",
    ],
    ["- a", '1:1: the file is a list, not sections; begin with "name of a section:"'],
    ["hello", '1:1: the file is a single value, not sections; begin with "name of a section:"'],
  ];
  for (const [text, expected] of cases) assert.deepEqual(problems(text), [`f.yaml:${expected}`], text);
  const deep = problems("a: " + "[".repeat(40) + "]".repeat(40));
  assert.match(deep.join(), /^f\.yaml:1:36: a(\[0\]){32}: is nested too deeply; use at most 32 levels$/);
  assert.match(
    problems("[".repeat(50_000)).join(),
    /^f\.yaml:1:\d+: the nesting is too deep; use at most 32 levels$/,
  );
});

test("A document cannot ask for older rules.", () => {
  assert.deepEqual(values("%YAML 1.1\n---\na: yes\n<<: {b: 1}\nc: 0o7"), { a: "yes", "<<": { b: 1 }, c: 7 });
});
