import { formatIpv4, formatIpv4Prefix, fromAddress, maskLength, type Ipv4 } from "#base/ipv4.ts";
import { formatAddress } from "#base/address.ts";
import type { Authentication } from "#ospf/config.ts";
import { NETWORK_LSA } from "#ospf/constants.ts";
import { keysInForce } from "#ospf/key-lifetimes.ts";
import { lsaKey } from "#ospf/lsa.ts";
import type { OspfRouter } from "#ospf/router.ts";
import type { OspfInterface, RouterState, Traffic } from "#ospf/state.ts";
import { interfacesByName } from "#services/ospf-neighbor-view.ts";
import { msUntil } from "#services/ospf-view-clock.ts";

/** RFC 2328 9. Intervals in seconds. */
export interface InterfaceView {
  readonly name: string;
  /** 0: the machine has no such interface. */
  readonly index: number;
  readonly running: boolean;
  readonly mtu: number;
  readonly flags: readonly string[];
  /** "10.0.0.1/24"; empty for none. */
  readonly address: string;
  readonly broadcast: string;
  readonly furtherNetworks: readonly string[];
  readonly area: string;
  readonly networkType: string;
  readonly state: string;
  readonly cost: number;
  readonly priority: number;
  readonly transmitDelay: number;
  readonly helloInterval: number;
  readonly deadInterval: number;
  readonly retransmitInterval: number;
  readonly pollInterval: number;
  readonly passive: boolean;
  readonly mtuIgnore: boolean;
  /** Addresses and router ids; empty for none. */
  readonly designatedRouter: string;
  readonly designatedRouterId: string;
  readonly backupDesignatedRouter: string;
  readonly backupDesignatedRouterId: string;
  readonly networkLsaSequence: number | undefined;
  readonly groups: readonly string[];
  readonly helloInMs: number | undefined;
  readonly waitInMs: number | undefined;
  readonly neighbors: number;
  readonly adjacentNeighbors: number;
  readonly authentication: Authentication["type"];
  readonly keys: readonly { readonly id: number; readonly algorithm: string }[];
  readonly changes: number;
  readonly socket: string;
  readonly traffic: TrafficView;
}

export interface TrafficView {
  readonly received: PacketsView;
  readonly sent: PacketsView;
  /** LSAs that wait to be flooded or acknowledged. */
  readonly queued: number;
  readonly dropped: readonly ReasonCount[];
  readonly unsent: readonly ReasonCount[];
}

export interface PacketsView {
  readonly hello: number;
  readonly databaseDescription: number;
  readonly linkStateRequest: number;
  readonly linkStateUpdate: number;
  readonly linkStateAcknowledgment: number;
  readonly bytes: number;
}

export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** By name. `now`: ms of the router's clock. */
export function interfaceViews({ state }: OspfRouter, now: number): InterfaceView[] {
  return interfacesByName(state).map((each) => interfaceView(each, state, now));
}

function interfaceView(each: OspfInterface, state: RouterState, now: number): InterfaceView {
  const { config, link, traffic } = each;
  const leftOf = (timer: string): number | undefined => {
    const at = state.timers.when(`${timer} ${each.name}`);
    return at === undefined ? undefined : msUntil(at, now);
  };
  return {
    name: each.name,
    index: link?.index ?? 0,
    running: link?.running ?? false,
    mtu: link?.mtu ?? 0,
    flags: link?.flags ?? [],
    address: each.address === 0 ? "" : prefixText(each.address, each.mask),
    broadcast: broadcastOf(each),
    furtherNetworks: each.stubs
      .filter(({ network }) => network !== each.address)
      .map(({ network, mask }) => prefixText(network, mask)),
    area: formatIpv4(each.area.id),
    networkType: each.type,
    state: each.state,
    cost: each.type === "loopback" ? 0 : config.cost,
    priority: config.priority,
    transmitDelay: config.transmitDelay,
    helloInterval: config.helloInterval,
    deadInterval: config.deadInterval,
    retransmitInterval: config.retransmitInterval,
    pollInterval: config.pollInterval,
    passive: config.passive,
    mtuIgnore: config.mtuIgnore,
    designatedRouter: addressText(each.designated),
    designatedRouterId: routerIdText(each, each.designated, state),
    backupDesignatedRouter: addressText(each.backup),
    backupDesignatedRouterId: routerIdText(each, each.backup, state),
    networkLsaSequence: networkLsaSequence(each, state),
    groups: [...each.groups].sort((a, b) => a - b).map(formatIpv4),
    helloInMs: config.passive ? undefined : leftOf("hello"),
    waitInMs: each.state === "Waiting" ? leftOf("wait") : undefined,
    neighbors: each.neighbors.size,
    adjacentNeighbors: each.fullNeighbors().length,
    authentication: config.authentication.type,
    keys: keysOf(config.authentication, state.secondsAt(now)),
    changes: each.changes,
    socket: each.socket,
    traffic: trafficView(traffic, each.floods.size + each.acknowledgments.size),
  };
}

function prefixText(address: Ipv4, mask: Ipv4): string {
  return formatIpv4Prefix(address, maskLength(mask) ?? 32);
}

function addressText(address: Ipv4): string {
  return address === 0 ? "" : formatIpv4(address);
}

function broadcastOf({ link, address }: OspfInterface): string {
  const found = link?.addresses.find((each) => fromAddress(each.address) === address);
  return found?.broadcast ? formatAddress(found.broadcast) : "";
}

/** The router that has this address on the interface's network; empty when it is not known. */
function routerIdText(on: OspfInterface, address: Ipv4, { routerId }: RouterState): string {
  if (address === 0) return "";
  if (address === on.address) return formatIpv4(routerId);
  const neighbor = on.neighbors.get(address);
  return neighbor ? addressText(neighbor.routerId) : "";
}

function networkLsaSequence(on: OspfInterface, { routerId }: RouterState): number | undefined {
  if (on.state !== "DR") return undefined;
  const lsa = on.area.lsdb.get(lsaKey(NETWORK_LSA, on.address, routerId));
  return lsa && lsa.sequence >>> 0;
}

function keysOf(authentication: Authentication, seconds: number): InterfaceView["keys"] {
  if (authentication.type !== "cryptographic") return [];
  return keysInForce(authentication.keys, seconds).map(({ id, algorithm }) => ({
    id,
    algorithm: algorithm === "md5" ? algorithm : algorithm.replace("sha", "hmac-sha-"),
  }));
}

function trafficView({ received, sent, receivedBytes, sentBytes, dropped, unsent }: Traffic, queued: number) {
  return {
    received: packetsView(received, receivedBytes),
    sent: packetsView(sent, sentBytes),
    queued,
    dropped: reasonCounts(dropped),
    unsent: reasonCounts(unsent),
  };
}

function packetsView(byType: readonly number[], bytes: number): PacketsView {
  return {
    hello: byType[1]!,
    databaseDescription: byType[2]!,
    linkStateRequest: byType[3]!,
    linkStateUpdate: byType[4]!,
    linkStateAcknowledgment: byType[5]!,
    bytes,
  };
}

function reasonCounts(counters: ReadonlyMap<string, number>): ReasonCount[] {
  return [...counters].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
