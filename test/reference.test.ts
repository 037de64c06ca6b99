import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { readDaemonOptions } from "#daemon/options.ts";
import { referenceFiles } from "../tools/reference/files.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const files = await referenceFiles();

for (const [path, text] of Object.entries(files)) {
  test(`${path} is current; npm run reference makes it`, () => {
    assert.equal(readFileSync(join(ROOT, path), "utf8"), text);
  });
}

test("the references name no machine, and every key has a meaning", () => {
  assert.doesNotMatch(files["docs/reference/config.schema.json"]!, /sock"|"vm"/);
  for (const line of files["docs/reference/config.md"]!.split("\n")) {
    if (line.startsWith("| `")) assert.notEqual(line.split("|")[2]!.trim(), "", line);
  }
});

test("the shells complete options that exist", () => {
  const [, words] = /compgen -W "([^"]*--print-config[^"]*)"/.exec(files["share/parley.bash"]!)!;
  for (const option of words!
    .split(" ")
    .filter((word) => !/config|profile|set/.test(word) || word === "--print-config"))
    assert.doesNotThrow(() => readDaemonOptions([option]), option);
});
