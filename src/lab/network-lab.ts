import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { OperatorError } from "#base/operator-error.ts";
import { birdConfiguration, frrConfiguration, parleyConfiguration } from "#lab/configurations.ts";
import { LabNode, type LabMember } from "#lab/lab-node.ts";
import { LabWiring } from "#lab/lab-wiring.ts";
import { removeNamespaces } from "#lab/namespaces.ts";
import { LabNetwork } from "#lab/network.ts";
import type { NetworkPlan, NodePlan } from "#lab/network-plan.ts";
import { BirdRouter, FrrRouter } from "#lab/peers.ts";
import { RouterNode } from "#lab/router-node.ts";
import { findNode, type Readiness, type RunningLab } from "#lab/running-lab.ts";
import type { Topology } from "#lab/topology.ts";

/** What a NetworkLab is made of. */
export interface NetworkLabPlace {
  readonly name: string;
  readonly topology: Topology;
  readonly plan: NetworkPlan;
  /** Private to the lab; removed with it. */
  readonly folder: string;
  /** What the names of its namespaces begin with, at most 8 letters and digits. */
  readonly namespaces: string;
}

/** Nodes in network namespaces, each a Parley, FRR or BIRD, with wires that can be cut. */
export class NetworkLab implements RunningLab {
  readonly name: string;
  readonly folder: string;
  readonly topology: Topology;
  readonly nodes: readonly LabMember[];
  readonly wiring: LabWiring;
  readonly patienceMs: number;
  readonly #place: NetworkLabPlace;
  readonly #network: LabNetwork;
  #starting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(place: NetworkLabPlace, network: LabNetwork, nodes: readonly LabMember[]) {
    this.#place = place;
    this.#network = network;
    this.name = place.name;
    this.folder = place.folder;
    this.topology = place.topology;
    this.nodes = nodes;
    // A broadcast network takes a dead interval to choose its designated router, and FRR some more to start.
    const slowest = Math.max(...place.plan.nodes.map(({ deadInterval }) => deadInterval));
    this.patienceMs = 1_000 * (30 + 2 * slowest);
    this.wiring = new LabWiring(place.plan, network, (name) => this.node(name).state === "running");
  }

  /** Writes the configurations; nothing runs yet. Throws OperatorError where one is wrong. */
  static async prepare(place: NetworkLabPlace): Promise<NetworkLab> {
    const network = new LabNetwork(place.namespaces);
    const nodes = await Promise.all(place.plan.nodes.map((node) => makeNode(node, place, network)));
    const own = place.plan.nodes.flatMap(({ config, sections }, i) => {
      const node = nodes[i]!;
      const isOwn = config !== undefined || Object.keys(sections).length > 0;
      return isOwn && node instanceof LabNode ? [node] : [];
    });
    await inTurns(own, (node) => node.check());
    return new NetworkLab(place, network, nodes);
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  node(name: string): LabMember {
    return findNode(this.nodes, name);
  }

  startAll(): Promise<void> {
    this.#starting = this.#build();
    return this.#starting;
  }

  async #build(): Promise<void> {
    const { nodes, links } = this.#place.plan;
    await this.#each(nodes, async ({ name, loopback }) => {
      await this.#network.addNode(name);
      await this.#network.addAddress(name, "lo", `${loopback}/32`);
    });
    await this.#each(links, ({ name, ends, mtu }) =>
      this.#network.addWire(
        name,
        ends.map((end) => ({ ...end, ...(mtu !== undefined && { mtu }) })),
      ),
    );
    await this.#each(this.nodes, (node) => node.start());
  }

  /** Nothing more is begun once the lab is being closed. */
  #each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
    return inTurns(items, async (item) => {
      if (!this.closed) await work(item);
    });
  }

  /** Ready: every node's kernel leads to the loopback of every node that the wires lead to. */
  async whenReady(limitMs: number): Promise<Readiness> {
    for (const end = performance.now() + limitMs; performance.now() < end && !this.closed;) {
      const reach = await this.wiring.reach();
      if ([...reach.values()].every(({ reached, reachable }) => reached === reachable))
        return { isReady: true };
      await pause(POLL_MS);
    }
    return { isReady: false };
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      // What has been begun comes to its end first, or it would be made after all has been removed.
      await this.#starting.catch(() => {});
      await Promise.all(this.nodes.map((node) => node.stop()));
      await removeNamespaces(`${this.#place.namespaces}-`);
      await rm(this.folder, { recursive: true, force: true });
    })();
    return this.#closing;
  }
}

async function makeNode(plan: NodePlan, place: NetworkLabPlace, network: LabNetwork): Promise<LabMember> {
  const { name, kind } = plan;
  const namespace = network.namespaceOf(name);
  const folder = join(place.folder, name);
  const own = plan.config === undefined ? undefined : join(place.topology.folder, plan.config);
  if (kind === "parley") {
    const file = own ?? join(place.folder, `${name}.yaml`);
    if (own === undefined) await writeFile(file, parleyConfiguration(plan), { mode: 0o600 });
    return new LabNode({ name, folder: place.folder, configuration: ["-c", file], namespace });
  }
  await mkdir(folder, { recursive: true });
  const text = own === undefined ? undefined : await readOwn(own);
  const logFile = join(folder, "bird.log");
  const configuration = text ?? (kind === "frr" ? frrConfiguration(plan) : birdConfiguration(plan, logFile));
  const at = { network, node: name, folder, configuration };
  const router = kind === "frr" ? new FrrRouter(at) : new BirdRouter(at);
  return new RouterNode(router, folder, { name, kind, namespace });
}

async function readOwn(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new OperatorError(`${file} cannot be read`, "name a file that can", { cause: error });
  }
}

/** Some at a time; waits for all, then throws the first failure. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const failures: unknown[] = [];
  const one = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
      await work(item).catch((error: unknown) => void failures.push(error));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
  if (failures.length > 0) throw failures[0];
}

/** More daemons at once only wait for each other. */
const AT_A_TIME = 8;
const POLL_MS = 50;
