import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import {
  SEAL_NONCE_BYTES,
  SEAL_TAG_BYTES,
  SIGNATURE_BYTES,
  SIGNING_KEY_BYTES,
  type Cipher,
} from "#base/cipher.ts";

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
  publicKey: (seed) =>
    createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" }).subarray(PUBLIC_KEY.length),
  sign: (seed, data) => sign(null, data, privateKey(seed)),
  verify: (publicKey, data, signature) => {
    if (publicKey.length !== SIGNING_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    const key = Buffer.concat([PUBLIC_KEY, publicKey]);
    return verify(null, data, createPublicKey({ key, format: "der", type: "spki" }), signature);
  },
};

/** What stands before the octets of an Ed25519 key in DER (RFC 8410, 10). */
const PRIVATE_KEY = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_KEY = Buffer.from("302a300506032b6570032100", "hex");

function privateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== SIGNING_KEY_BYTES)
    throw new RangeError(`an Ed25519 seed of ${seed.length} bytes, not ${SIGNING_KEY_BYTES}`);
  return createPrivateKey({ key: Buffer.concat([PRIVATE_KEY, seed]), format: "der", type: "pkcs8" });
}

type GcmAlgorithm = "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";

function algorithmOf({ length }: Uint8Array): GcmAlgorithm {
  if (length !== 16 && length !== 24 && length !== 32)
    throw new RangeError(`an AES key of ${length} bytes, not 16, 24 or 32`);
  return `aes-${(8 * length) as 128 | 192 | 256}-gcm`;
}
