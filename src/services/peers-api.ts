import type { AnnouncementReading } from "#peers/announcement.ts";
import type { PeerKind, PeerOrigin, PeerReport, Sighting } from "#peers/io.ts";
import type { PeerView } from "#peers/view.ts";

export type { AddressView, IdentityView, PeerView } from "#peers/view.ts";

/** The API of the running peer book: where every overlay service learns of peers, and tells of those it meets. */
export interface PeersApi {
  /** What the operator configured, "IP:port" or "host:port", in the configuration's order. */
  configured(kind: PeerKind): readonly string[];
  /** All that are worth dialling now, from every origin, best first; without those that rest after failures. */
  addresses(kind: PeerKind): readonly string[];
  /** Calls `listener` when addresses came or went, until `signal` aborts. Several changes at once are one call. */
  follow(listener: () => void, signal: AbortSignal): void;
  /** Someone named an address. What must not be dialled, or is too much from one source, is counted and left out. */
  heard(sighting: Sighting): void;
  /**
   * A node's signed announcement came. Its addresses go into the book under its key; an older one than the last of the same
   * key changes nothing and is refused.
   */
  announced(bytes: Uint8Array, origin: PeerOrigin, source: string): AnnouncementReading;
  /** The node with this key has gone: what it announced no longer counts, until it announces anew or again. */
  gone(publicKey: Uint8Array): void;
  /** How a service stands with an address of its kind; "lost" when it has given it up. */
  report(kind: PeerKind, address: string, report: PeerReport): void;
  /** A service stops: what it reported of its kind holds no more. */
  forgetReports(kind: PeerKind): void;
  /** All peers, those with which something is linked first. */
  list(): readonly PeerView[];
  /** Why things are as they are with a peer named by address, name or fingerprint, in sentences; none: it is not known. */
  why(text: string): readonly string[];
  /** What was refused, by reason. */
  counters(): ReadonlyMap<string, number>;
}
