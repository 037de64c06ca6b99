export type HashAlgorithm = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

/** Cryptography that a core may use: synchronous, and given to its constructor. */
export interface Cipher {
  hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array;
  hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array;
  /**
   * AES-GCM (NIST SP 800-38D) with a key of 16, 24 or 32 bytes and a nonce of 12: the ciphertext and behind it the tag of
   * 16 bytes, which vouches for the associated data too. The same key must never see the same nonce twice.
   */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array;
  /** What was sealed; undefined when key, nonce, bytes or associated data are others. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): Uint8Array | undefined;
  /** So many bytes that nobody can guess, for keys and nonces. */
  random(count: number): Uint8Array;
  /** The Ed25519 public key, 32 bytes, of a secret seed of 32 (RFC 8032). */
  publicKey(seed: Uint8Array): Uint8Array;
  /** The Ed25519 signature, 64 bytes, of `data` by the key that a seed of 32 bytes gives. */
  sign(seed: Uint8Array, data: Uint8Array): Uint8Array;
  /** Whether a signature is that of `data` by this public key; false also for what can be no key or signature. */
  verify(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}

/** Bytes of an Ed25519 seed, and of a public key. */
export const SIGNING_KEY_BYTES = 32;
/** Bytes of what `sign` gives. */
export const SIGNATURE_BYTES = 64;

/** Bytes of the tag at the end of what `seal` gives. */
export const SEAL_TAG_BYTES = 16;
/** Bytes of a nonce for `seal`. */
export const SEAL_NONCE_BYTES = 12;
