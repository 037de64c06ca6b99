import type { HashAlgorithm } from "#base/cipher.ts";
import type { Ipv4 } from "#base/ipv4.ts";

/** What a router is told to be; times in seconds unless their name says ms. RFC 2328 appendix C. */
export interface OspfConfig {
  readonly routerId: Ipv4;
  readonly areas: readonly AreaConfig[];
  /** Tells the area that it passes nothing on unless there is no other way. RFC 6987. */
  readonly maxMetric: boolean;
  /** Says so in its router-LSA also before there is a route to redistribute. */
  readonly isAsBoundary: boolean;
  /** How many equal paths a route may have. */
  readonly maximumPaths: number;
  /** How many LSAs of others are kept; what comes beyond is counted and not taken. */
  readonly maximumLsas: number;
  /** Takes, stores and floods opaque LSAs. RFC 5250. */
  readonly opaque: boolean;
  readonly rfc1583Compatible: boolean;
  readonly timers: OspfTimers;
}

export interface OspfTimers {
  readonly spf: BackoffTimers;
  /** Between two instances of one own LSA: the shortest time, and the one it grows to when changes storm. */
  readonly lsaHoldMs: number;
  readonly lsaLongestHoldMs: number;
  /** Instances of one LSA that come faster from a neighbor are not taken. MinLSArrival. */
  readonly lsaArrivalMs: number;
}

/** The names of RFC 8405. */
export interface BackoffTimers {
  readonly initialDelayMs: number;
  readonly shortDelayMs: number;
  readonly longDelayMs: number;
  readonly timeToLearnMs: number;
  readonly holdDownMs: number;
}

export interface AreaConfig {
  readonly areaId: Ipv4;
  readonly interfaces: readonly InterfaceConfig[];
}

export type NetworkType =
  "broadcast" | "point-to-point" | "point-to-multipoint" | "non-broadcast" | "loopback";

export interface InterfaceConfig {
  readonly name: string;
  /** Absent: what the interface is. */
  readonly type?: NetworkType;
  readonly cost: number;
  readonly helloInterval: number;
  readonly deadInterval: number;
  readonly retransmitInterval: number;
  /** Added to the age of what is sent. InfTransDelay. */
  readonly transmitDelay: number;
  /** Between Hellos to neighbors that are down, on non-broadcast networks. */
  readonly pollInterval: number;
  /** 0: never the designated router. */
  readonly priority: number;
  /** Its network is told, but nobody is spoken to. */
  readonly passive: boolean;
  /** Forms adjacencies also with neighbors whose packets may be too long for this interface. */
  readonly mtuIgnore: boolean;
  readonly authentication: Authentication;
  /** Who is on a non-broadcast network; on point-to-multipoint those that multicast does not reach. */
  readonly neighbors: readonly ConfiguredNeighbor[];
}

export interface ConfiguredNeighbor {
  readonly address: Ipv4;
  readonly priority: number;
}

export type Authentication =
  | { readonly type: "null" }
  /** At most 8 octets. */
  | { readonly type: "simple"; readonly password: string }
  /** Sent with the first key, or by their times; taken with any, so that keys can be changed without losing a neighbor. */
  | { readonly type: "cryptographic"; readonly keys: readonly AuthenticationKey[] };

export interface AuthenticationKey {
  /** 0 to 255. */
  readonly id: number;
  /** "md5" is keyed as RFC 2328 D.4.3 says, the others are HMACs of RFC 5709. */
  readonly algorithm: HashAlgorithm;
  readonly secret: string;
  /** Seconds since 1970; see keysInForce. */
  readonly sendFrom?: number;
  readonly acceptUntil?: number;
}

/** A route of elsewhere that is told to the autonomous system. */
export interface ExternalRoute {
  readonly network: Ipv4;
  readonly length: number;
  readonly metric: number;
  readonly isType2: boolean;
  readonly tag: number;
  /** 0: this router. */
  readonly forwardingAddress: Ipv4;
}
