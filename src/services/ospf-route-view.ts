import { formatIpv4, formatIpv4Prefix, maskOf, type Ipv4 } from "#base/ipv4.ts";
import type { OspfRouter } from "#ospf/router.ts";
import type { NextHop, OspfRoute } from "#ospf/routes.ts";
import type { RouterState } from "#ospf/state.ts";

/** RFC 2328 11. */
export interface OspfRouteView {
  readonly prefix: string;
  readonly pathType: string;
  /** Empty for externals. */
  readonly area: string;
  readonly cost: number;
  readonly type2Cost: number;
  readonly tag: number;
  readonly connected: boolean;
  readonly nextHops: readonly NextHopView[];
  readonly origin: LsaReferenceView;
}

export interface NextHopView {
  readonly interface: string;
  /** Empty: the destination is on that link. */
  readonly gateway: string;
}

export interface LsaReferenceView {
  readonly type: string;
  readonly linkStateId: string;
  readonly advertisingRouter: string;
}

export interface BorderRouterView {
  readonly routerId: string;
  readonly area: string;
  readonly pathType: string;
  readonly cost: number;
  readonly areaBorderRouter: boolean;
  readonly asBoundaryRouter: boolean;
  readonly nextHops: readonly NextHopView[];
}

/** By prefix, as of this call. */
export function routeViews({ routing, state }: OspfRouter): Iterable<OspfRouteView> {
  const { routes } = routing.calculator;
  return {
    *[Symbol.iterator]() {
      for (const route of routes) yield routeView(route, state);
    },
  };
}

export function borderRouterViews({ routing }: OspfRouter): BorderRouterView[] {
  return routing.calculator.routers.map((each) => ({
    routerId: formatIpv4(each.routerId),
    area: formatIpv4(each.area),
    pathType: each.pathType,
    cost: each.cost,
    areaBorderRouter: each.isBorder,
    asBoundaryRouter: each.isAsBoundary,
    nextHops: each.nextHops.map(nextHopView),
  }));
}

function routeView(route: OspfRoute, state: RouterState): OspfRouteView {
  const { network, length, pathType, area, cost, type2Cost, tag, isConnected, nextHops, origin } = route;
  return {
    prefix: formatIpv4Prefix(network, length),
    pathType,
    area: area === undefined ? "" : formatIpv4(area),
    cost,
    type2Cost,
    tag,
    connected: isConnected,
    nextHops: (nextHops.length > 0 ? nextHops : hopsToOwn(network, length, state)).map(nextHopView),
    origin: referenceOf(origin),
  };
}

function nextHopView({ interface: name, gateway }: NextHop): NextHopView {
  return { interface: name, gateway: gateway === undefined ? "" : formatIpv4(gateway) };
}

/** The router needs no way to a network of its own; people want to see the interface. */
function hopsToOwn(network: Ipv4, length: number, { interfaces }: RouterState): NextHop[] {
  const mask = maskOf(length);
  return [...interfaces.values()]
    .filter((each) =>
      (each.mask === mask || length === 32) && each.address !== 0 && (each.address & mask) >>> 0 === network
        ? true
        : each.stubs.some((stub) => stub.network === network && stub.mask === mask),
    )
    .map(({ name }) => ({ interface: name }));
}

/** See `lsaKey`. */
function referenceOf(key: string): LsaReferenceView {
  const at = (index: number): number => key.charCodeAt(index);
  return {
    type: LSA_TYPES[at(0)] ?? `type ${at(0)}`,
    linkStateId: formatIpv4(at(1) * 65_536 + at(2)),
    advertisingRouter: formatIpv4(at(3) * 65_536 + at(4)),
  };
}

const LSA_TYPES: Readonly<Record<number, string>> = {
  1: "router",
  2: "network",
  3: "summary",
  4: "asbr-summary",
  5: "external",
};
