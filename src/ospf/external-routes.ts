import type { Ipv4 } from "#base/ipv4.ts";
import type { External } from "#ospf/advertised.ts";
import { LS_INFINITY, MAX_AGE } from "#ospf/constants.ts";
import type { Destination } from "#ospf/destinations.ts";
import { nextHop } from "#ospf/next-hop-sets.ts";
import { BACKBONE, orSame, type Fault, type InsidePath, type TableInputs } from "#ospf/routing-table.ts";
import type { OspfRoute } from "#ospf/routes.ts";

/** The path that an AS-external-LSA offers. */
export interface ExternalPath {
  readonly external: External;
  /** To the forwarding address, or else to the AS boundary router. */
  readonly inside: InsidePath;
  /** Of type 1: with the metric; of type 2: without. */
  readonly cost: number;
  /** 0 for type 1. */
  readonly type2Cost: number;
}

/** Finds paths to forwarding addresses, each once. RFC 2328 16.4 (3). */
export class ForwardingAddresses {
  readonly #known = new Map<Ipv4, InsidePath | Fault>();

  /**
   * The longest match among the routes inside the autonomous system. Externals do not take part: what matched would
   * hang on the order in which they are looked at.
   */
  path(inputs: TableInputs, address: Ipv4): InsidePath | Fault {
    let path = this.#known.get(address);
    if (path === undefined) {
      path = isOwnAddress(inputs, address) ? "forwarding-address-is-own" : lookUp(inputs, address);
      this.#known.set(address, path);
    }
    return path;
  }

  clear(): void {
    this.#known.clear();
  }
}

function isOwnAddress({ areas }: TableInputs, address: Ipv4): boolean {
  for (const { links } of areas.values()) if (links.all.some((each) => each.address === address)) return true;
  return false;
}

function lookUp({ destinations, sets }: TableInputs, address: Ipv4): InsidePath | Fault {
  for (const { internal } of destinations.matches(address)) {
    if (!internal) continue;
    const { cost, pathType, nextHops, area = BACKBONE } = internal;
    // On a network of this router's own the forwarding address itself is the gateway.
    const hops = sets.of(
      nextHops.map((hop) => (hop.gateway === undefined ? nextHop(hop.interface, address) : hop)),
    );
    return { area, cost, hops, isPreferred: pathType === "intra-area" && area !== BACKBONE };
  }
  return "forwarding-address-unreachable";
}

/** RFC 2328 16.4 (1) to (5). */
export function externalPath(
  inputs: TableInputs,
  external: External,
  forwarding: ForwardingAddresses,
): ExternalPath | Fault {
  const { lsa, metric, isType2, forwardingAddress } = external;
  if (metric >= LS_INFINITY) return "infinite-metric";
  if (lsa.timeOfAge(MAX_AGE) <= inputs.now) return "max-age";
  if (lsa.advertisingRouter === inputs.routerId) return "own";
  const toRouter = inputs.asBoundaryPaths.get(lsa.advertisingRouter);
  if (!toRouter) return "asbr-unreachable";
  const inside = forwardingAddress === 0 ? toRouter : forwarding.path(inputs, forwardingAddress);
  if (typeof inside === "string") return inside;
  if (isType2) return { external, inside, cost: inside.cost, type2Cost: metric };
  return { external, inside, cost: inside.cost + metric, type2Cost: 0 };
}

/** Below 0: `a` is preferred; 0: both are used. RFC 2328 16.4 (6). */
export function compareExternalPaths(a: ExternalPath, b: ExternalPath, rfc1583Compatible: boolean): number {
  if (a.external.isType2 !== b.external.isType2) return a.external.isType2 ? 1 : -1;
  if (a.type2Cost !== b.type2Cost) return a.type2Cost - b.type2Cost;
  if (!rfc1583Compatible && a.inside.isPreferred !== b.inside.isPreferred)
    return a.inside.isPreferred ? -1 : 1;
  return a.cost - b.cost;
}

/** Of equal paths the tag of the largest router id counts, as with LSAs that say the same (RFC 2328 12.4.4.1). */
export function compareOrigins(a: External, b: External): number {
  return b.lsa.advertisingRouter - a.lsa.advertisingRouter || b.lsa.id - a.lsa.id;
}

/** The best path outside, as a route; `destination.route` itself when it says the same. RFC 2328 16.4 (6). */
export function externalRoute(
  inputs: TableInputs,
  { network, length, externals, route: known }: Destination,
  forwarding: ForwardingAddresses,
): OspfRoute | undefined {
  let best: ExternalPath | undefined;
  let hops = 0;
  for (const external of externals) {
    const path = externalPath(inputs, external, forwarding);
    if (typeof path === "string") continue;
    const order = best ? compareExternalPaths(path, best, inputs.rfc1583Compatible) : -1;
    if (order > 0) continue;
    hops = order < 0 ? path.inside.hops : inputs.sets.union(hops, path.inside.hops);
    if (!best || order < 0 || compareOrigins(external, best.external) < 0) best = path;
  }
  if (!best) return undefined;
  const { cost, type2Cost, external } = best;
  const pathType = external.isType2 ? "external-2" : "external-1";
  const nextHops = inputs.sets.hops(hops);
  const { tag, lsa } = external;
  // Named one by one: what is spread into an object takes more than half as much again.
  const route: OspfRoute = {
    network,
    length,
    pathType,
    area: undefined,
    cost,
    type2Cost,
    tag,
    nextHops,
    isConnected: false,
    origin: lsa.key,
  };
  return orSame(route, known);
}
