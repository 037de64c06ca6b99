import type { Files } from "#host/files.ts";
import { EventLog } from "#services/event-log.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import { identity } from "#services/identity.ts";
import { ServiceManager } from "#services/manager.ts";
import type { PeersApi } from "#services/peers-api.ts";
import { peersConfig } from "#services/peers-config.ts";
import { peers } from "#services/peers.ts";
import { settled } from "#services/testing/bench.ts";
import type { WhisperApi } from "#services/whisper-api.ts";
import { whisper } from "#services/whisper.ts";
import { SimFiles } from "#sim/files.ts";
import type { SimHost } from "#sim/host.ts";
import { World } from "#sim/world.ts";

/** Nodes with identity, peer book and whisper on one simulated network, whose wall clocks can be set. */
export class PeersBench {
  readonly world = new World({ seed: 1, latencyMs: [1, 5] });
  readonly #nodes: PeersNode[] = [];

  /** A machine at 10.8.0.N, on which nothing runs yet. */
  add(): PeersNode {
    const number = this.#nodes.length + 1;
    const node = new PeersNode(this.world.addHost(`10.8.0.${number}`), number);
    this.#nodes.push(node);
    return node;
  }

  /** Lets virtual time pass, and what it sets off come to its end. */
  async pass(durationMs: number): Promise<void> {
    const end = this.world.now + durationMs;
    while (this.world.now < end) {
      this.world.run(Math.min(500, end - this.world.now));
      await settled();
    }
  }
}

/** One machine, its files, and the services that run on it. */
export class PeersNode {
  readonly name: string;
  readonly address: string;
  readonly files = new SimFiles();
  /** By how much the wall clock is wrong, ms. */
  skew = 0;
  log: EventLog;
  #manager: ServiceManager | undefined;
  readonly #host: SimHost;

  constructor(host: SimHost, number: number) {
    this.#host = host;
    this.name = `n${number}`;
    this.address = `10.8.0.${number}:55555`;
    this.log = new EventLog(() => host.clock.wallTime());
  }

  /** Starts it with these peers, as after a restart of the process; `files` instead of its own. */
  async start(configured: readonly string[] = [], files: Files = this.files): Promise<void> {
    const { clock } = this.#host;
    const skewed = { ...clock, wallTime: () => clock.wallTime() + this.skew };
    this.log = new EventLog(() => skewed.wallTime());
    this.#manager = new ServiceManager([identity, peers, whisper], {
      host: { ...this.#host, files, clock: skewed },
      node: { name: this.name, dataFolder: "/data" },
      log: this.log,
    });
    await this.#manager.start(this.#sections(configured));
  }

  async reconfigure(configured: readonly string[]): Promise<void> {
    await this.#manager!.reconfigure(this.#sections(configured));
  }

  async stop(): Promise<void> {
    await this.#manager!.stop();
  }

  get identity(): IdentityApi {
    return this.#manager!.api("identity") as IdentityApi;
  }

  get peers(): PeersApi {
    return this.#manager!.api("peers") as PeersApi;
  }

  get whisper(): WhisperApi {
    return this.#manager!.api("whisper") as WhisperApi;
  }

  /** Lines of the log of at least "warn". */
  warnings(): string[] {
    return this.log
      .since(0)
      .flatMap(({ level, text }) => (level === "warn" || level === "error" ? [text] : []));
  }

  #sections(configured: readonly string[]): ReadonlyMap<string, unknown> {
    return new Map<string, unknown>([
      ["peers", peersConfig.parse(configured)],
      ["whisper", whisper.config.parse({ listen: this.address })],
    ]);
  }
}
