import assert from "node:assert/strict";
import { test } from "node:test";
import { systemCipher } from "#system/cipher.ts";

/** RFC 8032 7.1: TEST 1, 2, 3 and SHA(abc). */
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    data: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    data: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    data: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    data: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  },
];

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}

for (const [i, vector] of VECTORS.entries()) {
  test(`Ed25519 gives the keys and signatures of RFC 8032 (${i + 1})`, () => {
    const [seed, publicKey, data, signature] = [
      vector.seed,
      vector.publicKey,
      vector.data,
      vector.signature,
    ].map(bytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    assert.equal(hex(systemCipher.publicKey(seed)), vector.publicKey);
    assert.equal(hex(systemCipher.sign(seed, data)), vector.signature);
    assert.ok(systemCipher.verify(publicKey, data, signature));
    assert.ok(!systemCipher.verify(publicKey, Uint8Array.of(...data, 0), signature));
    for (let at = 0; at < signature.length; at++) {
      const other = signature.slice();
      other[at]! ^= 1;
      assert.ok(!systemCipher.verify(publicKey, data, other), `byte ${at} of the signature`);
    }
  });
}

test("what can be no key or signature verifies nothing and throws nothing", () => {
  const { publicKey, data, signature } = VECTORS[0]!;
  const [key, message, good] = [bytes(publicKey), bytes(data), bytes(signature)];
  for (const wrong of [new Uint8Array(), key.subarray(1), Uint8Array.of(...key, 0)])
    assert.equal(systemCipher.verify(wrong, message, good), false);
  for (const wrong of [new Uint8Array(), good.subarray(1), Uint8Array.of(...good, 0)])
    assert.equal(systemCipher.verify(key, message, wrong), false);
  // No point of the curve, and y above the field's size.
  for (const fill of [0x02, 0xff])
    assert.equal(systemCipher.verify(new Uint8Array(32).fill(fill), message, good), false);
});

test("a signature whose S is not reduced is another one's, and not taken (RFC 8032 5.1.7)", () => {
  const { publicKey, data, signature } = VECTORS[1]!;
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;
  const changed = bytes(signature);
  let s = 0n;
  for (let at = 63; at >= 32; at--) s = (s << 8n) | BigInt(changed[at]!);
  s += order;
  for (let at = 32; at < 64; at++, s >>= 8n) changed[at] = Number(s & 255n);
  assert.equal(systemCipher.verify(bytes(publicKey), bytes(data), changed), false);
});

test("a seed of another size is a mistake of ours", () => {
  assert.throws(() => systemCipher.sign(new Uint8Array(31), new Uint8Array()), RangeError);
});
