// From routes to the messages of parley.v1, and from the words of requests.

import { create } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import { RouteSchema, RouteSource as WireSource } from "#api/gen/parley/v1/routes_pb.ts";
import { formatIpv4, formatIpv4Prefix } from "#base/ipv4.ts";
import type { RouteSource, RouteStatus } from "#services/routes-api.ts";

export function routeMessage({ route, isSelected, isInstalled, isQueued, refusal }: RouteStatus) {
  const { network, length, source, distance, metric, tag, isUsable, nextHops, drops, protocol } = route;
  const since = timestampOf(route.since);
  return create(RouteSchema, {
    prefix: formatIpv4Prefix(network, length),
    source: SOURCES[source],
    distance,
    metric,
    tag,
    usable: isUsable,
    selected: isSelected,
    installed: isInstalled,
    queued: isQueued,
    refusal,
    nextHops: nextHops.map(({ interface: name, gateway }) => ({
      interface: name,
      gateway: gateway === undefined ? "" : formatIpv4(gateway),
    })),
    drops: drops ?? "",
    protocol: protocol ?? 0,
    ...(since && { since }),
  });
}

/** Undefined for a number that this version does not know. */
export function sourceOf(wire: WireSource): RouteSource | undefined {
  const found = Object.entries(SOURCES).find(([, number]) => number === wire);
  return found?.[0] as RouteSource | undefined;
}

const SOURCES: Readonly<Record<RouteSource, WireSource>> = {
  connected: WireSource.CONNECTED,
  kernel: WireSource.KERNEL,
  static: WireSource.STATIC,
  ospf: WireSource.OSPF,
};
