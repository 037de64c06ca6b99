import type { Ipv4 } from "#base/ipv4.ts";
import type { Interfaces } from "#routes/interfaces.ts";
import {
  keyOf,
  MOST_NEXT_HOPS,
  sortNextHops,
  type NextHop,
  type PrefixKey,
  type RouteOffer,
} from "#routes/route.ts";

/** A route that the operator wrote down: by a gateway, an interface, both, or (neither) to nowhere. */
export interface StaticRoute {
  readonly network: Ipv4;
  readonly length: number;
  readonly via?: Ipv4;
  readonly interface?: string;
  readonly distance: number;
  readonly tag: number;
}

/** Static routes by prefix. Those of one prefix and distance are the legs of one route. */
export function groupStatics(routes: readonly StaticRoute[]): ReadonlyMap<PrefixKey, readonly StaticRoute[]> {
  const groups = new Map<PrefixKey, StaticRoute[]>();
  for (const route of routes) {
    const group = groups.get(keyOf(route)) ?? [];
    group.push(route);
    groups.set(keyOf(route), group);
  }
  return groups;
}

/** What the static routes of one prefix come to with the interfaces as they are: an offer for each distance. */
export function staticOffers(group: readonly StaticRoute[], interfaces: Interfaces): RouteOffer[] {
  const distances = [...new Set(group.map(({ distance }) => distance))].sort((a, b) => a - b);
  return distances.map((distance) => {
    const legs = group.filter((route) => route.distance === distance);
    const { tag } = legs[0]!;
    const common = { distance, metric: 0, tag, isForKernel: true };
    const ways = legs.filter(({ via, interface: name }) => via !== undefined || name !== undefined);
    if (ways.length === 0) return { ...common, nextHops: [], isUsable: true, drops: "blackhole" };
    const usable = ways.flatMap((leg) => resolve(leg, interfaces) ?? []);
    if (usable.length > 0)
      return { ...common, nextHops: sortNextHops(usable).slice(0, MOST_NEXT_HOPS), isUsable: true };
    const written = ways.map(({ via, interface: name = "" }) => hop(name, via));
    return { ...common, nextHops: sortNextHops(written), isUsable: false };
  });
}

/** The way out, when its interface runs; without an interface the gateway must be on a connected network. */
function resolve({ via, interface: name }: StaticRoute, interfaces: Interfaces): NextHop | undefined {
  const found = name ?? interfaces.towards(via!);
  return found !== undefined && interfaces.isRunning(found) ? hop(found, via) : undefined;
}

function hop(name: string, gateway: Ipv4 | undefined): NextHop {
  return gateway === undefined ? { interface: name } : { interface: name, gateway };
}
