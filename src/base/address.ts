/** An IPv4 or IPv6 address as its 4 or 16 bytes, and for link-local IPv6 the zone it is valid in. */
export interface Address {
  readonly bytes: Uint8Array;
  readonly zone?: string;
}

/**
 * Parses dotted IPv4 (four decimal parts, no leading zeros, so that "010.0.0.1" cannot mean two things) or IPv6
 * (RFC 4291 2.2, with an optional "%zone"). Returns undefined for anything else; never throws.
 */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const bytes = parseIpv4(text);
    return bytes && { bytes: Uint8Array.from(bytes) };
  }
  const percent = text.indexOf("%");
  const zone = percent < 0 ? undefined : text.slice(percent + 1);
  if (zone !== undefined && !/^[\w.-]{1,32}$/.test(zone)) return undefined;
  const bytes = parseIpv6(percent < 0 ? text : text.slice(0, percent));
  if (!bytes) return undefined;
  return zone === undefined ? { bytes } : { bytes, zone };
}

/** Dotted IPv4, or IPv6 in the canonical form of RFC 5952. */
export function formatAddress({ bytes, zone }: Address): string {
  if (bytes.length === 4) return bytes.join(".");
  const suffix = zone === undefined ? "" : `%${zone}`;
  if (isMappedIpv4(bytes)) return `::ffff:${bytes.subarray(12).join(".")}${suffix}`;
  // One text that grows: packets have many addresses, and arrays of parts would take most of the time.
  const gap = longestZeros(bytes);
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === gap.start) text += "::";
    if (i >= gap.start && i < gap.end) continue;
    if (i > 0 && i !== gap.end) text += ":";
    text += groupAt(bytes, i).toString(16);
  }
  return text + suffix;
}

/** The IPv4 address inside ::ffff:0:0/96, which dual-stack sockets report; any other address as it is. */
export function unmapAddress(address: Address): Address {
  return isMappedIpv4(address.bytes) ? { bytes: address.bytes.slice(12) } : address;
}

/** What kind of destination an address is, as far as its bits tell (RFC 6890, RFC 4291). */
export type AddressScope = "unspecified" | "loopback" | "multicast" | "broadcast" | "link-local" | "unicast";

export function scopeOf(address: Address): AddressScope {
  const { bytes } = unmapAddress(address);
  const first = bytes[0]!;
  if (bytes.every((byte) => byte === 0)) return "unspecified";
  if (bytes.length === 4) {
    if (first === 127) return "loopback";
    if (first >= 224 && first < 240) return "multicast";
    if (bytes.every((byte) => byte === 255)) return "broadcast";
    if (first === 169 && bytes[1] === 254) return "link-local";
    return first === 0 || first >= 240 ? "unspecified" : "unicast";
  }
  if (first === 0xff) return "multicast";
  if (first === 0xfe && (bytes[1]! & 0xc0) === 0x80) return "link-local";
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0) ? "loopback" : "unicast";
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes.push(Number(part));
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!);
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (!head || !tail) return undefined;
  // "::" stands for at least one group; dotted IPv4 may only end the whole text.
  if (halves.length === 2 ? head.length + tail.length > 14 : head.length !== 16) return undefined;
  if (halves.length === 2 && halves[0]!.includes(".")) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (i === groups.length - 1 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      if (!ipv4) return undefined;
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes.length > 16 ? undefined : bytes;
}

function isMappedIpv4(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** The first longest run of zero groups; one alone is none (RFC 5952 4.2). */
function longestZeros(bytes: Uint8Array): { readonly start: number; readonly end: number } {
  let best = { start: -1, end: -1 };
  let length = 1;
  let start = 0;
  for (let end = 1; end <= 8; end++) {
    if (groupAt(bytes, end - 1) !== 0) start = end;
    else if (end - start > length) {
      best = { start, end };
      length = end - start;
    }
  }
  return best;
}

function groupAt(bytes: Uint8Array, i: number): number {
  return (bytes[2 * i]! << 8) | bytes[2 * i + 1]!;
}
