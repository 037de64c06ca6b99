import type { Address } from "#base/address.ts";

/** An IPv4 address, a mask or a router id as one number from 0 to 2^32 - 1, for tables that compare and count. */
export type Ipv4 = number;

/** Dotted, four decimal parts without leading zeros; undefined for anything else. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (!parts) return undefined;
  let value = 0;
  for (const part of parts.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(value: Ipv4): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The four bytes at `at`, network order. */
export function readIpv4(bytes: Uint8Array, at: number): Ipv4 {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeIpv4(bytes: Uint8Array, at: number, value: Ipv4): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** As the ports of host/ have it. */
export function toAddress(value: Ipv4): Address {
  const bytes = new Uint8Array(4);
  writeIpv4(bytes, 0, value);
  return { bytes };
}

/** Undefined for IPv6. */
export function fromAddress({ bytes }: Address): Ipv4 | undefined {
  return bytes.length === 4 ? readIpv4(bytes, 0) : undefined;
}

/** 24 gives 255.255.255.0. */
export function maskOf(length: number): Ipv4 {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** 255.255.255.0 gives 24; undefined when ones follow zeros. */
export function maskLength(mask: Ipv4): number | undefined {
  const length = Math.clz32(~mask);
  return maskOf(length) === mask ? length : undefined;
}

/** "192.0.2.0/24". */
export function formatIpv4Prefix(network: Ipv4, length: number): string {
  return `${formatIpv4(network)}/${length}`;
}
