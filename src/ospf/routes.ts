import type { Ipv4 } from "#base/ipv4.ts";

/** A way out of this router. */
export interface NextHop {
  /** Name of the interface. */
  readonly interface: string;
  /** Undefined: the destination is on that link. */
  readonly gateway?: Ipv4;
}

/** In the order in which they are preferred. RFC 2328 11. */
export type PathType = "intra-area" | "inter-area" | "external-1" | "external-2";

/** A destination network in the routing table. RFC 2328 11. */
export interface OspfRoute {
  readonly network: Ipv4;
  /** Prefix length. */
  readonly length: number;
  readonly pathType: PathType;
  /** Whose LSDB led there; undefined for externals. */
  readonly area: Ipv4 | undefined;
  /** Inside the autonomous system; for external-2 the distance to whoever told. */
  readonly cost: number;
  /** The metric of type 2; 0 for others. */
  readonly type2Cost: number;
  readonly tag: number;
  /** Sorted by interface, then gateway; at most 16 (the router's limit). */
  readonly nextHops: readonly NextHop[];
  /** It is a network of one of this router's own interfaces: the kernel has it already. */
  readonly isConnected: boolean;
  /** Key of the LSA that named the destination (of one of them, when several were equal). */
  readonly origin: string;
}

/** Where a router is: AS boundary routers and area border routers. */
export interface RouterRoute {
  readonly routerId: Ipv4;
  readonly area: Ipv4;
  readonly pathType: "intra-area" | "inter-area";
  readonly cost: number;
  readonly isBorder: boolean;
  readonly isAsBoundary: boolean;
  readonly nextHops: readonly NextHop[];
}

/** What changed between two tables. */
export interface RouteChanges {
  readonly set: readonly OspfRoute[];
  readonly removed: readonly { readonly network: Ipv4; readonly length: number }[];
}

/**
 * What one of this router's interfaces is in its own router-LSA, so that a path that leaves by it has a next hop.
 * RFC 2328 16.1.1.
 */
export interface Attachment {
  readonly interface: string;
  readonly address: Ipv4;
  readonly mask: Ipv4;
  /** Full neighbors of point-to-point and point-to-multipoint links, and their addresses. */
  readonly neighbors: ReadonlyMap<Ipv4, Ipv4>;
}
