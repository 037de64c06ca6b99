import { OperatorError } from "#base/operator-error.ts";
import type { EventSource, NodeControl } from "#services/control.ts";
import type { NodeEvent, PeerStatus, ShownMessage } from "#services/events.ts";
import type { DirectoryApi } from "#services/directory-api.ts";
import type { MembershipApi } from "#services/membership-api.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { OspfApi } from "#services/ospf-api.ts";
import type { CapturedBatch, PacketsApi, ResponderStatus } from "#services/packets-api.ts";
import { PacketsError } from "#services/packets-api.ts";
import type { PeersApi } from "#services/peers-api.ts";
import type { RoutesApi } from "#services/routes-api.ts";
import type { ServiceState, ServiceStatus } from "#services/service.ts";
import type { WhisperApi } from "#services/whisper-api.ts";

/** A node that only remembers what it was asked, for the tests of the API. */
export class FakeControl implements NodeControl {
  readonly name = "bob";
  readonly version = { version: "0.1.0", commit: "2871e53", dirty: true };
  readonly started = 1_763_700_000_123;
  readonly log = new FakeLog();
  /** "restart whisper", "say hello", …: what reached the node, in order. */
  readonly asked: string[] = [];
  whisper = fakeWhisper(this.asked);
  packets = fakePackets(this.asked);
  /** Runs when it is set. */
  routes: Pick<RoutesApi, "routes" | "lookup" | "at"> | undefined;
  ospf: Omit<OspfApi, "router"> | undefined;
  directory: DirectoryApi | undefined;
  membership: MembershipApi | undefined;
  identity: IdentityApi | undefined;
  peers: PeersApi | undefined;
  #statuses = [fakeStatus("links", "running"), fakeStatus("whisper", "running")];
  /** What the next reload throws. */
  reloadError: Error | undefined;

  usage() {
    return { cpuSeconds: 1.5, memoryBytes: 100_000_000 };
  }

  services(): readonly ServiceStatus[] {
    return this.#statuses;
  }

  /** Puts a service into a state, and says so in the log as the manager does. */
  setState(name: string, state: ServiceState): void {
    const status = fakeStatus(name, state);
    this.#statuses = [...this.#statuses.filter((each) => each.name !== name), status];
    this.log.publish({ service: name, text: `${name} is ${state}`, detail: { type: "service", status } });
  }

  api(name: string): unknown {
    const state = this.#statuses.find((each) => each.name === name)?.state;
    if (name === "whisper" && state === "running") return this.whisper;
    if (name === "routes" && this.routes) return this.routes;
    if (name === "ospf" && this.ospf) return this.ospf;
    if (name === "identity" && this.identity) return this.identity;
    if (name === "peers" && this.peers) return this.peers;
    if (name === "membership" && this.membership) return this.membership;
    if (name === "directory" && this.directory) return this.directory;
    if (name === "packets" && (state ?? "running") === "running") return this.packets;
    throw new OperatorError(`${name} is ${state ?? "not configured"}`, `see "show services"`);
  }

  async restart(name: string): Promise<void> {
    this.asked.push(`restart ${name}`);
    if (this.#statuses.some((each) => each.name === name)) return;
    throw new OperatorError(`no service is named ${name}`, `"show services" has their names`);
  }

  async reload(): Promise<readonly string[]> {
    this.asked.push("reload");
    if (this.reloadError) throw this.reloadError;
    return ["whisper"];
  }

  configuration(): string {
    return "whisper:\n  nick: bob # parleyd.yaml:3\n";
  }

  shutdown(): void {
    this.asked.push("shutdown");
  }
}

/** A log that keeps everything. */
export class FakeLog implements EventSource {
  readonly events: NodeEvent[] = [];
  readonly #listeners = new Set<(event: NodeEvent) => void>();

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  publish(event: Partial<NodeEvent>): NodeEvent {
    const sequence = this.events.length + 1;
    const time = 1_763_700_000_000 + sequence;
    const full = {
      sequence,
      time,
      service: "whisper",
      level: "info",
      text: `event ${sequence}`,
      ...event,
    } as const;
    this.events.push(full);
    for (const listener of this.#listeners) listener(full);
    return full;
  }

  since(after: number): readonly NodeEvent[] {
    return this.events.filter(({ sequence }) => sequence > after);
  }

  subscribe(listener: (event: NodeEvent) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }
}

export function fakeStatus(name: string, state: ServiceState): ServiceStatus {
  const reason = state === "failed" ? "it fell over" : "";
  return {
    name,
    type: name,
    state,
    needs: name === "whisper" ? ["links"] : [],
    since: 1_763_700_001_000,
    restarts: 0,
    reason,
  };
}

export function fakePeer(address: string): PeerStatus {
  return {
    address,
    nick: "alice",
    state: "linked",
    origin: "configured",
    outSince: 1_763_700_002_000,
    queuedMessages: 1,
    queuedBytes: 20,
    sentMessages: 3,
    receivedMessages: 4,
    droppedMessages: 0,
    lastError: "",
    failures: 0,
  };
}

export function fakeMessage(id: string, body: string): ShownMessage {
  return {
    id,
    address: ALICE,
    nick: "alice",
    body,
    said: 1_763_700_003_000,
    received: 1_763_700_003_010,
    own: false,
  };
}

export const ALICE = "192.0.2.7:55555";

function fakeWhisper(asked: string[]): WhisperApi & { kept: ShownMessage[] } {
  const peers = [fakePeer(ALICE)];
  const kept = [fakeMessage("1", "hello"), fakeMessage("2", "is anybody there?")];
  const known = (address: string) => peers.find((peer) => peer.address === address);
  return {
    address: "192.0.2.1:55555",
    nick: "bob",
    kept,
    peers: () => peers,
    peer: known,
    messages: (limit) => kept.slice(-limit),
    say(body) {
      if (body === "") throw new OperatorError("there is nothing to say", "write a message");
      asked.push(`say ${body.slice(0, 40)}`);
      return { ...fakeMessage("3", body), nick: "bob", own: true };
    },
    connect(address) {
      if (!address.includes(":")) throw new OperatorError(`"${address}" is no address`, "write HOST:PORT");
      asked.push(`connect ${address}`);
    },
    disconnect(address) {
      if (!known(address)) throw new OperatorError(`${address} is not known`, `"show peers" has all`);
      asked.push(`disconnect ${address}`);
    },
  };
}

export function fakeResponder(name: string, interfaceName: string): ResponderStatus {
  return {
    name,
    interface: interfaceName,
    configured: true,
    state: "running",
    since: 1_763_700_004_000,
    reason: "",
    position: "listening",
    seen: 9,
    matched: 4,
    sent: 3,
    dropped: 2,
    errors: 1,
    lastError: "the interface took no more packets",
    lastErrorAt: 1_763_700_005_000,
    lastErrorPacket: "",
  };
}

function fakePackets(asked: string[]): PacketsApi & { batches: CapturedBatch[]; signal?: AbortSignal } {
  const fake: PacketsApi & { batches: CapturedBatch[]; signal?: AbortSignal } = {
    batches: [],
    captures: () => [
      {
        interface: "eth0",
        query: "arp",
        file: "arp",
        state: "failed",
        since: 1_763_700_004_000,
        reason: "no room",
        nextAttempt: 1_763_700_006_000,
        packets: 5,
        bytes: 300,
        dropped: 2,
      },
    ],
    async startCapture({ interface: name, query, snapLength, promiscuous }, signal) {
      if (name !== "eth0") throw new PacketsError("missing", `there is no interface ${name}`, "see them");
      if (query === "ip.scr") throw new PacketsError("invalid", "no field ip.scr: »ip.scr«", "write ip.src");
      asked.push(`capture ${name} ${query} ${snapLength} ${promiscuous}`);
      fake.signal = signal;
      return {
        linkType: 1,
        async *[Symbol.asyncIterator]() {
          yield* fake.batches;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          throw new PacketsError("failed", "the capture has ended", "start it again");
        },
      };
    },
    responders: () => [fakeResponder("arp", "eth0")],
    availableResponders: async () => ["arp", "dns"],
    async startResponder(name, interfaceName, options) {
      if (name !== "arp") throw new OperatorError(`there is no responder ${name}`, "put it there");
      asked.push(`start ${name} ${interfaceName} ${JSON.stringify(options)}`);
      return fakeResponder(name, interfaceName);
    },
    async stopResponder(name, interfaceName) {
      if (name !== "arp") throw new PacketsError("missing", `there is no responder ${name}`, "see them");
      asked.push(`stop ${name} ${interfaceName ?? "everywhere"}`);
      return [fakeResponder(name, interfaceName ?? "eth0")];
    },
  };
  return fake;
}
