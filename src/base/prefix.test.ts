import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseAddress } from "#base/address.ts";
import { formatPrefix, parsePrefix, prefixContains } from "#base/prefix.ts";

const prefix = fc
  .constantFrom(4, 16)
  .chain((size) =>
    fc
      .tuple(fc.uint8Array({ minLength: size, maxLength: size }), fc.nat(size * 8))
      .map(([bytes, length]) => ({ address: { bytes: masked(bytes, length) }, length })),
  );

/** The same by whole numbers: an independent way. */
function masked(bytes: Uint8Array, length: number): Uint8Array {
  const bits = BigInt(bytes.length * 8);
  const host = bits - BigInt(length);
  let value = [...bytes].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  value = (value >> host) << host;
  return Uint8Array.from(bytes, (_, i) => Number((value >> (bits - 8n * BigInt(i + 1))) & 0xffn));
}

test("every prefix reads back from its text", () => {
  fc.assert(fc.property(prefix, (given) => assert.deepEqual(parsePrefix(formatPrefix(given)), given)));
});

test("a prefix contains what its mask leaves unchanged, and nothing else", () => {
  const inside = fc.tuple(prefix, fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean());
  fc.assert(
    fc.property(inside, ([given, noise, near]) => {
      const { bytes } = given.address;
      const address = noise.slice(0, bytes.length);
      // Half of the time an address that shares the network part, which chance would not find.
      if (near) for (let bit = 0; bit < given.length; bit++) copyBit(bytes, address, bit);
      const expected = Buffer.from(masked(address, given.length)).equals(bytes);
      assert.equal(prefixContains(given, { bytes: address }), expected);
      if (near) assert.equal(expected, true);
    }),
  );
});

function copyBit(from: Uint8Array, to: Uint8Array, bit: number): void {
  const mask = 0x80 >> (bit & 7);
  to[bit >> 3] = (to[bit >> 3]! & ~mask) | (from[bit >> 3]! & mask);
}

test("families never contain each other", () => {
  assert.equal(prefixContains(parsePrefix("0.0.0.0/0")!, parseAddress("::")!), false);
  assert.equal(prefixContains(parsePrefix("::/0")!, parseAddress("1.2.3.4")!), false);
});

test("what is no prefix is refused, host bits included", () => {
  for (const text of [
    "",
    "1.2.3.4",
    "1.2.3.4/33",
    "::/129",
    "1.2.3.4/24",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0.0/-1",
  ])
    assert.equal(parsePrefix(text), undefined, text);
  assert.equal(parsePrefix("fe80::%eth0/64"), undefined);
  fc.assert(fc.property(fc.string(), (text) => void parsePrefix(text)));
});
