import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { LabNode } from "#lab/lab-node.ts";
import {
  freeName,
  idOf,
  makeLabFolder,
  openFolder,
  ownIdentity,
  runningLabs,
  writeRecord,
} from "#lab/lab-folder.ts";
import { NetworkLab } from "#lab/network-lab.ts";
import { checkRequirements, tryNamespace } from "#lab/requirements.ts";
import { findNode, type Readiness, type RunningLab } from "#lab/running-lab.ts";
import { readTopology, type Topology } from "#lab/topology.ts";

/** Prepares the lab of a file or folder; nothing runs yet. Throws OperatorError for a bad lab file, before anything is made. */
export async function prepareLab(path: string): Promise<RunningLab> {
  const topology = await readTopology(path);
  const { network } = topology;
  return network ? prepareNetworkLab(topology, network) : Lab.prepare(path);
}

async function prepareNetworkLab(
  topology: Topology,
  plan: NonNullable<Topology["network"]>,
): Promise<RunningLab> {
  checkRequirements(plan);
  const { folder, name } = await reserve(topology);
  const namespaces = `pl${idOf(folder)}`;
  try {
    // From here on the next lab knows what to remove, whatever happens to this process.
    await writeRecord(folder, { name, keeper: ownIdentity(), namespaces, nodes: [] });
    await tryNamespace(`${namespaces}-try`);
    await openFolder(folder);
    const lab = await NetworkLab.prepare({ name, topology, plan, folder, namespaces });
    await describe(lab, namespaces);
    return lab;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Several daemons on this machine's loopback, each a process of its own; closing it leaves nothing behind. */
export class Lab implements RunningLab {
  readonly name: string;
  readonly folder: string;
  readonly topology: Topology;
  readonly nodes: readonly LabNode[];
  readonly wiring = undefined;
  readonly patienceMs = 30_000;
  #closing: Promise<void> | undefined;

  private constructor(name: string, topology: Topology, folder: string) {
    this.name = name;
    this.topology = topology;
    this.folder = folder;
    this.nodes = topology.nodes.map((name) => {
      const configuration = ["-c", topology.folder, "-p", name];
      return new LabNode({ name, folder, configuration, namespace: "" });
    });
  }

  /** Prepares the lab of a file or folder; nothing runs yet. Throws OperatorError for a bad lab file. */
  static async prepare(path: string): Promise<Lab> {
    const topology = await readTopology(path);
    const { folder, name } = await reserve(topology);
    const lab = new Lab(name, topology, folder);
    await describe(lab, "");
    return lab;
  }

  /** Starts all nodes; throws the first one's OperatorError when any does not start. */
  async startAll(): Promise<void> {
    const outcomes = await Promise.allSettled(this.nodes.map((node) => node.start()));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  node(name: string): LabNode {
    return findNode(this.nodes, name);
  }

  async whenReady(limitMs: number): Promise<Readiness> {
    const links = await this.whenLinked(limitMs);
    return links === undefined ? { isReady: false } : { isReady: true, links };
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
      await pause(POLL_MS);
    }
    return undefined;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Stops every node and removes the lab's folder; may be called more than once. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(this.nodes.map((node) => node.stop()));
      await rm(this.folder, { recursive: true, force: true });
    })();
    return this.#closing;
  }
}

/** A folder and a name that no other lab has; what killed labs left is removed before. */
async function reserve(topology: Topology): Promise<{ readonly folder: string; readonly name: string }> {
  const name = freeName(topology.name, await runningLabs());
  return { folder: await makeLabFolder(), name };
}

async function describe({ name, folder, nodes }: RunningLab, namespaces: string): Promise<void> {
  await writeRecord(folder, {
    name,
    keeper: ownIdentity(),
    namespaces,
    nodes: nodes.map(({ record }) => record),
  });
}

const POLL_MS = 50;
