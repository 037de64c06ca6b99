import { equalBytes } from "#base/bytes.ts";

/** The first key encrypts, all decrypt. What cannot be done is answered in the words of Go peers. */
export class KeyRing {
  #keys: readonly Uint8Array[];

  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys;
  }

  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  set(keys: readonly Uint8Array[]): void {
    this.#keys = keys;
  }

  /** What is wrong, or undefined when it is done. */
  change(action: "install" | "use" | "remove", key: Uint8Array): string | undefined {
    if (this.#keys.length === 0) return "No keyring to modify (encryption not enabled)";
    const others = this.#keys.filter((each) => !equalBytes(each, key));
    const isKnown = others.length < this.#keys.length;
    if (action === "install") {
      if (![16, 24, 32].includes(key.length)) return "key size must be 16, 24 or 32 bytes";
      if (!isKnown && this.#keys.length >= MOST_KEYS) return `there are ${MOST_KEYS} keys already`;
      if (!isKnown) this.#keys = [...this.#keys, key.slice()];
    } else if (action === "use") {
      if (!isKnown) return "Requested key is not in the keyring";
      this.#keys = [key.slice(), ...others];
    } else {
      if (equalBytes(this.#keys[0]!, key)) return "Removing the primary key is not allowed";
      this.#keys = others;
    }
    return undefined;
  }
}

/** Each packet of others is tried with every key. */
const MOST_KEYS = 64;
