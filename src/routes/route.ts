import type { Ipv4 } from "#base/ipv4.ts";

/** Who told of a route, in the order in which equals are preferred. */
export const ROUTE_SOURCES = ["connected", "kernel", "static", "ospf"] as const;
export type RouteSource = (typeof ROUTE_SOURCES)[number];

/** Administrative distances: of several routes to one prefix that with the lowest is used. */
export type Distances = Readonly<Record<RouteSource, number>>;

/** As FRR and Cisco have them. */
export const USUAL_DISTANCES: Distances = { connected: 0, kernel: 0, static: 1, ospf: 110 };

/** A way out of this machine. */
export interface NextHop {
  /** Name of the interface. */
  readonly interface: string;
  /** Undefined: the destination is on that link. */
  readonly gateway?: Ipv4;
}

/** What a source tells of a prefix. */
export interface RouteOffer {
  readonly distance: number;
  readonly metric: number;
  readonly tag: number;
  /** Empty: packets are dropped. */
  readonly nextHops: readonly NextHop[];
  /** False: there is no way out at present, so it counts for nothing. */
  readonly isUsable: boolean;
  /** The kernel is to have it when it is the best one. */
  readonly isForKernel: boolean;
  /** How the kernel answers what it drops. */
  readonly drops?: "blackhole" | "unreachable" | "prohibit";
  /** Who made a kernel route, by the numbers of /etc/iproute2/rt_protos. */
  readonly protocol?: number;
}

export interface Route extends RouteOffer {
  readonly source: RouteSource;
  readonly network: Ipv4;
  /** Prefix length. */
  readonly length: number;
  /** When it became what it is, in the unit of whoever told. */
  readonly since: number;
}

/** A prefix as one number; they sort by network, then by length. */
export type PrefixKey = number;

export function keyOf({ network, length }: { readonly network: Ipv4; readonly length: number }): PrefixKey {
  return network * 64 + length;
}

export function prefixOf(key: PrefixKey): { readonly network: Ipv4; readonly length: number } {
  return { network: Math.floor(key / 64), length: key % 64 };
}

/** Negative when `a` is preferred. */
export function comparePreference(a: Route, b: Route): number {
  return (
    Number(b.isUsable) - Number(a.isUsable) ||
    a.distance - b.distance ||
    ROUTE_SOURCES.indexOf(a.source) - ROUTE_SOURCES.indexOf(b.source) ||
    a.metric - b.metric
  );
}

export function sameNextHops(a: readonly NextHop[], b: readonly NextHop[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((hop, i) => hop.interface === b[i]!.interface && hop.gateway === b[i]!.gateway);
}

/** By interface, then gateway, without repetitions: how the next hops of a route stand, so that equals are equal. */
export function sortNextHops(nextHops: readonly NextHop[]): readonly NextHop[] {
  if (nextHops.every((hop, i) => i === 0 || compareNextHops(nextHops[i - 1]!, hop) < 0)) return nextHops;
  const sorted = [...nextHops].sort(compareNextHops);
  return sorted.filter((hop, i) => i === 0 || compareNextHops(sorted[i - 1]!, hop) !== 0);
}

function compareNextHops(a: NextHop, b: NextHop): number {
  if (a.interface !== b.interface) return a.interface < b.interface ? -1 : 1;
  return (a.gateway ?? -1) - (b.gateway ?? -1);
}

/** The kernel takes more; no router's table has them. */
export const MOST_NEXT_HOPS = 16;
