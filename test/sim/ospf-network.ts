import { formatIpv4, parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import type { Link } from "#host/links.ts";
import type { Recorder } from "#machine/record.ts";
import { Runner } from "#machine/runner.ts";
import type { InterfaceConfig, OspfConfig } from "#ospf/config.ts";
import type { OspfCommand, OspfEvent } from "#ospf/io.ts";
import { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
import { OspfRouter } from "#ospf/router.ts";
import type { SimHost } from "#sim/host.ts";
import { simLink } from "#sim/links.ts";
import { World, type WorldOptions } from "#sim/world.ts";

/** One interface of a router in a simulated network. */
export interface Leg {
  readonly name: string;
  /** The wire that it is on. */
  readonly wire: string;
  /** "10.0.1.1/24". */
  readonly address: string;
  readonly config?: Partial<InterfaceConfig>;
}

export interface NodeOptions {
  readonly routerId: string;
  readonly legs: readonly Leg[];
  readonly config?: Partial<Omit<OspfConfig, "areas" | "routerId">>;
  /** Takes what the router is made of, and gives what records its steps. */
  readonly record?: (setup: {
    readonly config: OspfConfig;
    readonly random: string;
    readonly authenticationSequence: number;
  }) => Recorder;
}

/** A router with its machine. */
export class OspfNode {
  readonly host: SimHost;
  readonly options: NodeOptions;
  readonly events: { readonly at: number; readonly event: OspfEvent }[] = [];
  /** By "network/length". */
  readonly routes = new Map<string, string>();
  readonly #seed: () => ReturnType<SimHost["random"]["fork"]>;
  readonly #observe: (line: string) => void;
  core: OspfRouter;
  #runner: Runner<OspfCommand, OspfEvent>;

  constructor(host: SimHost, options: NodeOptions, observe: (line: string) => void) {
    this.host = host;
    this.options = options;
    this.#observe = observe;
    this.#seed = () => host.random.fork();
    for (const [i, { name, wire, address }] of options.legs.entries()) {
      const [text, length] = address.split("/");
      host.links.put({ ...simLink(i + 10, name, [text!, Number(length)]), hardwareAddress: macOf(text!) });
      host.packetSockets.connect(name, wire);
    }
    [this.core, this.#runner] = this.#start();
  }

  get routerId(): Ipv4 {
    return parseIpv4(this.options.routerId)!;
  }

  push(command: OspfCommand): void {
    this.#runner.push(command);
  }

  /** The process dies. */
  crash(): void {
    this.#runner.stop();
    this.routes.clear();
  }

  restart(): void {
    this.crash();
    [this.core, this.#runner] = this.#start();
  }

  /** Takes an interface's carrier away, or gives it back. */
  setCarrier(name: string, running: boolean): void {
    const link = this.host.links.find(name)!;
    this.host.links.put({ ...link, running });
  }

  config(): OspfConfig {
    const interfaces = this.options.legs.map((leg) => ({
      ...interfaceDefaults(leg.name),
      helloInterval: 1,
      deadInterval: 4,
      pollInterval: 6,
      ...leg.config,
    }));
    const areas = [{ areaId: 0, interfaces }];
    return { ...ospfDefaults(this.routerId), ...this.options.config, areas };
  }

  #start(): [OspfRouter, Runner<OspfCommand, OspfEvent>] {
    const { host } = this;
    const config = this.config();
    const random = this.#seed();
    const authenticationSequence = Math.floor(host.clock.wallTime() / 1_000 - host.clock.now() / 1_000);
    const recorder = this.options.record?.({ config, random: random.state(), authenticationSequence });
    const core = new OspfRouter(config, { random, cipher: host.cipher, authenticationSequence });
    const runner: Runner<OspfCommand, OspfEvent> = new Runner<OspfCommand, OspfEvent>(core, {
      clock: host.clock,
      streams: host.streams,
      rawIp: { port: host.rawIp, protocol: 89 },
      event: (event) => this.#event(event),
      failed: (error) => {
        throw error;
      },
      observe: (now, input, outputs) => {
        recorder?.step(now, input, outputs);
        this.#observe(`${now} ${this.options.routerId} ${input.type} ${outputs.map(({ type }) => type)}`);
      },
    });
    const push = (link: Link) => runner.push({ type: "link", link });
    void host.links
      .watch((changes) => {
        for (const { type, link } of changes)
          if (type === "link") push(link);
          else runner.push({ type: "link-removed", name: link.name });
      })
      .then((monitor) => monitor.links().forEach(push));
    return [core, runner];
  }

  #event(event: OspfEvent): void {
    this.events.push({ at: this.host.clock.now(), event });
    if (event.type !== "routes") return;
    for (const { network, length } of event.changes.removed)
      this.routes.delete(`${formatIpv4(network)}/${length}`);
    for (const { network, length, nextHops, cost } of event.changes.set) {
      const hops = nextHops.map(
        (hop) => `${hop.interface}${hop.gateway ? ` ${formatIpv4(hop.gateway)}` : ""}`,
      );
      this.routes.set(`${formatIpv4(network)}/${length}`, `${cost} ${hops.join(", ")}`);
    }
  }
}

/** OSPF routers on wires, in virtual time. */
export class OspfNetwork {
  readonly world: World<never, never>;
  readonly nodes: OspfNode[] = [];
  #digest = 0x811c9dc5;

  constructor(options: WorldOptions) {
    this.world = new World(options);
  }

  add(options: NodeOptions): OspfNode {
    const at = this.nodes.length + 1;
    const host = this.world.addHost(`10.255.${at >> 8}.${at & 255}`);
    const node = new OspfNode(host, options, (line) => this.#mix(line));
    this.nodes.push(node);
    return node;
  }

  /** A hash over all steps: equal for equal seeds. */
  get trace(): string {
    return (this.#digest >>> 0).toString(16);
  }

  /** Lets time pass; sockets open between slices. */
  async run(ms: number, slice = 20): Promise<void> {
    for (let left = ms; left > 0; left -= slice) {
      await settled();
      this.world.run(Math.min(slice, left));
    }
    await settled();
  }

  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    for (let left = limitMs; left > 0 && !done(); left -= 20) await this.run(20);
    return done();
  }

  #mix(line: string): void {
    for (let i = 0; i < line.length; i++)
      this.#digest = Math.imul(this.#digest ^ line.charCodeAt(i), 0x01000193);
  }
}

/** Promises that wait for nothing have come to their end. */
async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await undefined;
}

function macOf(address: string): Uint8Array {
  const value = parseIpv4(address)!;
  return Uint8Array.of(2, 1, value >>> 24, value >>> 16, value >>> 8, value);
}
