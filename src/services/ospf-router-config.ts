import type { Ipv4 } from "#base/ipv4.ts";
import type { Authentication, InterfaceConfig, OspfConfig } from "#ospf/config.ts";
import { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
import {
  ALGORITHMS,
  areasOf,
  interfacesOf,
  type AreaSection,
  type AuthenticationSection,
  type InheritedKey,
  type InterfaceSection,
  type OspfSection,
} from "#services/ospf-config.ts";

/** A section as the router takes it, with the router id that was chosen. */
export function routerConfig(section: OspfSection, routerId: Ipv4): OspfConfig {
  const areas = areasOf(section).map(([areaId, area]) => ({
    areaId,
    interfaces: interfacesOf(area).map(([name, each]) => interfaceConfig(name, each, area, section)),
  }));
  const { timers: of } = section;
  return {
    ...ospfDefaults(routerId),
    areas,
    maxMetric: section["max-metric"],
    isAsBoundary: Object.values(section.redistribute).some((each) => each !== undefined),
    maximumPaths: section["maximum-paths"],
    maximumLsas: section["maximum-lsas"],
    opaque: section.opaque,
    rfc1583Compatible: section["rfc1583-compatible"],
    timers: {
      spf: {
        initialDelayMs: of["spf-initial-delay"],
        shortDelayMs: of["spf-short-delay"],
        longDelayMs: of["spf-long-delay"],
        timeToLearnMs: of["spf-time-to-learn"],
        holdDownMs: of["spf-hold-down"],
      },
      lsaHoldMs: of["lsa-hold"],
      lsaLongestHoldMs: of["lsa-longest-hold"],
      lsaArrivalMs: of["lsa-arrival"],
    },
  };
}

function interfaceConfig(
  name: string,
  each: InterfaceSection,
  inArea: AreaSection,
  section: OspfSection,
): InterfaceConfig {
  const base = interfaceDefaults(name);
  const nearest = <Key extends InheritedKey>(key: Key) => each[key] ?? inArea[key] ?? section[key];
  const helloInterval = nearest("hello-interval") ?? base.helloInterval;
  const byBandwidth =
    each.bandwidth &&
    Math.min(65_535, Math.max(1, Math.round(section["reference-bandwidth"] / each.bandwidth)));
  return {
    ...base,
    ...(each.type && { type: each.type }),
    cost: each.cost ?? byBandwidth ?? inArea.cost ?? section.cost ?? base.cost,
    helloInterval,
    deadInterval: nearest("dead-interval") ?? 4 * helloInterval,
    retransmitInterval: nearest("retransmit-interval") ?? base.retransmitInterval,
    transmitDelay: nearest("transmit-delay") ?? base.transmitDelay,
    pollInterval: each["poll-interval"],
    priority: each.priority,
    passive: each.passive,
    mtuIgnore: each["mtu-ignore"],
    authentication: authenticationOf(each.authentication ?? inArea.authentication ?? section.authentication),
    neighbors: each.neighbors,
  };
}

function authenticationOf(section: AuthenticationSection | undefined): Authentication {
  if (!section || section.type === "null") return { type: "null" };
  if (section.type === "simple") return { type: "simple", password: section.key };
  const keys = [section, ...section.also].map((key) => ({
    id: key["key-id"],
    algorithm: ALGORITHMS[key.type],
    secret: key.key,
    ...(key["send-from"] !== undefined && { sendFrom: key["send-from"] }),
    ...(key["accept-until"] !== undefined && { acceptUntil: key["accept-until"] }),
  }));
  return { type: "cryptographic", keys };
}
