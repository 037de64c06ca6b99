import { equalBytes } from "#base/bytes.ts";
import { toBase64 } from "#base/base64.ts";
import type { Cipher } from "#base/cipher.ts";
import { OperatorError } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { Files } from "#host/files.ts";

/** A key of 16, 24 or 32 bytes as people write it: hex, or base64 as Serf has it; undefined for anything else. */
export function parseKey(text: string): Uint8Array | undefined {
  if (HEX.test(text) && KEY_SIZES.includes(text.length / 2))
    return Uint8Array.from(text.match(/../g)!, (digits) => Number.parseInt(digits, 16));
  if (!BASE64.test(text)) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
    character.charCodeAt(0),
  );
  return KEY_SIZES.includes(bytes.length) ? bytes : undefined;
}

export function isKeyText(text: string): boolean {
  return parseKey(text) !== undefined;
}

/** As parseKey; throws OperatorError for what is no key. */
export function readKey(text: string): Uint8Array {
  const key = parseKey(text);
  if (key) return key;
  throw new OperatorError("this is no key", "write 16, 24 or 32 bytes in base64 or hex");
}

/**
 * The key ring of a node that its members have changed, kept in its data folder for the next start. It counts as long as
 * the configuration's keys are those that it began with: who changes the configuration wants what stands there.
 */
export class KeyRingFile {
  readonly #files: Files;
  readonly #path: string;
  readonly #cipher: Cipher;
  #began = "";
  #writing: Promise<void> = Promise.resolve();

  constructor(files: Files, path: string, configured: readonly Uint8Array[], cipher: Cipher) {
    this.#files = files;
    this.#path = path;
    this.#cipher = cipher;
    this.configure(configured);
  }

  /** The configuration has these keys now. */
  configure(keys: readonly Uint8Array[]): void {
    this.#began = toBase64(this.#cipher.hash("sha256", encodeUtf8(keys.map(toBase64).join(" "))));
  }

  /** The changed ring; undefined when the configured one counts. Throws OperatorError for a file that cannot be used. */
  async load(): Promise<readonly Uint8Array[] | undefined> {
    const file = await this.#files.read(this.#path, MOST_FILE_BYTES);
    if (!file) return undefined;
    if (file.openMode !== undefined)
      throw new OperatorError(
        `others may read the keys in ${this.#path} (mode ${file.openMode})`,
        `chmod 600 ${this.#path}, and change the keys if anybody has seen them`,
      );
    const [began, ...lines] = decodeUtf8(file.content).trimEnd().split("\n");
    if (began !== this.#began) return undefined;
    const keys = lines.map(parseKey);
    if (keys.length > 0 && keys.every((key) => key !== undefined)) return keys;
    throw new OperatorError(
      `the key ring in ${this.#path} is damaged`,
      "remove the file to use the configured keys",
    );
  }

  /** Writes one after the other; rejects with an OperatorError. */
  save(keys: readonly Uint8Array[]): Promise<void> {
    const content = encodeUtf8([this.#began, ...keys.map(toBase64), ""].join("\n"));
    const written = this.#writing.then(() => this.#files.write(this.#path, content));
    this.#writing = written.catch(() => {});
    return written;
  }

  /** What was to be saved is, or has failed. */
  settled(): Promise<void> {
    return this.#writing;
  }
}

/** Why there is no key ring to change. */
export function notEncrypted(): OperatorError {
  return new OperatorError("this node does not encrypt", "set membership.keys, the same at all members");
}

export type KeyringAction = "install" | "use" | "remove";

/** The ring after a change; throws OperatorError for one that cannot be. */
export function changedRing(
  keys: readonly Uint8Array[],
  action: KeyringAction,
  key: Uint8Array,
): readonly Uint8Array[] {
  const others = keys.filter((each) => !equalBytes(each, key));
  const isKnown = others.length < keys.length;
  if (action === "install") return isKnown ? keys : [...keys, key];
  if (!isKnown) throw new OperatorError("the key is not in the ring", "`keyring install` it first");
  if (action === "use") return [key, ...others];
  if (equalBytes(keys[0]!, key))
    throw new OperatorError("the key that encrypts cannot be removed", "`keyring use` another one first");
  return others;
}

const KEY_SIZES = [16, 24, 32];
const HEX = /^[\da-f]+$/i;
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;
/** Of many more keys than anybody has. */
const MOST_FILE_BYTES = 65_536;
