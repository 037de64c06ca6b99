import { concatBytes } from "#base/bytes.ts";
import { crc32 } from "#base/checksum.ts";
import type { Random } from "#base/random.ts";
import { readText, textBytes } from "#packet/primitive.ts";
import type { Fact } from "#packet/codec.ts";
import { failed, type Body } from "#wire/memberlist/format.ts";
import { randomBytes, type TakeFact } from "#wire/memberlist/kinds.ts";
import { MOST_LABEL_BYTES } from "#wire/memberlist/limits.ts";
import { MESSAGE_TYPES } from "#wire/memberlist/messages.ts";

/*
 * What goes around messages. Outgoing packets: compression, checksum, encryption, label; streams have no checksum.
 */

const CRC_BYTES = 5;

/** A packet with its checksum in front, for peers that understand protocol 5. */
export function withCrc(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) throw new TypeError("a checksum with nothing behind it crashes peers");
  const crc = crc32(payload);
  return concatBytes([Uint8Array.of(MESSAGE_TYPES.crc, crc >>> 24, crc >>> 16, crc >>> 8, crc), payload]);
}

/** What is behind a packet's checksum; the packet itself when it has none. */
export function withoutCrc(packet: Uint8Array): Body<Uint8Array> {
  const end = packet.length;
  if (packet[0] !== MESSAGE_TYPES.crc) return { ok: true, value: packet, end };
  if (end <= CRC_BYTES) return failed("a checksum with nothing behind it", true);
  const given = new DataView(packet.buffer, packet.byteOffset).getUint32(1);
  const payload = packet.subarray(CRC_BYTES);
  return crc32(payload) === given ? { ok: true, value: payload, end } : failed("a bad checksum");
}

/** A packet, or the start of a stream, with the cluster's label in front. */
export function withLabel(label: string, payload: Uint8Array): Uint8Array {
  const bytes = textBytes(label);
  if (bytes.length === 0 || bytes.length > MOST_LABEL_BYTES)
    throw new TypeError(`a label takes 1 to ${MOST_LABEL_BYTES} bytes, not ${bytes.length}`);
  return concatBytes([Uint8Array.of(MESSAGE_TYPES.label, bytes.length), bytes, payload]);
}

/** The label in front, "" when there is none, and where what it labels starts. */
export function readLabel(bytes: Uint8Array): Body<string> {
  if (bytes[0] !== MESSAGE_TYPES.label) return { ok: true, value: "", end: 0 };
  const end = 2 + (bytes[1] ?? 0);
  if (bytes.length < Math.max(end, 2)) return failed("a label that ends too early", true);
  return end === 2 ? failed("an empty label") : { ok: true, value: readText(bytes, 2, end), end };
}

/** What encryption (AES-GCM) made of a packet or a stream's message: opaque without the key. */
export interface Sealed {
  /** 0: the plain text was padded to blocks of 16 bytes (PKCS 7); 1: it was not. */
  readonly version: number;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const LEAST_SEALED_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** The parts of an encrypted packet, which nothing but its sender's configuration tells from a plain one. */
export function splitSealed(bytes: Uint8Array): Body<Sealed> {
  const end = bytes.length;
  if (end < LEAST_SEALED_BYTES) return failed("too short to be encrypted", true);
  const [version = 0] = bytes;
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const ciphertext = bytes.subarray(1 + NONCE_BYTES, end - TAG_BYTES);
  return { ok: true, value: { version, nonce, ciphertext, tag: bytes.subarray(end - TAG_BYTES) }, end };
}

export function joinSealed({ version, nonce, ciphertext, tag }: Sealed): Uint8Array {
  if (!Number.isInteger(version) || version < 0 || version > 255)
    throw new TypeError(`the encryption version ${version}`);
  if (nonce.length !== NONCE_BYTES) throw new TypeError(`a nonce takes ${NONCE_BYTES} bytes`);
  if (tag.length !== TAG_BYTES) throw new TypeError(`a tag takes ${TAG_BYTES} bytes`);
  return concatBytes([Uint8Array.of(version), nonce, ciphertext, tag]);
}

export const SEALED_FACTS: readonly Fact[] = [
  { query: "memberlist.encrypt.version", type: "number", title: "Encryption version" },
  { query: "memberlist.encrypt.nonce", type: "bytes", title: "Nonce" },
  { query: "memberlist.encrypt.ciphertext", type: "bytes", title: "Ciphertext" },
  { query: "memberlist.encrypt.tag", type: "bytes", title: "Tag" },
];

export function foundSealed({ version, nonce, ciphertext, tag }: Sealed, take: TakeFact): void {
  for (const [i, value] of [version, nonce, ciphertext, tag].entries()) take(SEALED_FACTS[i]!.query, value);
}

export function randomSealed(random: Random): Sealed {
  return {
    version: random.below(2),
    nonce: randomBytes(random, NONCE_BYTES),
    ciphertext: randomBytes(random, random.below(40)),
    tag: randomBytes(random, TAG_BYTES),
  };
}

export function showSealed({ version, ciphertext }: Sealed): string {
  return `encrypted (version ${version}), ${ciphertext.length} bytes`;
}
