import type { Ipv4 } from "#base/ipv4.ts";
import type { RouteChanges } from "#ospf/routes.ts";
import type { PrefixRule } from "#routes/prefix-list.ts";
import type { RedistributedSource, RedistributionChanges } from "#routes/redistribution.ts";
import type { Route, RouteSource } from "#routes/route.ts";

export type { Route, RouteSource };

/** A prefix. */
export interface RoutePrefix {
  readonly network: Ipv4;
  readonly length: number;
}

/** A route and how it stands. */
export interface RouteStatus {
  readonly route: Route;
  /** It is the best one of its prefix. */
  readonly isSelected: boolean;
  /** Packets go by it. */
  readonly isInstalled: boolean;
  /** The kernel has not been asked yet. */
  readonly isQueued: boolean;
  /** Why the kernel refused it: "ENETUNREACH", …; empty when it did not. */
  readonly refusal: string;
}

export interface RouteQuery {
  /** Absent: all. */
  readonly sources?: readonly RouteSource[];
  /** Only what lies within this prefix. */
  readonly within?: RoutePrefix;
  /** Only what comes after this prefix. */
  readonly after?: RoutePrefix;
}

/** The API of the running routes service. */
export interface RoutesApi {
  /** What became different in OSPF's routing table. The kernel follows soon, see `settled`. */
  setOspf(changes: RouteChanges): void;
  /** OSPF has no routes any more. */
  clearOspf(): void;
  /**
   * Tells `listener` at once of all routes in use that come from these sources (and that a prefix list permits), and from
   * then on of every change, until `signal` aborts.
   */
  redistributable(
    sources: readonly RedistributedSource[],
    listener: (changes: RedistributionChanges) => void,
    options: { readonly signal: AbortSignal; readonly rules?: readonly PrefixRule[] },
  ): void;
  /** The routes by prefix, in order, the preferred one of a prefix first. */
  routes(query: RouteQuery): Iterable<RouteStatus>;
  /** Those to the longest prefix that holds an address. */
  lookup(address: Ipv4): readonly RouteStatus[];
  /** Those to exactly this prefix. */
  at(prefix: RoutePrefix): readonly RouteStatus[];
  /** Resolves when the kernel has been asked for everything that it is to have. */
  settled(): Promise<void>;
}
