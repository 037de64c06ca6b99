import { maskLength, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { AttachedLinks } from "#ospf/attached-links.ts";
import type { Graph } from "#ospf/graph.ts";
import { RouterLinks, STUB_LINK, TRANSIT_LINK } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { NO_HOPS, type NextHopSets } from "#ospf/next-hop-sets.ts";
import { NumberHeap } from "#ospf/number-heap.ts";

/**
 * What one calculation found out about one area; nobody writes to it afterwards. Vertices are named by the slots of the
 * graph, destinations by theirs; sets of next hops by their numbers. What led to a vertex is not kept, since LSAs and
 * distances say it to whoever asks (explain-path.ts).
 */
export interface AreaTree {
  readonly area: Ipv4;
  /** Slot of this router; -1 when it has no router-LSA in the area, and then nothing is reached. */
  readonly root: number;
  /** ms. */
  readonly at: number;
  readonly graph: Graph;
  /** By slot, as they were. */
  readonly lsas: readonly (Lsa | undefined)[];
  /** By slot: how far away; Infinity for what is not reached. */
  readonly distances: Float64Array;
  readonly hops: Int32Array;
  /** By destination: cost, next hops, and the slot of the vertex whose LSA names it (-1: none). */
  readonly costs: Float64Array;
  readonly destinationHops: Int32Array;
  readonly origins: Int32Array;
}

export interface SpfInput {
  readonly area: Ipv4;
  readonly routerId: Ipv4;
  /** Prepared for `now`. */
  readonly graph: Graph;
  readonly links: AttachedLinks;
  readonly sets: NextHopSets;
  /** How many destinations there are. */
  readonly destinations: number;
  /** ms. */
  readonly now: number;
}

/**
 * The shortest paths from this router to all vertices and destinations of an area, all of equal length. RFC 2328 16.1.
 * Routers that offer no transit (RFC 6987) need no rule of their own: their links cost MAX_LINK_METRIC.
 */
export function calculateTree(input: SpfInput): AreaTree {
  const { graph, now, area } = input;
  const root = graph.routers.get(input.routerId | 0) ?? -1;
  const tree = {
    area,
    root: root >= 0 && graph.lsas[root] ? root : -1,
    at: now,
    graph,
    lsas: graph.lsas.slice(),
    distances: new Float64Array(graph.size).fill(Infinity),
    hops: new Int32Array(graph.size),
    costs: new Float64Array(input.destinations).fill(Infinity),
    destinationHops: new Int32Array(input.destinations),
    origins: new Int32Array(input.destinations).fill(-1),
  };
  if (tree.root < 0) return tree;
  new FirstStage(input, tree).run();
  addNetworks(input, tree);
  addStubs(input, tree);
  return tree;
}

/** Before anything is calculated: nothing is reached. */
export function emptyTree(area: Ipv4, graph: Graph): AreaTree {
  const none = new Int32Array(0);
  const never = new Float64Array(0);
  const vertices = { lsas: [], distances: never, hops: none };
  return { area, root: -1, at: 0, graph, ...vertices, costs: never, destinationHops: none, origins: none };
}

/** Dijkstra's algorithm over routers and transit networks. RFC 2328 16.1 (1) to (3). */
class FirstStage {
  readonly #input: SpfInput;
  readonly #tree: AreaTree;
  readonly #settled: Uint8Array;
  readonly #heap = new NumberHeap();
  /** Which rank in the graph's order a slot has, and back. */
  readonly #order: Int32Array;
  readonly #rank: Int32Array;
  /** Power of two: what a distance is multiplied with, so that a rank has room beside it. */
  readonly #room: number;

  constructor(input: SpfInput, tree: AreaTree) {
    this.#input = input;
    this.#tree = tree;
    const { graph } = input;
    this.#settled = new Uint8Array(graph.size);
    this.#order = graph.order();
    this.#rank = new Int32Array(graph.size);
    for (let rank = 0; rank < graph.size; rank++) this.#rank[this.#order[rank]!] = rank;
    this.#room = 2 ** Math.ceil(Math.log2(graph.size + 1));
  }

  run(): void {
    const { distances, hops, root } = this.#tree;
    const { graph, sets } = this.#input;
    const { edgeStart, edgeCount, edgeTarget, edgeCost, isNetwork } = graph;
    const [settled, heap, order, room] = [this.#settled, this.#heap, this.#order, this.#room];
    distances[root] = 0;
    settled[root] = 1;
    this.#leaveRoot();
    while (heap.size > 0) {
      const key = heap.pop();
      const vertex = order[key - Math.floor(key / room) * room]!;
      if (settled[vertex]) continue;
      settled[vertex] = 1;
      const distance = distances[vertex]!;
      const set = hops[vertex]!;
      const isAttached = isNetwork[vertex] === 1 && sets.hops(set).some((hop) => hop.gateway === undefined);
      const end = edgeStart[vertex]! + edgeCount[vertex]!;
      for (let edge = edgeStart[vertex]!; edge < end; edge++) {
        const target = edgeTarget[edge]!;
        const found = distance + edgeCost[edge]!;
        // It may be far cheaper to see that the path is too long than to look for the link back.
        if (settled[target] || found > distances[target]! || !linksBack(graph, target, vertex)) continue;
        this.#offer(target, found, isAttached ? this.#acrossNetwork(vertex, target) : set);
      }
    }
  }

  /** Links of this router itself: only those count that an interface stands behind. RFC 2328 16.1.1. */
  #leaveRoot(): void {
    const { graph, links, sets } = this.#input;
    const { root, lsas } = this.#tree;
    const cursor = new RouterLinks();
    cursor.open(lsas[root]!);
    while (cursor.next()) {
      const { type, id, data, metric } = cursor;
      if (type === STUB_LINK) continue;
      const target = (type === TRANSIT_LINK ? graph.networks : graph.routers).get(id);
      if (target === undefined || this.#settled[target] || !linksBack(graph, target, root)) continue;
      const set = sets.of(links.hopsOf(type, id >>> 0, data >>> 0));
      if (set !== NO_HOPS) this.#offer(target, metric, set);
    }
  }

  /** A path to a vertex: shorter than what is known, or of the same length. RFC 2328 16.1 (2) (d). */
  #offer(target: number, distance: number, set: number): void {
    const { distances, hops } = this.#tree;
    const known = distances[target]!;
    if (distance > known) return;
    if (distance === known) {
      hops[target] = this.#input.sets.union(hops[target]!, set);
      return;
    }
    distances[target] = distance;
    hops[target] = set;
    // Networks come before routers of the same distance, so that all equal paths are found.
    const kind = this.#input.graph.isNetwork[target] ? 0 : 1;
    this.#heap.push((2 * distance + kind) * this.#room + this.#rank[target]!);
  }

  /** Next hops to a router on a network of this router's own: the router's addresses there. RFC 2328 16.1.1. */
  #acrossNetwork(network: number, router: number): number {
    const { graph, sets } = this.#input;
    const addresses: Ipv4[] = [];
    const cursor = new RouterLinks();
    const id = graph.ids[network]! | 0;
    cursor.open(this.#tree.lsas[router]!);
    while (cursor.next())
      if (cursor.type === TRANSIT_LINK && cursor.id === id) addresses.push(cursor.data >>> 0);
    const hops = sets.hops(this.#tree.hops[network]!);
    return sets.of(
      hops.flatMap((hop) =>
        hop.gateway === undefined
          ? addresses.map((gateway) => ({ interface: hop.interface, gateway }))
          : [hop],
      ),
    );
  }
}

/** RFC 2328 16.1 (2) (b): a link counts when the other end has one to this end, whatever it costs. */
function linksBack(graph: Graph, from: number, to: number): boolean {
  const { edgeTarget } = graph;
  const start = graph.edgeStart[from]!;
  const end = start + graph.edgeCount[from]!;
  for (let edge = start; edge < end; edge++) if (edgeTarget[edge] === to) return true;
  return false;
}

/**
 * Transit networks as destinations. RFC 2328 16.1 (4): of two that are one IP network (while a designated router gives
 * way to another) and equally far, the one with the larger Link State ID counts.
 */
function addNetworks({ graph }: SpfInput, tree: AreaTree): void {
  const { distances, hops, costs, destinationHops, origins } = tree;
  for (let slot = 0; slot < graph.size; slot++) {
    if (graph.isNetwork[slot] === 0 || distances[slot] === Infinity) continue;
    const destination = graph.destination[slot]!;
    const cost = distances[slot]!;
    const known = costs[destination]!;
    if (cost > known) continue;
    if (cost === known && graph.ids[origins[destination]!]! > graph.ids[slot]!) continue;
    costs[destination] = cost;
    destinationHops[destination] = hops[slot]!;
    origins[destination] = slot;
  }
}

/** RFC 2328 16.1, second stage. */
function addStubs(input: SpfInput, tree: AreaTree): void {
  const { graph } = input;
  const { distances, hops, root } = tree;
  const { isNetwork, stubStart, stubCount, stubDestination, stubCost } = graph;
  addRootStubs(input, tree);
  for (let slot = 0; slot < graph.size; slot++) {
    const distance = distances[slot]!;
    if (isNetwork[slot] === 1 || distance === Infinity || slot === root) continue;
    const end = stubStart[slot]! + stubCount[slot]!;
    for (let stub = stubStart[slot]!; stub < end; stub++)
      addStub(input, tree, stubDestination[stub]!, distance + stubCost[stub]!, hops[slot]!, slot);
  }
}

function addRootStubs(input: SpfInput, tree: AreaTree): void {
  const { graph, links, sets } = input;
  const cursor = new RouterLinks();
  cursor.open(tree.lsas[tree.root]!);
  let stub = graph.stubStart[tree.root]!;
  while (cursor.next()) {
    const length = maskLength(cursor.data >>> 0);
    if (cursor.type !== STUB_LINK || length === undefined) continue;
    const set = sets.of(links.hopsToStub((cursor.id & maskOf(length)) >>> 0, length));
    addStub(input, tree, graph.stubDestination[stub++]!, cursor.metric, set, tree.root);
  }
}

/** Of equal paths the transit network is named as the origin, or else the router with the smallest id. */
function addStub(
  { graph, sets }: SpfInput,
  { costs, destinationHops, origins }: AreaTree,
  destination: number,
  cost: number,
  set: number,
  slot: number,
): void {
  const known = costs[destination]!;
  if (cost > known) return;
  if (cost < known) {
    costs[destination] = cost;
    destinationHops[destination] = set;
    origins[destination] = slot;
    return;
  }
  destinationHops[destination] = sets.union(destinationHops[destination]!, set);
  const origin = origins[destination]!;
  if (graph.isNetwork[origin] === 0 && graph.ids[slot]! < graph.ids[origin]!) origins[destination] = slot;
}
