import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { historyFile, openHistory } from "#cli/history.ts";
import { ReverseSearch } from "#cli/reverse-search.ts";

function inFolder(run: (file: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "parley-history-"));
  try {
    run(join(folder, "deep", "history"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("lines are found again in the next session, readable by their owner only", () => {
  inFolder((file) => {
    const first = openHistory(file);
    for (const line of ["show ver", "show ver", " secret", "", "say hé", "a\nb"]) first.add(line);
    assert.equal(readFileSync(file, "utf8"), "show ver\nsay hé\n");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(openHistory(file).lines, ["show ver", "say hé"]);
  });
});

test("a long history is shortened to its newest lines", () => {
  inFolder((file) => {
    openHistory(file).add("first");
    writeFileSync(file, Array.from({ length: 3_000 }, (_, i) => `line ${i}\n`).join(""));
    const { lines } = openHistory(file);
    assert.deepEqual([lines.length, lines.at(-1)], [1_000, "line 2999"]);
    assert.equal(readFileSync(file, "utf8").split("\n").length, 1_001);
  });
});

test("a file that cannot be kept costs only the history", () => {
  inFolder((file) => {
    openHistory(file).add("x");
    const history = openHistory(join(file, "below", "a file"));
    history.add("show ver");
    assert.deepEqual(history.lines, []);
  });
  openHistory(undefined).add("x");
});

test("the file is the operator's choice", () => {
  assert.equal(historyFile({ PARLEY_HISTORY: "/x" }), "/x");
  assert.equal(historyFile({ PARLEY_HISTORY: "" }), undefined);
  assert.equal(historyFile({ XDG_STATE_HOME: "/state" }), "/state/parley/history");
});

test("the search finds the newest line that fits, then older ones, and says when there is none", () => {
  const search = new ReverseSearch(["say hello", "show peers", "show peers", "show version", "say hi"]);
  assert.deepEqual(search.found, undefined as unknown);
  search.type("s");
  search.type("ho");
  assert.deepEqual(search.found, { line: "show peers", column: 0 });
  search.older();
  assert.deepEqual(search.found?.line, "show version");
  search.older();
  assert.equal(search.found?.line, "show version");
  assert.equal(search.prompt, "(failed reverse-i-search)`sho': ");
  search.newer();
  assert.equal(search.found?.line, "show peers");
  assert.equal(search.prompt, "(reverse-i-search)`sho': ");
  search.erase();
  search.erase();
  search.type("ay hi");
  assert.deepEqual(search.found, { line: "say hi", column: 0 });
  for (let i = 0; i < 9; i++) search.erase();
  assert.equal(search.found, undefined);
});
