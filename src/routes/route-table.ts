import { maskOf, type Ipv4 } from "#base/ipv4.ts";
import {
  comparePreference,
  keyOf,
  prefixOf,
  sameNextHops,
  type PrefixKey,
  type Route,
  type RouteOffer,
  type RouteSource,
} from "#routes/route.ts";

/** Told when another route than before (or none) is the best of a prefix, or when the best one changed. */
export type BestChanged = (key: PrefixKey, before: Route | undefined, after: Route | undefined) => void;

/** All routes of all sources by prefix, the preferred one first. */
export class RouteTable {
  readonly #changed: BestChanged;
  /** Nearly all prefixes have one route, and there may be very many: those have no array. */
  readonly #routes = new Map<PrefixKey, Route | readonly Route[]>();
  /** How many prefixes there are of each length. */
  readonly #lengths = new Uint32Array(33);
  #sorted: Float64Array | undefined;

  constructor(changed: BestChanged) {
    this.#changed = changed;
  }

  /** Prefixes. */
  get size(): number {
    return this.#routes.size;
  }

  /** What a source offers for a prefix from now on, in the place of what it offered before; nothing takes it back. */
  set(key: PrefixKey, source: RouteSource, offers: readonly RouteOffer[], now: number): void {
    const before = this.at(key);
    const own = before.filter((route) => route.source === source);
    if (own.length === 0 && offers.length === 0) return;
    const { network, length } = prefixOf(key);
    const routes = offers.map(
      (offer) => own.find((route) => isSame(route, offer)) ?? routeOf(offer, source, network, length, now),
    );
    // Nothing is new: the usual case when everything is told again.
    if (routes.length === own.length && routes.every((route, i) => route === own[i])) return;
    const others = before.filter((route) => route.source !== source);
    const after = others.length === 0 ? routes : [...others, ...routes];
    if (after.length > 1) after.sort(comparePreference);
    this.#put(key, after, before.length === 0);
    const [was, is] = [bestOf(before), bestOf(after)];
    if (was !== is) this.#changed(key, was, is);
  }

  /** The routes to a prefix, the preferred one first. */
  at(key: PrefixKey): readonly Route[] {
    return listOf(this.#routes.get(key));
  }

  /** The route that is used for a prefix. */
  best(key: PrefixKey): Route | undefined {
    return bestOf(this.at(key));
  }

  /** The routes to the longest prefix that holds an address and can be used. */
  lookup(address: Ipv4): readonly Route[] {
    for (let length = 32; length >= 0; length--) {
      if (this.#lengths[length] === 0) continue;
      const routes = this.at(keyOf({ network: (address & maskOf(length)) >>> 0, length }));
      if (bestOf(routes)) return routes;
    }
    return NONE;
  }

  /** All prefixes from `first` on, in order. */
  *from(first: PrefixKey): Generator<readonly Route[]> {
    const keys = (this.#sorted ??= Float64Array.from(this.#routes.keys()).sort());
    for (let at = lowerBound(keys, first); at < keys.length; at++) {
      // It may have gone since the generator was asked for.
      const routes = this.at(keys[at]!);
      if (routes.length > 0) yield routes;
    }
  }

  /** The prefixes of a source, in no order that counts. */
  keysOf(source: RouteSource): PrefixKey[] {
    const keys: PrefixKey[] = [];
    for (const [key, routes] of this.#routes)
      if (listOf(routes).some((route) => route.source === source)) keys.push(key);
    return keys;
  }

  #put(key: PrefixKey, routes: readonly Route[], isNew: boolean): void {
    const length = key % 64;
    if (routes.length === 0) {
      this.#routes.delete(key);
      this.#lengths[length]!--;
    } else {
      this.#routes.set(key, routes.length === 1 ? routes[0]! : routes);
      if (isNew) this.#lengths[length]!++;
    }
    if (isNew || routes.length === 0) this.#sorted = undefined;
  }
}

function listOf(routes: Route | readonly Route[] | undefined): readonly Route[] {
  if (routes === undefined) return NONE;
  return isList(routes) ? routes : [routes];
}

function isList(routes: Route | readonly Route[]): routes is readonly Route[] {
  return Array.isArray(routes);
}

function bestOf(routes: readonly Route[]): Route | undefined {
  return routes[0]?.isUsable ? routes[0] : undefined;
}

/** There may be very many: a route that is spread together of parts takes more than half as much memory again. */
function routeOf(
  offer: RouteOffer,
  source: RouteSource,
  network: Ipv4,
  length: number,
  since: number,
): Route {
  const { distance, metric, tag, nextHops, isUsable, isForKernel, drops, protocol } = offer;
  if (drops !== undefined || protocol !== undefined) return { ...offer, source, network, length, since };
  return { source, network, length, since, distance, metric, tag, nextHops, isUsable, isForKernel };
}

function isSame(a: RouteOffer, b: RouteOffer): boolean {
  return (
    a.distance === b.distance &&
    a.metric === b.metric &&
    a.tag === b.tag &&
    a.isUsable === b.isUsable &&
    a.isForKernel === b.isForKernel &&
    a.drops === b.drops &&
    a.protocol === b.protocol &&
    sameNextHops(a.nextHops, b.nextHops)
  );
}

/** The first place of a value that is not below `least`. */
function lowerBound(values: Float64Array, least: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NONE: readonly Route[] = [];
