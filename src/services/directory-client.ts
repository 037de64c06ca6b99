import { parseEndpoint } from "#base/endpoint.ts";
import { explain } from "#base/operator-error.ts";
import { readListing, type Listing } from "#directory/client-answer.ts";
import { toHex } from "#base/hex.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import { leaveStatement } from "#directory/request.ts";
import type { ServiceAddress } from "#peers/io.ts";
import type { DirectoryClientView, DirectoryResult } from "#services/directory-api.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { PeersApi } from "#services/peers-api.ts";
import type { NodeHost } from "#services/service.ts";

type Request = "join" | "refill" | "leave" | "list" | "reset";

export interface ClientNeeds {
  readonly identity: IdentityApi;
  readonly peers: PeersApi;
}

/**
 * This node at one directory: it registers, renews, asks for a refill when one of those it learnt from it goes, and hands
 * what it learns to the peer book. It speaks the JSON API, and to a server that has none the original's.
 */
export class DirectoryClient {
  readonly url: string;
  readonly #host: NodeHost;
  readonly #needs: ClientNeeds;
  readonly #token: string;
  /** When this node started, as the directory's timestamp has it. */
  readonly #startedSeconds: number;
  #state: DirectoryClientView["state"] = "asking";
  #since: number;
  #reason = "";
  #isOriginal = false;
  #listing: Listing | undefined;
  #registeredAs = "";
  #hasLeft = false;
  #failures = 0;
  #next: { at: number; request: Request; cancel: () => void } | undefined;
  /** One request at a time, in their order. */
  #asking: Promise<unknown> = Promise.resolve();
  /** Addresses of the list that the book had for good ones. */
  #present = new Set<string>();

  constructor(host: NodeHost, url: string, token: string | undefined, needs: ClientNeeds) {
    this.url = url;
    this.#host = host;
    this.#needs = needs;
    this.#token = token ?? "";
    this.#since = host.clock.wallTime();
    const started = host.kept.get("started") ?? Math.floor(host.clock.wallTime() / 1_000);
    host.kept.set("started", started);
    this.#startedSeconds = started as number;
    // What other services announce at the start comes together with the first request.
    this.#later("join", SOON_MS);
    needs.identity.follow(() => this.#hasLeft || this.#later("join", SOON_MS), host.signal);
    needs.peers.follow(() => this.#look(), host.signal);
    host.signal.addEventListener("abort", () => this.#next?.cancel(), { once: true });
    host.atStop(async () => {
      // Not behind what hangs; when it fails the registration expires.
      if (this.#registeredAs !== "") await this.#call("leave", undefined, STOP_MS).catch(() => {});
    });
  }

  view(): DirectoryClientView {
    const listing = this.#listing;
    const toWallTime = this.#host.clock.wallTime() - this.#host.clock.now();
    return {
      url: this.url,
      state: this.#state,
      isOriginal: this.#isOriginal,
      since: this.#since,
      reason: this.#reason,
      id: this.#needs.identity.fingerprint,
      address: this.#registeredAs,
      expires:
        this.#registeredAs === "" || listing?.expires === undefined ? undefined : listing.expires * 1_000,
      nextAt: this.#next && Math.round(this.#next.at + toWallTime),
      numPeers: listing?.numPeers ?? 0,
      maxPeers: listing?.settings.maxPeers ?? 0,
      peers: listing?.peers ?? [],
    };
  }

  /** Asks now, on behalf of the operator. */
  async order(request: Request): Promise<DirectoryResult> {
    if (request === "join" || request === "refill") this.#hasLeft = false;
    if (request === "leave") this.#hasLeft = true;
    try {
      return { url: this.url, error: "", listing: await this.#ask(request, ANSWER_MS) };
    } catch (error) {
      return { url: this.url, error: explain(error) };
    }
  }

  #later(request: Request, delayMs: number): void {
    if (this.#host.signal.aborted) return;
    const at = this.#host.clock.now() + delayMs;
    // An order that is due before does the same.
    if (this.#next && this.#next.at <= at && this.#next.request === request) return;
    this.#next?.cancel();
    const cancel = this.#host.clock.at(at, () => {
      this.#next = undefined;
      this.#ask(request, ANSWER_MS).catch(() => {}); // the state says why
    });
    this.#next = { at, request, cancel };
  }

  /** Asks when all that was asked before has been answered. */
  #ask(request: Request, timeoutMs: number): Promise<Listing> {
    const asked = this.#asking.then(() => this.#askNow(request, timeoutMs));
    this.#asking = asked.catch(() => {});
    return asked;
  }

  async #askNow(request: Request, timeoutMs: number): Promise<Listing> {
    const own = this.#own();
    const isRegistering = request === "join" || request === "refill";
    const actual = isRegistering && !own ? "list" : request;
    try {
      const listing = await this.#call(actual, own, timeoutMs);
      this.#failures = 0;
      this.#took(actual, listing, own);
      return listing;
    } catch (error) {
      this.#failures++;
      this.#become("failed", explain(error));
      if (request !== "leave")
        this.#later(
          "join",
          this.#jittered(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures)),
        );
      throw error;
    }
  }

  #took(request: Request, listing: Listing, own: ServiceAddress | undefined): void {
    const { fingerprint } = this.#needs.identity;
    this.#listing = listing;
    const isListed = listing.peers.some(({ id }) => id === fingerprint);
    const isRegistered = request === "leave" ? false : listing.expires !== undefined || isListed;
    if (request === "join" || request === "refill" || request === "leave" || this.#isOriginal)
      this.#registeredAs = isRegistered ? (own?.address ?? "") : "";
    if (request === "reset") return this.#wasReset();
    if (this.#registeredAs !== "") this.#become("registered", "");
    else if (!own) this.#become("absent", "no service of this node has an address that others can reach");
    else if (this.#hasLeft) this.#become("absent", 'left until "directory join"');
    else this.#become("full", "it has no room for this node");
    this.#learn(listing);
    if (this.#hasLeft) return void this.#later("list", this.#jittered(LOOK_MS));
    const left = listing.expiresIn === undefined ? LOOK_MS : listing.expiresIn * 1_000;
    this.#later("join", this.#jittered(Math.min(LOOK_MS, Math.max(SOONEST_RENEWAL_MS, left / 2))));
  }

  #wasReset(): void {
    this.#registeredAs = "";
    this.#become(this.#hasLeft ? "absent" : "asking", "it was reset");
    this.#later(this.#hasLeft ? "list" : "join", this.#jittered(REFILL_MS));
  }

  #learn({ peers }: Listing): void {
    const book = this.#needs.peers;
    const { fingerprint } = this.#needs.identity;
    for (const { id, name, kind, address, announcement } of peers) {
      if (id === fingerprint) continue;
      if (announcement && book.announced(announcement, "directory", this.url).ok) continue;
      book.heard({ kind, address, name, origin: "directory", source: this.url });
    }
    this.#present = this.#good();
  }

  /** When one of those that the directory named is no longer worth dialling, its place is to be filled. */
  #look(): void {
    const good = this.#good();
    const hasLost = [...this.#present].some((place) => !good.has(place));
    this.#present = good;
    if (hasLost && !this.#hasLeft) this.#later("refill", this.#jittered(REFILL_MS));
  }

  #good(): Set<string> {
    const listed = this.#listing?.peers ?? [];
    const book = new Map(
      (["member", "whisper", "mesh"] as const).map((kind) => [
        kind,
        new Set(this.#needs.peers.addresses(kind)),
      ]),
    );
    const good = listed.filter(({ kind, address }) => book.get(kind)!.has(address));
    return new Set(good.map(({ kind, address }) => `${kind} ${address}`));
  }

  async #call(request: Request, own: ServiceAddress | undefined, timeoutMs: number): Promise<Listing> {
    const authorization = request === "reset" && this.#token !== "" ? `Bearer ${this.#token}` : "";
    const post = (path: string, contentType: string, body: string) =>
      this.#host.http.call({
        url: `${this.url}${path}`,
        method: "POST",
        body,
        contentType,
        authorization,
        timeoutMs,
        mostBytes: DIRECTORY_LIMITS.answerBytes,
      });
    if (!this.#isOriginal) {
      const answer = await post(`/v1/${request}`, "application/json", this.#json(request, own));
      if (answer.status !== 404) return listingOf(answer);
    }
    // As the original's clients have it: `http.Post(url, "application/x-www-form-urlencoded", …)`.
    const answer = await post(`/${request}`, "application/x-www-form-urlencoded", this.#words(request, own));
    const listing = listingOf(answer);
    this.#isOriginal = true;
    return listing;
  }

  #json(request: Request, own: ServiceAddress | undefined): string {
    const { identity } = this.#needs;
    const id = identity.fingerprint;
    if (request === "leave") {
      const until = Math.floor(this.#host.clock.wallTime() / 1_000) + LEAVE_SECONDS;
      const signature = toHex(identity.sign(leaveStatement(id, until)));
      return JSON.stringify({ id, publicKey: toHex(identity.publicKey), until, signature });
    }
    if (!own || request === "list" || request === "reset") return "{}";
    const { host: ip, port } = parseEndpoint(own.address)!;
    return JSON.stringify({
      id,
      name: this.#host.node.name,
      ip,
      port: String(port),
      protocol: protocolOf(own),
      status: "0",
      timestamp: String(this.#startedSeconds),
      announcement: toHex(identity.announcement()),
    });
  }

  #words(request: Request, own: ServiceAddress | undefined): string {
    const id = this.#needs.identity.fingerprint;
    if (request === "leave") return id;
    if (!own || request === "list" || request === "reset") return "";
    const { host: ip, port } = parseEndpoint(own.address)!;
    const name = this.#host.node.name.replaceAll(" ", "-");
    return `${id} ${name} ${ip} ${port} ${protocolOf(own)} 0 ${this.#startedSeconds}`;
  }

  /** What this node is registered as: the original's clients want members. */
  #own(): ServiceAddress | undefined {
    const { services } = this.#needs.identity.current();
    const kinds = ["member", "whisper", "mesh"];
    return kinds.flatMap((kind) => services.find((each) => each.kind === kind) ?? [])[0];
  }

  #become(state: DirectoryClientView["state"], reason: string): void {
    const isNews = state !== this.#state;
    if (isNews) this.#since = this.#host.clock.wallTime();
    if (isNews || (reason !== this.#reason && state === "failed")) {
      const text = `${this.url}: ${state}${reason === "" ? "" : `, ${reason}`}`;
      this.#host.log.publish(state === "failed" ? "warn" : "info", text);
    }
    this.#state = state;
    this.#reason = reason;
  }

  /** So that nodes that were started together do not come together. */
  #jittered(delayMs: number): number {
    return delayMs * (0.75 + this.#host.random.float() / 2);
  }
}

function listingOf({ status, body }: { readonly status: number; readonly body: string }): Listing {
  const listing = status === 200 ? readListing(body) : undefined;
  if (listing) return listing;
  const said = body.trim().slice(0, 200);
  throw new Error(
    status === 200 ? "what answers is no directory" : `it answers ${status}${said === "" ? "" : `: ${said}`}`,
  );
}

function protocolOf({ kind }: ServiceAddress): string {
  return kind === "member" ? "tcp" : kind;
}

/** Services that start together announce themselves together. */
const SOON_MS = 200;
const ANSWER_MS = 10_000;
/** A node that stops waits so long for a directory at most. */
const STOP_MS = 1_000;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** How often a list is looked at when nothing else asks for it. */
const LOOK_MS = 300_000;
/** However short a server's expiry is. */
const SOONEST_RENEWAL_MS = 5_000;
/** All that knew the lost peer see it at about the same time. */
const REFILL_MS = 2_000;
/** Clocks may differ by so much. */
const LEAVE_SECONDS = 300;
