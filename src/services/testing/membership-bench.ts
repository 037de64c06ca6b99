import type { Host } from "#host/host.ts";
import type { LogLevel } from "#host/log.ts";
import { EventLog } from "#services/event-log.ts";
import type { NodeEvent } from "#services/events.ts";
import { identity } from "#services/identity.ts";
import { ServiceManager } from "#services/manager.ts";
import type { MembershipApi } from "#services/membership-api.ts";
import { membershipConfig } from "#services/membership-config.ts";
import { membership } from "#services/membership.ts";
import type { PeersApi } from "#services/peers-api.ts";
import { peersConfig } from "#services/peers-config.ts";
import { peers } from "#services/peers.ts";
import { settled } from "#services/testing/bench.ts";
import type { SimHost } from "#sim/host.ts";
import { World } from "#sim/world.ts";

/** The membership services of several nodes on one simulated network. */
export class MembershipBench {
  readonly world = new World({ seed: 1, latencyMs: [1, 5] });
  readonly nodes: BenchNode[] = [];

  /** Starts a node at 10.9.0.N that joins by the first one, unless its configuration says otherwise. */
  async add(section: object = {}, seeds?: readonly string[]): Promise<BenchNode> {
    const number = this.nodes.length + 1;
    const node = new BenchNode(this.world.addHost(`10.9.0.${number}`), number, () => this.world.now);
    this.nodes.push(node);
    await node.start(section, seeds ?? (number === 1 ? [] : ["member://10.9.0.1:7946"]));
    return node;
  }

  /** Lets virtual time pass, and what it sets off come to its end. */
  async pass(durationMs: number): Promise<void> {
    const end = this.world.now + durationMs;
    while (this.world.now < end) {
      this.world.run(Math.min(100, end - this.world.now));
      await settled();
    }
  }

  /** What `run` gives, while time passes for it. */
  async during<Result>(run: Promise<Result>, limitMs = 60_000): Promise<Result> {
    let isDone = false;
    const done = (): void => void (isDone = true);
    run.then(done, done);
    for (let passed = 0; !isDone && passed < limitMs; passed += 100) await this.pass(100);
    return run;
  }
}

/** One node's services. */
export class BenchNode {
  /** Nothing goes in or out any more. */
  isCut = false;
  readonly name: string;
  readonly log: EventLog;
  readonly manager: ServiceManager;

  constructor(host: SimHost, number: number, wallTime: () => number) {
    this.name = `n${number}`;
    this.log = new EventLog(wallTime);
    this.manager = new ServiceManager([identity, peers, membership], {
      host: this.#cuttable(host),
      node: { name: this.name, dataFolder: "/data" },
      log: this.log,
    });
  }

  #cuttable(host: SimHost): Host {
    return {
      ...host,
      datagrams: {
        open: async (at, handlers) => {
          const received: typeof handlers.received = (from, data) => {
            if (!this.isCut) handlers.received(from, data);
          };
          const socket = await host.datagrams.open(at, { ...handlers, received });
          const send: typeof socket.send = (to, data) => {
            if (!this.isCut) socket.send(to, data);
          };
          return { local: socket.local, send, close: () => socket.close() };
        },
      },
      streams: {
        listen: (at, accept) =>
          host.streams.listen(at, (stream) => {
            if (!this.isCut) return accept(stream);
            stream.close();
            return { connected: () => {}, data: () => {}, writable: () => {}, closed: () => {} };
          }),
        dial: (to, handlers) => host.streams.dial(this.isCut ? NOBODY : to, handlers),
      },
    };
  }

  get membership(): MembershipApi {
    return this.manager.api("membership") as MembershipApi;
  }

  get peers(): PeersApi {
    return this.manager.api("peers") as PeersApi;
  }

  start(section: object, seeds: readonly string[]): Promise<void> {
    return this.manager.start(sectionsOf(section, seeds, this.name));
  }

  reconfigure(section: object, seeds: readonly string[]): Promise<readonly string[]> {
    return this.manager.reconfigure(sectionsOf(section, seeds, this.name));
  }

  /** "n1 alive, n2 failed", without this node itself. */
  states(): string {
    return this.membership
      .members()
      .filter(({ own }) => !own)
      .map(({ name, state }) => `${name} ${state}`)
      .join(", ");
  }

  /** Lines of the log of at least a level, which hold something. */
  said(text: string, level?: LogLevel): readonly string[] {
    const isWanted = (event: NodeEvent): boolean =>
      event.service === "membership" && event.text.includes(text) && (!level || event.level === level);
    return this.log
      .since(0)
      .filter(isWanted)
      .map((event) => event.text);
  }
}

const NOBODY = { host: "10.255.255.1", port: 1 };

function sectionsOf(section: object, seeds: readonly string[], name: string): ReadonlyMap<string, unknown> {
  const listen = `10.9.0.${name.slice(1)}:7946`;
  return new Map<string, unknown>([
    ["peers", peersConfig.parse(seeds)],
    ["membership", membershipConfig.parse({ listen, ...section })],
  ]);
}
