import { formatAddress, parseAddress } from "#base/address.ts";
import { concatBytes, equalBytes } from "#base/bytes.ts";
import { SIGNATURE_BYTES, SIGNING_KEY_BYTES, type Cipher } from "#base/cipher.ts";
import { formatEndpoint, parseEndpoint } from "#base/endpoint.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { Announcement, PeerKind, ServiceAddress } from "#peers/io.ts";

/**
 * What a node says of itself, signed, as few bytes: it travels in a member's metadata (512 bytes at most) and in a Serf tag.
 *
 *     magic "PA"  version 1  key 32  sequence u48  expires u40  flags u8 (1: in the lobby)
 *     name length u8, UTF-8  services u8, each: kind u8, address length u8 (4 or 16), address, port u16
 *     signature 64, by the key, of DOMAIN and everything before it
 *
 * Numbers are big-endian. Of kinds that this version does not know the address is passed over.
 */
export type AnnouncementReading =
  | { readonly ok: true; readonly announcement: Announcement }
  | { readonly ok: false; readonly reason: string };

/** The signed bytes. Throws RangeError for what no announcement can hold: see the limits below. */
export function encodeAnnouncement(
  announcement: Announcement,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const { publicKey, name, sequence, expires, services, lobby } = announcement;
  if (publicKey.length !== SIGNING_KEY_BYTES) throw new RangeError(`a key of ${publicKey.length} bytes`);
  if (services.length > MOST_SERVICES) throw new RangeError(`${services.length} services`);
  const text = encodeUtf8(name);
  if (text.length > MOST_NAME_BYTES) throw new RangeError(`a name of ${text.length} bytes`);
  const content = concatBytes([
    HEAD,
    publicKey,
    bigEndian(sequence, SEQUENCE_BYTES),
    bigEndian(expires, EXPIRES_BYTES),
    Uint8Array.of(lobby ? IN_LOBBY : 0, text.length),
    text,
    Uint8Array.of(services.length),
    ...services.map(encodeService),
  ]);
  return concatBytes([content, sign(concatBytes([DOMAIN, content]))]);
}

/**
 * Reads an announcement at `nowSeconds` since the Unix epoch, or says why it does not count: it is no whole one, its
 * signature is wrong, it has expired. Never throws. Addresses are as they were announced: whether to dial them is another
 * question.
 */
export function readAnnouncement(bytes: Uint8Array, cipher: Cipher, nowSeconds: number): AnnouncementReading {
  const contentEnd = bytes.length - SIGNATURE_BYTES;
  if (bytes.length > MOST_ANNOUNCEMENT_BYTES) return refused("longer than an announcement can be");
  if (HEAD.some((byte, i) => bytes[i] !== byte)) return refused("no announcement, or of a newer version");
  if (contentEnd < FIXED_BYTES) return refused("truncated");
  const announcement = readContent(bytes.subarray(0, contentEnd));
  if (typeof announcement === "string") return refused(announcement);
  const signed = concatBytes([DOMAIN, bytes.subarray(0, contentEnd)]);
  if (!cipher.verify(announcement.publicKey, signed, bytes.subarray(contentEnd)))
    return refused("wrong signature");
  if (announcement.expires + CLOCK_TOLERANCE_SECONDS < nowSeconds) return refused("expired");
  return { ok: true, announcement };
}

/** The beginning of a name that an announcement has room for, cut between characters. */
export function announcedName(name: string): string {
  let cut = name;
  while (encodeUtf8(cut).length > MOST_NAME_BYTES) cut = Array.from(cut).slice(0, -1).join("");
  return cut;
}

/** Whether an address ("IP:port") has a form that an announcement can carry. */
export function isAnnounceable(address: string): boolean {
  const endpoint = parseEndpoint(address);
  return endpoint !== undefined && parseAddress(endpoint.host)?.zone === undefined;
}

function readContent(content: Uint8Array): Announcement | string {
  let at = HEAD.length;
  const number = (size: number): number => {
    let value = 0;
    for (const end = at + size; at < end;) value = value * 256 + (content[at++] ?? NaN);
    return value;
  };
  const take = (size: number): Uint8Array => content.slice(at, (at += size));
  const publicKey = take(SIGNING_KEY_BYTES);
  const sequence = number(SEQUENCE_BYTES);
  const expires = number(EXPIRES_BYTES);
  const lobby = (number(1) & IN_LOBBY) !== 0;
  const nameBytes = number(1);
  if (nameBytes > MOST_NAME_BYTES) return "a name that is too long";
  const text = take(nameBytes);
  const name = decodeUtf8(text);
  if (text.length === nameBytes && !equalBytes(encodeUtf8(name), text)) return "a name that is no UTF-8";
  const count = number(1);
  if (count > MOST_SERVICES) return "too many services";
  const services: ServiceAddress[] = [];
  for (let i = 0; i < count; i++) {
    const kind = KINDS[number(1)];
    const length = number(1);
    if (length !== 4 && length !== 16)
      return Number.isNaN(length) ? "truncated" : "an address of no known family";
    const host = take(length);
    const port = number(2);
    if (Number.isNaN(port)) return "truncated";
    if (kind)
      services.push({ kind, address: formatEndpoint({ host: formatAddress({ bytes: host }), port }) });
  }
  if (Number.isNaN(count)) return "truncated";
  if (at !== content.length) return "more bytes than it says";
  return { publicKey, name, sequence, expires, services, lobby };
}

function encodeService({ kind, address }: ServiceAddress): Uint8Array {
  const endpoint = parseEndpoint(address);
  const host = endpoint && parseAddress(endpoint.host);
  if (!host || host.zone !== undefined) throw new RangeError(`"${address}" is no address to announce`);
  return concatBytes([
    Uint8Array.of(KINDS.indexOf(kind), host.bytes.length),
    host.bytes,
    bigEndian(endpoint!.port, 2),
  ]);
}

function bigEndian(value: number, size: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** size) throw new RangeError(`${value}`);
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

function refused(reason: string): AnnouncementReading {
  return { ok: false, reason };
}

/** Numbers of the kinds on the wire; new ones come at the end. */
const KINDS: readonly (PeerKind | undefined)[] = [undefined, "whisper", "member", "mesh"];
const HEAD = Uint8Array.of(0x50, 0x41, 1);
/** So that no signature of an announcement is one of anything else. */
const DOMAIN = encodeUtf8("parley announcement\0");
const IN_LOBBY = 1;
const SEQUENCE_BYTES = 6;
const EXPIRES_BYTES = 5;
const FIXED_BYTES = HEAD.length + SIGNING_KEY_BYTES + SEQUENCE_BYTES + EXPIRES_BYTES + 3;
/** Services of one node: each kind over both versions of IP, and two to spare. With IPv6 they take 160 bytes. */
export const MOST_SERVICES = 8;
/** Of the name in UTF-8: with it and eight services an announcement in base64 is within the 512 bytes of Serf's tags. */
export const MOST_NAME_BYTES = 64;
/** Above what the limits give, for kinds to come; a member's metadata has no room for more either. */
export const MOST_ANNOUNCEMENT_BYTES = 512;
/** Clocks that differ by less are right enough. */
export const CLOCK_TOLERANCE_SECONDS = 300;
