import { parseAddress, unmapAddress } from "#base/address.ts";
import { prefixContains, type Prefix } from "#base/prefix.ts";

/** Who an address counts as: whoever has one of IPv6 has all of its /64. */
export function sourceKey(source: string): string {
  const address = plainAddress(source);
  return address?.bytes.length === 16 ? address.bytes.subarray(0, 8).join(".") : source;
}

/** Whether an address is in one of these blocks. */
export function isTrusted(source: string, trusted: readonly Prefix[]): boolean {
  const address = plainAddress(source);
  return address !== undefined && trusted.some((prefix) => prefixContains(prefix, address));
}

function plainAddress(text: string) {
  const address = parseAddress(text);
  return address && unmapAddress(address);
}
