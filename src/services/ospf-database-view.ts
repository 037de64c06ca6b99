import { groupBy } from "#base/group-by.ts";
import { formatIpv4, maskLength, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER } from "#ospf/constants.ts";
import { readContent } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";
import type { Entry, Lsdb } from "#ospf/lsdb.ts";
import type { OspfRouter } from "#ospf/router.ts";
import type { Area, OspfInterface } from "#ospf/state.ts";

/** All that are set have to agree. */
export interface DatabaseQuery {
  /** LS type. */
  readonly type?: number;
  readonly linkStateId?: Ipv4;
  readonly selfOriginated?: boolean;
  readonly advertisingRouter?: Ipv4;
}

/** One LSA: its header (RFC 2328 A.4.1) and what it says. */
export interface LsaView {
  /** Empty: of the whole autonomous system. */
  readonly area: string;
  /** Of link-local scope: where it is known. */
  readonly interface: string;
  readonly type: number;
  readonly linkStateId: string;
  readonly advertisingRouter: string;
  /** Seconds. */
  readonly age: number;
  /** 0x80000001 is the first. */
  readonly sequence: number;
  readonly checksum: number;
  readonly length: number;
  readonly options: number;
  readonly selfOriginated: boolean;
  readonly received: boolean;
  /** Undefined: malformed. */
  readonly body: LsaBodyView | undefined;
}

export type LsaBodyView =
  | {
      readonly case: "router";
      readonly value: {
        readonly border: boolean;
        readonly asBoundary: boolean;
        readonly virtualEndpoint: boolean;
        readonly links: {
          readonly type: number;
          readonly id: string;
          readonly data: string;
          readonly metric: number;
        }[];
      };
    }
  | {
      readonly case: "network";
      readonly value: { readonly prefixLength: number; readonly attachedRouters: string[] };
    }
  | { readonly case: "summary"; readonly value: { readonly prefixLength: number; readonly metric: number } }
  | {
      readonly case: "external";
      readonly value: {
        readonly prefixLength: number;
        readonly metricType: 1 | 2;
        readonly metric: number;
        readonly forwardingAddress: string;
        readonly tag: number;
      };
    }
  | {
      readonly case: "opaque";
      readonly value: { readonly opaqueType: number; readonly opaqueId: number; readonly data: Uint8Array };
    };

interface Placed {
  readonly entry: Entry;
  readonly area: Area | undefined;
  readonly interface: OspfInterface | undefined;
}

/** Those that agree with the query, as of this call: an LSA that changes later is told as it was. */
export function databaseView(router: OspfRouter, query: DatabaseQuery, now: number): Iterable<LsaView> {
  const { routerId } = router.state;
  const placed = placedEntries(router, query);
  return {
    *[Symbol.iterator]() {
      for (const each of placed) yield lsaView(each, routerId, now);
    },
  };
}

function placedEntries({ state }: OspfRouter, query: DatabaseQuery): readonly Placed[] {
  const { type, linkStateId, selfOriginated, advertisingRouter } = query;
  const isWanted = ({ lsa }: Entry): boolean =>
    (type === undefined || lsa.type === type) &&
    (linkStateId === undefined || lsa.id === linkStateId) &&
    (!selfOriginated || lsa.advertisingRouter === state.routerId) &&
    (advertisingRouter === undefined || lsa.advertisingRouter === advertisingRouter);
  const wanted = (lsdb: Lsdb, area?: Area, on?: OspfInterface): Placed[] =>
    [...lsdb.entries()].filter(isWanted).map((entry) => ({ entry, area, interface: on }));
  const inAreas = [...state.areas.values()]
    .sort((a, b) => a.id - b.id)
    .flatMap((area) => {
      const ofLinks = state.interfacesOf(area).flatMap((each) => wanted(each.lsdb, area, each));
      return inOrder([...wanted(area.lsdb, area), ...ofLinks]);
    });
  return [...inAreas, ...inOrder(wanted(state.lsdb))];
}

/** By type, Link State ID and advertising router; numbers are sorted several times as fast as what a function compares. */
function inOrder(found: readonly Placed[]): Placed[] {
  const byId = groupBy(found, ({ entry: { lsa } }) => lsa.type * 2 ** 32 + lsa.id);
  const ids = Float64Array.from(byId.keys()).sort();
  return [...ids].flatMap((id) => {
    const same = byId.get(id)!;
    return same.toSorted((a, b) => a.entry.lsa.advertisingRouter - b.entry.lsa.advertisingRouter);
  });
}

function lsaView({ entry, area, interface: on }: Placed, routerId: Ipv4, now: number): LsaView {
  const { lsa, wasReceived } = entry;
  return {
    area: area ? formatIpv4(area.id) : "",
    interface: on?.name ?? "",
    type: lsa.type,
    linkStateId: formatIpv4(lsa.id),
    advertisingRouter: formatIpv4(lsa.advertisingRouter),
    age: lsa.ageAt(now),
    sequence: lsa.sequence >>> 0,
    checksum: lsa.checksum,
    length: lsa.length,
    options: lsa.options,
    selfOriginated: lsa.advertisingRouter === routerId,
    received: wasReceived,
    body: bodyOf(lsa),
  };
}

function bodyOf(lsa: Lsa): LsaBodyView | undefined {
  const content = readContent(lsa);
  switch (content?.type) {
    case undefined:
      return undefined;
    case "router": {
      const { isBorder: border, isAsBoundary: asBoundary, isVirtualEndpoint: virtualEndpoint } = content;
      const links = content.links.map(({ type, id, data, metric }) => {
        return { type, id: formatIpv4(id), data: formatIpv4(data), metric };
      });
      return { case: "router", value: { border, asBoundary, virtualEndpoint, links } };
    }
    case "network": {
      const attachedRouters = content.routers.map(formatIpv4);
      return { case: "network", value: { prefixLength: lengthOf(content.mask), attachedRouters } };
    }
    case "summary":
      return {
        case: "summary",
        value: { prefixLength: lengthOf(content.mask), metric: content.metric },
      };
    case "external": {
      const { mask, isType2, metric, forwardingAddress, tag } = content;
      const shared = { metric, forwardingAddress: formatIpv4(forwardingAddress), tag };
      return {
        case: "external",
        value: { prefixLength: lengthOf(mask), metricType: isType2 ? 2 : 1, ...shared },
      };
    }
    case "other":
      return {
        case: "opaque",
        value: {
          opaqueType: lsa.id >>> 24,
          opaqueId: lsa.id & 0xff_ffff,
          data: lsa.bytes.slice(LSA_HEADER),
        },
      };
  }
}

/** A mask with holes, which only a type 4 LSA may have, is none. */
function lengthOf(mask: Ipv4): number {
  return maskLength(mask) ?? 0;
}
