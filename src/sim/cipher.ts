import type { Cipher, HashAlgorithm } from "#base/cipher.ts";

const SIZES: Readonly<Record<HashAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/**
 * Digests of the right sizes that depend on every byte and keep no secret: for simulations, where nobody attacks them and
 * all routers have this one.
 */
export const simCipher: Cipher = {
  hash: (algorithm, data) => digest(algorithm, [data]),
  hmac: (algorithm, key, data) => digest(algorithm, [key, data]),
};

/** FNV-1a over the parts, with another start for each four bytes of the digest. */
function digest(algorithm: HashAlgorithm, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(SIZES[algorithm]);
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
