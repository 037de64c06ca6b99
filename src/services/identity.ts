import { z } from "zod";
import {
  announcedName,
  encodeAnnouncement,
  isAnnounceable,
  MOST_SERVICES,
  readAnnouncement,
} from "#peers/announcement.ts";
import { fingerprint } from "#peers/fingerprint.ts";
import type { Announcement, ServiceAddress } from "#peers/io.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import { loadKey } from "#services/identity-key.ts";
import { IdentitySequence } from "#services/identity-sequence.ts";
import { service, type NodeHost } from "#services/service.ts";

/** Who this node is: a key of its own, and what it says of itself under that key. */
export const identity = service({
  name: "identity",
  type: "Identity",
  needs: {},
  // A node has its key from the first start on, whatever it runs.
  always: true,
  config: z.strictObject({}).prefault({}),
  async start(host): Promise<IdentityApi> {
    const path = `${host.node.dataFolder}/${KEY_FILE}`;
    const { seed, isNew } = await loadKey(host.files, path, host.cipher);
    const sequence = await IdentitySequence.open(
      host.files,
      `${host.node.dataFolder}/${SEQUENCE_FILE}`,
      host.clock.wallTime(),
      (text) => host.log.publish("warn", text),
    );
    host.atStop(() => sequence.settled());
    const announcer = new Announcer(host, seed, sequence);
    host.atStop(() => announcer.stop());
    const made = isNew ? `, made now and kept in ${path}` : "";
    host.log.publish("info", `this node is ${announcer.fingerprint}${made}`);
    return announcer;
  },
});

class Announcer implements IdentityApi {
  readonly publicKey: Uint8Array;
  readonly fingerprint: string;
  readonly #host: NodeHost;
  readonly #seed: Uint8Array;
  readonly #sequence: IdentitySequence;
  readonly #services = new Set<ServiceAddress>();
  readonly #listeners = new Set<() => void>();
  #lobby = false;
  #current: { readonly announcement: Announcement; readonly bytes: Uint8Array } | undefined;
  #cancelTelling: (() => void) | undefined;
  #cancelRenewal = (): void => {};

  constructor(host: NodeHost, seed: Uint8Array, sequence: IdentitySequence) {
    this.#host = host;
    this.#seed = seed;
    this.#sequence = sequence;
    this.publicKey = new Uint8Array(host.cipher.publicKey(seed));
    this.fingerprint = fingerprint(this.publicKey, host.cipher);
    this.#renewLater();
  }

  announce(kind: ServiceAddress["kind"], address: string, signal: AbortSignal): void {
    if (!isAnnounceable(address) || signal.aborted) return;
    const own = { kind, address };
    this.#services.add(own);
    const end = (): void => {
      this.#services.delete(own);
      this.#changed();
    };
    signal.addEventListener("abort", end, { once: true });
    this.#changed();
  }

  setLobby(present: boolean): void {
    if (this.#lobby === present) return;
    this.#lobby = present;
    this.#changed();
  }

  announcement(): Uint8Array {
    return this.#signed().bytes;
  }

  current(): Announcement {
    return this.#signed().announcement;
  }

  follow(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }

  read(bytes: Uint8Array) {
    return readAnnouncement(bytes, this.#host.cipher, this.#wallSeconds());
  }

  sign(bytes: Uint8Array): Uint8Array {
    return this.#host.cipher.sign(this.#seed, bytes);
  }

  stop(): void {
    this.#cancelTelling?.();
    this.#cancelRenewal();
  }

  #signed(): { readonly announcement: Announcement; readonly bytes: Uint8Array } {
    if (this.#current && this.#isFresh(this.#current.announcement)) return this.#current;
    // Whoever asked first gets the new one at once; those who follow must hear of it, too.
    if (this.#current) this.#changed();
    const announcement: Announcement = {
      publicKey: this.publicKey,
      name: announcedName(this.#host.node.name),
      sequence: this.#sequence.next(),
      expires: this.#wallSeconds() + LIFETIME_SECONDS,
      services: [...this.#services].slice(0, MOST_SERVICES),
      lobby: this.#lobby,
    };
    const bytes = encodeAnnouncement(announcement, (content) => this.sign(content));
    this.#current = { announcement, bytes };
    return this.#current;
  }

  /** Half of its life is left; and not more than it was given, as it seems when the clock was set back. */
  #isFresh({ expires }: Announcement): boolean {
    const left = expires - this.#wallSeconds();
    return left > LIFETIME_SECONDS / 2 && left <= LIFETIME_SECONDS + RENEWAL_CHECK_MS / 1_000;
  }

  /** Several services that start or stop at once are one news. */
  #changed(): void {
    this.#current = undefined;
    if (this.#cancelTelling || this.#host.signal.aborted) return;
    const { clock } = this.#host;
    this.#cancelTelling = clock.at(clock.now(), () => {
      this.#cancelTelling = undefined;
      for (const listener of this.#listeners) listener();
    });
  }

  #renewLater(): void {
    const { clock } = this.#host;
    this.#cancelRenewal = clock.at(clock.now() + RENEWAL_CHECK_MS, () => {
      if (this.#current && !this.#isFresh(this.#current.announcement)) this.#changed();
      this.#renewLater();
    });
  }

  #wallSeconds(): number {
    return Math.floor(this.#host.clock.wallTime() / 1_000);
  }
}

const KEY_FILE = "identity.key";
const SEQUENCE_FILE = "identity.sequence";
/** A day: who has not heard of a node for so long should not dial it any more for what it once said. */
const LIFETIME_SECONDS = 24 * 60 * 60;
/** How often it is seen whether an announcement needs renewal. */
const RENEWAL_CHECK_MS = 60 * 60_000;
