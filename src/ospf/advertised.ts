import { maskLength, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { readContent } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";

/** What a summary-LSA says. RFC 2328 A.4.4. */
export interface Summary {
  readonly lsa: Lsa;
  readonly area: Ipv4;
  /** The network, or for type 4 the AS boundary router. */
  readonly target: Ipv4;
  /** Prefix length; 32 for type 4. */
  readonly length: number;
  readonly metric: number;
}

/** What an AS-external-LSA says. RFC 2328 A.4.5. */
export interface External {
  readonly lsa: Lsa;
  readonly network: Ipv4;
  readonly length: number;
  readonly isType2: boolean;
  readonly metric: number;
  /** 0: the router that says so. */
  readonly forwardingAddress: Ipv4;
  readonly tag: number;
}

/** Undefined: no summary-LSA, or a malformed one. */
export function readSummaryOf(lsa: Lsa, area: Ipv4): Summary | undefined {
  const content = readContent(lsa);
  if (content?.type !== "summary") return undefined;
  const length = lsa.type === 3 ? maskLength(content.mask)! : 32;
  return { lsa, area, target: (lsa.id & maskOf(length)) >>> 0, length, metric: content.metric };
}

/** Undefined: no AS-external-LSA, or a malformed one. */
export function readExternalOf(lsa: Lsa): External | undefined {
  const content = readContent(lsa);
  if (content?.type !== "external") return undefined;
  const { mask, isType2, metric, forwardingAddress, tag } = content;
  const network = (lsa.id & mask) >>> 0;
  return { lsa, network, length: maskLength(mask)!, isType2, metric, forwardingAddress, tag };
}
