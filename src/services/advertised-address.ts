import { formatAddress, scopeOf, type Address } from "#base/address.ts";
import type { Endpoint } from "#base/endpoint.ts";
import type { InterfaceAddress } from "#host/links.ts";

/**
 * Where others reach a listener: its own address, or for a wildcard the first usable one of this machine (of any
 * interface but loopback, IPv4 first), and loopback when there is no other.
 */
export function advertisedAddress(listening: Endpoint, addresses: readonly InterfaceAddress[]): Endpoint {
  const { host, port } = listening;
  if (host !== "0.0.0.0" && host !== "::") return listening;
  const families = host === "::" ? [4, 16] : [4];
  for (const length of families) {
    const usable = addresses.find(({ address }) => isUsable(address, length));
    if (usable) return { host: formatAddress(usable.address), port };
  }
  return { host: host === "::" ? "::1" : "127.0.0.1", port };
}

function isUsable(address: Address, length: number): boolean {
  return address.bytes.length === length && scopeOf(address) === "unicast";
}
