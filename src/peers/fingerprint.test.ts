import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fingerprint, parseFingerprint } from "#peers/fingerprint.ts";
import { systemCipher } from "#system/cipher.ts";

test("a fingerprint is the first 80 bits of the key's SHA-256 in base32, in groups of four", () => {
  for (const fill of [0, 1, 77, 255]) {
    const key = new Uint8Array(32).fill(fill);
    const bits = Array.from(createHash("sha256").update(key).digest().subarray(0, 10), (byte) =>
      byte.toString(2).padStart(8, "0"),
    ).join("");
    const letters = bits
      .match(/.{5}/g)!
      .map((five) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(five, 2)]);
    assert.equal(fingerprint(key, systemCipher), letters.join("").match(/.{4}/g)!.join("-"));
  }
});

test("people may write it in capitals and without hyphens", () => {
  assert.equal(parseFingerprint("K7QF2M3AX5DWB6IE"), "k7qf-2m3a-x5dw-b6ie");
  assert.equal(parseFingerprint("k7qf-2m3a-x5dw-b6ie"), "k7qf-2m3a-x5dw-b6ie");
  for (const wrong of ["", "k7qf-2m3a-x5dw-b6i", "k7qf-2m3a-x5dw-b6i1", "192.0.2.7:55555"])
    assert.equal(parseFingerprint(wrong), undefined, wrong);
});
