import type { Ipv4 } from "#base/ipv4.ts";
import type { Summary } from "#ospf/advertised.ts";
import { AttachedLinks } from "#ospf/attached-links.ts";
import type { Destinations } from "#ospf/destinations.ts";
import { Graph } from "#ospf/graph.ts";
import type { NextHopSets } from "#ospf/next-hop-sets.ts";
import type { AreaView } from "#ospf/routing-table.ts";
import { calculateTree, emptyTree, type AreaTree } from "#ospf/spf.ts";

/** What is known of one area, and the shortest paths in it. */
export class AreaRoutes implements AreaView {
  readonly area: Ipv4;
  links = new AttachedLinks([]);
  graph: Graph;
  tree: AreaTree;
  /** The tree has to be made again, whatever the graph says. */
  isDirty = true;
  /** By the LSA's key. */
  readonly summaries = new Map<string, Summary>();

  constructor(area: Ipv4, destinations: Destinations) {
    this.area = area;
    this.graph = new Graph(destinations);
    this.tree = emptyTree(area, this.graph);
  }

  /** `now` in ms; the graph is prepared for it. */
  calculate(routerId: Ipv4, sets: NextHopSets, destinations: number, now: number): void {
    const { area, graph, links } = this;
    this.tree = calculateTree({ area, routerId, graph, links, sets, destinations, now });
    this.isDirty = false;
  }

  /** Reads all LSAs again into new arrays. */
  beginAnew(destinations: Destinations, now: number): void {
    this.graph = this.graph.compacted(destinations, now);
    this.tree = emptyTree(this.area, this.graph);
  }
}
