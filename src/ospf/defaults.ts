import type { Ipv4 } from "#base/ipv4.ts";
import type { InterfaceConfig, OspfConfig } from "#ospf/config.ts";

/** What an interface is told when nobody says otherwise. RFC 2328 C.3. */
export function interfaceDefaults(name: string): InterfaceConfig {
  return {
    name,
    cost: 10,
    helloInterval: 10,
    deadInterval: 40,
    retransmitInterval: 5,
    transmitDelay: 1,
    pollInterval: 120,
    priority: 1,
    passive: false,
    mtuIgnore: false,
    authentication: { type: "null" },
    neighbors: [],
  };
}

/** A router without areas. */
export function ospfDefaults(routerId: Ipv4): OspfConfig {
  return {
    routerId,
    areas: [],
    maxMetric: false,
    isAsBoundary: false,
    maximumPaths: 16,
    maximumLsas: 200_000,
    opaque: true,
    rfc1583Compatible: false,
    timers: {
      // Hardly any delay for a single change: a link that failed has to be gone from the routes at once.
      spf: {
        initialDelayMs: 5,
        shortDelayMs: 50,
        longDelayMs: 250,
        timeToLearnMs: 2_500,
        holdDownMs: 4_000,
      },
      lsaHoldMs: 1_050,
      lsaLongestHoldMs: 5_000,
      lsaArrivalMs: 1_000,
    },
  };
}
