import type { Ipv4 } from "#base/ipv4.ts";
import { permits, type PrefixRule } from "#routes/prefix-list.ts";
import { prefixOf, type NextHop, type PrefixKey, type Route } from "#routes/route.ts";

/** Sources whose routes other protocols may tell of. */
export type RedistributedSource = "connected" | "kernel" | "static";

/** A route that is in use and may be told of elsewhere. */
export interface RedistributableRoute {
  readonly source: RedistributedSource;
  readonly network: Ipv4;
  readonly length: number;
  readonly metric: number;
  readonly tag: number;
  readonly nextHops: readonly NextHop[];
}

/** A route in `set` takes the place of the one of the same prefix. */
export interface RedistributionChanges {
  readonly set: readonly RedistributableRoute[];
  readonly removed: readonly { readonly network: Ipv4; readonly length: number }[];
}

export interface Subscription {
  readonly sources: readonly RedistributedSource[];
  /** A prefix list; without rules everything. */
  readonly rules: readonly PrefixRule[];
  readonly listener: (changes: RedistributionChanges) => void;
}

/** Who wants to know of which routes, and what has changed for each since it was told last. */
export class Redistribution {
  readonly #pending = new Map<Subscription, Map<PrefixKey, Route | undefined>>();

  /** Tells of the routes that there are, at once and also when there are none, and from then on of changes. */
  subscribe(subscription: Subscription, best: Iterable<Route>): void {
    this.#pending.set(subscription, new Map());
    const set: RedistributableRoute[] = [];
    for (const route of best) if (isFor(subscription, route)) set.push(shown(route));
    subscription.listener({ set, removed: [] });
  }

  unsubscribe(subscription: Subscription): void {
    this.#pending.delete(subscription);
  }

  /** The best route of a prefix changed. */
  note(key: PrefixKey, before: Route | undefined, after: Route | undefined): void {
    for (const [subscription, pending] of this.#pending) {
      const is = isFor(subscription, after) ? after : undefined;
      if (is || isFor(subscription, before)) pending.set(key, is);
    }
  }

  /** Tells everybody what has been noted. */
  tell(): void {
    for (const [subscription, pending] of this.#pending) {
      if (pending.size === 0) continue;
      const changes = [...pending];
      pending.clear();
      subscription.listener({
        set: changes.flatMap(([, route]) => (route ? [shown(route)] : [])),
        removed: changes.flatMap(([key, route]) => (route ? [] : [prefixOf(key)])),
      });
    }
  }
}

function isFor({ sources, rules }: Subscription, route: Route | undefined): boolean {
  if (!route || !sources.some((source) => source === route.source)) return false;
  return permits(rules, route.network, route.length);
}

function shown({ source, network, length, metric, tag, nextHops }: Route): RedistributableRoute {
  return { source: source as RedistributedSource, network, length, metric, tag, nextHops };
}
