import { formatAddress, parseAddress, unmapAddress } from "#base/address.ts";

/** Where something listens: an IP address in canonical text (or, from an operator, a host name) and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** "192.0.2.7:55555" or "[2001:db8::7]:55555"; undefined for a host name, a missing port or anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const named = parseNamedEndpoint(text);
  return named && parseAddress(named.host) ? named : undefined;
}

/** Like parseEndpoint, and "gopher.example:55555" too: only for what an operator wrote. */
export function parseNamedEndpoint(text: string): Endpoint | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (!parts) return undefined;
  const port = Number(parts[3]);
  if (port > 65_535) return undefined;
  const bracketed = parts[1];
  const host = bracketed ?? parts[2]!;
  const address = parseAddress(host);
  if (address) {
    const isIpv6 = host.includes(":");
    if (isIpv6 !== (bracketed !== undefined)) return undefined;
    return { host: formatAddress(unmapAddress(address)), port };
  }
  if (bracketed !== undefined || !HOST_NAME.test(host)) return undefined;
  return { host: host.toLowerCase(), port };
}

/** The text that parseEndpoint reads back. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

// RFC 1123 2.1 host names; a last label of digits only would be a mistyped IPv4 address.
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-zA-Z\d_](?:[\w-]{0,61}[a-zA-Z\d])?\.)*(?!\d+$)[a-zA-Z\d](?:[\w-]{0,61}[a-zA-Z\d])?$/;
