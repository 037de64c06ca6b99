import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { OperatorError } from "#base/operator-error.ts";
import { runProgram, runWell } from "#lab/run.ts";

/** One end of a wire. */
export interface WireEnd {
  readonly node: string;
  /** Name of the interface in the node, at most 15 characters. */
  readonly interface: string;
  /** With its length: "10.0.1.1/24"; absent: none. */
  readonly address?: string;
  readonly mtu?: number;
}

/** How a wire fails: the ends lose their carrier, or nothing arrives any more and nobody is told. */
export type Cut = "carrier" | "silent";

/**
 * Network namespaces as machines, and wires between them; each wire is a bridge in a namespace of its own, so that a cut wire
 * looks to its ends as one of copper does. Needs root.
 */
export class LabNetwork {
  readonly #id: string;
  readonly #nodes = new Set<string>();
  readonly #wires = new Map<string, readonly WireEnd[]>();
  #switch: Promise<void> | undefined;

  /** `id`: at most 8 characters; all namespaces begin with it. */
  constructor(id: string) {
    this.#id = id;
  }

  namespaceOf(node: string): string {
    return `${this.#id}-${node}`;
  }

  async addNode(node: string): Promise<void> {
    const name = this.namespaceOf(node);
    await ip("netns", "add", name);
    this.#nodes.add(node);
    await ip("-n", name, "link", "set", "lo", "up");
    await this.#set(node, {
      "ipv4/ip_forward": 1,
      // Several ways that cost the same: packets of one flow may come back by another.
      "ipv4/conf/all/rp_filter": 0,
      "ipv4/conf/default/rp_filter": 0,
    });
  }

  async addAddress(node: string, interfaceName: string, address: string): Promise<void> {
    await ip("-n", this.namespaceOf(node), "addr", "add", address, "dev", interfaceName);
  }

  /** One end or more: a wire with one is a network where nobody else is. */
  async addWire(name: string, ends: readonly WireEnd[]): Promise<void> {
    const bridge = `b${this.#wires.size}`;
    this.#wires.set(name, ends);
    await (this.#switch ??= this.#addSwitch());
    const wires = this.namespaceOf(SWITCH);
    await ip("-n", wires, "link", "add", bridge, "type", "bridge", "mcast_snooping", "0");
    await ip("-n", wires, "link", "set", bridge, "up");
    for (const [i, end] of ends.entries()) {
      const [node, port] = [this.namespaceOf(end.node), portOf(bridge, i)];
      const mtu = end.mtu === undefined ? [] : ["mtu", `${end.mtu}`];
      const there = ["link", "add", end.interface, ...mtu, "netns", node, "type", "veth"];
      await ip(...there, "peer", "name", port, ...mtu, "netns", wires);
      await ip("-n", wires, "link", "set", port, "master", bridge, "up");
      if (end.address !== undefined) await this.addAddress(end.node, end.interface, end.address);
      await ip("-n", node, "link", "set", end.interface, "up");
    }
  }

  /** Names of the wires that have ends at both nodes. */
  wiresBetween(a: string, b: string): string[] {
    const isAt = (ends: readonly WireEnd[], node: string) => ends.some((end) => end.node === node);
    return [...this.#wires].flatMap(([name, ends]) => (isAt(ends, a) && isAt(ends, b) ? [name] : []));
  }

  /** `only`: the end of this node alone. */
  async cut(wire: string, how: Cut = "carrier", only?: string): Promise<void> {
    for (const { port } of this.#portsOf(wire, only))
      await ip(
        "-n",
        this.namespaceOf(SWITCH),
        "link",
        "set",
        port,
        ...(how === "carrier" ? ["down"] : ["nomaster"]),
      );
  }

  /** `only`: the end of this node alone. */
  async heal(wire: string, only?: string): Promise<void> {
    for (const { port, bridge } of this.#portsOf(wire, only))
      await ip("-n", this.namespaceOf(SWITCH), "link", "set", port, "master", bridge, "up");
  }

  /** Runs a command in a node; its standard output. Throws OperatorError when it fails. */
  exec(node: string, ...command: readonly string[]): Promise<string> {
    const inside = ["ip", "netns", "exec", this.namespaceOf(node), ...command];
    return runWell(inside, `see what ${command[0]} says in ${this.namespaceOf(node)}`);
  }

  /** Starts a program in a node. */
  spawn(
    node: string,
    command: readonly string[],
    options: { readonly stdio: StdioOptions; readonly detached?: boolean },
  ): ChildProcess {
    return spawn("ip", ["netns", "exec", this.namespaceOf(node), ...command], options);
  }

  /** Removes all namespaces; what still runs in them goes on without network. */
  async close(): Promise<void> {
    const names = [...this.#nodes, ...(this.#switch ? [SWITCH] : [])];
    await Promise.all(names.map((node) => runProgram(["ip", "netns", "del", this.namespaceOf(node)])));
    this.#nodes.clear();
    this.#switch = undefined;
  }

  async #addSwitch(): Promise<void> {
    await ip("netns", "add", this.namespaceOf(SWITCH));
    await this.#set(SWITCH, { "ipv6/conf/all/disable_ipv6": 1 });
  }

  /** By their paths below /proc/sys/net. A kernel without IPv6 has none of it to switch off. */
  async #set(node: string, values: Readonly<Record<string, number>>): Promise<void> {
    const lines = Object.entries(values).map(
      ([path, value]) => `f=/proc/sys/net/${path}; [ ! -e $f ] || echo ${value} > $f || exit 1`,
    );
    await this.exec(node, "sh", "-c", lines.join("\n"));
  }

  #portsOf(wire: string, only?: string): { readonly port: string; readonly bridge: string }[] {
    const at = [...this.#wires.keys()].indexOf(wire);
    if (at < 0)
      throw new OperatorError(
        `there is no wire ${wire}`,
        `the wires are ${[...this.#wires.keys()].join(", ")}`,
      );
    const bridge = `b${at}`;
    return this.#wires
      .get(wire)!
      .flatMap(({ node }, i) =>
        only === undefined || node === only ? [{ port: portOf(bridge, i), bridge }] : [],
      );
  }
}

/** The namespace of the wires. No node of a lab file can have this name. */
const SWITCH = "_wires";

function portOf(bridge: string, at: number): string {
  return `${bridge}p${at}`;
}

async function ip(...args: readonly string[]): Promise<void> {
  await runWell(["ip", ...args], "a lab of namespaces needs root, and in a container CAP_SYS_ADMIN");
}
