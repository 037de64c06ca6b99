import {
  SEAL_TAG_BYTES,
  SIGNATURE_BYTES,
  SIGNING_KEY_BYTES,
  type Cipher,
  type HashAlgorithm,
} from "#base/cipher.ts";
import { concatBytes, equalBytes } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";

const SIZES: Readonly<Record<HashAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/**
 * Digests and ciphertexts of the right sizes that depend on every byte and keep no secret: for simulations, where nobody
 * attacks them, all nodes have this one, and a run must be the same again.
 */
export function simCipher(random: Random): Cipher {
  return {
    hash: (algorithm, data) => digest(SIZES[algorithm], [data]),
    hmac: (algorithm, key, data) => digest(SIZES[algorithm], [key, data]),
    seal: (key, nonce, plain, associated) =>
      concatBytes([masked(plain, key, nonce), digest(SEAL_TAG_BYTES, [key, nonce, plain, associated])]),
    open: (key, nonce, sealed, associated) => {
      const end = sealed.length - SEAL_TAG_BYTES;
      if (end < 0) return undefined;
      const plain = masked(sealed.subarray(0, end), key, nonce);
      const tag = digest(SEAL_TAG_BYTES, [key, nonce, plain, associated]);
      return equalBytes(tag, sealed.subarray(end)) ? plain : undefined;
    },
    publicKey: (seed) => digest(SIGNING_KEY_BYTES, [seed]),
    sign: (seed, data) => digest(SIGNATURE_BYTES, [digest(SIGNING_KEY_BYTES, [seed]), data]),
    verify: (publicKey, data, signature) => equalBytes(signature, digest(SIGNATURE_BYTES, [publicKey, data])),
    random: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
  };
}

/** The bytes changed in a way that doing it twice undoes. */
function masked(bytes: Uint8Array, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const mask = digest(64, [key, nonce]);
  return bytes.map((byte, i) => byte ^ mask[i % mask.length]!);
}

/** FNV-1a over the parts, with another start for each four bytes of the digest. */
function digest(size: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) {
    let hash = 0x811c_9dc5 ^ at;
    for (const part of parts) {
      hash = Math.imul(hash ^ part.length, 0x0100_0193);
      for (const byte of part) hash = Math.imul(hash ^ byte, 0x0100_0193);
    }
    view.setUint32(at, hash >>> 0);
  }
  return bytes;
}
