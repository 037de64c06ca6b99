import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyRing } from "#membership/serf/key-ring.ts";

const [A, B] = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)];

test("keys are installed behind the others, used in front of them, and removed unless they encrypt", () => {
  const ring = new KeyRing([A]);
  assert.equal(ring.change("use", B), "Requested key is not in the keyring");
  assert.equal(ring.change("install", new Uint8Array(5)), "key size must be 16, 24 or 32 bytes");
  assert.equal(ring.change("install", B), undefined);
  assert.equal(ring.change("install", B), undefined);
  assert.deepEqual(ring.keys, [A, B]);
  assert.equal(ring.change("remove", A), "Removing the primary key is not allowed");
  assert.equal(ring.change("use", B), undefined);
  assert.deepEqual(ring.keys, [B, A]);
  assert.equal(ring.change("remove", A), undefined);
  assert.equal(ring.change("remove", A), undefined);
  assert.deepEqual(ring.keys, [B]);
});

test("a ring takes so many keys, and none while nothing is encrypted", () => {
  assert.equal(new KeyRing([]).change("install", A), "No keyring to modify (encryption not enabled)");
  const ring = new KeyRing([A]);
  for (let i = 2; i < 100; i++) ring.change("install", new Uint8Array(16).fill(i));
  assert.equal(ring.keys.length, 64);
});
