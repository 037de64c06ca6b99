import { createHash, createHmac } from "node:crypto";
import type { Cipher } from "#base/cipher.ts";

/** Cryptography of the runtime. */
export const systemCipher: Cipher = {
  hash: (algorithm, data) => createHash(algorithm).update(data).digest(),
  hmac: (algorithm, key, data) => createHmac(algorithm, key).update(data).digest(),
};
