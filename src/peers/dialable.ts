import { parseAddress, scopeOf } from "#base/address.ts";
import { parseEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { PeerOrigin } from "#peers/io.ts";

/** Why an address is not taken into the book. */
export type Undialable = "not IP:port" | "port 0" | "never dialled" | "loopback";

/** Whether the operator answers for what came from there. */
export function isOperators(origin: PeerOrigin): boolean {
  return origin === "configuration" || origin === "operator";
}

/**
 * The place to dial, or why it must not be: multicast, broadcast, unspecified and port 0 never; a host name, a zone of
 * somebody else's machine and (unless this node lives on loopback too) loopback not when a remote named them.
 */
export function dialable(
  address: string,
  origin: PeerOrigin,
  livesOnLoopback: boolean,
): Endpoint | Undialable {
  const isRemote = !isOperators(origin);
  const endpoint = isRemote ? parseEndpoint(address) : parseNamedEndpoint(address);
  if (!endpoint) return "not IP:port";
  if (endpoint.port === 0) return "port 0";
  const ip = parseAddress(endpoint.host);
  if (!ip) return endpoint;
  if (isRemote && ip.zone !== undefined) return "not IP:port";
  const scope = scopeOf(ip);
  if (scope === "multicast" || scope === "broadcast" || scope === "unspecified") return "never dialled";
  return isRemote && scope === "loopback" && !livesOnLoopback ? "loopback" : endpoint;
}

/** Whether "IP:port" is on loopback. */
export function isOnLoopback(address: string): boolean {
  const endpoint = parseEndpoint(address);
  const ip = endpoint && parseAddress(endpoint.host);
  return ip !== undefined && scopeOf(ip) === "loopback";
}
