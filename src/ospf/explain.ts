import { formatIpv4, formatIpv4Prefix, type Ipv4 } from "#base/ipv4.ts";
import type { External, Summary } from "#ospf/advertised.ts";
import { SUMMARY_ASBR_LSA } from "#ospf/constants.ts";
import type { Destination } from "#ospf/destinations.ts";
import { intraAreaCandidates } from "#ospf/explain-inside.ts";
import {
  lsaReference,
  MOST_PATHS,
  pathsTo,
  vertexName,
  type LsaReference,
  type Path,
} from "#ospf/explain-path.ts";
import {
  compareExternalPaths,
  externalPath,
  type ExternalPath,
  ForwardingAddresses,
} from "#ospf/external-routes.ts";
import type { OspfRoute, PathType } from "#ospf/routes.ts";
import { summaryPath, type Fault, type InsidePath, type TableInputs } from "#ospf/routing-table.ts";

/** Plain data, addresses as text: to be shown, or printed as JSON. */
export interface RouteExplanation {
  readonly address: string;
  /** The route with the longest prefix; undefined when none matches. */
  readonly route: ExplainedRoute | undefined;
  /** All LSAs that name its prefix: those used first. */
  readonly candidates: readonly Candidate[];
  /** Prefixes that match better, but that nothing leads to. */
  readonly unusable: readonly { readonly prefix: string; readonly candidates: readonly Candidate[] }[];
  /** Routes with shorter prefixes that match too. */
  readonly lessSpecific: readonly { readonly prefix: string; readonly pathType: PathType }[];
}

export interface ExplainedRoute {
  readonly prefix: string;
  readonly pathType: PathType;
  readonly area?: string;
  readonly cost: number;
  readonly type2Cost?: number;
  readonly tag?: number;
  readonly isConnected: boolean;
  readonly nextHops: readonly { readonly interface: string; readonly gateway?: string }[];
}

/** An LSA that names the prefix, and what became of it. */
export interface Candidate {
  readonly lsa: LsaReference;
  readonly pathType: PathType;
  readonly area?: string;
  /** Undefined: there is no way. */
  readonly cost?: number;
  readonly type2Cost?: number;
  /** What the LSA itself adds at the end of the path. */
  readonly metric: number;
  readonly forwardingAddress?: string;
  readonly verdict: Verdict;
  /** For people: "costs 30, more than 20". Empty when it is used. */
  readonly why: string;
  /** Equal shortest paths to the router or network that the LSA stands for, at most 8. */
  readonly paths: readonly Path[];
}

/** Used, or why not. */
export type Verdict =
  | "used"
  | "larger-cost"
  | "path-type"
  | "larger-type-2-metric"
  | "less-preferred-area"
  | "smaller-link-state-id"
  | "not-two-way"
  | "unreachable"
  | "no-interface"
  | Fault;

/** A candidate before it is known what is used. */
export interface Offer extends Omit<Candidate, "verdict" | "why"> {
  readonly fault?: { readonly verdict: Verdict; readonly why: string };
  /** For externals: to compare with others. */
  readonly external?: ExternalPath;
}

/** Which prefix an address belongs to, what led there, and why other paths lost. RFC 2328 11.1, 16. */
export function explainRoute(
  address: Ipv4,
  inputs: TableInputs,
  forwarding: ForwardingAddresses,
): RouteExplanation {
  const matches = [...inputs.destinations.matches(address)];
  const chosen = matches.find(({ route }) => route);
  const longer = chosen ? matches.slice(0, matches.indexOf(chosen)) : matches;
  const shorter = chosen ? matches.slice(matches.indexOf(chosen) + 1) : [];
  const unusable = longer.map((each) => ({
    prefix: prefixOf(each),
    candidates: candidatesOf(inputs, each, forwarding),
  }));
  return {
    address: formatIpv4(address),
    route: chosen?.route && explainedRoute(chosen.route),
    candidates: chosen ? candidatesOf(inputs, chosen, forwarding) : [],
    unusable: unusable.filter(({ candidates }) => candidates.length > 0),
    lessSpecific: shorter.flatMap((each) =>
      each.route ? [{ prefix: prefixOf(each), pathType: each.route.pathType }] : [],
    ),
  };
}

function prefixOf({ network, length }: Destination): string {
  return formatIpv4Prefix(network, length);
}

function explainedRoute(route: OspfRoute): ExplainedRoute {
  const { network, length, pathType, area, cost, type2Cost, tag, isConnected, nextHops } = route;
  return {
    prefix: formatIpv4Prefix(network, length),
    pathType,
    ...(area !== undefined && { area: formatIpv4(area) }),
    cost,
    ...(pathType === "external-2" && { type2Cost }),
    ...(pathType.startsWith("external") && { tag }),
    isConnected,
    nextHops: nextHops.map((hop) =>
      hop.gateway === undefined
        ? { interface: hop.interface }
        : { interface: hop.interface, gateway: formatIpv4(hop.gateway) },
    ),
  };
}

function candidatesOf(
  inputs: TableInputs,
  destination: Destination,
  forwarding: ForwardingAddresses,
): Candidate[] {
  const offers = [
    ...[...inputs.areas.values()].flatMap(({ tree }) => intraAreaCandidates(tree, destination)),
    ...sorted(destination.summaries).map((each) => summaryOffer(inputs, each)),
    ...sorted(destination.externals).map((each) => externalOffer(inputs, each, forwarding)),
  ];
  const best = offers.reduce<Offer | undefined>(
    (known, offer) => (offer.fault || (known && compareOffers(inputs, offer, known) >= 0) ? known : offer),
    undefined,
  );
  const candidates = offers.map((offer) => judged(inputs, offer, best));
  return [
    ...candidates.filter(({ verdict }) => verdict === "used"),
    ...candidates.filter(({ verdict }) => verdict !== "used"),
  ];
}

function sorted<Told extends Summary | External>(told: readonly Told[]): Told[] {
  return told.toSorted((a, b) => a.lsa.advertisingRouter - b.lsa.advertisingRouter || a.lsa.id - b.lsa.id);
}

function summaryOffer(inputs: TableInputs, summary: Summary): Offer {
  const path = summaryPath(inputs, summary);
  const about = {
    lsa: lsaReference(summary.lsa),
    pathType: "inter-area",
    area: formatIpv4(summary.area),
    metric: summary.metric,
  } as const;
  if (typeof path === "string")
    return { ...about, paths: [], fault: faultOf(path, summary.lsa.advertisingRouter) };
  return { ...about, cost: path.cost, paths: pathsBySummary(inputs, path, summary) };
}

function externalOffer(inputs: TableInputs, external: External, forwarding: ForwardingAddresses): Offer {
  const { lsa, metric, isType2, forwardingAddress } = external;
  const path = externalPath(inputs, external, forwarding);
  const about = {
    lsa: lsaReference(lsa),
    pathType: isType2 ? "external-2" : "external-1",
    metric,
    ...(forwardingAddress !== 0 && { forwardingAddress: formatIpv4(forwardingAddress) }),
  } as const;
  if (typeof path === "string")
    return { ...about, paths: [], fault: faultOf(path, lsa.advertisingRouter, forwardingAddress) };
  const paths =
    forwardingAddress === 0
      ? pathsToRouter(inputs, path.inside, lsa.advertisingRouter)
      : pathsToAddress(inputs, forwardingAddress);
  const cost = { cost: path.cost, ...(isType2 && { type2Cost: path.type2Cost }) };
  return { ...about, ...cost, paths, external: path };
}

/** To an AS boundary router; to one in another area by the border routers that tell of it. */
function pathsToRouter(inputs: TableInputs, { area, cost }: InsidePath, router: Ipv4): Path[] {
  const view = inputs.areas.get(area);
  if (!view) return [];
  const slot = view.tree.graph.routers.get(router | 0);
  if (slot !== undefined && view.tree.distances[slot]! < Infinity)
    return pathsTo(view.tree, slot, MOST_PATHS);
  const paths: Path[] = [];
  for (const summary of view.summaries.values()) {
    if (summary.lsa.type !== SUMMARY_ASBR_LSA || summary.target !== router) continue;
    const path = summaryPath(inputs, summary);
    if (typeof path !== "string" && path.cost === cost) paths.push(...pathsBySummary(inputs, path, summary));
  }
  return paths.slice(0, MOST_PATHS);
}

/** To the border router, and from there as far as the summary says. */
function pathsBySummary(inputs: TableInputs, { area, cost }: InsidePath, summary: Summary): Path[] {
  const { lsa, metric, target, length } = summary;
  const { tree } = inputs.areas.get(area)!;
  const border = tree.graph.routers.get(lsa.advertisingRouter | 0)!;
  const to =
    lsa.type === SUMMARY_ASBR_LSA
      ? `router ${formatIpv4(target)}`
      : `network ${formatIpv4Prefix(target, length)}`;
  const last = {
    from: vertexName(tree, border),
    to: `${to} of another area`,
    cost: metric,
    total: cost,
    lsa: lsaReference(lsa),
    isMaxMetric: false,
  };
  return pathsTo(tree, border, MOST_PATHS).map((path) => [...path, last]);
}

function pathsToAddress(inputs: TableInputs, address: Ipv4): readonly Path[] {
  for (const destination of inputs.destinations.matches(address)) {
    if (!destination.internal) continue;
    const [first] = candidatesOf(inputs, { ...destination, externals: [] }, new ForwardingAddresses());
    return first?.paths ?? [];
  }
  return [];
}

function compareOffers({ rfc1583Compatible }: TableInputs, a: Offer, b: Offer): number {
  if (a.pathType !== b.pathType) return PATH_TYPES.indexOf(a.pathType) - PATH_TYPES.indexOf(b.pathType);
  if (a.external && b.external) return compareExternalPaths(a.external, b.external, rfc1583Compatible);
  const areNetworks = a.lsa.type === "network" && b.lsa.type === "network";
  const byArea = addressOrder(b.area!, a.area!);
  return a.cost! - b.cost! || byArea || (areNetworks ? addressOrder(b.lsa.id, a.lsa.id) : 0);
}

function addressOrder(a: string, b: string): number {
  const [left, right] = [a, b].map((text) =>
    text.split(".").reduce((sum, part) => 256 * sum + Number(part), 0),
  );
  return left! - right!;
}

function judged(inputs: TableInputs, offer: Offer, best: Offer | undefined): Candidate {
  const { fault, external: _, ...candidate } = offer;
  if (fault) return { ...candidate, ...fault };
  if (!best || compareOffers(inputs, offer, best) === 0) return { ...candidate, verdict: "used", why: "" };
  return { ...candidate, ...lossOf(offer, best) };
}

/** Why an offer lost that leads to the destination, but worse than another. */
function lossOf(offer: Offer, best: Offer): { verdict: Verdict; why: string } {
  if (offer.pathType !== best.pathType)
    return { verdict: "path-type", why: `${best.pathType} routes come before ${offer.pathType} ones` };
  if (offer.type2Cost !== undefined && offer.type2Cost !== best.type2Cost)
    return {
      verdict: "larger-type-2-metric",
      why: `type 2 metric ${offer.type2Cost}, more than ${best.type2Cost}`,
    };
  if (offer.external && offer.external.inside.isPreferred !== best.external?.inside.isPreferred) {
    const why = "paths inside an area that is not the backbone come first (RFC 2328 16.4.1)";
    return { verdict: "less-preferred-area", why };
  }
  if (offer.cost === best.cost && offer.area === best.area)
    return {
      verdict: "smaller-link-state-id",
      why: `as cheap as ${best.lsa.id}, which is larger (RFC 2328 16.1 (4))`,
    };
  if (offer.cost === best.cost)
    return {
      verdict: "less-preferred-area",
      why: `as cheap as in area ${best.area}, which has the larger id`,
    };
  const stub = offer.paths[0]?.find(({ isMaxMetric }) => isMaxMetric);
  const through = stub ? `; ${stub.from} offers no transit (its links cost the most that a link can)` : "";
  return { verdict: "larger-cost", why: `costs ${offer.cost}, more than ${best.cost}${through}` };
}

function faultOf(verdict: Fault, router: Ipv4, forwardingAddress = 0): { verdict: Fault; why: string } {
  const texts: Readonly<Record<Fault, string>> = {
    "max-age": "it has reached MaxAge and is on its way out",
    "infinite-metric": "its metric says that the network cannot be reached",
    own: "it is this router's own",
    "not-backbone": "a border router looks at the backbone's summaries only",
    "border-router-unreachable": `no path leads to ${formatIpv4(router)} as a border router`,
    "asbr-unreachable": `no path leads to ${formatIpv4(router)} as an AS boundary router`,
    "forwarding-address-unreachable": `no route inside leads to the forwarding address ${formatIpv4(forwardingAddress)}`,
    "forwarding-address-is-own": `the forwarding address ${formatIpv4(forwardingAddress)} is this router's own`,
  };
  return { verdict, why: texts[verdict] };
}

/** In the order in which they are preferred. RFC 2328 11. */
const PATH_TYPES: readonly PathType[] = ["intra-area", "inter-area", "external-1", "external-2"];
