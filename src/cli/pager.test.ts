import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Pager } from "#cli/pager.ts";
import { asciiWidth } from "#prompt/table.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}`);
const pagerOf = (lines: readonly string[], rows = 4, columns = 20) =>
  new Pager(lines, rows, columns, asciiWidth);

test("pages leave a row for the status, and the last one ends it", () => {
  const pager = pagerOf(numbered(7));
  assert.deepEqual(pager.first(), { print: "line 1\nline 2\nline 3\n", status: "--More-- (42%)" });
  assert.deepEqual(pager.key("\r"), { print: "line 4\n", status: "--More-- (57%)" });
  assert.deepEqual(pager.key(" "), { print: "line 5\nline 6\nline 7\n", status: undefined });
});

test("what fits needs no pager; a line wider than the terminal takes more rows", () => {
  assert.equal(pagerOf(numbered(3)).fits, true);
  assert.equal(pagerOf(numbered(4)).fits, false);
  const long = pagerOf(["x".repeat(45), "short", "next"]);
  assert.equal(long.fits, false);
  assert.equal(long.first().print, `${"x".repeat(45)}\n`);
  assert.equal(pagerOf(["x".repeat(500), "y"]).first().print, `${"x".repeat(500)}\n`);
});

test("search goes on from here, again with n, and says when there is nothing", () => {
  const pager = pagerOf(numbered(50));
  pager.first();
  assert.match(pager.key("n").status!, /^nothing to search for/);
  for (const key of ["/", "1", "x", "backspace"]) pager.key(key);
  assert.equal(pager.key("5").status, "/15");
  assert.deepEqual(pager.key("\r"), { print: "…\nline 15\nline 16\nline 17\n", status: "--More-- (34%)" });
  assert.match(pager.key("n").status!, /^not found: 15/);
  for (const key of ["/", "("]) pager.key(key);
  assert.match(pager.key("\r").status!, /^not a regular expression: \(/);
  pager.key("/");
  assert.match(pager.key("escape").status!, /^--More--/);
  assert.equal(pager.key("q").status, undefined);
});

test("an unknown key tells the known ones", () => {
  const pager = pagerOf(numbered(9));
  pager.first();
  assert.match(pager.key("x").status!, /blank: page, Enter: line/);
});

test("pages and lines show everything once and in order, whatever the sizes", () => {
  const sizes = fc.record({
    lengths: fc.array(fc.nat(60), { minLength: 1, maxLength: 60 }),
    rows: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 40 }),
    keys: fc.infiniteStream(fc.constantFrom(" ", "\r")),
  });
  fc.assert(
    fc.property(sizes, ({ lengths, rows, columns, keys }) => {
      const lines = lengths.map((length, i) => `${i}:`.padEnd(length, "x"));
      const pager = pagerOf(lines, rows, columns);
      let { print, status } = pager.first();
      for (const key of keys) {
        if (status === undefined) break;
        const step = pager.key(key);
        print += step.print;
        status = step.status;
      }
      assert.equal(print, lines.map((line) => `${line}\n`).join(""));
    }),
  );
});
