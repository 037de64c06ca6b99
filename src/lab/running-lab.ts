import { OperatorError } from "#base/operator-error.ts";
import type { LabMember } from "#lab/lab-node.ts";
import type { Topology } from "#lab/topology.ts";

/** A lab that this process keeps up: what its prompt, and other terminals, can do with it. */
export interface RunningLab {
  /** As other terminals name it. */
  readonly name: string;
  readonly folder: string;
  readonly topology: Topology;
  readonly nodes: readonly LabMember[];
  /** `close` was called: nothing is to be started or shown any more. */
  readonly closed: boolean;
  /** The links between its nodes; undefined where there are none to cut. */
  readonly wiring: Wiring | undefined;
  /** The node of that name; throws OperatorError when there is none. */
  node(name: string): LabMember;
  /** Starts all nodes; throws the first one's OperatorError when any does not start. */
  startAll(): Promise<void>;
  /** How long that may take, by the timers of its nodes. */
  readonly patienceMs: number;
  /** Waits until those that run work together, at most so long. */
  whenReady(limitMs: number): Promise<Readiness>;
  /** Stops every node and removes all that was made; may be called more than once. */
  close(): Promise<void>;
}

export interface Readiness {
  readonly isReady: boolean;
  /** Whispering peers: how many links they have with each other. */
  readonly links?: number;
}

/** The links of a lab of network namespaces. */
export interface Wiring {
  /** What can be cut: links between nodes, and by their names those of more than two. */
  readonly links: readonly WiringLink[];
  /**
   * Cuts what connects two nodes, or a node and a link of several. Silent: nobody loses the carrier. The names of the links.
   * Throws OperatorError when there is no such link.
   */
  cut(a: string, b: string, isSilent: boolean): Promise<readonly string[]>;
  /** Mends it. */
  heal(a: string, b: string): Promise<readonly string[]>;
  /** How many loopbacks of other running nodes each node's kernel leads to, and how many there are. */
  reach(): Promise<ReadonlyMap<string, Reach>>;
}

export interface Reach {
  readonly reached: number;
  /** As far as the wires go: a cut may leave some nodes without any way to each other. */
  readonly reachable: number;
  readonly others: number;
}

export interface WiringLink {
  readonly name: string;
  readonly network: string;
  readonly ends: readonly { readonly node: string; readonly interface: string; readonly address: string }[];
  /** By node: how its end is cut; a node that is not there is connected. */
  readonly cuts: ReadonlyMap<string, "carrier" | "silent">;
}

/** The node of that name; throws OperatorError when there is none. */
export function findNode<Node extends { readonly name: string }>(nodes: readonly Node[], name: string): Node {
  const node = nodes.find((each) => each.name === name);
  if (node) return node;
  const names = nodes.map((each) => each.name).join(", ");
  throw new OperatorError(`there is no node ${name}`, `the nodes are ${names}`);
}
