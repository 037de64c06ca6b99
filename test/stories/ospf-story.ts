import { formatIpv4, parseIpv4 } from "#base/ipv4.ts";
import type { InterfaceConfig } from "#ospf/config.ts";
import { OspfNetwork, type Leg, type OspfNode } from "../sim/ospf-network.ts";

/**
 * A story of OSPF routers as text: commands, then `----` and what the last of them shows, then an empty line.
 *
 *     lan NAME ROUTER[(key=value,…)]…     a broadcast network and who is on it, with what its interfaces are told
 *     link NAME ROUTER[(…)] ROUTER[(…)]   a point-to-point link
 *     late ROUTER…                        they are started only by `start`
 *     run 10s                             time passes; also 50ms
 *     start ROUTER, crash ROUTER, restart ROUTER, leave ROUTER
 *     down ROUTER WIRE, up ROUTER WIRE    its carrier; unplug and plug: nobody is told
 *     external ROUTER 198.51.100.0/24
 *     roles WIRE, neighbors ROUTER, routes ROUTER, reasons ROUTER (why neighbors changed, since this was asked last)
 *
 * Routers are a, b, c …: 192.0.2.1 and on, with the network 172.16.1.0/24 behind a. Networks are 10.0.1.0/24 and on.
 */
export class OspfStory {
  readonly #network: OspfNetwork;
  readonly #legs = new Map<string, Leg[]>();
  readonly #late = new Set<string>();
  readonly #nodes = new Map<string, OspfNode>();
  readonly #crashed = new Set<OspfNode>();
  readonly #seen = new Map<string, number>();
  #wires = 0;

  constructor(seed: string) {
    // On one wire nothing overtakes anything: a Hello that came late would change who leads.
    this.#network = new OspfNetwork({ seed, latencyMs: [1, 1] });
  }

  /** Carries out a line; what it shows. */
  async tell(line: string): Promise<readonly string[]> {
    const [verb, ...words] = line.split(/\s+/);
    switch (verb) {
      case "lan":
      case "link":
        return this.#wire(words[0]!, words.slice(1), verb === "lan" ? "broadcast" : "point-to-point");
      case "late":
        for (const name of words) this.#late.add(name);
        return [];
      case "run":
        this.#startAll();
        await this.#network.run(duration(words[0]!), 10);
        return [];
      case "start":
        for (const name of words) this.#start(name);
        return [];
      case "roles":
        return this.#roles(words[0]!);
      default:
        return this.#of(verb!, words[0]!, words[1]);
    }
  }

  #wire(name: string, members: readonly string[], type: "broadcast" | "point-to-point"): readonly string[] {
    const at = ++this.#wires;
    for (const member of members) {
      const [, router, told = ""] = /^(\w+)(?:\((.*)\))?$/.exec(member)!;
      const settings = told
        .split(",")
        .filter(Boolean)
        .map((each) => each.split("="));
      const config: Partial<InterfaceConfig> = {
        type,
        ...Object.fromEntries(settings.map(([key, value]) => [key!, Number(value)])),
      };
      const legs = this.#legs.get(router!) ?? [stub(router!)];
      legs.push({ name, wire: name, address: `10.0.${at}.${numberOf(router!)}/24`, config });
      this.#legs.set(router!, legs);
    }
    return [];
  }

  #startAll(): void {
    for (const name of this.#legs.keys()) if (!this.#late.has(name)) this.#start(name);
  }

  #start(name: string): void {
    if (this.#nodes.has(name)) return;
    const legs = this.#legs.get(name)!;
    this.#nodes.set(name, this.#network.add({ routerId: `192.0.2.${numberOf(name)}`, legs }));
  }

  #of(verb: string, name: string, word: string | undefined): readonly string[] {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`there is no router ${name} yet`);
    switch (verb) {
      case "crash":
        node.crash();
        this.#crashed.add(node);
        return [];
      case "restart":
        node.restart();
        this.#crashed.delete(node);
        return [];
      case "leave":
        node.push({ type: "leave" });
        return [];
      case "down":
      case "up":
        node.setCarrier(word!, verb === "up");
        return [];
      case "unplug":
      case "plug":
        node.host.packetSockets.connect(word!, verb === "plug" ? word : undefined);
        return [];
      case "external":
        return this.#external(node, word!);
      case "neighbors":
        return [...node.core.state.neighbors()].map(
          ({ routerId, state, interface: on }) => `${nameOf(routerId)} on ${on.name}  ${state}`,
        );
      case "routes":
        return [...node.routes].map(([prefix, how]) => `${prefix}  ${how}`).sort();
      case "reasons":
        return this.#reasons(name, node);
      default:
        throw new Error(`no story has the word ${verb}`);
    }
  }

  #external(node: OspfNode, prefix: string): readonly string[] {
    const [network, length] = prefix.split("/");
    const how = { metric: 20, isType2: true, tag: 0, forwardingAddress: 0 };
    const route = { network: parseIpv4(network!)!, length: Number(length), ...how };
    node.push({ type: "externals", set: [route], removed: [] });
    return [];
  }

  #reasons(name: string, { events }: OspfNode): readonly string[] {
    const from = this.#seen.get(name) ?? 0;
    this.#seen.set(name, events.length);
    return events.slice(from).flatMap(({ event }) => {
      if (event.type !== "neighbor") return [];
      return [`${nameOf(event.routerId)}  ${event.from} -> ${event.to}, ${event.reason}`];
    });
  }

  #roles(wire: string): readonly string[] {
    return [...this.#nodes].flatMap(([name, node]) => {
      const on = node.core.state.interfaces.get(wire);
      return on && !this.#crashed.has(node) && on.state !== "Down" ? [`${name}  ${on.state}`] : [];
    });
  }
}

function stub(router: string): Leg {
  return {
    name: "stub",
    wire: `stub ${router}`,
    address: `172.16.${numberOf(router)}.1/24`,
    config: { passive: true },
  };
}

function numberOf(router: string): number {
  return router.charCodeAt(0) - 96;
}

function nameOf(routerId: number): string {
  return routerId === 0 ? formatIpv4(0) : String.fromCharCode(96 + (routerId & 255));
}

function duration(text: string): number {
  return text.endsWith("ms") ? parseFloat(text) : parseFloat(text) * 1_000;
}
