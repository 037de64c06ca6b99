import { maskOf, parseIpv4, writeIpv4, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER } from "#ospf/constants.ts";
import { Lsa, type RouterLink } from "#ospf/lsa.ts";

/** What of an LSA's header tests care about; the checksum stays 0. */
export interface HeaderOptions {
  readonly sequence?: number;
  /** Seconds. */
  readonly age?: number;
  /** ms. */
  readonly at?: number;
}

export interface RouterOptions extends HeaderOptions {
  readonly isBorder?: boolean;
  readonly isAsBoundary?: boolean;
}

/** "10.0.0.1" as a number. Throws for what is no address. */
export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`${text} is no IPv4 address`);
  return address;
}

/** An LSA around a body. */
export function lsa(
  type: number,
  id: Ipv4,
  router: Ipv4,
  body: Uint8Array,
  { sequence = 1, age = 0, at = 0 }: HeaderOptions = {},
): Lsa {
  const bytes = new Uint8Array(LSA_HEADER + body.length);
  bytes.set([age >> 8, age, 2, type]);
  writeIpv4(bytes, 4, id);
  writeIpv4(bytes, 8, router);
  writeIpv4(bytes, 12, (0x8000_0000 + sequence) >>> 0);
  bytes[18] = bytes.length >> 8;
  bytes[19] = bytes.length;
  bytes.set(body, LSA_HEADER);
  return new Lsa(bytes, at);
}

export function routerLsa(id: Ipv4, links: readonly RouterLink[], options: RouterOptions = {}): Lsa {
  const body = new Uint8Array(4 + 12 * links.length);
  body[0] = (options.isBorder ? 1 : 0) | (options.isAsBoundary ? 2 : 0);
  body[2] = links.length >> 8;
  body[3] = links.length;
  for (const [i, link] of links.entries()) {
    const at = 4 + 12 * i;
    writeIpv4(body, at, link.id);
    writeIpv4(body, at + 4, link.data);
    body[at + 8] = link.type;
    body[at + 10] = link.metric >> 8;
    body[at + 11] = link.metric;
  }
  return lsa(1, id, id, body, options);
}

/** `id`: the designated router's address. */
export function networkLsa(
  id: Ipv4,
  router: Ipv4,
  length: number,
  attached: readonly Ipv4[],
  options: HeaderOptions = {},
): Lsa {
  const body = new Uint8Array(4 + 4 * attached.length);
  writeIpv4(body, 0, maskOf(length));
  for (const [i, each] of attached.entries()) writeIpv4(body, 4 + 4 * i, each);
  return lsa(2, id, router, body, options);
}

/** Type 3, or type 4 without a length. */
export function summaryLsa(
  id: Ipv4,
  length: number | undefined,
  router: Ipv4,
  metric: number,
  options: HeaderOptions = {},
): Lsa {
  const body = new Uint8Array(8);
  writeIpv4(body, 0, length === undefined ? 0 : maskOf(length));
  writeIpv4(body, 4, metric);
  return lsa(length === undefined ? 4 : 3, id, router, body, options);
}

export interface ExternalOptions extends HeaderOptions {
  readonly isType2?: boolean;
  readonly forwardingAddress?: Ipv4;
  readonly tag?: number;
}

export function externalLsa(
  id: Ipv4,
  length: number,
  router: Ipv4,
  metric: number,
  options: ExternalOptions = {},
): Lsa {
  const body = new Uint8Array(16);
  writeIpv4(body, 0, maskOf(length));
  writeIpv4(body, 4, metric);
  if (options.isType2) body[4] = 0x80;
  writeIpv4(body, 8, options.forwardingAddress ?? 0);
  writeIpv4(body, 12, options.tag ?? 0);
  return lsa(5, id, router, body, options);
}

/** A link of each type, as a router-LSA has it. */
export function toRouter(id: Ipv4, data: Ipv4, metric: number): RouterLink {
  return { type: 1, id, data, metric };
}

export function toNetwork(designatedRouter: Ipv4, data: Ipv4, metric: number): RouterLink {
  return { type: 2, id: designatedRouter, data, metric };
}

export function toStub(network: Ipv4, length: number, metric: number): RouterLink {
  return { type: 3, id: network, data: maskOf(length), metric };
}
