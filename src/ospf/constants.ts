/** Architectural constants of RFC 2328 appendix B; times in seconds unless said. */

/** An LSA of this age is on its way out. */
export const MAX_AGE = 3_600;
/** An own LSA of this age is originated again. */
export const LS_REFRESH_TIME = 1_800;
/** ms between two originations of one LSA. */
export const MIN_LS_INTERVAL_MS = 5_000;
/** ms between two instances of one LSA that are taken from a neighbor by flooding. */
export const MIN_LS_ARRIVAL_MS = 1_000;
/** Ages of otherwise equal instances that differ by more are different ones. */
export const MAX_AGE_DIFF = 900;
/** The metric of a destination that cannot be reached, in summary-LSAs and AS-external-LSAs. */
export const LS_INFINITY = 0xff_ffff;
/** The metric of links that a stub router does not offer for transit. RFC 6987. */
export const MAX_LINK_METRIC = 0xffff;
/** LS sequence numbers are signed. */
export const INITIAL_SEQUENCE = -0x7fff_ffff;
export const MAX_SEQUENCE = 0x7fff_ffff;

/** LS types. */
export const ROUTER_LSA = 1;
export const NETWORK_LSA = 2;
export const SUMMARY_NETWORK_LSA = 3;
export const SUMMARY_ASBR_LSA = 4;
export const AS_EXTERNAL_LSA = 5;
export const NSSA_LSA = 7;
export const OPAQUE_LINK_LSA = 9;
export const OPAQUE_AREA_LSA = 10;
export const OPAQUE_AS_LSA = 11;

export const ALL_SPF_ROUTERS = 0xe000_0005;
export const ALL_D_ROUTERS = 0xe000_0006;

/** IP protocol number. */
export const OSPF_PROTOCOL = 89;
/** Octets. */
export const LSA_HEADER = 20;
export const OSPF_HEADER = 24;
export const IP_HEADER = 20;

/** Whether an LSA's type is one that a router keeps and floods: RFC 2328 (1 to 5) and RFC 5250 (9 to 11). */
export function isKnownType(type: number): boolean {
  return (type >= ROUTER_LSA && type <= AS_EXTERNAL_LSA) || isOpaqueType(type);
}

export function isOpaqueType(type: number): boolean {
  return type >= OPAQUE_LINK_LSA && type <= OPAQUE_AS_LSA;
}
