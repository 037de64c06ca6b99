import { toBase64 } from "#base/base64.ts";
import { concatBytes, equalBytes } from "#base/bytes.ts";
import { SIGNING_KEY_BYTES, type Cipher } from "#base/cipher.ts";
import { OperatorError } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { Files } from "#host/files.ts";

/**
 * The secret seed of this node's key, from the file at `path`; made at the first start. The file is PKCS #8 as PEM (RFC
 * 8410 7), which OpenSSL reads too. Rejects with an OperatorError when it is damaged or when others may read it.
 */
export async function loadKey(
  files: Files,
  path: string,
  cipher: Cipher,
): Promise<{ readonly seed: Uint8Array; readonly isNew: boolean }> {
  const file = await files.read(path, MOST_KEY_FILE_BYTES);
  if (!file) {
    const seed = cipher.random(SIGNING_KEY_BYTES);
    await files.write(path, encodeUtf8(toPem(seed)));
    return { seed, isNew: true };
  }
  if (file.openMode !== undefined)
    throw new OperatorError(
      `others than its owner may use the node's key ${path} (mode ${file.openMode})`,
      `chmod 600 ${path}; if others have read it, remove it, and the node gets a new identity`,
    );
  const seed = fromPem(decodeUtf8(file.content));
  if (seed) return { seed, isNew: false };
  throw new OperatorError(
    `the node's key ${path} is damaged`,
    "put a copy of it back, or remove it, and the node gets a new identity",
  );
}

/** An Ed25519 seed as PEM. */
export function toPem(seed: Uint8Array): string {
  const body = toBase64(concatBytes([PKCS8_HEAD, seed]));
  return `${BEGIN}\n${body}\n${END}\n`;
}

/** The seed in a PEM text; undefined for anything but one Ed25519 key. */
export function fromPem(text: string): Uint8Array | undefined {
  const lines = text.trim().split(/\r?\n/);
  if (lines.length !== 3 || lines[0] !== BEGIN || lines[2] !== END) return undefined;
  if (!/^[A-Za-z\d+/]{64}$/.test(lines[1]!)) return undefined;
  const bytes = Uint8Array.from(atob(lines[1]!), (character) => character.charCodeAt(0));
  const seed = bytes.slice(PKCS8_HEAD.length);
  return equalBytes(bytes.subarray(0, PKCS8_HEAD.length), PKCS8_HEAD) ? seed : undefined;
}

const BEGIN = "-----BEGIN PRIVATE KEY-----";
const END = "-----END PRIVATE KEY-----";
/** What stands before the octets of an Ed25519 key in DER (RFC 8410, 10). */
const PKCS8_HEAD = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);
/** A PEM file of one key has 119 bytes. */
const MOST_KEY_FILE_BYTES = 4_096;
