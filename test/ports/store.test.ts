import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { simStores } from "#sim/stores.ts";
import { systemStores } from "#system/stores.ts";
import { storeCases } from "./store-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

storeCases("sqlite", async () => ({
  stores: systemStores(),
  newPlace: () => join(folder, `${count++}.sqlite`),
}));

storeCases("simulated", async () => ({ stores: simStores(new Map()), newPlace: () => `place ${count++}` }));

test("the file of a store is its owner's alone, and one that is damaged is refused with a remedy", async () => {
  const path = join(folder, "own.sqlite");
  const handlers = { changed: () => {}, failed: () => {} };
  const table = await systemStores().open(path, handlers);
  await table.commit([{ key: "a", value: "b" }]);
  for (const each of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(each).mode & 0o777, 0o600);
  await table.close();
  const damaged = join(folder, "damaged.sqlite");
  writeFileSync(damaged, "this is no database, however long it may be".repeat(100));
  const missing = join(folder, "no", "folder.sqlite");
  chmodSync(damaged, 0o644);
  for (const place of [damaged, missing]) {
    await assert.rejects(systemStores().open(place, handlers), (error) => {
      assert.ok(error instanceof OperatorError, String(error));
      assert.match(error.message, /cannot be opened/);
      return true;
    });
  }
  assert.equal(statSync(damaged).mode & 0o777, 0o644, "what is none of ours is left as it is");
});
