import { formatIpv4, type Ipv4 } from "#base/ipv4.ts";
import type { RouteExplanation } from "#ospf/explain.ts";
import { explanationLines } from "#ospf/explanation-lines.ts";
import type { Lsdb } from "#ospf/lsdb.ts";
import type { OspfRouter } from "#ospf/router.ts";
import { isBorderRouter } from "#ospf/routing-table.ts";
import type { Area } from "#ospf/state.ts";
import { databaseView, type DatabaseQuery, type LsaView } from "#services/ospf-database-view.ts";
import { interfaceViews, type InterfaceView } from "#services/ospf-interface-view.ts";
import {
  mismatchViews,
  neighborViews,
  type MismatchView,
  type NeighborView,
} from "#services/ospf-neighbor-view.ts";
import {
  borderRouterViews,
  routeViews,
  type BorderRouterView,
  type OspfRouteView,
} from "#services/ospf-route-view.ts";
import { msUntil, wallTimeOf, type ViewClock } from "#services/ospf-view-clock.ts";

/** A router's tables as plain data: addresses as text, moments in ms since the Unix epoch, what is left of timers in ms. */
export class OspfViews {
  readonly #router: OspfRouter;
  readonly #clock: ViewClock;
  readonly #spfMs: () => number | undefined;

  /** `spfMs`: how long the shortest paths took last, which the router cannot tell. */
  constructor(router: OspfRouter, clock: ViewClock, spfMs: () => number | undefined = () => undefined) {
    this.#router = router;
    this.#clock = clock;
    this.#spfMs = spfMs;
  }

  get routerId(): string {
    return formatIpv4(this.#router.state.routerId);
  }

  /** Area ids, as `LsaView` has them. */
  get areas(): string[] {
    return areasOf(this.#router).map(({ id }) => formatIpv4(id));
  }

  router(): RouterView {
    return routerView(this.#router, this.#clock, this.#spfMs());
  }

  neighbors(): NeighborView[] {
    return neighborViews(this.#router, this.#clock);
  }

  mismatches(): MismatchView[] {
    return mismatchViews(this.#router, this.#clock);
  }

  interfaces(): InterfaceView[] {
    return interfaceViews(this.#router, this.#clock.now());
  }

  /** As of now, also when it is read later. */
  database(query: DatabaseQuery): Iterable<LsaView> {
    return databaseView(this.#router, query, this.#clock.now());
  }

  routes(): Iterable<OspfRouteView> {
    return routeViews(this.#router);
  }

  borderRouters(): BorderRouterView[] {
    return borderRouterViews(this.#router);
  }

  explain(address: Ipv4): { readonly explanation: RouteExplanation; readonly lines: readonly string[] } {
    const explanation = this.#router.routing.calculator.explain(address);
    return { explanation, lines: explanationLines(explanation) };
  }
}

export interface RouterView {
  readonly routerId: string;
  readonly areaBorderRouter: boolean;
  readonly asBoundaryRouter: boolean;
  readonly opaque: boolean;
  readonly rfc1583Compatible: boolean;
  readonly maxMetric: boolean;
  readonly spf: SpfView;
  readonly lsaHoldMs: number;
  readonly lsaLongestHoldMs: number;
  readonly lsaArrivalMs: number;
  readonly maximumPaths: number;
  readonly maximumLsas: number;
  readonly lsas: number;
  readonly routes: number;
  readonly asCounts: readonly LsaCount[];
  readonly areas: readonly AreaView[];
}

export interface SpfView {
  readonly state: string;
  readonly initialDelayMs: number;
  readonly shortDelayMs: number;
  readonly longDelayMs: number;
  readonly timeToLearnMs: number;
  readonly holdDownMs: number;
  readonly lastRun: number | undefined;
  /** ms, with fractions. */
  readonly lastDurationMs: number | undefined;
  readonly dueInMs: number | undefined;
  readonly fullRuns: number;
  readonly partialRuns: number;
}

export interface LsaCount {
  readonly type: number;
  readonly count: number;
  readonly checksumSum: number;
}

export interface AreaView {
  readonly area: string;
  readonly interfaces: number;
  readonly activeInterfaces: number;
  readonly fullNeighbors: number;
  readonly counts: readonly LsaCount[];
}

function routerView(router: OspfRouter, clock: ViewClock, spfMs: number | undefined): RouterView {
  const { state, routing, originator } = router;
  const { config } = state;
  const { lsaHoldMs, lsaLongestHoldMs, lsaArrivalMs } = config.timers;
  const inputs = routing.calculator.inputs();
  let routes = 0;
  for (const { route } of inputs.destinations.all) if (route) routes++;
  return {
    routerId: formatIpv4(state.routerId),
    areaBorderRouter: isBorderRouter(inputs),
    asBoundaryRouter: originator.isAsBoundary,
    opaque: config.opaque,
    rfc1583Compatible: config.rfc1583Compatible,
    maxMetric: config.maxMetric,
    spf: { ...spfView(router, clock), lastDurationMs: spfMs },
    ...{ lsaHoldMs, lsaLongestHoldMs, lsaArrivalMs },
    maximumPaths: config.maximumPaths,
    maximumLsas: config.maximumLsas,
    lsas: state.size,
    routes,
    asCounts: countsOf([state.lsdb], AS_TYPES),
    areas: areasOf(router).map((area) => areaView(router, area)),
  };
}

function spfView({ state, routing }: OspfRouter, clock: ViewClock): Omit<SpfView, "lastDurationMs"> {
  const now = clock.now();
  const due = state.timers.when("spf");
  const { ranAt, runs, backoff } = routing;
  return {
    state: backoff.stateAt(now),
    ...state.config.timers.spf,
    lastRun: ranAt === -Infinity ? undefined : wallTimeOf(ranAt, clock),
    dueInMs: due === undefined ? undefined : msUntil(due, now),
    fullRuns: runs.full,
    partialRuns: runs.partial,
  };
}

function areaView({ state }: OspfRouter, area: Area): AreaView {
  const interfaces = state.interfacesOf(area);
  return {
    area: formatIpv4(area.id),
    interfaces: interfaces.length,
    activeInterfaces: interfaces.filter((each) => each.state !== "Down").length,
    fullNeighbors: interfaces.reduce((sum, each) => sum + each.fullNeighbors().length, 0),
    counts: countsOf([area.lsdb, ...interfaces.map(({ lsdb }) => lsdb)], AREA_TYPES),
  };
}

function countsOf(databases: readonly Lsdb[], types: readonly number[]): LsaCount[] {
  const counts = new Map(types.map((type) => [type, { type, count: 0, checksumSum: 0 }]));
  for (const database of databases)
    for (const { type, checksum } of database.lsas()) {
      const known = counts.get(type);
      if (!known) continue;
      known.count++;
      known.checksumSum += checksum;
    }
  return [...counts.values()];
}

function areasOf({ state }: OspfRouter): Area[] {
  return [...state.areas.values()].sort((a, b) => a.id - b.id);
}

/** LS types in the order in which they are shown; RFC 2328 A.4.1, RFC 5250. */
const AREA_TYPES = [1, 2, 3, 4, 9, 10];
const AS_TYPES = [5, 11];
