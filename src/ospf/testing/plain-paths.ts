import type { Ipv4 } from "#base/ipv4.ts";
import type { NextHop } from "#ospf/routes.ts";
import { interfaceName, type AreaPlan } from "#ospf/testing/random-area.ts";

/** How far something is and how to get there, found in the plainest way: to compare with. */
export interface PlainPath {
  readonly cost: number;
  /** Texts, sorted: "if0a000001" or "if0a000001 167772162". */
  readonly hops: readonly string[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly cost: number;
  /** The end's address on the link. */
  readonly address: Ipv4;
  /** The other end's, where there is one. */
  readonly peer?: Ipv4;
}

export function hopText({ interface: name, gateway }: NextHop): string {
  return gateway === undefined ? name : `${name} ${gateway}`;
}

export function prefixText(network: Ipv4, length: number): string {
  return `${network}/${length}`;
}

/**
 * All routers ("r1"), transit networks ("n3232235521") and prefixes ("3232235520/24") of an area that the first router
 * reaches: distances by looking at all vertices in each round, next hops by walking every shortest path there is.
 */
export function plainPaths(plan: AreaPlan): Map<string, PlainPath> {
  const told = edgesOf(plan);
  const edges = told.filter(({ from, to }) => told.some((back) => back.from === to && back.to === from));
  const root = `r${plan.routers[0]!}`;
  const distances = distancesFrom(root, edges);
  const hops = new Map<string, Set<string>>([[root, new Set()]]);
  const walk = (path: readonly Edge[], at: string): void => {
    if (path.length > 0) {
      const known = hops.get(at) ?? new Set();
      for (const hop of firstHops(path, edges)) known.add(hop);
      hops.set(at, known);
    }
    for (const edge of edges)
      if (edge.from === at && distances.get(at)! + edge.cost === distances.get(edge.to))
        walk([...path, edge], edge.to);
  };
  walk([], root);
  const found = new Map<string, PlainPath>();
  const offer = (name: string, cost: number, more: Iterable<string>): void => {
    const known = found.get(name);
    if (known && known.cost < cost) return;
    const all = new Set([...(known?.cost === cost ? known.hops : []), ...more]);
    found.set(name, { cost, hops: [...all].sort() });
  };
  for (const [vertex, cost] of distances) offer(vertex, cost, hops.get(vertex)!);
  for (const { id, network } of plan.lans) {
    const path = found.get(`n${id}`);
    if (path) offer(prefixText(network, 24), path.cost, path.hops);
  }
  for (const { router, network, length, cost, own } of stubsOf(plan)) {
    const path = found.get(`r${router}`);
    if (path) offer(prefixText(network, length), path.cost + cost, `r${router}` === root ? own : path.hops);
  }
  return found;
}

function edgesOf({ cables, lans }: AreaPlan): Edge[] {
  const onCables = cables.flatMap(({ ends }) =>
    ends.flatMap(({ router, address, cost, isTold }, i): Edge[] => {
      const other = ends[1 - i]!;
      return isTold
        ? [{ from: `r${router}`, to: `r${other.router}`, cost, address, peer: other.address }]
        : [];
    }),
  );
  const onLans = lans.flatMap(({ id, members }) =>
    members.flatMap(({ router, address, cost, isToldByRouter, isToldByNetwork }): Edge[] => [
      ...(isToldByRouter ? [{ from: `r${router}`, to: `n${id}`, cost, address }] : []),
      ...(isToldByNetwork ? [{ from: `n${id}`, to: `r${router}`, cost: 0, address }] : []),
    ]),
  );
  return [...onCables, ...onLans];
}

function distancesFrom(root: string, edges: readonly Edge[]): Map<string, number> {
  const distances = new Map([[root, 0]]);
  const done = new Set<string>();
  for (;;) {
    let nearest: string | undefined;
    for (const [vertex, distance] of distances)
      if (!done.has(vertex) && (nearest === undefined || distance < distances.get(nearest)!))
        nearest = vertex;
    if (nearest === undefined) return distances;
    done.add(nearest);
    for (const { from, to, cost } of edges) {
      if (from !== nearest) continue;
      const distance = distances.get(nearest)! + cost;
      if (distance < (distances.get(to) ?? Infinity)) distances.set(to, distance);
    }
  }
}

/** How a packet leaves that takes a path. */
function firstHops([first, second]: readonly Edge[], edges: readonly Edge[]): string[] {
  const name = interfaceName(first!.address);
  if (first!.to.startsWith("r")) return [`${name} ${first!.peer}`];
  if (!second) return [name];
  const onNetwork = edges.filter(({ from, to }) => from === second.to && to === first!.to);
  return onNetwork.map(({ address }) => `${name} ${address}`);
}

/** Stub networks, those of cables included; `own`: how the first router itself gets there. */
function stubsOf({
  cables,
  stubs,
}: AreaPlan): { router: Ipv4; network: Ipv4; length: number; cost: number; own: string[] }[] {
  return [
    ...stubs.map((stub) => ({ ...stub, own: [] })),
    ...cables.flatMap(({ ends, network }) =>
      ends
        .filter(({ isTold }) => isTold)
        .map(({ router, cost, address }) => ({
          router,
          network,
          length: 30,
          cost,
          own: [interfaceName(address)],
        })),
    ),
  ];
}
