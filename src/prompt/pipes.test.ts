import assert from "node:assert/strict";
import { test } from "node:test";
import { readPipes } from "#prompt/pipes.ts";

function read(line: string): unknown {
  const pipes = readPipes(line, line.indexOf("|"));
  if (!pipes.ok) return [pipes.column, pipes.message];
  return pipes.pipes.map((pipe) => ("pattern" in pipe ? `${pipe.type} ${pipe.pattern.source}` : pipe.type));
}

test("filters may be abbreviated and stand in a row", () => {
  assert.deepEqual(read("x | inc a | exc b | beg c | cou"), ["include a", "exclude b", "begin c", "count"]);
  assert.deepEqual(read("x|json|count"), ["json", "count"]);
});

test("a pattern is what stands up to the next bar behind a blank", () => {
  assert.deepEqual(read("x | include not linked  | count"), ["include not linked", "count"]);
  assert.deepEqual(read("x | include a|b"), ["include a|b"]);
  assert.deepEqual(read("x | include a\\|b |count"), ["include a\\|b", "count"]);
});

test("a pattern in quotation marks may hold anything", () => {
  assert.deepEqual(read('x | include " a | b \\"c\\" \\d" | count'), ['include  a | b "c" \\d', "count"]);
});

const mistakes: readonly (readonly [line: string, column: number, message: RegExp])[] = [
  ["x |", 3, /^incomplete; expected begin, count, exclude, include, json$/],
  ["x | foo", 4, /^unknown filter "foo"; expected begin/],
  ["x | include", 11, /^include needs a regular expression$/],
  ["x | include | count", 12, /^include needs a regular expression$/],
  ["x | include (", 12, /^not a regular expression: unterminated group$/],
  ['x | include "a', 12, /^the quotation mark is not closed$/],
  ['x | include "a" b', 16, /^nothing can follow the pattern$/],
  ["x | count 5", 10, /^nothing can follow count/],
  ["x | include a | json", 16, /must be the first/],
  ["x | count || json", 11, /^incomplete/],
];

for (const [line, column, message] of mistakes) {
  test(`what is wrong is told with its column: ${line}`, () => {
    const [at, text] = read(line) as [number, string];
    assert.equal(at, column);
    assert.match(text, message);
  });
}
