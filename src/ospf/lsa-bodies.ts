import { fletcherChecksum } from "#base/checksum.ts";
import { maskOf, writeIpv4, type Ipv4 } from "#base/ipv4.ts";
import type { ExternalRoute } from "#ospf/config.ts";
import { LSA_HEADER } from "#ospf/constants.ts";
import { Lsa, type LsaIdentity, type RouterLink } from "#ospf/lsa.ts";

/** A whole LSA of age 0 with its checksum. */
export function makeLsa(
  { type, id, advertisingRouter }: LsaIdentity,
  {
    options,
    sequence,
    body,
  }: { readonly options: number; readonly sequence: number; readonly body: Uint8Array },
  now: number,
): Lsa {
  const bytes = new Uint8Array(LSA_HEADER + body.length);
  bytes[2] = options;
  bytes[3] = type;
  writeIpv4(bytes, 4, id);
  writeIpv4(bytes, 8, advertisingRouter);
  writeIpv4(bytes, 12, sequence >>> 0);
  bytes[18] = bytes.length >> 8;
  bytes[19] = bytes.length;
  bytes.set(body, LSA_HEADER);
  const sum = fletcherChecksum(bytes, 2, bytes.length, 16);
  bytes[16] = sum >> 8;
  bytes[17] = sum;
  return new Lsa(bytes, now);
}

/** RFC 2328 A.4.2. */
export function routerBody(links: readonly RouterLink[], isAsBoundary: boolean): Uint8Array {
  const body = new Uint8Array(4 + links.length * 12);
  body[0] = isAsBoundary ? 2 : 0;
  body[2] = links.length >> 8;
  body[3] = links.length;
  for (const [i, { type, id, data, metric }] of links.entries()) {
    const at = 4 + i * 12;
    writeIpv4(body, at, id);
    writeIpv4(body, at + 4, data);
    body[at + 8] = type;
    body[at + 10] = metric >> 8;
    body[at + 11] = metric;
  }
  return body;
}

/** RFC 2328 A.4.3. */
export function networkBody(mask: Ipv4, routers: readonly Ipv4[]): Uint8Array {
  const body = new Uint8Array(4 + routers.length * 4);
  writeIpv4(body, 0, mask);
  for (const [i, router] of routers.entries()) writeIpv4(body, 4 + i * 4, router);
  return body;
}

/** RFC 2328 A.4.5. */
export function externalBody({ length, metric, isType2, forwardingAddress, tag }: ExternalRoute): Uint8Array {
  const body = new Uint8Array(16);
  writeIpv4(body, 0, maskOf(length));
  writeIpv4(body, 4, metric);
  if (isType2) body[4] = 0x80;
  writeIpv4(body, 8, forwardingAddress);
  writeIpv4(body, 12, tag);
  return body;
}
