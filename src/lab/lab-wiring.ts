import { joinNames, suggestion } from "#base/edit-distance.ts";
import { OperatorError } from "#base/operator-error.ts";
import { reaches, type KernelRoute } from "#lab/forwarding.ts";
import type { LabNetwork } from "#lab/network.ts";
import type { LinkPlan, NetworkPlan } from "#lab/network-plan.ts";
import type { Reach, Wiring, WiringLink } from "#lab/running-lab.ts";

type Cuts = Map<string, "carrier" | "silent">;

/** The wires of a lab and what has been done to them. */
export class LabWiring implements Wiring {
  readonly #plan: NetworkPlan;
  readonly #network: LabNetwork;
  readonly #isRunning: (node: string) => boolean;
  readonly links: readonly (WiringLink & { readonly cuts: Cuts })[];

  constructor(plan: NetworkPlan, network: LabNetwork, isRunning: (node: string) => boolean) {
    this.#plan = plan;
    this.#network = network;
    this.#isRunning = isRunning;
    this.links = plan.links
      .filter(({ ends }) => ends.length > 1)
      .map((link) => ({ ...link, cuts: new Map() }));
  }

  async cut(a: string, b: string, isSilent: boolean): Promise<readonly string[]> {
    const how = isSilent ? "silent" : "carrier";
    return this.#change(a, b, async (link, node) => {
      // A wire that was cut the other way: the bridge gets the port back, and then loses it as asked.
      if (link.cuts.size > 0) await this.#network.heal(link.name, node);
      await this.#network.cut(link.name, how, node);
      for (const end of link.ends) if (node === undefined || end.node === node) link.cuts.set(end.node, how);
    });
  }

  async heal(a: string, b: string): Promise<readonly string[]> {
    return this.#change(a, b, async (link, node) => {
      await this.#network.heal(link.name, node);
      if (node === undefined) link.cuts.clear();
      else link.cuts.delete(node);
    });
  }

  async reach(): Promise<ReadonlyMap<string, Reach>> {
    const running = this.#plan.nodes.filter(({ name }) => this.#isRunning(name));
    const tables = await Promise.all(
      running.map(async ({ name }) => [name, await this.#routesOf(name)] as const),
    );
    const forwarding = {
      routes: new Map(tables),
      nodeBehind: (from: string, gateway: string) => this.#nodeBehind(from, gateway),
    };
    const groups = this.#groups(running.map(({ name }) => name));
    return new Map(
      running.map(({ name }) => {
        const others = running.filter((each) => each.name !== name);
        const reachable = others.filter((each) => groups.get(each.name) === groups.get(name));
        const reached = reachable.filter((each) => reaches(forwarding, name, each.name, each.loopback));
        return [name, { reached: reached.length, reachable: reachable.length, others: others.length }];
      }),
    );
  }

  /** `node`: the one end that is meant; undefined: all. */
  async #change(
    a: string,
    b: string,
    change: (link: WiringLink & { readonly cuts: Cuts }, node: string | undefined) => Promise<void>,
  ): Promise<readonly string[]> {
    const named = this.links.find(({ name }) => name === a || name === b);
    if (named) {
      const node = named.name === a ? b : a;
      if (!named.ends.some((end) => end.node === node))
        throw new OperatorError(`${node} is not at ${named.name}`, `at it are ${endsOf(named)}`);
      await change(named, node);
      return [named.name];
    }
    for (const name of [a, b]) this.#mustBeThere(name);
    const between = this.links.filter(({ ends }) => isAt(ends, a) && isAt(ends, b));
    const pairs = between.filter(({ ends }) => ends.length === 2);
    const [shared] = between;
    if (!shared || a === b)
      throw new OperatorError(`there is no link between ${a} and ${b}`, `${a} has ${this.#linksOf(a)}`);
    if (pairs.length === 0)
      throw new OperatorError(
        `${a} and ${b} are both at ${shared.name}, with others`,
        `name one node and the link: ${a} ${shared.name}`,
      );
    for (const link of pairs) await change(link, undefined);
    return pairs.map(({ name }) => name);
  }

  #mustBeThere(name: string): void {
    const nodes = this.#plan.nodes.map((node) => node.name);
    if (nodes.includes(name)) return;
    const known = [...nodes, ...this.links.map((link) => link.name)];
    throw new OperatorError(
      `there is no node or link ${name}`,
      suggestion(name, known) ?? `the nodes are ${joinNames(nodes, "and")}`,
    );
  }

  #linksOf(node: string): string {
    const names = this.links.filter(({ ends }) => isAt(ends, node)).map(({ name }) => name);
    return names.length === 0 ? "no links" : joinNames(names, "and");
  }

  async #routesOf(node: string): Promise<KernelRoute[]> {
    try {
      return JSON.parse(await this.#network.exec(node, "ip", "-j", "route")) as KernelRoute[];
    } catch {
      return []; // the lab is being taken down
    }
  }

  #nodeBehind(from: string, gateway: string): string | undefined {
    for (const { ends, cuts } of this.links) {
      const other = ends.find((end) => end.address.split("/")[0] === gateway);
      if (other && isAt(ends, from) && !cuts.has(from) && !cuts.has(other.node)) return other.node;
    }
    return undefined;
  }

  /** A number for each node: those that the wires connect, through running nodes, have the same. */
  #groups(running: readonly string[]): ReadonlyMap<string, number> {
    const groups = new Map(running.map((name, i) => [name, i]));
    for (const { ends, cuts } of this.links) {
      const joined = ends.flatMap(({ node }) => (cuts.has(node) ? [] : (groups.get(node) ?? [])));
      const [first] = joined;
      for (const [name, group] of groups) if (joined.includes(group)) groups.set(name, first!);
    }
    return groups;
  }
}

function isAt(ends: LinkPlan["ends"], node: string): boolean {
  return ends.some((end) => end.node === node);
}

function endsOf({ ends }: WiringLink): string {
  return joinNames(
    ends.map(({ node }) => node),
    "and",
  );
}
