// From the views of an OSPF router to the messages of parley.v1.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import type { EventSchema } from "#api/gen/parley/v1/node_pb.ts";
import {
  BorderRouterSchema,
  ExplainRouteResponseSchema,
  GetOspfResponseSchema,
  LsaSchema,
  OspfInterfaceSchema,
  OspfMismatchSchema,
  OspfNeighborSchema,
  OspfRouteSchema,
} from "#api/gen/parley/v1/ospf_pb.ts";
import type { OspfDetail } from "#services/events.ts";
import type { LsaView } from "#services/ospf-database-view.ts";
import type { InterfaceView, PacketsView, ReasonCount } from "#services/ospf-interface-view.ts";
import type { MismatchView, NeighborView } from "#services/ospf-neighbor-view.ts";
import type { BorderRouterView, OspfRouteView } from "#services/ospf-route-view.ts";
import type { LsaCount, OspfViews, RouterView } from "#services/ospf-view.ts";

export function routerMessage({ spf, asCounts, areas, ...rest }: RouterView) {
  const { lastRun, lastDurationMs, dueInMs, fullRuns, partialRuns, ...delays } = spf;
  return create(GetOspfResponseSchema, {
    ...rest,
    spf: {
      ...delays,
      fullRuns: BigInt(fullRuns),
      partialRuns: BigInt(partialRuns),
      ...known({ lastRun: timestampOf(lastRun), lastDurationMs, dueInMs }),
    },
    asCounts: asCounts.map(countMessage),
    areas: areas.map((area) => ({ ...area, counts: area.counts.map(countMessage) })),
  });
}

function countMessage({ type, count, checksumSum }: LsaCount) {
  return { type, count, checksumSum: BigInt(checksumSum) };
}

export function neighborMessage({ since, deadInMs, ...rest }: NeighborView) {
  return create(OspfNeighborSchema, { ...rest, ...known({ since: timestampOf(since), deadInMs }) });
}

export function mismatchMessage({ lastHeard, ...rest }: MismatchView) {
  return create(OspfMismatchSchema, { ...rest, ...known({ lastHeard: timestampOf(lastHeard) }) });
}

export function ospfInterfaceMessage(view: InterfaceView) {
  const { flags, furtherNetworks, groups, keys, traffic, ...others } = view;
  const { networkLsaSequence, helloInMs, waitInMs, ...rest } = others;
  const { received, sent, queued, dropped, unsent } = traffic;
  return create(OspfInterfaceSchema, {
    ...rest,
    ...known({ networkLsaSequence, helloInMs, waitInMs }),
    flags: [...flags],
    furtherNetworks: [...furtherNetworks],
    groups: [...groups],
    keys: [...keys],
    traffic: {
      received: packetsMessage(received),
      sent: packetsMessage(sent),
      queued,
      dropped: dropped.map(reasonMessage),
      unsent: unsent.map(reasonMessage),
    },
  });
}

function packetsMessage(view: PacketsView) {
  return {
    hello: BigInt(view.hello),
    databaseDescription: BigInt(view.databaseDescription),
    linkStateRequest: BigInt(view.linkStateRequest),
    linkStateUpdate: BigInt(view.linkStateUpdate),
    linkStateAcknowledgment: BigInt(view.linkStateAcknowledgment),
    bytes: BigInt(view.bytes),
  };
}

function reasonMessage({ reason, count }: ReasonCount) {
  return { reason, count: BigInt(count) };
}

export function lsaMessage({ body, ...rest }: LsaView) {
  return create(LsaSchema, { ...rest, ...(body && { body }) });
}

export function ospfRouteMessage({ nextHops, ...rest }: OspfRouteView) {
  return create(OspfRouteSchema, { ...rest, nextHops: [...nextHops] });
}

export function borderRouterMessage({ nextHops, ...rest }: BorderRouterView) {
  return create(BorderRouterSchema, { ...rest, nextHops: [...nextHops] });
}

type Explained = ReturnType<OspfViews["explain"]>;
type Candidate = Explained["explanation"]["candidates"][number];

export function explanationMessage({ explanation, lines }: Explained) {
  const { route, candidates, unusable, lessSpecific } = explanation;
  return create(ExplainRouteResponseSchema, {
    ...(route && {
      route: {
        prefix: route.prefix,
        pathType: route.pathType,
        area: route.area ?? "",
        cost: route.cost,
        type2Cost: route.type2Cost ?? 0,
        tag: route.tag ?? 0,
        connected: route.isConnected,
        nextHops: route.nextHops.map((hop) => ({ interface: hop.interface, gateway: hop.gateway ?? "" })),
      },
    }),
    candidates: candidates.map(candidateMessage),
    unusable: unusable.map(({ prefix, candidates: all }) => {
      return { prefix, candidates: all.map(candidateMessage) };
    }),
    lessSpecific: [...lessSpecific],
    lines: [...lines],
  });
}

function candidateMessage({ lsa, pathType, area, metric, forwardingAddress, ...rest }: Candidate) {
  const { verdict, why, paths, cost, type2Cost } = rest;
  return {
    lsa: referenceMessage(lsa),
    pathType,
    area: area ?? "",
    metric,
    forwardingAddress: forwardingAddress ?? "",
    verdict,
    why,
    ...known({ cost, type2Cost }),
    paths: paths.map((path) => ({
      steps: path.map(({ from, to, cost: own, total, lsa: step, isMaxMetric: maxMetric }) => {
        return { from, to, cost: own, total, lsa: referenceMessage(step), maxMetric };
      }),
    })),
  };
}

function referenceMessage({ type, id, advertisingRouter, sequence }: Candidate["lsa"]) {
  return { type, linkStateId: id, advertisingRouter, sequence };
}

type DetailMessage = NonNullable<MessageInitShape<typeof EventSchema>["detail"]>;

export function ospfEvent({ type, ...value }: OspfDetail): DetailMessage {
  return { case: EVENT_CASES[type], value } as DetailMessage; // the fields have the same names
}

const EVENT_CASES = {
  "ospf-neighbor": "ospfNeighbor",
  "ospf-interface": "ospfInterface",
  "ospf-mismatch": "ospfMismatch",
} as const;

/** Without those that are undefined: an absent field is not the same as one that is undefined. */
function known<Values extends object>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Values]?: Exclude<Values[Name], undefined> };
}
