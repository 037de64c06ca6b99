import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { parseAddress, scopeOf } from "#base/address.ts";
import { explain } from "#base/operator-error.ts";
import { answerTo, isJsonPath, refusalAnswer } from "#directory/answer.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import { Liveness } from "#directory/liveness.ts";
import { RateLimiter } from "#directory/rate-limiter.ts";
import type { Registration } from "#directory/registration.ts";
import {
  isRefusal,
  readRequest,
  type Operation,
  type Refusal,
  type RequestRules,
} from "#directory/request.ts";
import { configure, expire, join, leave, reached, refill, reset, unreachable } from "#directory/rules.ts";
import type { Decision, Outcome } from "#directory/rules.ts";
import { isTrusted } from "#directory/source.ts";
import { DirectoryTable } from "#directory/table.ts";
import { isToken } from "#directory/token.ts";
import { fingerprint } from "#peers/fingerprint.ts";
import type { HttpLimits, HttpRequest, HttpResponse } from "#host/http.ts";
import type { StoreTable } from "#host/store.ts";
import type { DirectoryServerView, ServedPeer } from "#services/directory-api.ts";
import type { DirectoryConfig } from "#services/directory-config.ts";
import { DirectoryKeeper } from "#services/directory-keeper.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { NodeHost } from "#services/service.ts";

/** A directory over HTTP: the original's API, and the JSON API beside it. */
export class DirectoryServer {
  readonly #host: NodeHost;
  readonly #config: DirectoryConfig;
  readonly #table: DirectoryTable;
  readonly #keeper: DirectoryKeeper;
  readonly #rules: RequestRules;
  readonly #limiter: RateLimiter;
  readonly #liveness: Liveness;
  readonly #counters = new Map<string, number>();
  readonly #place: string;
  /** Why the store takes no changes at the moment. */
  #failure = "";
  #local: Endpoint = { host: "", port: 0 };
  #cancelSweep: () => void = () => {};

  private constructor(
    host: NodeHost,
    config: DirectoryConfig,
    identity: Pick<IdentityApi, "read">,
    parts: { table: DirectoryTable; keeper: DirectoryKeeper; place: string },
  ) {
    this.#host = host;
    this.#config = config;
    this.#table = parts.table;
    this.#keeper = parts.keeper;
    this.#place = parts.place;
    this.#limiter = new RateLimiter(config);
    this.#liveness = new Liveness(config.check * 1_000);
    this.#rules = {
      expiryMs: config.expiry * 1_000,
      unrenewedMs: config["unrenewed-expiry"] * 1_000,
      verify: (key, data, signature) => host.cipher.verify(key, data, signature),
      readAnnouncement: (bytes) => {
        const read = identity.read(bytes);
        if (!read.ok) return undefined;
        return { ...read.announcement, fingerprint: fingerprint(read.announcement.publicKey, host.cipher) };
      },
    };
  }

  /** Opens the store and listens. Throws OperatorError. */
  static async start(
    host: NodeHost,
    config: DirectoryConfig,
    serve: Endpoint,
    identity: Pick<IdentityApi, "read">,
  ): Promise<DirectoryServer> {
    const place = config.store ?? `${host.node.dataFolder}/directory.sqlite`;
    const table = new DirectoryTable({
      maxPeers: config["max-peers"],
      minRefillCandidates: config["min-refill-candidates"],
    });
    const parts: { keeper?: DirectoryKeeper } = {};
    const store: StoreTable = await host.stores.open(place, {
      // What is told while it opens comes before there is a keeper.
      changed: (changes) => {
        if (parts.keeper) parts.keeper.changed(changes);
        else for (const change of changes) table.apply(change);
      },
      failed: (error) => host.fail(error),
    });
    const keeper = (parts.keeper = new DirectoryKeeper(table, store));
    host.atStop(async () => {
      await keeper.idle();
      await store.close();
    });
    const server = new DirectoryServer(host, config, identity, { table, keeper, place });
    await server.#listen(serve);
    return server;
  }

  view(): DirectoryServerView {
    const { settings, ids, peers } = this.#table;
    return {
      address: formatEndpoint(this.#local),
      store: this.#place,
      maxPeers: settings.maxPeers,
      minRefillCandidates: settings.minRefillCandidates,
      peers: ids.map((id) => served(peers.get(id)!)),
      counters: this.#counters,
    };
  }

  async #listen(serve: Endpoint): Promise<void> {
    const host = this.#host;
    const listener = await host.http.serve(serve, HTTP_LIMITS, {
      request: (request) => this.#answer(request),
      dropped: (reason) => this.#count(`refused ${reason}`),
      failed: (error) => host.log.publish("error", `a request failed: ${explain(error)}`),
    });
    host.atStop(() => listener.close());
    this.#local = listener.local;
    host.signal.addEventListener("abort", () => this.#cancelSweep(), { once: true });
    this.#sweepLater();
    const open = this.#config.token === undefined ? "; without directory.token anybody may reset it" : "";
    host.log.publish(
      "info",
      `serving the directory on ${formatEndpoint(listener.local)}, kept in ${this.#place}${open}`,
    );
  }

  async #answer(request: HttpRequest): Promise<HttpResponse> {
    const isOriginal = !isJsonPath(request.path);
    const refuse = (refusal: Refusal, headers?: Readonly<Record<string, string>>): HttpResponse => {
      this.#count(`refused ${refusal.reason}`);
      return { ...refusalAnswer(refusal, isOriginal), ...(headers && { headers }) };
    };
    const waitSeconds = this.#limiter.take(request.source, this.#host.clock.now());
    if (waitSeconds > 0) return refuse(TOO_OFTEN, { "retry-after": String(waitSeconds) });
    const operation = readRequest(request, this.#rules, this.#host.clock.wallTime());
    if (isRefusal(operation)) return refuse(operation);
    if (!this.#isAllowed(operation, request)) return refuse(NO_TOKEN, { "www-authenticate": "Bearer" });
    let outcome: Outcome;
    try {
      outcome = await this.#carryOut(operation);
      if (!NO_CHANGE.has(outcome)) this.#storeFails("");
    } catch (error) {
      this.#storeFails(explain(error));
      return refuse(STORE_FAILED, { "retry-after": "1" });
    }
    this.#count(`${operation.type} ${outcome}`);
    if (operation.type === "reset" || operation.type === "config")
      this.#host.log.publish("info", `${operation.type} by ${request.source}`);
    const from = (peers: number): number => this.#host.random.below(peers);
    return answerTo(operation, outcome, this.#table, from, this.#host.clock.wallTime());
  }

  #isAllowed({ type }: Operation, { authorization }: HttpRequest): boolean {
    const { token } = this.#config;
    if (token === undefined || (type !== "reset" && type !== "config")) return true;
    return isToken(authorization, token, this.#host.cipher);
  }

  async #carryOut(operation: Operation): Promise<Outcome> {
    if (operation.type === "ping") return "unchanged";
    this.#sweep();
    return await this.#keeper.run((table): Decision => {
      switch (operation.type) {
        case "join":
          return join(table, operation.peer, this.#shareOf(operation.peer));
        case "refill":
          return refill(table, operation.peer, this.#shareOf(operation.peer));
        case "leave":
          return leave(table, operation.id, operation.publicKey);
        case "reset":
          return reset(table);
        case "config":
          return configure(operation.settings);
        default:
          return { changes: [], outcome: "unchanged" };
      }
    });
  }

  #shareOf({ source }: Registration): number {
    return isTrusted(source, this.#config.trusted) ? Infinity : this.#config["per-address"];
  }

  /** Those whose time is over go before anything else is decided. */
  #sweep(): void {
    const now = this.#host.clock.wallTime();
    if (this.#table.earliestExpiry > now) return;
    this.#inBackground((table) => expire(table, now), "expired");
  }

  #sweepLater(): void {
    if (this.#host.signal.aborted) return;
    this.#cancelSweep = this.#host.clock.at(this.#host.clock.now() + SWEEP_MS, () => {
      this.#sweep();
      if (this.#config.check > 0)
        for (const peer of this.#liveness.due(this.#table, this.#host.clock.now())) this.#dial(peer);
      this.#sweepLater();
    });
  }

  #dial(peer: Registration): void {
    const { clock, streams } = this.#host;
    let isOver = false;
    const over = (isReached: boolean): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      stream?.close();
      const finding = this.#liveness.took(peer, isReached, clock.now());
      this.#count(isReached ? "check reached" : "check failed");
      const expires = clock.wallTime() + this.#rules.unrenewedMs;
      if (isReached && !peer.renews) this.#inBackground((table) => reached(table, peer, expires), "extended");
      if (finding.isGone) this.#inBackground((table) => unreachable(table, peer), "unreachable");
    };
    const cancel = clock.at(clock.now() + DIAL_MS, () => over(false));
    const isDialled = isWorthDialling(peer);
    const handlers = {
      connected: () => over(true),
      data: () => {},
      writable: () => {},
      closed: () => over(false),
    };
    const stream = isDialled ? streams.dial({ host: peer.ip, port: Number(peer.port) }, handlers) : undefined;
    if (!isDialled) over(false);
  }

  #inBackground(decide: (table: DirectoryTable) => Decision, counter: string): void {
    this.#keeper.run(decide).then(
      (outcome) => outcome === "unchanged" || this.#count(`peer ${counter}`),
      (error: unknown) =>
        this.#host.log.publish("warn", `the store did not take a change: ${explain(error)}`),
    );
  }

  /** Says why the store takes no changes, and that it does again (""); once each. */
  #storeFails(reason: string): void {
    if (reason === this.#failure) return;
    this.#failure = reason;
    const text = reason === "" ? "takes changes again" : `takes no changes: ${reason}`;
    this.#host.log.publish(reason === "" ? "info" : "error", `the store ${this.#place} ${text}`);
  }

  #count(name: string): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }
}

function served(peer: Registration): ServedPeer {
  const { id, name, ip, port, protocol, timestamp, expires, source, signed } = peer;
  const address = formatEndpoint({ host: ip, port: Number(port) });
  return { id, name, address, protocol, timestamp, expires, source, isSigned: signed !== undefined };
}

function isWorthDialling({ ip, port }: Registration): boolean {
  const address = parseAddress(ip);
  const scope = address && scopeOf(address);
  return port !== "0" && (scope === "unicast" || scope === "loopback" || scope === "link-local");
}

const HTTP_LIMITS: HttpLimits = {
  bodyBytes: DIRECTORY_LIMITS.bodyBytes,
  connections: 1_024, // each takes some 20 kB while it asks
  connectionsPerAddress: 256, // a machine of many clients, or a proxy
  headMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000, // the longest list over 3 Mbit/s
};
/** How late somebody is forgotten who has expired, when nobody asks. */
const SWEEP_MS = 1_000;
/** Who does not answer a dial within this is not there for others either. */
const DIAL_MS = 3_000;
/** Nothing was asked of the store. */
const NO_CHANGE: ReadonlySet<Outcome> = new Set(["unchanged", "full", "crowded", "refused"]);
const TOO_OFTEN: Refusal = {
  status: 429,
  reason: "rate",
  text: "too many requests from this address; wait a moment",
};
const NO_TOKEN: Refusal = {
  status: 401,
  reason: "token",
  text: 'this needs the directory\'s token; send the header "authorization: Bearer TOKEN"',
};
const STORE_FAILED: Refusal = {
  status: 503,
  reason: "store",
  text: "the store takes no changes now; try again",
};
