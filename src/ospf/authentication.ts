import { concatBytes, equalBytes } from "#base/bytes.ts";
import { foldInternetSum, internetSum } from "#base/checksum.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import type { Cipher } from "#base/cipher.ts";
import { readIpv4, writeIpv4 } from "#base/ipv4.ts";
import type { Authentication, AuthenticationKey } from "#ospf/config.ts";
import { OSPF_HEADER } from "#ospf/constants.ts";
import { keysInForce } from "#ospf/key-lifetimes.ts";

/** The part of a Cipher that OSPF needs. */
export type Digests = Pick<Cipher, "hash" | "hmac">;

/** Octets of each digest. */
const SIZES = { md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;
const NULL = 0;
const SIMPLE = 1;
const CRYPTOGRAPHIC = 2;

/** What authentication appends to a packet at most, octets. */
export function trailerSize(authentication: Authentication): number {
  if (authentication.type !== "cryptographic") return 0;
  return Math.max(0, ...authentication.keys.map(({ algorithm }) => SIZES[algorithm]));
}

/**
 * Completes a packet: checksum, and the fields of its authentication; a digest comes behind it. `seconds` since 1970 are the
 * sequence, too: they must not be lower than those of an earlier packet. RFC 2328 D.4, RFC 5709.
 */
export function sign(
  packet: Uint8Array,
  authentication: Authentication,
  seconds: number,
  cipher: Digests,
): Uint8Array {
  if (authentication.type !== "cryptographic") {
    const isSimple = authentication.type === "simple";
    packet[15] = isSimple ? SIMPLE : NULL;
    const sum = foldInternetSum(internetSum(packet, 0, packet.length));
    packet[12] = sum >> 8;
    packet[13] = sum;
    if (isSimple) packet.set(passwordBytes(authentication.password), 16);
    return packet;
  }
  const key = keysInForce(authentication.keys, seconds)[0]!;
  packet[15] = CRYPTOGRAPHIC;
  packet[18] = key.id;
  packet[19] = SIZES[key.algorithm];
  writeIpv4(packet, 20, seconds);
  return concatBytes([packet, digestOf(packet, key, cipher)]);
}

export type Verdict =
  | {
      readonly ok: true;
      /** Of cryptographic authentication; it may not fall. */
      readonly sequence?: number;
    }
  | { readonly ok: false; readonly reason: AuthenticationFault; readonly text: string };

export type AuthenticationFault = "checksum" | "authentication-type" | "authentication-key";

/**
 * Whether a packet is what its sender sent. `packet` may be longer than it says: the digest follows. Its header is whole,
 * and its length is at most what is there. `seconds` since 1970: which keys count now.
 */
export function verify(
  packet: Uint8Array,
  authentication: Authentication,
  seconds: number,
  cipher: Digests,
): Verdict {
  const length = (packet[2]! << 8) | packet[3]!;
  const type = (packet[14]! << 8) | packet[15]!;
  const wanted = { null: NULL, simple: SIMPLE, cryptographic: CRYPTOGRAPHIC }[authentication.type];
  if (type !== wanted)
    return fault(
      "authentication-type",
      `authentication type ${TYPE_NAMES[type] ?? type}, here ${authentication.type}`,
    );
  if (authentication.type === "cryptographic")
    return verifyDigest(packet, length, keysInForce(authentication.keys, seconds), cipher);
  // The eight octets of the authentication count for nothing.
  const sum = internetSum(packet, OSPF_HEADER, length, internetSum(packet, 0, 16));
  if (foldInternetSum(sum) !== 0) return fault("checksum", "a wrong checksum");
  if (authentication.type === "simple") {
    const password = passwordBytes(authentication.password);
    if (!equalBytes(packet.subarray(16, 24), password))
      return fault("authentication-key", "another password");
  }
  return { ok: true };
}

function verifyDigest(
  packet: Uint8Array,
  length: number,
  keys: readonly AuthenticationKey[],
  cipher: Digests,
): Verdict {
  const id = packet[18]!;
  const candidates = keys.filter((key) => key.id === id);
  if (candidates.length === 0)
    return fault("authentication-key", `key ${id}, here ${keys.map((key) => key.id).join(", ") || "none"}`);
  for (const key of candidates) {
    const size = SIZES[key.algorithm];
    if (packet[19] !== size || length + size > packet.length) continue;
    const digest = digestOf(packet.subarray(0, length), key, cipher);
    if (equalBytes(digest, packet.subarray(length, length + size)))
      return { ok: true, sequence: readIpv4(packet, 20) };
  }
  return fault("authentication-key", `key ${id} with another secret or algorithm`);
}

/** MD5 over packet and key (RFC 2328 D.4.3), or an HMAC over packet and Apad (RFC 5709 3.3). */
function digestOf(packet: Uint8Array, { algorithm, secret }: AuthenticationKey, cipher: Digests): Uint8Array {
  const key = encodeUtf8(secret);
  if (algorithm === "md5") {
    const padded = new Uint8Array(16);
    padded.set(key.subarray(0, 16));
    return cipher.hash("md5", concatBytes([packet, padded]));
  }
  const size = SIZES[algorithm];
  const apad = new Uint8Array(size);
  for (let at = 0; at < size; at += 4) writeIpv4(apad, at, 0x878f_e1f3);
  // Of digests' size, where HMAC alone would take keys up to its block.
  const short = key.length > size ? cipher.hash(algorithm, key) : key;
  return cipher.hmac(algorithm, short, concatBytes([packet, apad]));
}

function passwordBytes(password: string): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set(encodeUtf8(password).subarray(0, 8));
  return bytes;
}

function fault(reason: AuthenticationFault, text: string): Verdict {
  return { ok: false, reason, text };
}

const TYPE_NAMES: Readonly<Record<number, string>> = { 0: "null", 1: "simple", 2: "cryptographic" };
