import { OperatorError } from "#base/operator-error.ts";
import { build, layer } from "#packet/build.ts";
import { responder, type ExchangeDefinition } from "#packet/exchange/definition.ts";
import { World } from "#sim/world.ts";
import { EventLog } from "#services/event-log.ts";
import { links } from "#services/links.ts";
import { ServiceManager } from "#services/manager.ts";
import type { ResponderDetail } from "#services/events.ts";
import type { PacketsApi, ResponderStatus } from "#services/packets-api.ts";
import type { CaptureFiles, PacketsTools } from "#services/packets-tools.ts";
import { packetsService } from "#services/packets.ts";
import { settled } from "#services/testing/bench.ts";
import { FakePacketSockets } from "#services/testing/fake-packet-sockets.ts";
import { Arp } from "#wire/arp.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { standardRegistry } from "#wire/registry.ts";

/** The packets service on a machine with eth0, its folder and its disk in memory, and time that only the test moves. */
export class PacketsBench {
  readonly world = new World({ seed: 1 });
  readonly machine = this.world.addHost("10.0.0.1");
  readonly sockets = new FakePacketSockets();
  readonly log = new EventLog(() => this.world.now);
  /** The folder of responders. */
  readonly folder = new Map<string, (options: Readonly<Record<string, string>>) => ExchangeDefinition>();
  readonly disk = new FakeDisk();
  /** How far the node's clock is ahead of the world's: a function of a responder can take time by it. */
  aheadMs = 0;
  /** What a file waits for while it is loaded. */
  readonly waits = new Map<string, Promise<void>>();
  readonly #service = packetsService(this.#tools());
  readonly #manager = new ServiceManager([links, this.#service], {
    host: {
      ...this.machine,
      packetSockets: this.sockets,
      clock: {
        now: () => this.machine.clock.now() + this.aheadMs,
        wallTime: () => this.machine.clock.wallTime(),
        at: (at, run) => this.machine.clock.at(at - this.aheadMs, run),
      },
    },
    node: { name: "n", dataFolder: "/data" },
    log: this.log,
  });

  async start(section: unknown): Promise<PacketsApi> {
    await this.#manager.start(new Map([["packets", this.#service.config.parse(section)]]));
    await this.rest();
    return this.api();
  }

  async reconfigure(section: unknown): Promise<void> {
    await this.#manager.reconfigure(new Map([["packets", this.#service.config.parse(section)]]));
    await this.rest();
  }

  api(): PacketsApi {
    return this.#manager.api("packets") as PacketsApi;
  }

  stop(): Promise<void> {
    return this.#manager.stop();
  }

  /** What was begun comes to its end; modules may have to be loaded for it. */
  async rest(): Promise<void> {
    for (let i = 0; i < 2_000; i++) {
      await settled();
      const all = [...this.api().responders(), ...this.api().captures()];
      if (i > 3 && !all.some(({ state }) => state === "starting")) return;
    }
    throw new Error("something starts for ever");
  }

  /** Lets time pass. */
  async pass(durationMs: number): Promise<void> {
    for (const end = this.world.now + durationMs; this.world.now < end;) {
      this.world.run(Math.min(500, end - this.world.now));
      await this.rest();
    }
  }

  responder(name: string): ResponderStatus {
    return this.api()
      .responders()
      .find((each) => each.name === name)!;
  }

  /** What its responders did, as the typed events have it. */
  details(): ResponderDetail[] {
    return this.log.since(0).flatMap(({ detail }) => (detail?.type === "responder" ? [detail] : []));
  }

  /** Texts of the service's events with this word. */
  said(word: string): string[] {
    return this.log
      .since(0)
      .filter(({ service, text }) => service === "packets" && text.includes(word))
      .map(({ text }) => text);
  }

  #tools(): PacketsTools {
    return {
      loadResponder: async (_folder, name, options) => {
        const make = this.folder.get(name);
        if (!make) throw new OperatorError(`there is no responder ${name}`, "put it there");
        await this.waits.get(name);
        return make(options);
      },
      listResponders: async () => [...this.folder.keys()].sort(),
      openFiles: async (_dataFolder, name) => this.disk.files(name),
      loadRows: async () => (packet) => ({
        source: "a",
        destination: "b",
        protocol: packet.layers.at(-1)!.message.name,
        info: "said",
      }),
    };
  }
}

/** A disk that can be full, or hang. */
export class FakeDisk {
  /** Pieces by file. */
  readonly written = new Map<string, Uint8Array[]>();
  error: Error | undefined;
  hangs: Promise<void> | undefined;
  closed = 0;

  files(name: string): CaptureFiles {
    let current: Uint8Array[] = [];
    return {
      next: async () => {
        if (this.error) throw this.error;
        this.written.set(`${name}_${this.written.size + 1}`, (current = []));
      },
      write: async (bytes) => {
        await this.hangs;
        if (this.error) throw this.error;
        current.push(bytes);
      },
      close: async () => void this.closed++,
    };
  }

  bytesOf(file: string): Uint8Array {
    return new Uint8Array(this.written.get(file)!.flatMap((piece) => [...piece]));
  }
}

/** Answers ARP for one address. */
export function arpFor({ address = "10.0.0.9" }: Readonly<Record<string, string>>): ExchangeDefinition {
  return responder("arp", {
    [`arp.opcode == 1 and arp.dst.proto_ipv4 == ${address}`]: (packet, { tell }) => {
      const { senderMac, senderIp, targetIp } = packet.get(Arp)!;
      tell("answered", { to: senderIp });
      return [
        layer(Ethernet, { destination: senderMac, source: MAC }),
        layer(Arp, {
          opcode: 2,
          senderMac: MAC,
          senderIp: targetIp,
          targetMac: senderMac,
          targetIp: senderIp,
        }),
      ];
    },
  }) as ExchangeDefinition;
}

/** An ARP request for an address. */
export function arpRequest(targetIp: string): Uint8Array {
  return build(REGISTRY, [
    layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source: "02:00:00:00:00:05" }),
    layer(Arp, {
      opcode: 1,
      senderMac: "02:00:00:00:00:05",
      senderIp: "10.0.0.5",
      targetMac: "00:00:00:00:00:00",
      targetIp,
    }),
  ]);
}

const MAC = "02:00:00:00:00:09";
const REGISTRY = standardRegistry();
