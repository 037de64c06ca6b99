import { maskOf } from "#base/ipv4.ts";
import type { Installation } from "#routes/installation.ts";
import { keyOf, type Route } from "#routes/route.ts";
import type { Routing } from "#routes/routing.ts";
import type { RouteQuery, RouteStatus } from "#services/routes-api.ts";

/** How the routes to one prefix stand. */
export function statusesOf(routes: readonly Route[], installation: Installation): readonly RouteStatus[] {
  return routes.map((route, i): RouteStatus => {
    if (i > 0 || !route.isUsable) return { route, ...UNUSED };
    // The kernel has what it or others made.
    if (!route.isForKernel)
      return { route, ...UNUSED, isSelected: true, isInstalled: route.source !== "ospf" };
    const state = installation.stateOf(keyOf(route));
    return {
      route,
      isSelected: true,
      isInstalled: state.state === "installed",
      isQueued: state.state === "queued",
      refusal: state.state === "refused" ? state.error : "",
    };
  });
}

/** The routes that a query asks for, by prefix. */
export function* routesIn({ table, installation }: Routing, query: RouteQuery): Generator<RouteStatus> {
  const { sources, within = EVERYTHING, after } = query;
  const first = keyOf(within);
  for (const routes of table.from(after ? Math.max(first, keyOf(after) + 1) : first)) {
    const { network, length } = routes[0]!;
    if ((network & maskOf(within.length)) >>> 0 !== within.network) return;
    if (length < within.length) continue;
    for (const status of statusesOf(routes, installation))
      if (sources === undefined || sources.includes(status.route.source)) yield status;
  }
}

const EVERYTHING = { network: 0, length: 0 };
const UNUSED = { isSelected: false, isInstalled: false, isQueued: false, refusal: "" };
