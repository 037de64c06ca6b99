import { maskLength, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { readExternalOf, readSummaryOf, type External, type Summary } from "#ospf/advertised.ts";
import { AreaRoutes } from "#ospf/area-routes.ts";
import { AttachedLinks, type AttachedLink } from "#ospf/attached-links.ts";
import {
  AS_EXTERNAL_LSA,
  NETWORK_LSA,
  ROUTER_LSA,
  SUMMARY_ASBR_LSA,
  SUMMARY_NETWORK_LSA,
} from "#ospf/constants.ts";
import { Destinations, type Destination } from "#ospf/destinations.ts";
import { explainRoute, type RouteExplanation } from "#ospf/explain.ts";
import { externalRoute, ForwardingAddresses } from "#ospf/external-routes.ts";
import { isRefreshed } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { NextHopSets } from "#ospf/next-hop-sets.ts";
import {
  asBoundaryPaths,
  internalRoute,
  isBorderRouter,
  routerRoutes,
  type InsidePath,
  type TableInputs,
} from "#ospf/routing-table.ts";
import type { OspfRoute, RouteChanges, RouterRoute } from "#ospf/routes.ts";
import type { AreaTree } from "#ospf/spf.ts";

export interface RouteCalculatorOptions {
  readonly routerId: Ipv4;
  /** How many next hops a route has at most; absent: 16. */
  readonly maximumPaths?: number;
  /** Prefers externals as RFC 1583 did; all routers have to agree. RFC 2328 16.4.1. Absent: false. */
  readonly rfc1583Compatible?: boolean;
}

export interface RunResult {
  readonly changes: RouteChanges;
  /** Full: shortest paths of some area; partial: only summaries or externals (RFC 2328 16.5, 16.6). */
  readonly ran: RunKind;
}

export type RunKind = "full" | "partial" | "nothing";

/**
 * The routing table of RFC 2328 16, kept up to date: it is told what changes in the databases and computes, when `run`
 * says so, what hangs on that.
 *
 *     lsaChanged -> Graph -> AreaTree (per area, spf.ts) -+-> internal routes -+-> routes
 *                   summaries ----------------------------+-> routers          |
 *                   externals ----------------------------------> externals ---+
 *
 * Every arrow is followed for those destinations only that what is before it has changed. An LSA that reaches MaxAge by
 * itself is noticed when its area is looked at next; whoever owns the database tells it with `lsaChanged` as well.
 */
export class RouteCalculator {
  #options: Required<RouteCalculatorOptions>;
  readonly #areas = new Map<Ipv4, AreaRoutes>();
  readonly #forwarding = new ForwardingAddresses();
  #destinations = new Destinations();
  #sets: NextHopSets;
  #asBoundaryPaths: ReadonlyMap<Ipv4, InsidePath> = new Map();
  #routers: readonly RouterRoute[] = [];
  #now = 0;
  #isBorder = false;
  #isAllDirty = false;
  #mustBeginAnew = false;
  #areRoutersDirty = false;
  /** This router's own addresses have changed, which no forwarding address may be. */
  #areAddressesDirty = false;
  /** Destinations when it was last looked how many of them are needed. */
  #sizeCounted = 0;

  constructor(options: RouteCalculatorOptions) {
    this.#options = withDefaults(options);
    this.#sets = new NextHopSets(this.#options.maximumPaths);
  }

  /** Takes other options; the next run computes everything and tells what has changed by it. */
  configure(options: RouteCalculatorOptions): void {
    const before = this.#options;
    const after = (this.#options = withDefaults(options));
    this.#mustBeginAnew ||=
      before.routerId !== after.routerId ||
      before.maximumPaths !== after.maximumPaths ||
      before.rfc1583Compatible !== after.rfc1583Compatible;
  }

  /** This router's interfaces in an area, with their full neighbors. Makes the area when it is new. */
  attach(area: Ipv4, attachments: readonly AttachedLink[]): void {
    const links = new AttachedLinks(attachments);
    let at = this.#areas.get(area);
    if (!at) this.#areas.set(area, (at = new AreaRoutes(area, this.#destinations)));
    else if (at.links.equals(links)) return;
    // What is connected may be so no more, and the other way round.
    for (const { address, mask } of [...at.links.all, ...attachments])
      for (const length of [32, maskLength(mask) ?? 32]) {
        const known = this.#destinations.find((address & maskOf(length)) >>> 0, length);
        if (known) this.#destinations.mark(known, "all");
      }
    at.links = links;
    at.isDirty = true;
    this.#areAddressesDirty = true;
  }

  /** Forgets an area and all its LSAs. */
  removeArea(area: Ipv4): void {
    for (const summary of this.#areas.get(area)?.summaries.values() ?? []) this.#dropSummary(summary);
    if (!this.#areas.delete(area)) return;
    this.#isAllDirty = true;
    this.#areAddressesDirty = true;
  }

  /**
   * An LSA of an area's database, or of the autonomous system's (area undefined), came (no `before`), changed, went (no
   * `after`) or reached MaxAge (as `after`, or gone). Says what has to run: nothing when it was only refreshed, or is of
   * an unknown area or a type that no route hangs on. RFC 2328 13.2.
   */
  lsaChanged(area: Ipv4 | undefined, before: Lsa | undefined, after: Lsa | undefined): RunKind {
    const lsa = after ?? before;
    if (!lsa) return "nothing";
    const at = area === undefined ? undefined : this.#areas.get(area);
    const isRefresh = before !== undefined && after !== undefined && isRefreshed(before, after);
    if (area === undefined)
      return lsa.type === AS_EXTERNAL_LSA ? this.#externalChanged(before, after, isRefresh) : "nothing";
    if (!at) return "nothing";
    switch (lsa.type) {
      case ROUTER_LSA:
      case NETWORK_LSA:
        if (after && isRefresh && at.graph.refresh(after)) return "nothing";
        if (after) at.graph.put(after);
        else at.graph.remove(lsa);
        return "full";
      case SUMMARY_NETWORK_LSA:
      case SUMMARY_ASBR_LSA:
        return this.#summaryChanged(at, lsa.key, after, isRefresh);
      default:
        return "nothing";
    }
  }

  /** Computes what hangs on all that has changed; `now` in ms. */
  run(now: number): RunResult {
    this.#now = now;
    if (this.#mustBeginAnew || this.#isWasteful()) this.#beginAnew();
    const isFull = this.#calculateTrees();
    const isPartial = this.#destinations.pending.length > 0 || this.#areRoutersDirty;
    if (!isFull && !isPartial) return { changes: { set: [], removed: [] }, ran: "nothing" };
    const inputs = this.inputs();
    const hasInsideChanged = this.#updateInternal(inputs) || this.#areAddressesDirty;
    if (isFull || this.#areRoutersDirty) this.#updateRouters(inputs);
    if (hasInsideChanged) this.#markForwarded();
    this.#areRoutersDirty = this.#areAddressesDirty = this.#isAllDirty = false;
    return { changes: this.#updateTable(), ran: isFull ? "full" : "partial" };
  }

  /** The table, by network and length. */
  get routes(): OspfRoute[] {
    const routes = this.#destinations.all.flatMap(({ route }) => route ?? []);
    return routes.sort((a, b) => a.network - b.network || a.length - b.length);
  }

  /** The route to exactly this prefix. */
  route(network: Ipv4, length: number): OspfRoute | undefined {
    return this.#destinations.find(network, length)?.route;
  }

  /** Border routers and AS boundary routers, by router id and area. */
  get routers(): readonly RouterRoute[] {
    return this.#routers;
  }

  /** What led to the route for an address, and why other paths lost; as of the last run. */
  explain(address: Ipv4): RouteExplanation {
    return explainRoute(address, this.inputs(), this.#forwarding);
  }

  /** What the table is made of. */
  inputs(): TableInputs {
    const { routerId, rfc1583Compatible } = this.#options;
    return {
      routerId,
      rfc1583Compatible,
      sets: this.#sets,
      destinations: this.#destinations,
      areas: this.#areas,
      asBoundaryPaths: this.#asBoundaryPaths,
      now: this.#now,
    };
  }

  #externalChanged(before: Lsa | undefined, after: Lsa | undefined, isRefresh: boolean): RunKind {
    const external = after && readExternalOf(after);
    const known = before && readExternalOf(before);
    if (known && !isRefresh) this.#dropExternal(known);
    if (external) {
      const destination = this.#addExternal(external);
      if (isRefresh) return "nothing";
      this.#destinations.mark(destination, "external");
    }
    return known || external ? "partial" : "nothing";
  }

  /** In the place of an instance before it. */
  #addExternal(external: External): Destination {
    const destination = this.#destinations.of(external.network, external.length);
    const others = destination.externals.filter(({ lsa }) => lsa.key !== external.lsa.key);
    destination.externals = others.length === 0 ? [external] : [...others, external];
    return destination;
  }

  #dropExternal({ network, length, lsa }: External): void {
    const destination = this.#destinations.of(network, length);
    destination.externals = destination.externals.filter((each) => each.lsa.key !== lsa.key);
    this.#destinations.mark(destination, "external");
  }

  /** Marks the destinations that have such an external. */
  #markExternals(isMeant: (external: External) => boolean): void {
    for (const destination of this.#destinations.all)
      if (destination.externals.some(isMeant)) this.#destinations.mark(destination, "external");
  }

  #summaryChanged(area: AreaRoutes, key: string, after: Lsa | undefined, isRefresh: boolean): RunKind {
    const before = area.summaries.get(key);
    const summary = after && readSummaryOf(after, area.area);
    if (before) this.#dropSummary(before);
    area.summaries.delete(key);
    if (summary) {
      area.summaries.set(key, summary);
      this.#addSummary(summary);
    }
    if (before && isRefresh) return "nothing";
    for (const each of [before, summary]) if (each) this.#markSummary(each);
    return before || summary ? "partial" : "nothing";
  }

  #markSummary({ lsa, target, length }: Summary): void {
    if (lsa.type === SUMMARY_ASBR_LSA) this.#areRoutersDirty = true;
    else this.#destinations.mark(this.#destinations.of(target, length), "all");
  }

  #addSummary(summary: Summary): void {
    if (summary.lsa.type === SUMMARY_ASBR_LSA) return;
    const destination = this.#destinations.of(summary.target, summary.length);
    destination.summaries = [...destination.summaries, summary];
  }

  #dropSummary(summary: Summary): void {
    if (summary.lsa.type === SUMMARY_ASBR_LSA) return;
    const destination = this.#destinations.of(summary.target, summary.length);
    destination.summaries = destination.summaries.filter((each) => each !== summary);
  }

  /** Trees of the areas that have changed, and marks what may have another route by them. */
  #calculateTrees(): boolean {
    let hasRun = this.#isAllDirty;
    const wasBorder = this.#isBorder;
    this.#isBorder = isBorderRouter(this.inputs());
    for (const area of this.#areas.values()) {
      const before = area.tree;
      const isDue = area.graph.prepare(this.#now) || area.isDirty || this.#isAllDirty;
      if (isDue) {
        hasRun = true;
        area.calculate(this.#options.routerId, this.#sets, this.#destinations.all.length, this.#now);
        this.#markChanged(before, area.tree);
      }
      if (isDue || wasBorder !== this.#isBorder)
        for (const summary of area.summaries.values()) this.#markSummary(summary);
    }
    if (this.#isAllDirty)
      for (const destination of this.#destinations.all) this.#destinations.mark(destination, "all");
    return hasRun;
  }

  #markChanged(before: AreaTree, after: AreaTree): void {
    const known = before.costs.length;
    for (let slot = 0; slot < after.costs.length; slot++) {
      const isSame =
        slot < known
          ? before.costs[slot] === after.costs[slot] &&
            before.destinationHops[slot] === after.destinationHops[slot] &&
            before.origins[slot] === after.origins[slot]
          : after.costs[slot] === Infinity;
      if (!isSame || this.#originChanged(before, after, slot))
        this.#destinations.mark(this.#destinations.all[slot]!, "all");
    }
  }

  /** The same network may be told by an LSA of another router: its slot is the same, its key is not. */
  #originChanged(before: AreaTree, after: AreaTree, destination: number): boolean {
    const origin = after.origins[destination]!;
    if (origin < 0) return false;
    const [was, is] = [before.lsas[origin], after.lsas[origin]];
    return was !== is && was?.key !== is?.key;
  }

  /** True when some route inside the autonomous system has changed. */
  #updateInternal(inputs: TableInputs): boolean {
    let hasChanged = false;
    for (const destination of this.#destinations.pending) {
      if (destination.pending !== "all") continue;
      const route = internalRoute(inputs, destination);
      if (route === destination.internal) continue;
      destination.internal = route;
      hasChanged = true;
    }
    return hasChanged;
  }

  /** Marks the externals of AS boundary routers to which there is another path now. */
  #updateRouters(inputs: TableInputs): void {
    this.#routers = routerRoutes(inputs);
    const before = this.#asBoundaryPaths;
    const after = asBoundaryPaths(this.#routers, this.#sets, this.#options.rfc1583Compatible);
    this.#asBoundaryPaths = after;
    const changed = new Set<Ipv4>();
    for (const [id, path] of after) if (!samePath(path, before.get(id))) changed.add(id);
    for (const id of before.keys()) if (!after.has(id)) changed.add(id);
    if (changed.size === 0) return;
    this.#markExternals(({ lsa }) => changed.has(lsa.advertisingRouter));
  }

  /** Marks the externals with a forwarding address. */
  #markForwarded(): void {
    this.#markExternals(({ forwardingAddress }) => forwardingAddress !== 0);
  }

  #updateTable(): RouteChanges {
    this.#forwarding.clear();
    const inputs = this.inputs();
    const set: OspfRoute[] = [];
    const removed: { network: Ipv4; length: number }[] = [];
    for (const destination of this.#destinations.pending) {
      const { network, length, internal, route: before } = destination;
      const route = internal ?? externalRoute(inputs, destination, this.#forwarding);
      if (route === before) continue;
      destination.route = route;
      if (route) set.push(route);
      else removed.push({ network, length });
    }
    this.#destinations.done();
    return { set, removed };
  }

  /** A new beginning takes much less memory. */
  #isWasteful(): boolean {
    if (this.#sets.size > MOST_SETS) return true;
    for (const { graph } of this.#areas.values()) if (graph.isWasteful) return true;
    const { all } = this.#destinations;
    if (all.length <= WASTE_ALLOWED + 2 * this.#sizeCounted) return false;
    // If not, it is not counted again before there are twice as many.
    this.#sizeCounted = all.length;
    return all.filter((each) => each.route ?? each.externals[0] ?? each.summaries[0]).length < all.length / 2;
  }

  /** Makes everything anew of the LSAs that there are; routes stay, so that only real changes are told. */
  #beginAnew(): void {
    const before: readonly Destination[] = this.#destinations.all;
    const destinations = new Destinations();
    this.#destinations = destinations;
    this.#sets = new NextHopSets(this.#options.maximumPaths);
    this.#asBoundaryPaths = new Map();
    for (const { network, length, route, internal } of before)
      if (route) Object.assign(destinations.of(network, length), { route, internal });
    for (const area of this.#areas.values()) {
      area.beginAnew(destinations, this.#now);
      for (const summary of area.summaries.values()) this.#addSummary(summary);
    }
    for (const { externals } of before) for (const external of externals) this.#addExternal(external);
    this.#sizeCounted = destinations.all.length;
    this.#mustBeginAnew = false;
    this.#isAllDirty = true;
  }
}

function withDefaults(options: RouteCalculatorOptions): Required<RouteCalculatorOptions> {
  const { routerId, maximumPaths = 16, rfc1583Compatible = false } = options;
  return { routerId, maximumPaths, rfc1583Compatible };
}

function samePath(a: InsidePath, b: InsidePath | undefined): boolean {
  return (
    b !== undefined &&
    a.area === b.area &&
    a.cost === b.cost &&
    a.hops === b.hops &&
    a.isPreferred === b.isPreferred
  );
}

/** Sets of next hops; in a real network there are a few hundred. */
const MOST_SETS = 0x1_0000;
/** Destinations without any LSA that names them. */
const WASTE_ALLOWED = 4_096;
