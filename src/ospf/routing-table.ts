import type { Ipv4 } from "#base/ipv4.ts";
import type { Summary } from "#ospf/advertised.ts";
import type { AttachedLinks } from "#ospf/attached-links.ts";
import { LS_INFINITY, LSA_HEADER, MAX_AGE, SUMMARY_ASBR_LSA } from "#ospf/constants.ts";
import type { Destination, Destinations } from "#ospf/destinations.ts";
import { AS_BOUNDARY_BIT, BORDER_BIT } from "#ospf/lsa-content.ts";
import { NO_HOPS, sameHops, type NextHopSets } from "#ospf/next-hop-sets.ts";
import type { OspfRoute, RouterRoute } from "#ospf/routes.ts";
import type { AreaTree } from "#ospf/spf.ts";

/** Area 0.0.0.0. */
export const BACKBONE = 0;

/** An area as the table needs it. */
export interface AreaView {
  readonly area: Ipv4;
  readonly tree: AreaTree;
  readonly links: AttachedLinks;
  /** Of types 3 and 4, by the LSA's key. */
  readonly summaries: ReadonlyMap<string, Summary>;
}

/** All that routes are made of. RFC 2328 11, 16. */
export interface TableInputs {
  readonly routerId: Ipv4;
  readonly rfc1583Compatible: boolean;
  readonly sets: NextHopSets;
  readonly destinations: Destinations;
  readonly areas: ReadonlyMap<Ipv4, AreaView>;
  /** The best path to each AS boundary router. */
  readonly asBoundaryPaths: ReadonlyMap<Ipv4, InsidePath>;
  /** ms; LSAs that have reached MaxAge by then do not count. */
  readonly now: number;
}

/** How to get to something inside the autonomous system. */
export interface InsidePath {
  readonly area: Ipv4;
  readonly cost: number;
  /** Number of the set of next hops. */
  readonly hops: number;
  /** Inside one area that is not the backbone: best for externals. RFC 2328 16.4.1. */
  readonly isPreferred: boolean;
}

/** Why an LSA leads nowhere. */
export type Fault =
  "max-age" | "infinite-metric" | "own" | "not-backbone" | "border-router-unreachable" | ExternalFault;
export type ExternalFault =
  "asbr-unreachable" | "forwarding-address-unreachable" | "forwarding-address-is-own";

/**
 * The path that a summary-LSA offers, or why there is none. RFC 2328 16.2 (1), (2), (4); a border router looks at those
 * of the backbone only.
 */
export function summaryPath(inputs: TableInputs, summary: Summary): InsidePath | Fault {
  const { lsa, area, metric } = summary;
  if (lsa.timeOfAge(MAX_AGE) <= inputs.now) return "max-age";
  if (metric >= LS_INFINITY) return "infinite-metric";
  if (lsa.advertisingRouter === inputs.routerId) return "own";
  if (area !== BACKBONE && isBorderRouter(inputs)) return "not-backbone";
  const view = inputs.areas.get(area);
  const slot = view?.tree.graph.routers.get(lsa.advertisingRouter | 0);
  if (!view || slot === undefined || !(view.tree.distances[slot]! < Infinity))
    return "border-router-unreachable";
  if ((view.tree.lsas[slot]!.octet(LSA_HEADER) & BORDER_BIT) === 0) return "border-router-unreachable";
  const cost = view.tree.distances[slot]! + metric;
  return { area, cost, hops: view.tree.hops[slot]!, isPreferred: false };
}

/** Attached to the backbone and to another area. RFC 3509. */
export function isBorderRouter({ areas }: TableInputs): boolean {
  let attached = 0;
  for (const { links } of areas.values()) if (links.all.length > 0) attached++;
  return attached > 1 && (areas.get(BACKBONE)?.links.all.length ?? 0) > 0;
}

/** The best path inside the autonomous system, as a route; `destination.internal` itself when it says the same. */
export function internalRoute(inputs: TableInputs, destination: Destination): OspfRoute | undefined {
  return intraAreaRoute(inputs, destination) ?? interAreaRoute(inputs, destination);
}

/** RFC 2328 16.1 (4) and second stage; of several areas the one with the least cost, then the largest id. */
function intraAreaRoute(inputs: TableInputs, destination: Destination): OspfRoute | undefined {
  const { slot } = destination;
  let best: AreaTree | undefined;
  for (const { tree } of inputs.areas.values()) {
    const cost = tree.costs[slot];
    if (cost === undefined || cost === Infinity) continue;
    const known = best?.costs[slot] ?? Infinity;
    if (cost < known || (cost === known && tree.area > best!.area)) best = tree;
  }
  if (!best) return undefined;
  const path = { area: best.area, cost: best.costs[slot]!, hops: best.destinationHops[slot]! };
  const origin = best.lsas[best.origins[slot]!]!.key;
  return insideRoute(inputs, destination, "intra-area", path, origin);
}

/** RFC 2328 16.2 (5) to (7). */
function interAreaRoute(inputs: TableInputs, destination: Destination): OspfRoute | undefined {
  const best = bestSummary(inputs, destination.summaries);
  return best && insideRoute(inputs, destination, "inter-area", best.path, best.origin.lsa.key);
}

/** The cheapest path, with the next hops of all as cheap in its area. */
function bestSummary(
  inputs: TableInputs,
  summaries: Iterable<Summary>,
): { path: InsidePath; origin: Summary } | undefined {
  let best: { path: InsidePath; origin: Summary } | undefined;
  for (const origin of summaries) {
    const path = summaryPath(inputs, origin);
    if (typeof path === "string") continue;
    const known = best?.path;
    if (!best || !known || isBetterPath(path, known)) best = { path, origin };
    else if (path.area === known.area && path.cost === known.cost) {
      const hops = inputs.sets.union(known.hops, path.hops);
      const isFirst = origin.lsa.advertisingRouter < best.origin.lsa.advertisingRouter;
      best = { path: { ...known, hops }, origin: isFirst ? origin : best.origin };
    }
  }
  return best;
}

/** Cheaper, or of a larger area. RFC 2328 16.4 (3) has the second for AS boundary routers. */
function isBetterPath(a: InsidePath, b: InsidePath): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.area > b.area);
}

function insideRoute(
  inputs: TableInputs,
  { network, length, internal }: Destination,
  pathType: "intra-area" | "inter-area",
  { area, cost, hops }: Pick<InsidePath, "area" | "cost" | "hops">,
  origin: string,
): OspfRoute {
  const nextHops = inputs.sets.hops(hops);
  let isConnected = hops === NO_HOPS;
  for (const { links } of inputs.areas.values()) isConnected ||= links.isConnected(network, length);
  const shared = { network, length, pathType, area, cost, type2Cost: 0, tag: 0 };
  return orSame({ ...shared, nextHops, isConnected, origin }, internal);
}

/** Border routers and AS boundary routers, for each area. RFC 2328 16.1 (4), 16.2. */
export function routerRoutes(inputs: TableInputs): RouterRoute[] {
  const routes: RouterRoute[] = [];
  for (const { tree, summaries } of inputs.areas.values()) {
    const { graph, distances, lsas } = tree;
    const inside = new Set<Ipv4>();
    for (let slot = 0; slot < distances.length; slot++) {
      if (graph.isNetwork[slot] === 1 || distances[slot] === Infinity || slot === tree.root) continue;
      const bits = lsas[slot]!.octet(LSA_HEADER);
      if ((bits & (BORDER_BIT | AS_BOUNDARY_BIT)) === 0) continue;
      inside.add(graph.ids[slot]!);
      routes.push({
        routerId: graph.ids[slot]!,
        area: tree.area,
        pathType: "intra-area",
        cost: distances[slot]!,
        isBorder: (bits & BORDER_BIT) !== 0,
        isAsBoundary: (bits & AS_BOUNDARY_BIT) !== 0,
        nextHops: inputs.sets.hops(tree.hops[slot]!),
      });
    }
    routes.push(...summarizedRouters(inputs, tree.area, summaries.values(), inside));
  }
  return routes.sort((a, b) => a.routerId - b.routerId || a.area - b.area);
}

/** AS boundary routers that an area knows of by its border routers alone. */
function summarizedRouters(
  inputs: TableInputs,
  area: Ipv4,
  summaries: Iterable<Summary>,
  inside: ReadonlySet<Ipv4>,
): RouterRoute[] {
  const byRouter = new Map<Ipv4, Summary[]>();
  for (const summary of summaries) {
    const { target } = summary;
    if (summary.lsa.type !== SUMMARY_ASBR_LSA || inside.has(target) || target === inputs.routerId) continue;
    const same = byRouter.get(target);
    if (same) same.push(summary);
    else byRouter.set(target, [summary]);
  }
  return [...byRouter].flatMap(([routerId, same]) => {
    const best = bestSummary(inputs, same);
    if (!best) return [];
    const { cost, hops } = best.path;
    const nextHops = inputs.sets.hops(hops);
    const flags = { isBorder: false, isAsBoundary: true };
    return [{ routerId, area, pathType: "inter-area" as const, cost, ...flags, nextHops }];
  });
}

/** Which of its paths leads to each AS boundary router. RFC 2328 16.4 (3), 16.4.1. */
export function asBoundaryPaths(
  routers: readonly RouterRoute[],
  sets: NextHopSets,
  rfc1583Compatible: boolean,
): Map<Ipv4, InsidePath> {
  const paths = new Map<Ipv4, InsidePath>();
  for (const { routerId, area, pathType, cost, isAsBoundary, nextHops } of routers) {
    if (!isAsBoundary) continue;
    const isPreferred = pathType === "intra-area" && area !== BACKBONE;
    const path = { area, cost, hops: sets.of(nextHops), isPreferred };
    const known = paths.get(routerId);
    const isPruned = !rfc1583Compatible && known !== undefined && known.isPreferred !== isPreferred;
    if (!known || (isPruned ? isPreferred : isBetterPath(path, known))) paths.set(routerId, path);
  }
  return paths;
}

/** Structural equality, cheap for next hops of one NextHopSets. */
export function sameRoute(a: OspfRoute, b: OspfRoute): boolean {
  return (
    a === b ||
    (a.network === b.network &&
      a.length === b.length &&
      a.pathType === b.pathType &&
      a.area === b.area &&
      a.cost === b.cost &&
      a.type2Cost === b.type2Cost &&
      a.tag === b.tag &&
      a.isConnected === b.isConnected &&
      a.origin === b.origin &&
      sameHops(a.nextHops, b.nextHops))
  );
}

/** The known route itself when the new one says the same: then routes are compared at once later on. */
export function orSame(route: OspfRoute, known: OspfRoute | undefined): OspfRoute {
  return known && sameRoute(route, known) ? known : route;
}
