import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress } from "#base/address.ts";
import { seededRandom } from "#base/random.ts";
import { ipv4Text, ipv6Text, macText } from "#packet/primitive.ts";

test("texts of addresses are right when more are met than are remembered, and when they are met again", () => {
  const random = seededRandom(11);
  // Of each word in turn the others are the same, so that every one of them has to be compared.
  const all = Array.from({ length: 80_000 }, (_, i) => {
    const bytes = new Uint8Array(16);
    for (let at = 0; at < 4; at++) bytes[(i % 4) * 4 + at] = random.below(256);
    return bytes;
  });
  for (let round = 0; round < 3; round++)
    for (const bytes of all) {
      assert.equal(ipv6Text(bytes, 0), formatAddress({ bytes }));
      assert.equal(ipv4Text(bytes, 12), [...bytes.subarray(12)].join("."));
      const mac = [...bytes.subarray(10)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
      assert.equal(macText(bytes, 10), mac);
    }
});

test("the address of zeros only has its text the first time too", () => {
  const zeros = new Uint8Array(16);
  for (let i = 0; i < 3; i++) assert.equal(ipv6Text(zeros, 0), "::");
});
