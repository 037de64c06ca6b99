import { formatIpv4, maskLength, maskOf } from "#base/ipv4.ts";
import { MAX_AGE, MAX_LINK_METRIC, NETWORK_LSA } from "#ospf/constants.ts";
import type { Destination } from "#ospf/destinations.ts";
import type { Offer, Verdict } from "#ospf/explain.ts";
import {
  costsBetween,
  lsaAt,
  lsaReference,
  MOST_PATHS,
  neighborsOf,
  pathsTo,
  vertexName,
  type PathStep,
} from "#ospf/explain-path.ts";
import { readContent, STUB_LINK } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";
import type { AreaTree } from "#ospf/spf.ts";

/** The networks and routers of an area that name a destination, each with its paths or why there is none. */
export function intraAreaCandidates(tree: AreaTree, destination: Destination): Offer[] {
  const offers: Offer[] = [];
  const area = formatIpv4(tree.area);
  for (const slot of tree.lsas.keys()) {
    const metric = metricOf(lsaAt(tree, slot), destination);
    if (metric === undefined) continue;
    const about = { lsa: lsaReference(lsaAt(tree, slot)!), pathType: "intra-area", area, metric } as const;
    if (tree.distances[slot] === Infinity) {
      offers.push({ ...about, paths: [], fault: faultOf(tree, slot) });
      continue;
    }
    const paths = pathsTo(tree, slot, MOST_PATHS);
    const last = tree.graph.isNetwork[slot] ? [] : [lastStep(tree, slot, destination, metric)];
    const cost = tree.distances[slot]! + metric;
    offers.push({ ...about, cost, paths: paths.map((path) => [...path, ...last]) });
  }
  for (const lsa of tree.graph.told()) {
    const metric = metricOf(lsa, destination);
    if (metric === undefined || lsa.timeOfAge(MAX_AGE) > tree.at) continue;
    const fault = { verdict: "max-age", why: "it has reached MaxAge and is on its way out" } as const;
    offers.push({ lsa: lsaReference(lsa), pathType: "intra-area", area, metric, paths: [], fault });
  }
  // The network with the largest Link State ID is the one that counts (RFC 2328 16.1 (4)).
  const rank = ({ lsa }: Offer): number => (lsa.type === "network" ? 0 : 1);
  return offers.sort((a, b) => rank(a) - rank(b) || (rank(a) === 0 ? byId(b, a) : byId(a, b)));
}

function byId(a: Offer, b: Offer): number {
  const numbers = [a, b].map(({ lsa }) =>
    lsa.id.split(".").reduce((sum, part) => 256 * sum + Number(part), 0),
  );
  return numbers[0]! - numbers[1]!;
}

/** What it costs from an LSA's vertex to a destination that it names; undefined when it does not. */
function metricOf(lsa: Lsa | undefined, { network, length }: Destination): number | undefined {
  const content = lsa && readContent(lsa);
  if (content?.type === "network")
    return maskLength(content.mask) === length && (lsa!.id & content.mask) >>> 0 === network ? 0 : undefined;
  if (content?.type !== "router") return undefined;
  const metrics = content.links.flatMap(({ type, id, data, metric }) =>
    type === STUB_LINK && data === maskOf(length) && (id & data) >>> 0 === network ? [metric] : [],
  );
  return metrics.length > 0 ? Math.min(...metrics) : undefined;
}

function lastStep(tree: AreaTree, slot: number, destination: Destination, metric: number): PathStep {
  return {
    from: vertexName(tree, slot),
    to: `stub network ${formatIpv4(destination.network)}/${destination.length}`,
    cost: metric,
    total: tree.distances[slot]! + metric,
    lsa: lsaReference(lsaAt(tree, slot)!),
    isMaxMetric: metric >= MAX_LINK_METRIC,
  };
}

/** Why no path leads to a vertex, as far as its own links and those to it say. */
function faultOf(tree: AreaTree, slot: number): { verdict: Verdict; why: string } {
  const name = vertexName(tree, slot);
  const own = neighborsOf(tree, slot);
  for (const other of own) {
    if (tree.distances[other] === Infinity) continue;
    if (costsBetween(tree, other, slot).length === 0)
      return {
        verdict: "not-two-way",
        why: `${name} has a link to ${vertexName(tree, other)}, which has none back`,
      };
    if (other === tree.root) {
      const why = `this router has a link to ${name}, but no interface with a full neighbor that belongs to it`;
      return { verdict: "no-interface", why };
    }
  }
  for (const other of tree.lsas.keys())
    if (
      tree.distances[other]! < Infinity &&
      !own.includes(other) &&
      costsBetween(tree, other, slot).length > 0
    )
      return {
        verdict: "not-two-way",
        why: `${vertexName(tree, other)} has a link to ${name}, which has none back`,
      };
  const isLan = tree.lsas[slot]?.type === NETWORK_LSA;
  return { verdict: "unreachable", why: `no path leads to ${name}${isLan ? "" : ", which has told this"}` };
}
