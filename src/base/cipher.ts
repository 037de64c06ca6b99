export type HashAlgorithm = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

/** Cryptography that a core may use: synchronous, and given to its constructor. */
export interface Cipher {
  hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array;
  hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array;
}
