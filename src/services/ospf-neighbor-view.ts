import { formatIpv4 } from "#base/ipv4.ts";
import { timerName } from "#ospf/adjacencies.ts";
import { MISMATCH_FORGOTTEN_MS } from "#ospf/limits.ts";
import type { OspfRouter } from "#ospf/router.ts";
import type { Neighbor, OspfInterface, RouterState } from "#ospf/state.ts";
import { msUntil, wallTimeOf, type ViewClock } from "#services/ospf-view-clock.ts";

/** RFC 2328 10. */
export interface NeighborView {
  readonly routerId: string;
  readonly address: string;
  readonly interface: string;
  /** Ours on it. */
  readonly interfaceAddress: string;
  readonly area: string;
  readonly priority: number;
  readonly state: string;
  readonly role: NeighborRole;
  /** The last change of state. */
  readonly since: number;
  readonly changes: number;
  readonly lastReason: string;
  readonly deadInMs: number | undefined;
  readonly designatedRouter: string;
  readonly backupDesignatedRouter: string;
  readonly options: number;
  /** Sizes of the three lists of RFC 2328 10. */
  readonly retransmissions: number;
  readonly requests: number;
  readonly summaries: number;
  readonly master: boolean;
  readonly ddSequence: number;
  /** Which timers run. */
  readonly describing: boolean;
  readonly requesting: boolean;
  readonly retransmitting: boolean;
}

/** "-" where no designated router is elected. */
export type NeighborRole = "DR" | "Backup" | "DROther" | "-";

/** Somebody who is heard and is no neighbor, or not adjacent. */
export interface MismatchView {
  readonly routerId: string;
  readonly address: string;
  readonly interface: string;
  readonly interfaceAddress: string;
  readonly text: string;
  readonly lastHeard: number;
  readonly count: number;
}

/** By interface and address. */
export function neighborViews({ state }: OspfRouter, clock: ViewClock): NeighborView[] {
  return interfacesByName(state).flatMap((each) =>
    [...each.neighbors.values()]
      .sort((a, b) => a.address - b.address)
      .map((neighbor) => neighborView(neighbor, state, clock)),
  );
}

/** By interface and address, those that were heard lately. */
export function mismatchViews({ state }: OspfRouter, clock: ViewClock): MismatchView[] {
  return interfacesByName(state).flatMap((each) =>
    [...each.mismatches.values()]
      .filter(({ at }) => clock.now() - at <= MISMATCH_FORGOTTEN_MS)
      .sort((a, b) => a.address - b.address)
      .map(({ address, routerId, text, at, count }) => ({
        routerId: formatIpv4(routerId),
        address: formatIpv4(address),
        interface: each.name,
        interfaceAddress: formatIpv4(each.address),
        text,
        lastHeard: wallTimeOf(at, clock),
        count,
      })),
  );
}

function neighborView(neighbor: Neighbor, { timers }: RouterState, clock: ViewClock): NeighborView {
  const on = neighbor.interface;
  const deadAt = timers.when(timerName("dead", neighbor));
  const runs = (what: string): boolean => timers.when(timerName(what, neighbor)) !== undefined;
  return {
    routerId: formatIpv4(neighbor.routerId),
    address: formatIpv4(neighbor.address),
    interface: on.name,
    interfaceAddress: formatIpv4(on.address),
    area: formatIpv4(on.area.id),
    priority: neighbor.priority,
    state: neighbor.state,
    role: roleOf(neighbor),
    since: wallTimeOf(neighbor.since, clock),
    changes: neighbor.changes,
    lastReason: neighbor.lastReason,
    deadInMs: deadAt === undefined ? undefined : msUntil(deadAt, clock.now()),
    designatedRouter: formatIpv4(neighbor.designated),
    backupDesignatedRouter: formatIpv4(neighbor.backup),
    options: neighbor.options,
    retransmissions: neighbor.retransmissions.size,
    requests: neighbor.requests.size,
    summaries: neighbor.summary.length,
    master: neighbor.isMaster,
    ddSequence: neighbor.ddSequence >>> 0,
    describing: runs("describe"),
    requesting: runs("request"),
    retransmitting: runs("again"),
  };
}

/** As this router has elected, whatever the neighbor says. */
function roleOf({ interface: on, address }: Neighbor): NeighborRole {
  if (!on.hasDesignated) return "-";
  if (address === on.designated) return "DR";
  return address === on.backup ? "Backup" : "DROther";
}

/** eth2 before eth10. */
export function interfacesByName(state: RouterState): OspfInterface[] {
  return [...state.interfaces.values()].sort((a, b) => NAMES.compare(a.name, b.name));
}

const NAMES = new Intl.Collator("en", { numeric: true });
