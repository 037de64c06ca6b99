import type { Cipher } from "#base/cipher.ts";

/**
 * A public key as people compare it: "k7qf-2m3a-x5dw-b6ie". 80 bits of its SHA-256 in base32 (RFC 4648 6, small letters):
 * nobody finds a second key for somebody's fingerprint.
 */
export function fingerprint(publicKey: Uint8Array, cipher: Cipher): string {
  const hash = cipher.hash("sha256", publicKey);
  let text = "";
  for (let bit = 0; bit < FINGERPRINT_BITS; bit += 5) {
    const pair = (hash[bit >> 3]! << 8) | (hash[(bit >> 3) + 1] ?? 0);
    if (bit > 0 && bit % 20 === 0) text += "-";
    text += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}

/** Whether a text has the form of a fingerprint; capitals and missing hyphens are people's. Its canonical form, then. */
export function parseFingerprint(text: string): string | undefined {
  const letters = text.toLowerCase().replaceAll("-", "");
  return /^[a-z2-7]{16}$/.test(letters) ? letters.match(/.{4}/g)!.join("-") : undefined;
}

const FINGERPRINT_BITS = 80;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
