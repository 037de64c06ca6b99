import type { PeerReport } from "#peers/io.ts";
import type { PeersApi } from "#services/peers-api.ts";
import type { NodeHost } from "#services/service.ts";
import type { WhisperCommand } from "#whisper/io.ts";
import type { Peer } from "#whisper/peer.ts";
import type { Whisper } from "#whisper/whisper.ts";

/** What the book was told of one peer. */
interface Told {
  readonly origin: Peer["origin"];
  readonly report: PeerReport;
}

/**
 * Between the whisper core and the peer book: the core is told which peers are configured and which others the book would
 * dial, the book which addresses came in messages and how all of them stand. The core stays as it is: its peers are looked
 * over once a second, which costs less than an event for each change of each peer.
 */
export class WhisperBook {
  readonly #host: NodeHost;
  readonly #core: Whisper;
  readonly #book: PeersApi;
  readonly #push: (command: WhisperCommand) => void;
  readonly #told = new Map<string, Told>();
  readonly #suggested = new Set<string>();
  #configured: readonly string[];
  #ticks = 0;
  #hasNews = true;
  #cancelTick = (): void => {};

  /** `configured`: what the core was made with. */
  constructor(
    host: NodeHost,
    core: Whisper,
    book: PeersApi,
    configured: readonly string[],
    push: (command: WhisperCommand) => void,
  ) {
    this.#host = host;
    this.#core = core;
    this.#book = book;
    this.#configured = configured;
    this.#push = push;
  }

  start(): void {
    this.#book.follow(() => this.#bookChanged(), this.#host.signal);
    this.#host.atStop(() => {
      this.#cancelTick();
      this.#book.forgetReports("whisper");
    });
    this.#tick();
  }

  #bookChanged(): void {
    this.#hasNews = true;
    const configured = this.#book.configured("whisper");
    if (configured === this.#configured || configured.join(" ") === this.#configured.join(" ")) return;
    this.#configured = configured;
    this.#push({ type: "configure", peers: configured });
  }

  #tick(): void {
    this.#tell();
    if (this.#hasNews || this.#ticks % SUGGEST_TICKS === 0) this.#suggest();
    this.#ticks++;
    const { clock } = this.#host;
    this.#cancelTick = clock.at(clock.now() + TICK_MS, () => this.#tick());
  }

  /** What the book would dial and the core does not know. */
  #suggest(): void {
    this.#hasNews = false;
    const unknown = this.#book.addresses("whisper").filter((address) => !this.#core.peer(address));
    const peers = unknown.slice(0, MOST_SUGGESTED);
    if (peers.length === 0) return;
    for (const address of peers) this.#suggested.add(address);
    this.#push({ type: "suggest", peers });
    for (const address of peers) if (!this.#core.peer(address)) this.#suggested.delete(address);
  }

  #tell(): void {
    const gone = new Set(this.#told.keys());
    for (const peer of this.#core.peers()) {
      gone.delete(peer.address);
      const before = this.#told.get(peer.address);
      if (peer.origin !== before?.origin) this.#hear(peer);
      else if (isSame(before.report, peer)) continue;
      const report = this.#reportOf(peer);
      this.#told.set(peer.address, { origin: peer.origin, report });
      this.#book.report("whisper", peer.address, report);
    }
    for (const address of gone) {
      const { reason } = this.#told.get(address)!.report;
      this.#told.delete(address);
      this.#suggested.delete(address);
      this.#book.report("whisper", address, { state: "lost", ...(reason && { reason }) });
    }
  }

  /** Configured ones and those that the book itself named it knows. */
  #hear({ address, origin, source }: Readonly<Peer>): void {
    const isSuggested = this.#suggested.has(address);
    if (origin === "configured" || (origin === "named" && isSuggested)) return;
    // The book named it first; what has come in a message since is what the peer says of itself.
    const said = { origin: "message", source: isSuggested ? address : source } as const;
    const from = origin === "operator" ? { origin, source: "" } : said;
    this.#book.heard({ kind: "whisper", address, ...from });
  }

  #reportOf(peer: Readonly<Peer>): PeerReport {
    const { clock } = this.#host;
    const since = peer.state === "linked" ? (peer.outgoingSince ?? clock.now()) : clock.now();
    return {
      state: stateOf(peer),
      reason: peer.lastError,
      name: peer.nick,
      since: Math.round(since + clock.wallTime() - clock.now()),
    };
  }
}

function isSame({ state, reason, name }: PeerReport, peer: Readonly<Peer>): boolean {
  return state === stateOf(peer) && reason === peer.lastError && name === peer.nick;
}

function stateOf({ state }: Readonly<Peer>): Exclude<PeerReport["state"], "lost"> {
  return state === "due" ? "dialling" : state;
}

const TICK_MS = 1_000;
/** Also without news of the book the core is asked again: it has forgotten some, and others have rested. */
const SUGGEST_TICKS = 10;
/** As many as the core takes from one source before any has answered. */
const MOST_SUGGESTED = 256;
