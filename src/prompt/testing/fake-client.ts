import type { CallOptions } from "@connectrpc/connect";
import type { ParleyClient } from "#api/client-types.ts";
import type { Event, ServiceStatus, WatchResponse } from "#api/gen/parley/v1/node_pb.ts";
import type { AskedDirectory, DirectoryAnswer, ServedDirectory } from "#api/gen/parley/v1/directory_pb.ts";
import type { Interface, InterfaceAddress, InterfaceCounters } from "#api/gen/parley/v1/links_pb.ts";
import type { CapturedPacket, Capture, Responder } from "#api/gen/parley/v1/packets_pb.ts";
import type {
  BookAddress,
  BookPeer,
  GetIdentityResponse,
  PeerIdentity,
} from "#api/gen/parley/v1/peers_pb.ts";
import type { Route } from "#api/gen/parley/v1/routes_pb.ts";
import type { Message, Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import { FakeMembership } from "#prompt/testing/fake-membership.ts";
import { FakeOspf } from "#prompt/testing/fake-ospf.ts";
import type { ApiTime } from "#prompt/times.ts";

/** A node that answers from memory, for the tests of the prompt and of the terminal. */
export class FakeNode {
  name = "bob";
  usage: { started: ApiTime; cpuSeconds: number; memoryBytes: bigint } | undefined;
  services: ServiceStatus[] = [service("whisper", 4), service("api", 4)];
  peers: Peer[] = [];
  identity: Partial<GetIdentityResponse> = {};
  book: BookPeer[] = [];
  refusals: { reason: string; count: bigint }[] = [];
  /** What the book says of a peer. */
  readonly explained = new Map<string, string[]>();
  messages: Message[] = [];
  events: Event[] = [];
  routes: Route[] = [];
  readonly ospf = new FakeOspf();
  readonly membership = new FakeMembership();
  served: ServedDirectory | undefined;
  directories: AskedDirectory[] = [];
  /** What directories answer. */
  directoryAnswers: DirectoryAnswer[] = [];
  captures: Capture[] = [];
  responders: Responder[] = [];
  /** Names in the folder of responders. */
  available: string[] = [];
  /** What a capture streams, message by message, before it waits for more. */
  captured: { packets: CapturedPacket[]; dropped: bigint }[] = [];
  yaml = "node:\n  name: bob\n";
  /** Thrown by every call while it is set. */
  failure: unknown;
  /** Calls do not answer while this is set. */
  hangs = false;
  /** "method argument" of every call that changes something. */
  readonly orders: string[] = [];
  readonly client: ParleyClient;
  readonly #watchers = new Set<Watcher>();

  constructor() {
    // Requests and answers are plain values of the same shape.
    const links = { listInterfaces: async ({ name = "" }) => ({ interfaces: interfacesNamed(name) }) };
    this.client = {
      node: this.#node(),
      links,
      routes: this.#routes(),
      ospf: this.ospf.client,
      membership: this.membership.client,
      directory: this.#directory(),
      peers: this.#peers(),
      whisper: this.#whisper(),
      packets: this.#packets(),
    } as unknown as ParleyClient;
  }

  /** Sends an item to every watcher. */
  push(item: WatchResponse["item"]): void {
    for (const watcher of this.#watchers) watcher.push(item);
  }

  /** Ends every watch stream, as a daemon does that goes away. */
  hangUp(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  #answer<Answer>(answer: () => Answer): () => Promise<Answer> {
    return async () => {
      if (this.failure !== undefined) throw this.failure;
      if (this.hangs) await new Promise(() => {});
      return answer();
    };
  }

  #order<Request>(name: string, text: (request: Request) => string, answer: () => unknown = () => ({})) {
    return async (request: Request) => {
      this.orders.push(`${name} ${text(request)}`.trim());
      return this.#answer(answer)();
    };
  }

  #node() {
    const version = { version: "0.1.0", commit: "2871e53", dirty: true, started: timeAt(0) };
    return {
      getVersion: this.#answer(() => ({ ...version, node: this.name })),
      listServices: this.#answer(() => ({
        services: this.services,
        ...(this.usage && { usage: this.usage }),
      })),
      getConfiguration: this.#answer(() => ({ yaml: this.yaml })),
      listEvents: async ({ limit = 0, pattern = "" }) => ({
        events: this.events.filter(({ text }) => text.includes(pattern)).slice(-limit),
      }),
      restartService: this.#order("restart", ({ name }: { name: string }) => name),
      reload: this.#order(
        "reload",
        () => "",
        () => ({ changed: ["whisper"] }),
      ),
      shutdown: this.#order("shutdown", () => ""),
      watch: (_request: unknown, options?: CallOptions) => this.#watch(options),
    };
  }

  #peers() {
    const services = [{ kind: "whisper", address: "127.0.0.1:5001" }];
    const key = { publicKey: new Uint8Array(32).fill(255), fingerprint: "k7qf-2m3a-x5dw-b6ie" };
    const said = { sequence: 12n, services, lobby: false, announcement: new Uint8Array(150) };
    return {
      getIdentity: this.#answer(() => ({ name: this.name, ...key, ...said, ...this.identity })),
      listBook: this.#answer(() => ({ peers: this.book, refusals: this.refusals })),
      explainPeer: async ({ peer }: { peer: string }) => {
        const lines = this.explained.get(peer);
        if (!lines) throw { code: NOT_FOUND, rawMessage: `nothing is known of ${peer}` };
        return { lines };
      },
    };
  }

  #whisper() {
    const address = ({ address }: { address: string }) => address;
    return {
      listPeers: this.#answer(() => ({ address: "127.0.0.1:5001", nick: "bob", peers: this.peers })),
      getPeer: async ({ address }: { address: string }) => {
        const found = this.peers.find((peer) => peer.address === address);
        if (!found) throw { code: NOT_FOUND, rawMessage: `nothing is known of ${address}` };
        return { peer: found };
      },
      listMessages: async ({ limit = 0 }) => ({ messages: this.messages.slice(-limit) }),
      say: this.#order("say", ({ body }: { body: string }) => body),
      connect: this.#order("connect", address),
      disconnect: this.#order("disconnect", address),
    };
  }

  /** Two routes a page. */
  #routes() {
    type Request = { which?: { case: string; value: string }; sources?: number[]; after: string };
    return {
      listRoutes: async ({ which, sources = [], after }: Request) => {
        const found = this.routes
          .filter(({ source }) => sources.length === 0 || sources.includes(source))
          .filter(({ prefix }) => which?.case !== "prefix" || prefix === which.value);
        const from = after === "" ? 0 : Number(after);
        const nextAfter = found.length > from + 2 ? String(from + 2) : "";
        if (which) this.orders.push(`routes ${which.case} ${which.value}`);
        return this.#answer(() => ({ routes: found.slice(from, from + 2), nextAfter }))();
      },
    };
  }

  #directory() {
    const answer = () => ({ answers: this.directoryAnswers });
    const order = (name: string) =>
      this.#order(`directory ${name}`, ({ url }: { url: string }) => url, answer);
    return {
      getDirectory: this.#answer(() => ({ server: this.served, directories: this.directories })),
      join: order("join"),
      refill: order("refill"),
      leave: order("leave"),
      list: order("list"),
      reset: order("reset"),
    };
  }

  #packets() {
    const place = (request: { name: string; interface: string }) => `${request.name} ${request.interface}`;
    return {
      listCaptures: this.#answer(() => ({ captures: this.captures })),
      listResponders: this.#answer(() => ({ responders: this.responders, available: this.available })),
      startResponder: this.#order(
        "start",
        (request: { name: string; interface: string; options: object }) =>
          `${place(request)} ${JSON.stringify(request.options)}`,
        () => ({ responder: this.responders[0] }),
      ),
      stopResponder: this.#order("stop", place, () => ({ stopped: this.responders })),
      capture: (request: { interface: string; query: string }, options?: CallOptions) =>
        this.#capture(request, options),
    };
  }

  async *#capture(request: { interface: string; query: string }, options?: CallOptions) {
    this.orders.push(`capture ${request.interface} ${request.query}`.trim());
    if (this.failure !== undefined) throw this.failure;
    yield { packets: [], dropped: 0n };
    yield* this.captured;
    await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
    throw { rawMessage: "the call was cancelled" };
  }

  async *#watch(options?: CallOptions): AsyncGenerator<{ item: WatchResponse["item"] }> {
    const watcher = new Watcher();
    options?.signal?.addEventListener("abort", () => watcher.end());
    this.#watchers.add(watcher);
    try {
      for (;;) {
        const item = await watcher.next();
        if (item === undefined) return;
        yield { item };
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }
}

export function timeAt(timeMs: number): ApiTime & { $typeName: "google.protobuf.Timestamp" } {
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(Math.floor(timeMs / 1_000)),
    nanos: (timeMs % 1_000) * 1_000_000,
  };
}

export function service(name: string, state: number, more: Partial<ServiceStatus> = {}): ServiceStatus {
  const since = timeAt(1_000);
  const status = { name, type: name, state, needs: [], since, restarts: 0, reason: "", ...more };
  return { $typeName: "parley.v1.ServiceStatus", ...status } as ServiceStatus;
}

export function peer(address: string, state: number, more: Partial<Peer> = {}): Peer {
  return {
    $typeName: "parley.v1.Peer",
    address,
    nick: "",
    state,
    origin: "configured",
    queuedMessages: 0,
    queuedBytes: 0n,
    sentMessages: 0n,
    receivedMessages: 0n,
    droppedMessages: 0n,
    lastError: "",
    failures: 0,
    ...more,
  } as Peer;
}

export function bookAddress(kind: string, address: string, more: Partial<BookAddress> = {}): BookAddress {
  return {
    $typeName: "parley.v1.BookAddress",
    kind,
    address,
    name: "",
    origins: [{ $typeName: "parley.v1.PeerOrigin", kind: "message", source: "127.0.0.1" }],
    state: "",
    reason: "",
    score: 10,
    failures: 0,
    lastFailure: "",
    alsoClaimedBy: [],
    ...more,
  } as BookAddress;
}

export function bookPeer(name: string, addresses: BookAddress[], identity?: Partial<PeerIdentity>): BookPeer {
  const known = {
    fingerprint: "abcd-efgh-ijkl-mnop",
    sequence: 3n,
    inForce: true,
    lobby: false,
    ...identity,
  };
  return {
    $typeName: "parley.v1.BookPeer",
    name,
    addresses,
    ...(identity && { identity: known }),
  } as BookPeer;
}

export function message(nick: string, body: string, more: Partial<Message> = {}): Message {
  const base = { id: "1", address: "127.0.0.1:5002", received: timeAt(0), own: false };
  return { $typeName: "parley.v1.Message", ...base, nick, body, ...more };
}

export function event(text: string, more: Partial<Event> = {}): Event {
  const base = { sequence: 1n, time: timeAt(0), service: "whisper", level: 2 };
  return { $typeName: "parley.v1.Event", ...base, text, detail: { case: undefined }, ...more } as Event;
}

export function responder(name: string, state: number, more: Partial<Responder> = {}): Responder {
  return {
    $typeName: "parley.v1.Responder",
    name,
    interface: "eth0",
    configured: true,
    state,
    since: timeAt(0),
    position: "listening",
    seen: 0n,
    matched: 0n,
    dropped: 0n,
    sent: 0n,
    errors: 0n,
    reason: "",
    lastError: "",
    lastErrorPacket: "",
    ...more,
  } as Responder;
}

export function capture(state: number, more: Partial<Capture> = {}): Capture {
  return {
    $typeName: "parley.v1.Capture",
    interface: "eth0",
    query: "",
    file: "",
    state,
    since: timeAt(0),
    packets: 0n,
    bytes: 0n,
    dropped: 0n,
    reason: "",
    ...more,
  } as Capture;
}

export function captured(number: number, info: string, more: Partial<CapturedPacket> = {}): CapturedPacket {
  const time = { ...timeAt(1_000), nanos: number * 1_000_000 };
  const ends = { source: "192.0.2.1", destination: "192.0.2.2", protocol: "DNS" };
  return {
    $typeName: "parley.v1.CapturedPacket",
    number: BigInt(number),
    time,
    length: 60,
    data: Uint8Array.of(1, 2, 255),
    outgoing: false,
    ...ends,
    info,
    ...more,
  } as CapturedPacket;
}

function interfacesNamed(name: string): Partial<Interface>[] {
  const address = (text: string, prefixLength: number, scope: string, broadcast = "") =>
    ({ address: text, prefixLength, scope, broadcast, peer: "", flags: [] }) as unknown as InterfaceAddress;
  const counters = {
    receivedPackets: 1n,
    receivedBytes: 60n,
    receiveErrors: 0n,
    receiveDropped: 0n,
    sentPackets: 2n,
    sentBytes: 120n,
    sendErrors: 0n,
    sendDropped: 0n,
    multicast: 0n,
  } as InterfaceCounters;
  const hardware = { hardwareAddress: "02:00:00:00:00:02", hardwareBroadcast: "ff:ff:ff:ff:ff:ff" };
  const lo = {
    index: 1,
    name: "lo",
    mtu: 65_536,
    up: true,
    running: true,
    operState: "unknown",
    medium: "loopback",
  };
  const eth0 = {
    index: 2,
    name: "eth0",
    mtu: 1_500,
    up: true,
    running: false,
    medium: "ether",
    counters,
    ...hardware,
  };
  const all = [
    {
      ...lo,
      hardwareAddress: "",
      hardwareBroadcast: "",
      flags: ["LOOPBACK", "UP"],
      addresses: [address("127.0.0.1", 8, "host")],
    },
    {
      ...eth0,
      operState: "lower-layer-down",
      flags: ["NO-CARRIER", "UP"],
      addresses: [address("192.0.2.7", 24, "global", "192.0.2.255"), address("fe80::1", 64, "link")],
    },
  ];
  return name === "" ? all : all.filter((each) => each.name === name);
}

/** The code of gRPC. */
const NOT_FOUND = 5;

class Watcher {
  readonly #items: WatchResponse["item"][] = [];
  #ended = false;
  #wake = () => {};

  push(item: WatchResponse["item"]): void {
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async next(): Promise<WatchResponse["item"] | undefined> {
    while (this.#items.length === 0 && !this.#ended) await new Promise<void>((wake) => (this.#wake = wake));
    return this.#items.shift();
  }
}
