import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { systemCipher } from "#system/cipher.ts";
import { sign, trailerSize, verify } from "#ospf/authentication.ts";
import type { Authentication, AuthenticationKey } from "#ospf/config.ts";
import { frame, HELLO } from "#ospf/packets.ts";
import { GOLDEN_CAPTURES, ospfPacketsOf } from "../../test/captures/ospf-packets.ts";

const KEYS: Readonly<Record<string, Authentication>> = {
  md5: { type: "cryptographic", keys: [{ id: 7, algorithm: "md5", secret: "s3cretKEY" }] },
  simple: { type: "simple", password: "pl41n" },
  hmac_sha1: { type: "cryptographic", keys: [{ id: 9, algorithm: "sha1", secret: "s3cretKEY" }] },
  hmac_sha256: { type: "cryptographic", keys: [{ id: 9, algorithm: "sha256", secret: "s3cretKEY" }] },
};

function authenticationOf(file: string): Authentication {
  const name = Object.keys(KEYS).find((each) => file.endsWith(`_${each}.pcap`));
  return name === undefined ? { type: "null" } : KEYS[name]!;
}

/** Why a packet is not taken. */
function why(payload: Uint8Array, authentication: Authentication): string {
  const verdict = verify(payload, authentication, 0, systemCipher);
  return verdict.ok ? "" : `${verdict.reason}: ${verdict.text}`;
}

for (const file of GOLDEN_CAPTURES) {
  const authentication = authenticationOf(file);
  test(`every packet of ${file} is authentic, and is signed as it was`, () => {
    for (const { payload, body } of ospfPacketsOf(file)) {
      const verdict = verify(payload, authentication, 0, systemCipher);
      assert.ok(verdict.ok, verdict.ok ? "" : verdict.text);
      const header = payload.slice(0, 24);
      header.fill(0, 12);
      const packet = Uint8Array.of(...header, ...body);
      const signed = sign(packet, authentication, verdict.sequence ?? 0, systemCipher);
      // Behind it there may be link-local signaling.
      assert.deepEqual(signed, payload.slice(0, signed.length));
    }
  });

  test(`no packet of ${file} is authentic with one bit changed`, () => {
    for (const [i, { payload, body }] of ospfPacketsOf(file).entries()) {
      const at = 24 + ((i * 7) % body.length);
      const changed = payload.slice();
      changed[at]! ^= 1 << (i % 8);
      assert.equal(verify(changed, authentication, 0, systemCipher).ok, false);
    }
  });
}

const BODY = Uint8Array.from({ length: 44 }, (_, i) => i);

function key(id: number, algorithm: AuthenticationKey["algorithm"], secret: string): AuthenticationKey {
  return { id, algorithm, secret };
}

function cryptographic(...keys: AuthenticationKey[]): Authentication {
  return { type: "cryptographic", keys };
}

function signed(authentication: Authentication, sequence = 77): Uint8Array {
  return sign(frame({ type: HELLO, routerId: 1, areaId: 0 }, BODY), authentication, sequence, systemCipher);
}

for (const [algorithm, size] of [
  ["sha1", 20],
  ["sha256", 32],
  ["sha384", 48],
  ["sha512", 64],
] as const)
  test(`keys of ${algorithm} may be shorter and longer than the digest (RFC 5709 3.3)`, () => {
    for (const length of [1, size - 1, size, size + 1, 128, 200]) {
      const secret = "k".repeat(length);
      const authentication = cryptographic(key(1, algorithm, secret));
      const packet = signed(authentication);
      const covered = packet.subarray(0, -size);
      const apad = Buffer.from("878fe1f3".repeat(size / 4), "hex");
      const short = length > size ? createHash(algorithm).update(secret).digest() : secret;
      const digest = createHmac(algorithm, short).update(covered).update(apad).digest();
      assert.deepEqual(Buffer.from(packet.subarray(-size)), digest, `${length} octets`);
      assert.deepEqual(verify(packet, authentication, 0, systemCipher), { ok: true, sequence: 77 });
      assert.equal(trailerSize(authentication), size);
    }
  });

test("what does not fit is named", () => {
  const md5 = cryptographic(key(7, "md5", "one"));
  const other = "authentication-key: key 7 with another secret or algorithm";
  const plain: Authentication = { type: "null" };
  const simple = (password: string): Authentication => ({ type: "simple", password });
  assert.equal(why(signed(md5), md5), "");
  assert.equal(why(signed(md5), plain), "authentication-type: authentication type cryptographic, here null");
  assert.equal(why(signed(plain), md5), "authentication-type: authentication type null, here cryptographic");
  assert.equal(
    why(signed(simple("a")), md5),
    "authentication-type: authentication type simple, here cryptographic",
  );
  assert.equal(why(signed(simple("a")), simple("b")), "authentication-key: another password");
  assert.equal(why(signed(md5), cryptographic(key(8, "md5", "one"))), "authentication-key: key 7, here 8");
  assert.equal(why(signed(md5), cryptographic()), "authentication-key: key 7, here none");
  assert.equal(why(signed(md5), cryptographic(key(7, "md5", "two"))), other);
  assert.equal(why(signed(md5), cryptographic(key(7, "sha256", "one"))), other);
  const short = signed(md5);
  assert.equal(why(short.subarray(0, -1), md5), other);
  const unknown = signed(plain);
  unknown[15] = 9;
  assert.equal(why(unknown, plain), "authentication-type: authentication type 9, here null");
});

test("a packet is taken with any key and signed with the first", () => {
  const [old, young] = [key(1, "md5", "old"), key(2, "sha512", "young")];
  for (const keys of [
    [old, young],
    [young, old],
  ])
    assert.equal(why(signed(cryptographic(keys[0]!)), cryptographic(...keys)), "");
  assert.equal(signed(cryptographic(young, old))[18], 2);
  // Of two keys of one id the right one is found.
  assert.equal(
    why(signed(cryptographic(key(1, "md5", "b"))), cryptographic(key(1, "md5", "a"), key(1, "md5", "b"))),
    "",
  );
});

test("passwords and keys of MD5 count as far as they fit", () => {
  const simple = (password: string): Authentication => ({ type: "simple", password });
  assert.equal(why(signed(simple("12345678")), simple("123456789")), "");
  const md5 = (secret: string) => cryptographic(key(1, "md5", secret));
  assert.equal(why(signed(md5("1234567890abcdef")), md5("1234567890abcdefg")), "");
  assert.notEqual(why(signed(md5("1234567890abcdef")), md5("1234567890abcde")), "");
});
