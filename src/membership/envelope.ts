import { SEAL_NONCE_BYTES, SEAL_TAG_BYTES, type Cipher } from "#base/cipher.ts";
import { concatBytes } from "#base/bytes.ts";
import { textBytes } from "#packet/primitive.ts";
import type { Body } from "#wire/memberlist/format.ts";
import { failed } from "#wire/memberlist/format.ts";
import { MOST_LABEL_BYTES } from "#wire/memberlist/limits.ts";
import { MESSAGE_TYPES } from "#wire/memberlist/messages.ts";
import {
  joinSealed,
  LEAST_SEALED_BYTES,
  readLabel,
  splitSealed,
  withLabel,
  type Sealed,
} from "#wire/memberlist/wrapping.ts";

const BLOCK = 16;
const STREAM_HEADER_BYTES = 5;

export interface EnvelopeSettings {
  readonly keys: readonly Uint8Array[];
  readonly label: string;
  readonly acceptPlain: boolean;
  readonly sendPlain: boolean;
  /** Who speaks protocol 1 encrypts with padding (version 0). */
  readonly protocol: number;
}

/**
 * The outer layers of what is sent: AES-GCM with the key ring, and the cluster's label around it (wire notes, sections 7
 * and 8). The label is authenticated with the rest.
 */
export class Envelope {
  readonly #cipher: Cipher;
  readonly #settings: EnvelopeSettings;
  readonly #label: Uint8Array;
  #keys: readonly Uint8Array[];

  /** Throws RangeError for keys and labels of wrong sizes. */
  constructor(settings: EnvelopeSettings, cipher: Cipher) {
    this.#settings = settings;
    this.#cipher = cipher;
    this.#label = textBytes(settings.label);
    if (this.#label.length > MOST_LABEL_BYTES)
      throw new RangeError(`a label of ${this.#label.length} bytes, more than ${MOST_LABEL_BYTES}`);
    this.#keys = checkedKeys(settings.keys);
  }

  /** Throws RangeError for keys of wrong sizes. */
  setKeys(keys: readonly Uint8Array[]): void {
    this.#keys = checkedKeys(keys);
  }

  get encrypts(): boolean {
    return this.#keys.length > 0 && !this.#settings.sendPlain;
  }

  /** Bytes that a packet grows by at most. */
  get packetOverhead(): number {
    const label = this.#label.length > 0 ? 2 + this.#label.length : 0;
    const padding = this.#settings.protocol === 1 ? BLOCK : 0;
    return label + (this.encrypts ? LEAST_SEALED_BYTES + padding : 0);
  }

  sealPacket(payload: Uint8Array): Uint8Array {
    const sealed = this.encrypts ? joinSealed(this.#seal(payload, this.#label)) : payload;
    return this.#label.length > 0 ? withLabel(this.#settings.label, sealed) : sealed;
  }

  /** What is inside a packet. */
  openPacket(packet: Uint8Array): Body<Uint8Array> {
    const label = this.checkLabel(packet);
    if (!label.ok) return label;
    const inside = packet.subarray(label.end);
    const end = packet.length;
    if (this.#keys.length === 0) return { ok: true, value: inside, end };
    const sealed = splitSealed(inside);
    const plain = sealed.ok ? this.#open(sealed.value, this.#label) : undefined;
    if (plain) return { ok: true, value: plain, end };
    return this.#settings.acceptPlain ? { ok: true, value: inside, end } : failed("no key opens it");
  }

  /** The label that must stand before packets, and before what a dialler sends; `end` is where it ends. */
  checkLabel(bytes: Uint8Array): Body<string> {
    const label = readLabel(bytes);
    if (!label.ok || label.value === this.#settings.label) return label;
    return failed(label.value === "" ? "no label" : "another label");
  }

  /** A stream's message; the dialler's begins with the label. */
  sealStream(message: Uint8Array, isDialler: boolean): Uint8Array {
    let sealed = message;
    if (this.encrypts) {
      const padded = this.#settings.protocol === 1 ? BLOCK - (message.length % BLOCK) : 0;
      const header = streamHeader(LEAST_SEALED_BYTES + message.length + padded);
      sealed = concatBytes([header, joinSealed(this.#seal(message, concatBytes([header, this.#label])))]);
    }
    return isDialler && this.#label.length > 0 ? withLabel(this.#settings.label, sealed) : sealed;
  }

  /** What an encrypted stream message has inside. */
  openStream(sealed: Sealed): Body<Uint8Array> {
    const size = LEAST_SEALED_BYTES + sealed.ciphertext.length;
    if (this.#keys.length === 0) return failed("encrypted, and we have no key");
    const plain = this.#open(sealed, concatBytes([streamHeader(size), this.#label]));
    return plain ? { ok: true, value: plain, end: size } : failed("no key opens it");
  }

  /** Plain stream messages are refused. */
  get demandsEncryption(): boolean {
    return this.#keys.length > 0 && !this.#settings.acceptPlain;
  }

  #seal(plain: Uint8Array, associated: Uint8Array): Sealed {
    const version = this.#settings.protocol === 1 ? 0 : 1;
    const nonce = this.#cipher.random(SEAL_NONCE_BYTES);
    const padded = version === 0 ? withPadding(plain) : plain;
    const bytes = this.#cipher.seal(this.#keys[0]!, nonce, padded, associated);
    const end = bytes.length - SEAL_TAG_BYTES;
    return { version, nonce, ciphertext: bytes.subarray(0, end), tag: bytes.subarray(end) };
  }

  #open({ version, nonce, ciphertext, tag }: Sealed, associated: Uint8Array): Uint8Array | undefined {
    if (version > 1) return undefined;
    const sealed = concatBytes([ciphertext, tag]);
    for (const key of this.#keys) {
      const plain = this.#cipher.open(key, nonce, sealed, associated);
      if (plain) return version === 0 ? withoutPadding(plain) : plain;
    }
    return undefined;
  }
}

function checkedKeys(keys: readonly Uint8Array[]): readonly Uint8Array[] {
  for (const { length } of keys)
    if (length !== 16 && length !== 24 && length !== 32)
      throw new RangeError(`a key of ${length} bytes, not 16, 24 or 32`);
  return keys;
}

function streamHeader(size: number): Uint8Array {
  const header = new Uint8Array(STREAM_HEADER_BYTES);
  header[0] = MESSAGE_TYPES.encrypt;
  new DataView(header.buffer).setUint32(1, size);
  return header;
}

/** PKCS 7: always 1 to 16 bytes, each of which says how many there are (RFC 5652 6.3). */
function withPadding(plain: Uint8Array): Uint8Array {
  const count = BLOCK - (plain.length % BLOCK);
  return concatBytes([plain, new Uint8Array(count).fill(count)]);
}

function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  const count = padded.at(-1) ?? 0;
  if (count === 0 || count > BLOCK || count > padded.length) return undefined;
  return padded.subarray(0, padded.length - count);
}
