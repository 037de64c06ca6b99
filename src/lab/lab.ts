import { rm } from "node:fs/promises";
import { OperatorError } from "#base/operator-error.ts";
import { makeLabFolder } from "#lab/lab-folder.ts";
import { LabNode } from "#lab/lab-node.ts";
import { readTopology, type Topology } from "#lab/topology.ts";

/** Several nodes on this machine, each a process of its own; closing it leaves nothing behind. */
export class Lab {
  readonly topology: Topology;
  readonly nodes: readonly LabNode[];
  readonly #folder: string;
  #closing: Promise<void> | undefined;

  private constructor(topology: Topology, folder: string) {
    this.topology = topology;
    this.#folder = folder;
    this.nodes = topology.nodes.map((name) => new LabNode(name, topology.folder, folder));
  }

  /** Prepares the lab of a file or folder; nothing runs yet. Throws OperatorError for a bad lab file. */
  static async prepare(path: string): Promise<Lab> {
    const topology = await readTopology(path);
    return new Lab(topology, await makeLabFolder());
  }

  /** Starts all nodes; throws the first one's OperatorError when any does not start. */
  async startAll(): Promise<void> {
    const outcomes = await Promise.allSettled(this.nodes.map((node) => node.start()));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** The node of that name; throws OperatorError when there is none. */
  node(name: string): LabNode {
    const node = this.nodes.find((each) => each.name === name);
    if (node) return node;
    throw new OperatorError(`there is no node ${name}`, `the nodes are ${this.topology.nodes.join(", ")}`);
  }

  /** Waits until every running node is linked with every other; how many links that are, or undefined: too late. */
  async whenLinked(limitMs: number): Promise<number | undefined> {
    for (const end = performance.now() + limitMs; performance.now() < end && !this.#closing;) {
      const running = this.nodes.filter(({ state }) => state === "running");
      const views = await Promise.all(
        running.map((node) => node.links().catch(() => ({ address: "", linked: [] }))),
      );
      const addresses = views.map(({ address }) => address);
      const links = views.map(({ linked }) => linked.filter((address) => addresses.includes(address)).length);
      if (running.length > 0 && links.every((count) => count === running.length - 1))
        return links.reduce((sum, count) => sum + count, 0);
      await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
    }
    return undefined;
  }

  /** `close` was called: nothing is to be started or shown any more. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Stops every node and removes the lab's folder; may be called more than once. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.nodes.map((node) => node.stop()));
      await rm(this.#folder, { recursive: true, force: true });
    })();
    return this.#closing;
  }
}

const POLL_MS = 50;
