import { maskLength, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER } from "#ospf/constants.ts";
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

/** What an AS-external-LSA says. RFC 2328 A.4.5. Read from the LSA when it is asked: there may be very many. */
export class External {
  readonly lsa: Lsa;

  /** A well-formed AS-external-LSA: see readExternalOf. */
  constructor(lsa: Lsa) {
    this.lsa = lsa;
  }

  get network(): Ipv4 {
    return (this.lsa.id & this.lsa.word(LSA_HEADER)) >>> 0;
  }

  get length(): number {
    return maskLength(this.lsa.word(LSA_HEADER))!;
  }

  get isType2(): boolean {
    return (this.lsa.octet(LSA_HEADER + 4) & 0x80) !== 0;
  }

  get metric(): number {
    return this.lsa.word(LSA_HEADER + 4) & 0xff_ffff;
  }

  /** 0: the router that says so. */
  get forwardingAddress(): Ipv4 {
    return this.lsa.word(LSA_HEADER + 8);
  }

  get tag(): number {
    return this.lsa.word(LSA_HEADER + 12);
  }
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
  return readContent(lsa)?.type === "external" ? new External(lsa) : undefined;
}
