import { maskLength, readIpv4 } from "#base/ipv4.ts";
import {
  AS_EXTERNAL_LSA,
  LSA_HEADER,
  MAX_AGE,
  NETWORK_LSA,
  NSSA_LSA,
  ROUTER_LSA,
  SUMMARY_ASBR_LSA,
  SUMMARY_NETWORK_LSA,
} from "#ospf/constants.ts";
import type { Lsa, LsaContent, RouterLink } from "#ospf/lsa.ts";

/** Bits of a router-LSA's first octet. RFC 2328 A.4.2. */
export const BORDER_BIT = 0x01;
export const AS_BOUNDARY_BIT = 0x02;
export const VIRTUAL_ENDPOINT_BIT = 0x04;

/** Types of a router-LSA's links. RFC 2328 A.4.2. */
export const POINT_TO_POINT_LINK = 1;
export const TRANSIT_LINK = 2;
export const STUB_LINK = 3;
export const VIRTUAL_LINK = 4;

/**
 * What an LSA of the types 1 to 5 and 7 says. Undefined: malformed, so that nothing may be computed of it. What it says
 * for types of service other than 0 is skipped. RFC 2328 A.4.
 */
export function readContent(lsa: Lsa): LsaContent | undefined {
  if (lsa.length < LSA_HEADER || lsa.size !== lsa.length) return undefined;
  switch (lsa.type) {
    case ROUTER_LSA:
      return readRouter(lsa);
    case NETWORK_LSA:
      return readNetwork(lsa);
    case SUMMARY_NETWORK_LSA:
    case SUMMARY_ASBR_LSA:
      return readSummary(lsa);
    case AS_EXTERNAL_LSA:
    case NSSA_LSA:
      return readExternal(lsa);
    default:
      return { type: "other" };
  }
}

/**
 * Goes over the links of a router-LSA without making an object for each. The fields are those of RouterLink, but signed:
 * what is above 2^31 would be slow as a key of a map.
 */
export class RouterLinks {
  type = 0;
  id = 0;
  data = 0;
  metric = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #left = 0;

  /** False when the LSA is malformed; then there are no links. */
  open(lsa: Lsa): boolean {
    const { bytes, length } = lsa;
    this.#left = 0;
    if (bytes.length !== length || length < LINKS) return false;
    const count = (bytes[22]! << 8) | bytes[23]!;
    let at = LINKS;
    for (let i = 0; i < count; i++) {
      if (at + LINK > length) return false;
      at += LINK + TOS_METRIC * bytes[at + 9]!;
    }
    if (at !== length) return false;
    this.#bytes = bytes;
    this.#at = LINKS;
    this.#left = count;
    return true;
  }

  /** Steps to the next link; false when there is none. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const bytes = this.#bytes;
    const at = this.#at;
    this.id = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    this.data = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
    this.type = bytes[at + 8]!;
    this.metric = (bytes[at + 10]! << 8) | bytes[at + 11]!;
    this.#at = at + LINK + TOS_METRIC * bytes[at + 9]!;
    return true;
  }
}

/** Whether routes that follow from the one follow from the other: all but age, sequence and checksum. RFC 2328 13.2. */
export function saysTheSame(a: Lsa, b: Lsa): boolean {
  if (a.length !== b.length || a.options !== b.options) return false;
  const [ofA, ofB] = [a.bytes, b.bytes];
  if (ofA.length !== ofB.length) return false;
  for (let at = LSA_HEADER; at < ofA.length; at++) if (ofA[at] !== ofB[at]) return false;
  return true;
}

/** A new instance that says the same while the one before was still in use. */
export function isRefreshed(before: Lsa, after: Lsa): boolean {
  const isOne = before === after || before.ageAt(after.at) === MAX_AGE || after.ageAt(after.at) === MAX_AGE;
  return !isOne && saysTheSame(before, after);
}

function readRouter(lsa: Lsa): LsaContent | undefined {
  const cursor = new RouterLinks();
  if (!cursor.open(lsa)) return undefined;
  const links: RouterLink[] = [];
  while (cursor.next()) {
    const { type, id, data, metric } = cursor;
    links.push({ type, id: id >>> 0, data: data >>> 0, metric });
  }
  const bits = lsa.octet(LSA_HEADER);
  return {
    type: "router",
    isBorder: (bits & BORDER_BIT) !== 0,
    isAsBoundary: (bits & AS_BOUNDARY_BIT) !== 0,
    isVirtualEndpoint: (bits & VIRTUAL_ENDPOINT_BIT) !== 0,
    links,
  };
}

function readNetwork({ bytes, length }: Lsa): LsaContent | undefined {
  if (length < LSA_HEADER + 4 || length % 4 !== 0) return undefined;
  const mask = readIpv4(bytes, LSA_HEADER);
  if (maskLength(mask) === undefined) return undefined;
  const routers: number[] = [];
  for (let at = LSA_HEADER + 4; at < length; at += 4) routers.push(readIpv4(bytes, at));
  return { type: "network", mask, routers };
}

function readSummary({ bytes, length, type }: Lsa): LsaContent | undefined {
  if (length < LSA_HEADER + 8 || length % 4 !== 0) return undefined;
  const mask = readIpv4(bytes, LSA_HEADER);
  // In type 4 the mask means nothing.
  if (type === SUMMARY_NETWORK_LSA && maskLength(mask) === undefined) return undefined;
  return { type: "summary", mask, metric: readIpv4(bytes, LSA_HEADER + 4) & 0xff_ffff };
}

function readExternal({ bytes, length }: Lsa): LsaContent | undefined {
  if (length < EXTERNAL || (length - EXTERNAL) % EXTERNAL_TOS !== 0) return undefined;
  const mask = readIpv4(bytes, LSA_HEADER);
  if (maskLength(mask) === undefined) return undefined;
  return {
    type: "external",
    mask,
    isType2: (bytes[LSA_HEADER + 4]! & 0x80) !== 0,
    metric: readIpv4(bytes, LSA_HEADER + 4) & 0xff_ffff,
    forwardingAddress: readIpv4(bytes, LSA_HEADER + 8),
    tag: readIpv4(bytes, LSA_HEADER + 12),
  };
}

/** Octets before a router-LSA's links; of a link; of what it says for another type of service. */
const LINKS = LSA_HEADER + 4;
const LINK = 12;
const TOS_METRIC = 4;
/** Octets of an AS-external-LSA; of what it says for another type of service. */
const EXTERNAL = LSA_HEADER + 16;
const EXTERNAL_TOS = 12;
