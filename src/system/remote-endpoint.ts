import { formatAddress, parseAddress, unmapAddress } from "#base/address.ts";
import type { Endpoint } from "#base/endpoint.ts";

/** An address as Node reports it, in canonical text: dual-stack sockets report IPv4 as ::ffff:192.0.2.7. */
export function remoteEndpoint(host: string | undefined, port: number | undefined): Endpoint {
  const address = host === undefined ? undefined : parseAddress(host);
  return { host: address ? formatAddress(unmapAddress(address)) : (host ?? "0.0.0.0"), port: port ?? 0 };
}
