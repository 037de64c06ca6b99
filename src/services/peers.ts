import { explain } from "#base/operator-error.ts";
import { loadBook, MOST_FILE_BYTES, saveBook } from "#peers/book-file.ts";
import { PeerBook } from "#peers/book.ts";
import type { PeerKind, PeerOrigin, PeerReport, ServiceAddress, Sighting } from "#peers/io.ts";
import { peerViews } from "#peers/view.ts";
import { whyPeers } from "#peers/why.ts";
import { identity } from "#services/identity.ts";
import type { PeersApi } from "#services/peers-api.ts";
import { peersConfig } from "#services/peers-config.ts";
import { service, type NodeHost } from "#services/service.ts";

/** Where every overlay service learns of peers. */
export const peers = service({
  name: "peers",
  type: "PeerBook",
  needs: { identity },
  config: peersConfig,
  async start(host, config, { identity: self }): Promise<PeersApi> {
    const desk = new PeersDesk(host);
    await desk.load();
    const ownChanged = (): void => desk.setOwn(self.current());
    self.follow(ownChanged, host.signal);
    ownChanged();
    desk.configure(config);
    host.atReconfigure((changed) => {
      desk.configure(changed);
      return true;
    });
    host.atStop(() => desk.stop());
    return desk;
  },
});

/** The book, the clock by which it goes, and the file that keeps it. */
class PeersDesk implements PeersApi {
  readonly #host: NodeHost;
  readonly #book: PeerBook;
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  #configured: readonly ServiceAddress[] = [];
  #toldVersion = 0;
  #savedVersion = 0;
  #cancelTelling: (() => void) | undefined;
  #cancelSweep = (): void => {};
  #cancelSaving: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #isSaveFailing = false;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#book = new PeerBook(host.cipher);
    this.#path = `${host.node.dataFolder}/${BOOK_FILE}`;
    this.#sweepLater();
  }

  /** A book that cannot be used costs what it knew, never the start. */
  async load(): Promise<void> {
    try {
      const file = await this.#host.files.read(this.#path, MOST_FILE_BYTES);
      const problem = file && loadBook(this.#book, file.content, this.#now());
      if (problem !== undefined) this.#warn(`${this.#path} is not used: ${problem}; the book begins anew`);
    } catch (error) {
      this.#warn(`${explain(error)}; the book begins anew`);
    }
    this.#savedVersion = this.#book.version;
  }

  setOwn(announcement: Parameters<PeerBook["setOwn"]>[0]): void {
    this.#book.setOwn(announcement);
    this.#changed();
  }

  configure(peers: readonly ServiceAddress[]): void {
    this.#configured = peers;
    this.#book.configure(peers, this.#now());
    // Whoever reads that the configuration was taken finds it in force.
    this.#tell();
    this.#changed();
  }

  configured(kind: PeerKind): readonly string[] {
    return this.#configured.flatMap((peer) => (peer.kind === kind ? [peer.address] : []));
  }

  addresses(kind: PeerKind): readonly string[] {
    return this.#book.addresses(kind, this.#now());
  }

  follow(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }

  heard(sighting: Sighting): void {
    this.#book.heard(sighting, this.#now());
    this.#changed();
  }

  announced(bytes: Uint8Array, origin: PeerOrigin, source: string) {
    const reading = this.#book.announced(bytes, origin, source, this.#now());
    this.#changed();
    return reading;
  }

  gone(publicKey: Uint8Array): void {
    this.#book.gone(publicKey, this.#now());
    this.#changed();
  }

  report(kind: PeerKind, address: string, report: PeerReport): void {
    this.#book.report(kind, address, report, this.#now());
    this.#changed();
  }

  forgetReports(kind: PeerKind): void {
    this.#book.forgetReports(kind, this.#now());
    this.#changed();
  }

  list() {
    return peerViews(this.#book, this.#now());
  }

  why(text: string): readonly string[] {
    return whyPeers(this.#book, text, this.#now());
  }

  counters(): ReadonlyMap<string, number> {
    return this.#book.counters();
  }

  async stop(): Promise<void> {
    this.#cancelSweep();
    this.#cancelTelling?.();
    this.#cancelSaving?.();
    await this.#save();
  }

  /** Tells those who follow, and saves, a little later: news seldom come alone. */
  #changed(always = false): void {
    if (this.#host.signal.aborted) return;
    const { version } = this.#book;
    const { clock } = this.#host;
    if ((always || version !== this.#toldVersion) && !this.#cancelTelling) {
      this.#cancelTelling = clock.at(clock.now(), () => this.#tell());
    }
    if (version === this.#savedVersion || this.#cancelSaving) return;
    this.#cancelSaving = clock.at(clock.now() + SAVE_AFTER_MS, () => {
      this.#cancelSaving = undefined;
      void this.#save();
    });
  }

  #tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    this.#toldVersion = this.#book.version;
    for (const listener of this.#listeners) listener();
  }

  #sweepLater(): void {
    const { clock } = this.#host;
    this.#cancelSweep = clock.at(clock.now() + SWEEP_MS, () => {
      this.#book.expire(this.#now());
      // Addresses that rested may be worth a dial again, which is no change of the book.
      this.#changed(true);
      this.#sweepLater();
    });
  }

  #save(): Promise<void> {
    this.#savedVersion = this.#book.version;
    const content = saveBook(this.#book, this.#now());
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#host.files.write(this.#path, content);
        this.#isSaveFailing = false;
      } catch (error) {
        if (!this.#isSaveFailing) this.#warn(`the peer book is not saved: ${explain(error)}`);
        this.#isSaveFailing = true;
      }
    });
    return this.#saving;
  }

  #warn(text: string): void {
    this.#host.log.publish("warn", text);
  }

  #now(): number {
    return this.#host.clock.wallTime();
  }
}

const BOOK_FILE = "peers.json";
const SAVE_AFTER_MS = 10_000;
/** How often what is too old is forgotten, and what has rested is offered again. */
const SWEEP_MS = 30_000;
