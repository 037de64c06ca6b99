import type { Ipv4 } from "#base/ipv4.ts";
import { Installation, type KernelHop, type PresentRoute } from "#routes/installation.ts";
import { Interfaces, type LocalInterface } from "#routes/interfaces.ts";
import { Redistribution, type Subscription } from "#routes/redistribution.ts";
import { RouteTable } from "#routes/route-table.ts";
import {
  keyOf,
  MOST_NEXT_HOPS,
  prefixOf,
  sameNextHops,
  sortNextHops,
  type Distances,
  type NextHop,
  type PrefixKey,
  type Route,
  type RouteOffer,
} from "#routes/route.ts";
import { groupStatics, staticOffers, type StaticRoute } from "#routes/static-routes.ts";

/**
 * All routes of this machine: what its interfaces, its kernel, its operator and its routing protocols tell (`RouteTable`),
 * what of it the kernel is to have (`Installation`), and who else wants to know (`Redistribution`). Pure: whoever uses it
 * tells what happens and carries out what it wants. `now` is ms of any clock, for the ages of routes.
 */
export class Routing {
  readonly interfaces = new Interfaces();
  readonly table: RouteTable;
  readonly installation: Installation;
  readonly #options: RoutingOptions;
  readonly #mostForeign: number;
  readonly #redistribution = new Redistribution();
  #distances: Distances;
  #statics: ReadonlyMap<PrefixKey, readonly StaticRoute[]> = new Map();
  #connected: ReadonlyMap<PrefixKey, readonly NextHop[]> = new Map();
  /** Prefixes to which others have routes in the kernel. */
  readonly #foreign = new Set<PrefixKey>();
  /** Kernel routes for which there was no room. */
  #ignored = 0;

  constructor(options: RoutingOptions) {
    this.#options = options;
    this.#mostForeign = options.mostForeign ?? MOST_FOREIGN;
    this.#distances = options.distances;
    this.installation = new Installation(options.metric, this.interfaces);
    this.table = new RouteTable((key, before, after) => this.#bestChanged(key, before, after));
  }

  /** Routes of others that are not known here, because they were too many. */
  get ignored(): number {
    return this.#ignored;
  }

  /** The interfaces as they are now. */
  setInterfaces(interfaces: readonly LocalInterface[], now: number): void {
    this.interfaces.set(interfaces);
    const connected = this.interfaces.connected();
    for (const key of this.#connected.keys())
      if (!connected.has(key)) this.table.set(key, "connected", [], now);
    for (const [key, nextHops] of connected)
      this.table.set(key, "connected", [this.#connectedOffer(nextHops)], now);
    this.#connected = connected;
    for (const [key, group] of this.#statics)
      this.table.set(key, "static", staticOffers(group, this.interfaces), now);
    this.installation.retry();
    this.#redistribution.tell();
  }

  /** The operator's routes; those that are not among them are gone. */
  setStatics(routes: readonly StaticRoute[], now: number): void {
    const statics = groupStatics(routes);
    for (const key of this.#statics.keys()) if (!statics.has(key)) this.table.set(key, "static", [], now);
    this.#statics = statics;
    for (const [key, group] of statics)
      this.table.set(key, "static", staticOffers(group, this.interfaces), now);
    this.#redistribution.tell();
  }

  /** What became different in OSPF's table. */
  changeOspf(set: Iterable<OspfOffer>, removed: readonly Prefix[], now: number): void {
    for (const prefix of removed) this.table.set(keyOf(prefix), "ospf", [], now);
    for (const offer of set) this.table.set(keyOf(offer), "ospf", [this.#ospfOffer(offer)], now);
    this.#redistribution.tell();
  }

  clearOspf(now: number): void {
    this.changeOspf([], this.table.keysOf("ospf").map(prefixOf), now);
  }

  /** All that the kernel has: what is ours is held against what is to be there, the rest are routes of others. */
  setKernel(routes: readonly KernelTableRoute[], now: number): void {
    const { protocol } = this.#options;
    if (this.#options.install) this.installation.reconcile(presentOf(routes, protocol));
    const foreign = new Map<PrefixKey, RouteOffer[]>();
    this.#ignored = 0;
    for (const route of routes) {
      if (!isForeign(route, protocol)) continue;
      const key = keyOf(route);
      const offers = foreign.get(key) ?? [];
      if (offers.length === 0 && foreign.size >= this.#mostForeign) this.#ignored++;
      else foreign.set(key, [...offers, this.#kernelOffer(route)]);
    }
    for (const key of this.#foreign) if (!foreign.has(key)) this.#setForeign(key, [], now);
    for (const [key, offers] of foreign) this.#setForeign(key, offers, now);
    this.#redistribution.tell();
  }

  /** What others did to the kernel's routes. True: they touched ours, so that all have to be listed. */
  changeKernel(changes: readonly KernelTableChange[], now: number): boolean {
    let isOurs = false;
    for (const { removed, replaced, route } of changes) {
      if (route.protocol === this.#options.protocol) isOurs = true;
      // What it replaced may have been ours.
      else if (replaced && route.metric === this.#options.metric) isOurs = true;
      if (isForeign(route, this.#options.protocol)) this.#changeForeign(removed, replaced, route, now);
      if (removed) this.installation.retry(keyOf(route));
    }
    this.#redistribution.tell();
    return isOurs;
  }

  /** Static routes have distances of their own. */
  setDistances(distances: Distances, now: number): void {
    this.#distances = distances;
    for (const source of ["connected", "kernel", "ospf"] as const) {
      const distance = distances[source];
      for (const key of this.table.keysOf(source)) {
        const routes = this.table.at(key).filter((route) => route.source === source);
        this.table.set(
          key,
          source,
          routes.map((route) => ({ ...route, distance })),
          now,
        );
      }
    }
    this.#redistribution.tell();
  }

  /** Tells of all routes in use of these sources, now and whenever they change, until `unsubscribe`. */
  subscribe(subscription: Subscription): void {
    this.#redistribution.subscribe(subscription, this.#inUse());
  }

  unsubscribe(subscription: Subscription): void {
    this.#redistribution.unsubscribe(subscription);
  }

  *#inUse(): Generator<Route> {
    for (const [best] of this.table.from(0)) if (best?.isUsable) yield best;
  }

  #bestChanged(key: PrefixKey, before: Route | undefined, after: Route | undefined): void {
    const [had, has] = [forKernel(before), forKernel(after)];
    if (this.#options.install && (has ? !had || !sameNextHops(had, has) : had))
      this.installation.want(key, has);
    this.#redistribution.note(key, before, after);
  }

  #changeForeign(removed: boolean, replaced: boolean, route: KernelTableRoute, now: number): void {
    const key = keyOf(route);
    const offer = this.#kernelOffer(route);
    const known = this.table.at(key).filter(({ source }) => source === "kernel");
    if (known.length === 0 && !removed && this.#foreign.size >= this.#mostForeign) {
      this.#ignored++;
      return;
    }
    const others = known.filter((each) =>
      replaced ? each.metric !== offer.metric : !isSameOffer(each, offer),
    );
    this.#setForeign(key, removed ? others : [...others, offer], now);
  }

  #setForeign(key: PrefixKey, offers: readonly RouteOffer[], now: number): void {
    if (offers.length === 0) this.#foreign.delete(key);
    else this.#foreign.add(key);
    this.table.set(key, "kernel", offers, now);
  }

  #connectedOffer(nextHops: readonly NextHop[]): RouteOffer {
    const { connected: distance } = this.#distances;
    return { distance, metric: 0, tag: 0, nextHops, isUsable: true, isForKernel: false };
  }

  #ospfOffer({ metric, tag, nextHops, isConnected }: OspfOffer): RouteOffer {
    const sorted = sortNextHops(nextHops);
    // Most routes share a few lists of next hops.
    const hops = sorted.length > MOST_NEXT_HOPS ? sorted.slice(0, MOST_NEXT_HOPS) : sorted;
    const { ospf: distance } = this.#distances;
    return { distance, metric, tag, nextHops: hops, isUsable: hops.length > 0, isForKernel: !isConnected };
  }

  #kernelOffer({ metric, protocol, type, nextHops }: KernelTableRoute): RouteOffer {
    const hops = nextHops.map(({ interface: index, gateway }): NextHop => {
      const name = this.interfaces.nameOf(index);
      return gateway === undefined ? { interface: name } : { interface: name, gateway };
    });
    const { kernel: distance } = this.#distances;
    const state = { tag: 0, isUsable: true, isForKernel: false };
    const shared = { distance, metric, protocol, nextHops: sortNextHops(hops), ...state };
    return type === "unicast" || type === "other" ? shared : { ...shared, drops: type };
  }
}

export interface RoutingOptions {
  /** Of our routes in the kernel. */
  readonly metric: number;
  /** The kernel's mark of our routes. */
  readonly protocol: number;
  /** Whether the kernel is to have our routes at all. */
  readonly install: boolean;
  readonly distances: Distances;
  /** Prefixes of others' routes that are kept at most. */
  readonly mostForeign?: number;
}

export interface Prefix {
  readonly network: Ipv4;
  readonly length: number;
}

export interface OspfOffer extends Prefix {
  readonly metric: number;
  readonly tag: number;
  readonly nextHops: readonly NextHop[];
  /** The kernel has it already, as the network of an interface. */
  readonly isConnected: boolean;
}

/** A route as the kernel lists it. */
export interface KernelTableRoute extends Prefix {
  readonly metric: number;
  readonly protocol: number;
  readonly type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "other";
  readonly nextHops: readonly KernelHop[];
}

export interface KernelTableChange {
  readonly removed: boolean;
  /** It took the place of the one with the same prefix and metric. */
  readonly replaced: boolean;
  readonly route: KernelTableRoute;
}

/** What the kernel is to have of a route: undefined for one that it has already. */
function forKernel(route: Route | undefined): readonly NextHop[] | undefined {
  return route?.isForKernel ? route.nextHops : undefined;
}

/** Made by others; the kernel's own are those of the interfaces, and redirects are no routes. */
function isForeign({ protocol, type }: KernelTableRoute, ours: number): boolean {
  if (type === "other") return false;
  return protocol !== ours && protocol !== RTPROT_KERNEL && protocol !== RTPROT_REDIRECT;
}

function* presentOf(routes: readonly KernelTableRoute[], protocol: number): Generator<PresentRoute> {
  for (const route of routes) if (route.protocol === protocol) yield route;
}

function isSameOffer(a: RouteOffer, b: RouteOffer): boolean {
  return (
    a.metric === b.metric &&
    a.protocol === b.protocol &&
    a.drops === b.drops &&
    sameNextHops(a.nextHops, b.nextHops)
  );
}

const [RTPROT_REDIRECT, RTPROT_KERNEL] = [1, 2];
/** Somebody may have the whole Internet in the kernel. */
const MOST_FOREIGN = 100_000;
