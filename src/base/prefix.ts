import { formatAddress, parseAddress, type Address } from "#base/address.ts";

/** An address block, such as 192.0.2.0/24: an address whose bits beyond `length` are zero. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** "192.0.2.0/24" or "2001:db8::/32"; undefined for anything else, also when host bits are set. */
export function parsePrefix(text: string): Prefix | undefined {
  const parts = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parts ? parseAddress(parts[1]!) : undefined;
  if (!parts || !address) return undefined;
  const length = Number(parts[2]);
  if (length > address.bytes.length * 8) return undefined;
  const bits = address.bytes.length * 8;
  for (let bit = length; bit < bits; bit++) if (bitAt(address.bytes, bit)) return undefined;
  return { address, length };
}

/** The text that parsePrefix reads back. */
export function formatPrefix({ address, length }: Prefix): string {
  return `${formatAddress(address)}/${length}`;
}

/** True when `address` is of the prefix's family and inside it. */
export function prefixContains({ address: base, length }: Prefix, address: Address): boolean {
  if (base.bytes.length !== address.bytes.length) return false;
  for (let bit = 0; bit < length; bit++) {
    if (bitAt(base.bytes, bit) !== bitAt(address.bytes, bit)) return false;
  }
  return true;
}

function bitAt(bytes: Uint8Array, bit: number): number {
  return (bytes[bit >> 3]! >> (7 - (bit & 7))) & 1;
}
