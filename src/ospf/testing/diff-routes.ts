import type { OspfRoute, RouteChanges } from "#ospf/routes.ts";
import { sameRoute } from "#ospf/routing-table.ts";

/** What has to be done to a table of `before` so that it is one of `after`. */
export function diffRoutes(before: Iterable<OspfRoute>, after: Iterable<OspfRoute>): RouteChanges {
  const keyOf = ({ network, length }: OspfRoute): number => network * 64 + length;
  const left = new Map<number, OspfRoute>();
  for (const route of before) left.set(keyOf(route), route);
  const set: OspfRoute[] = [];
  for (const route of after) {
    const known = left.get(keyOf(route));
    left.delete(keyOf(route));
    if (!known || !sameRoute(known, route)) set.push(route);
  }
  const removed = [...left.values()].map(({ network, length }) => ({ network, length }));
  return { set, removed };
}
