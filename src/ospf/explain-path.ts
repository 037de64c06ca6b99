import { formatIpv4, formatIpv4Prefix, maskLength, maskOf, readIpv4, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER, MAX_LINK_METRIC } from "#ospf/constants.ts";
import { readContent, saysTheSame, STUB_LINK, TRANSIT_LINK } from "#ospf/lsa-content.ts";
import type { Lsa, RouterLink } from "#ospf/lsa.ts";
import type { AreaTree } from "#ospf/spf.ts";

/** An LSA as people name it. */
export interface LsaReference {
  /** "router", "network", "summary", "asbr-summary" or "external". */
  readonly type: string;
  readonly id: string;
  readonly advertisingRouter: string;
  /** "0x80000001" is the first. */
  readonly sequence: string;
}

/** From one router or network to the next. */
export interface PathStep {
  /** "router 10.0.0.1" or "network 10.1.0.0/24". */
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  /** From this router to `to`. */
  readonly total: number;
  /** Whose link it is. */
  readonly lsa: LsaReference;
  /** The link costs as much as a link can: its router offers no transit (RFC 6987). */
  readonly isMaxMetric: boolean;
}

export type Path = readonly PathStep[];

/** All shortest paths from the root to a vertex, `most` of them, the smaller ids first. */
export function pathsTo(tree: AreaTree, slot: number, most: number): Path[] {
  const paths: Path[] = [];
  const steps: PathStep[] = [];
  // Links that cost nothing could lead in a circle.
  const passed = new Set([slot]);
  const walk = (at: number): void => {
    if (at === tree.root) {
      paths.push(steps.toReversed());
      return;
    }
    if (steps.length >= MOST_STEPS) return;
    for (const { parent, cost } of parentsOf(tree, at)) {
      if (paths.length >= most) return;
      if (passed.has(parent)) continue;
      passed.add(parent);
      steps.push(stepOf(tree, parent, at, cost));
      walk(parent);
      steps.pop();
      passed.delete(parent);
    }
  };
  if (tree.root >= 0 && tree.distances[slot]! < Infinity) walk(slot);
  return paths;
}

interface Parent {
  readonly parent: number;
  readonly cost: number;
}

/** The vertices before one on its shortest paths: those whose distance and link add up to its own. */
function parentsOf(tree: AreaTree, slot: number): Parent[] {
  const found: Parent[] = [];
  for (const parent of neighborsOf(tree, slot)) {
    const distance = tree.distances[parent]!;
    if (distance === Infinity) continue;
    const costs = costsBetween(tree, parent, slot);
    const cost = costs.find((each) => distance + each === tree.distances[slot]);
    if (cost !== undefined) found.push({ parent, cost });
  }
  const { graph } = tree;
  return found.sort((a, b) => graph.ids[a.parent]! - graph.ids[b.parent]!);
}

/** The vertices that a vertex says it has a link to, each once. */
export function neighborsOf(tree: AreaTree, slot: number): number[] {
  const { routers, networks } = tree.graph;
  const found = new Set<number | undefined>();
  if (tree.graph.isNetwork[slot])
    for (const router of attachedTo(tree, slot)) found.add(routers.get(router | 0));
  else
    for (const { type, id } of linksOf(tree.lsas[slot]))
      if (type !== STUB_LINK) found.add((type === TRANSIT_LINK ? networks : routers).get(id | 0));
  found.delete(undefined);
  return [...found] as number[];
}

/** Costs of the links that a vertex says it has to another; none when it says there is no such link. */
export function costsBetween(tree: AreaTree, from: number, to: number): number[] {
  const id = tree.graph.ids[to]!;
  const isToNetwork = tree.graph.isNetwork[to] === 1;
  if (tree.graph.isNetwork[from]) return !isToNetwork && attachedTo(tree, from).includes(id) ? [0] : [];
  const links = linksOf(tree.lsas[from]).filter(
    (link) => link.type !== STUB_LINK && link.id === id && (link.type === TRANSIT_LINK) === isToNetwork,
  );
  return links.map(({ metric }) => metric);
}

function linksOf(lsa: Lsa | undefined): readonly RouterLink[] {
  const content = lsa && readContent(lsa);
  return content?.type === "router" ? content.links : [];
}

function attachedTo(tree: AreaTree, slot: number): readonly Ipv4[] {
  const content = tree.lsas[slot] && readContent(tree.lsas[slot]);
  return content?.type === "network" ? content.routers : [];
}

function stepOf(tree: AreaTree, from: number, to: number, cost: number): PathStep {
  return {
    from: vertexName(tree, from),
    to: vertexName(tree, to),
    cost,
    total: tree.distances[to]!,
    lsa: lsaReference(lsaAt(tree, from)!),
    isMaxMetric: cost >= MAX_LINK_METRIC,
  };
}

/** The LSA that the tree was made of, or the instance that has only refreshed it since. */
export function lsaAt(tree: AreaTree, slot: number): Lsa | undefined {
  const [used, now] = [tree.lsas[slot], tree.graph.lsas[slot]];
  return used && now && used.key === now.key && saysTheSame(used, now) ? now : used;
}

/** "router 10.0.0.1", "network 10.1.0.0/24". */
export function vertexName(tree: AreaTree, slot: number): string {
  const id = tree.graph.ids[slot]!;
  const lsa = tree.lsas[slot];
  if (!tree.graph.isNetwork[slot]) return `router ${formatIpv4(id)}`;
  const length = lsa ? (maskLength(readIpv4(lsa.bytes, LSA_HEADER)) ?? 32) : 32;
  return `network ${formatIpv4Prefix((id & maskOf(length)) >>> 0, length)}`;
}

export function lsaReference(lsa: Lsa): LsaReference {
  return {
    type: LSA_NAMES[lsa.type] ?? `type ${lsa.type}`,
    id: formatIpv4(lsa.id),
    advertisingRouter: formatIpv4(lsa.advertisingRouter),
    sequence: `0x${(lsa.sequence >>> 0).toString(16).padStart(8, "0")}`,
  };
}

const LSA_NAMES: Readonly<Record<number, string>> = {
  1: "router",
  2: "network",
  3: "summary",
  4: "asbr-summary",
  5: "external",
};

/** Equal paths shown of a candidate; in a grid there are thousands. */
export const MOST_PATHS = 8;

/** Longer paths are not shown: nobody would read them. */
const MOST_STEPS = 1_000;
