import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { SEAL_NONCE_BYTES, SEAL_TAG_BYTES, type Cipher } from "#base/cipher.ts";

/** Cryptography of the runtime. */
export const systemCipher: Cipher = {
  hash: (algorithm, data) => createHash(algorithm).update(data).digest(),
  hmac: (algorithm, key, data) => createHmac(algorithm, key).update(data).digest(),
  seal: (key, nonce, plain, associated) => {
    const cipher = createCipheriv(algorithmOf(key), key, nonce, { authTagLength: SEAL_TAG_BYTES });
    cipher.setAAD(associated);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  open: (key, nonce, sealed, associated) => {
    const end = sealed.length - SEAL_TAG_BYTES;
    if (end < 0 || nonce.length !== SEAL_NONCE_BYTES) return undefined;
    const decipher = createDecipheriv(algorithmOf(key), key, nonce, { authTagLength: SEAL_TAG_BYTES });
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      return Buffer.concat([plain, decipher.final()]);
    } catch {
      return undefined;
    }
  },
  random: (count) => randomBytes(count),
};

type GcmAlgorithm = "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";

function algorithmOf({ length }: Uint8Array): GcmAlgorithm {
  if (length !== 16 && length !== 24 && length !== 32)
    throw new RangeError(`an AES key of ${length} bytes, not 16, 24 or 32`);
  return `aes-${(8 * length) as 128 | 192 | 256}-gcm`;
}
