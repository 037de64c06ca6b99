import type { Random } from "#base/random.ts";
import type { Codec } from "#packet/codec.ts";
import { coded, type Field } from "#packet/field.ts";
import { ADDRESS_BYTES, addressBytes, hexText, readAddress, readText, textBytes } from "#packet/primitive.ts";

export function randomBytes(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: random.below(most + 1) }, () => random.below(256));
}

/**
 * The types that a name has: RFC 4034 4.1.2. Numbers in their order; the bytes themselves where another encoder would
 * have written them otherwise.
 */
const typeBitmap: Codec<readonly number[] | Uint8Array> = {
  name: "type bitmap",
  read(bytes, at, end) {
    const types: number[] = [];
    for (let here = at; here < end;) {
      const size = bytes[here + 1]!;
      if (here + 2 > end || here + 2 + size > end) return { error: "the type bitmap is cut off", at: here };
      for (let i = 0; i < size * 8; i++)
        if (bytes[here + 2 + (i >> 3)]! & (0x80 >> (i & 7))) types.push(bytes[here]! * 256 + i);
      here += 2 + size;
    }
    const raw = bytes.subarray(at, end);
    return { value: isSame(bitmapOf(types), raw) ? types : raw, next: end };
  },
  write: (value) => (value instanceof Uint8Array ? value : bitmapOf(value)),
  random: (random) =>
    [...new Set(Array.from({ length: random.below(6) }, () => random.below(300)))].sort(ascending),
  initial: [],
  show: (value) => (value instanceof Uint8Array ? hexText(value) : value.join(" ")),
  facts: [{ query: "dns.resp.type", type: "number", title: "Type" }],
  factsOf(value, found) {
    const types = value instanceof Uint8Array ? typesIn(value) : value;
    for (const type of types) found("dns.resp.type", type);
  },
};

function typesIn(raw: Uint8Array): number[] {
  const types: number[] = [];
  for (let here = 0; here + 2 <= raw.length; here += 2 + raw[here + 1]!)
    for (let i = 0; i < raw[here + 1]! * 8; i++)
      if (raw[here + 2 + (i >> 3)]! & (0x80 >> (i & 7))) types.push(raw[here]! * 256 + i);
  return types;
}

function bitmapOf(types: readonly number[]): Uint8Array {
  const windows = new Map<number, number[]>();
  for (const type of [...types].sort(ascending)) {
    if (!Number.isInteger(type) || type < 0 || type > 0xffff)
      throw new TypeError(`a type bitmap takes integers from 0 to 65535, not ${type}`);
    const window = windows.get(type >> 8) ?? [];
    const place = (type & 0xff) >> 3;
    while (window.length <= place) window.push(0);
    window[place]! |= 0x80 >> (type & 7);
    windows.set(type >> 8, window);
  }
  return Uint8Array.from([...windows].flatMap(([number, bits]) => [number, bits.length, ...bits]));
}

function ascending(a: number, b: number): number {
  return a - b;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export const typesField = (): Field<readonly number[] | Uint8Array> =>
  coded(typeBitmap, { title: "Types of the name's records" });

/** A key of DNSSEC. RFC 4034 2.1. A codec, because queries have the key's tag, which is taken over all of it. */
export interface DnsKey {
  readonly zoneKey: boolean;
  readonly revoked: boolean;
  readonly secureEntryPoint: boolean;
  /** The other bits of the flags, as they lie there. */
  readonly reserved: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

const [ZONE_KEY, REVOKED, ENTRY_POINT, RESERVED] = [0x0100, 0x0080, 0x0001, 0xfe7e];

const dnsKey: Codec<DnsKey> = {
  name: "DNS key",
  read(bytes, at, end) {
    if (at + 4 > end) return { error: "the key is cut off", at };
    const flags = (bytes[at]! << 8) | bytes[at + 1]!;
    const value = {
      zoneKey: (flags & ZONE_KEY) !== 0,
      revoked: (flags & REVOKED) !== 0,
      secureEntryPoint: (flags & ENTRY_POINT) !== 0,
      reserved: flags & RESERVED,
      protocol: bytes[at + 2]!,
      algorithm: bytes[at + 3]!,
      publicKey: bytes.subarray(at + 4, end),
    };
    return { value, next: end };
  },
  write(key) {
    const flags = flagsOf(key);
    return Uint8Array.from([flags >> 8, flags & 0xff, key.protocol, key.algorithm, ...key.publicKey]);
  },
  random: (random) => ({
    zoneKey: random.below(2) === 1,
    revoked: random.below(2) === 1,
    secureEntryPoint: random.below(2) === 1,
    reserved: random.below(0x1_0000) & RESERVED,
    protocol: random.below(256),
    algorithm: random.below(256),
    publicKey: randomBytes(random, 12),
  }),
  initial: {
    zoneKey: true,
    revoked: false,
    secureEntryPoint: false,
    reserved: 0,
    protocol: 3,
    algorithm: 13,
    publicKey: new Uint8Array(0),
  },
  show: (key) => `${keyTag(key)}: algorithm ${key.algorithm}, ${hexText(key.publicKey)}`,
  facts: [
    { query: "dns.dnskey.flags", type: "number", title: "Flags" },
    { query: "dns.dnskey.flags.zone_key", type: "boolean", title: "Zone key" },
    { query: "dns.dnskey.flags.key_revoked", type: "boolean", title: "Key revoked" },
    { query: "dns.dnskey.flags.secure_entry_point", type: "boolean", title: "Key signing key" },
    { query: "dns.dnskey.flags.reserved", type: "number", title: "Reserved flags" },
    { query: "dns.dnskey.protocol", type: "number", title: "Protocol" },
    { query: "dns.dnskey.algorithm", type: "number", title: "Algorithm" },
    { query: "dns.dnskey.key_id", type: "number", title: "Key tag" },
    { query: "dns.dnskey.public_key", type: "bytes", title: "Public key" },
  ],
  factsOf(key, found) {
    found("dns.dnskey.flags", flagsOf(key));
    found("dns.dnskey.flags.zone_key", Number(key.zoneKey));
    found("dns.dnskey.flags.key_revoked", Number(key.revoked));
    found("dns.dnskey.flags.secure_entry_point", Number(key.secureEntryPoint));
    found("dns.dnskey.flags.reserved", key.reserved >> 1);
    found("dns.dnskey.protocol", key.protocol);
    found("dns.dnskey.algorithm", key.algorithm);
    found("dns.dnskey.key_id", keyTag(key));
    found("dns.dnskey.public_key", key.publicKey);
  },
};

function flagsOf(key: DnsKey): number {
  const named =
    (key.zoneKey ? ZONE_KEY : 0) | (key.revoked ? REVOKED : 0) | (key.secureEntryPoint ? ENTRY_POINT : 0);
  return named | (key.reserved & RESERVED);
}

/** RFC 4034 appendix B. */
function keyTag(key: DnsKey): number {
  const { publicKey, algorithm } = key;
  // RSA/MD5 takes bytes of the modulus.
  if (algorithm === 1) return ((publicKey.at(-3) ?? 0) << 8) | (publicKey.at(-2) ?? 0);
  const bytes = dnsKey.write(key, 0, new Map());
  let sum = 0;
  for (const [i, byte] of bytes.entries()) sum += i & 1 ? byte : byte << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}

export const dnsKeyField = (): Field<DnsKey> => coded(dnsKey, { title: "Key" });

/** Who may issue certificates: RFC 8659 4.1, without the flags. The tag is also the name of the value in queries. */
export interface CaaProperty {
  readonly tag: string;
  readonly value: string;
}

const CAA_TAGS: ReadonlySet<string> = new Set(["issue", "issuewild", "iodef"]);

const caaProperty: Codec<CaaProperty> = {
  name: "CAA property",
  read(bytes, at, end) {
    const start = at + 1;
    const tagEnd = start + bytes[at]!;
    if (at >= end || tagEnd > end) return { error: "the tag is cut off", at };
    return { value: { tag: readText(bytes, start, tagEnd), value: readText(bytes, tagEnd, end) }, next: end };
  },
  write({ tag, value }) {
    const name = textBytes(tag);
    if (name.length > 255) throw new TypeError("a CAA tag takes at most 255 bytes");
    return Uint8Array.from([name.length, ...name, ...textBytes(value)]);
  },
  random: (random) => ({
    tag: ["issue", "iodef", "x"][random.below(3)]!,
    value: random.hex(random.below(9)),
  }),
  initial: { tag: "issue", value: "" },
  show: ({ tag, value }) => `${tag} ${value}`,
  facts: [
    { query: "dns.caa.tag_length", type: "number", title: "Tag length" },
    { query: "dns.caa.tag", type: "text", title: "Tag" },
    { query: "dns.caa.value", type: "text", title: "Value" },
    { query: "dns.caa.issue", type: "text", title: "Issuer" },
    { query: "dns.caa.issuewild", type: "text", title: "Issuer of wildcards" },
    { query: "dns.caa.iodef", type: "text", title: "Where to report" },
    { query: "dns.caa.unknown", type: "text", title: "Value of an unknown tag" },
  ],
  factsOf({ tag, value }, found) {
    found(CAA_TAGS.has(tag) ? `dns.caa.${tag}` : "dns.caa.unknown", value);
    found("dns.caa.tag_length", textBytes(tag).length);
    found("dns.caa.tag", tag);
    found("dns.caa.value", value);
  },
};

export const caaField = (): Field<CaaProperty> => coded(caaProperty, { title: "Property" });

/** The first bytes of an address, as many as its prefix needs. RFC 7871 6. */
export interface AddressStart {
  readonly address: string;
  readonly bytes: number;
}

export function addressStart(family: "ipv4" | "ipv6", query: string): Field<AddressStart> {
  const whole = ADDRESS_BYTES[family];
  const codec: Codec<AddressStart> = {
    name: `start of an ${family} address`,
    read(bytes, at, end) {
      if (end - at > whole) return { error: `an address of ${end - at} bytes`, at };
      const filled = new Uint8Array(whole);
      filled.set(bytes.subarray(at, end));
      return { value: { address: readAddress(family, filled, 0), bytes: end - at }, next: end };
    },
    write({ address, bytes: count }) {
      const bytes = addressBytes(family, address);
      if (!bytes || count > whole)
        throw new TypeError(`${count} bytes of ${address}, which is no ${family} address`);
      return bytes.subarray(0, count);
    },
    random(random) {
      const filled = new Uint8Array(whole);
      const start = randomBytes(random, whole);
      filled.set(start);
      return { address: readAddress(family, filled, 0), bytes: start.length };
    },
    initial: { address: family === "ipv4" ? "0.0.0.0" : "::", bytes: 0 },
    show: ({ address }) => address,
    facts: [{ query, type: family, title: "Client subnet" }],
    factsOf: ({ address }, found) => found(query, address),
  };
  return coded(codec, { title: "Client subnet" });
}
