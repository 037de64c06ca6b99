import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { systemStores } from "#system/stores.ts";
import { storeCases } from "../../ports/store-cases.ts";
import { isLeftOut, missingProgram } from "../left-out.ts";
import { NatsServer } from "./nats.ts";

const missing = missingProgram(["nats-server"]);
const nats = new NatsServer("127.84.1.1");
let count = 0;

before(async () => {
  if (missing === undefined) await nats.start();
});
after(() => nats.remove());

if (missing === undefined) {
  storeCases("nats", async () => ({
    stores: systemStores(),
    newPlace: () => `${nats.url}/test-${count++}`,
  }));
}

test("what NATS has answered is there after nats-server was killed", { timeout: 60_000 }, async (t) => {
  if (isLeftOut(t, missing)) return;
  const place = `${nats.url}/killed`;
  const known = new Map<string, string | undefined>();
  const handlers = {
    changed: (changes: readonly { key: string; value: string | undefined }[]) => {
      for (const { key, value } of changes) known.set(key, value);
    },
    failed: (error: Error) => assert.fail(error.message),
  };
  const table = await systemStores().open(place, { ...handlers, changed: () => {} });
  assert.equal(await table.commit([{ key: "a", value: "1" }]), 1);
  await nats.kill();
  await assert.rejects(table.commit([{ key: "b", value: "1" }]));
  await nats.start();
  // The same table goes on when the connection is back.
  for (let made = 0; made === 0;) {
    made = await table.refresh().then(
      () => table.commit([{ key: "c", value: "1" }]),
      () => 0,
    );
  }
  const again = await systemStores().open(place, handlers);
  assert.deepEqual([known.get("a"), known.get("c")], ["1", "1"]);
  await table.close();
  await again.close();
});

test("a store where no NATS is, is refused with a remedy", async () => {
  const opening = systemStores().open("nats://127.84.1.2:4222/none", { changed: () => {}, failed: () => {} });
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /nats:\/\/127\.84\.1\.2:4222\/none cannot be opened/);
    assert.match(error.remedy, /nats-server -js/);
    return true;
  });
});
