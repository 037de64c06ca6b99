import type { Cipher } from "#base/cipher.ts";
import { encodeUtf8 } from "#base/utf8.ts";

/**
 * Whether "Bearer TOKEN" of a request is this token. Digests under a key that nobody knows are compared, all of their
 * bytes, so that the time of an answer tells nothing.
 */
export function isToken(authorization: string, token: string, cipher: Cipher): boolean {
  const given = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (given === undefined) return false;
  const key = cipher.random(32);
  const expected = cipher.hmac("sha256", key, encodeUtf8(token));
  const actual = cipher.hmac("sha256", key, encodeUtf8(given));
  let difference = 0;
  for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ actual[i]!;
  return difference === 0;
}
