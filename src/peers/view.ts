import type { PeerBook } from "#peers/book.ts";
import { restsUntil, type Entry, type Identity } from "#peers/entry.ts";
import { isInForce } from "#peers/identities.ts";
import type { PeerKind, PeerOrigin, PeerReport } from "#peers/io.ts";

/** What is told of one address. Times are ms since the Unix epoch. */
export interface AddressView {
  readonly kind: PeerKind;
  readonly address: string;
  readonly origins: readonly { readonly origin: PeerOrigin; readonly source: string }[];
  /** What the node there is called, where an origin told. */
  readonly name: string;
  /** How the service of its kind stands with it, where one does. */
  readonly report?: PeerReport;
  readonly score: number;
  readonly lastHeard: number;
  readonly lastGood?: number;
  readonly failures: number;
  readonly lastFailure?: number;
  readonly lastReason: string;
  /** Left alone until then, because it failed. */
  readonly restsUntil?: number;
  /** Fingerprints of others that announce it too. */
  readonly alsoClaimedBy: readonly string[];
}

/** What is told of a node that has announced itself. */
export interface IdentityView {
  readonly publicKey: Uint8Array;
  readonly fingerprint: string;
  readonly sequence: number;
  readonly expires: number;
  readonly lobby: boolean;
  /** It counts: it has not expired, and nobody said that the node has gone. */
  readonly inForce: boolean;
  readonly origin: PeerOrigin;
  readonly source: string;
}

/** One peer: a node with all its addresses; or one address of which nobody knows whose it is. */
export interface PeerView {
  readonly name: string;
  readonly identity?: IdentityView;
  readonly addresses: readonly AddressView[];
}

/** All peers, the best first. */
export function peerViews(book: PeerBook, now: number): readonly PeerView[] {
  const owned = new Map<Identity, Entry[]>();
  const peers: PeerView[] = [];
  for (const entry of book.entries()) {
    const owner = book.ownerOf(entry, now);
    if (!owner) peers.push({ name: entry.name, addresses: [addressView(book, entry, now)] });
    else if (owned.has(owner)) owned.get(owner)!.push(entry);
    else owned.set(owner, [entry]);
  }
  for (const identity of book.identities()) {
    const addresses = (owned.get(identity) ?? []).map((entry) => addressView(book, entry, now));
    addresses.sort((a, b) => b.score - a.score);
    peers.push({
      name: identity.announcement.name,
      identity: identityView(identity, now),
      addresses,
    });
  }
  return peers.sort((a, b) => scoreOf(b) - scoreOf(a) || compare(keyOf(a), keyOf(b)));
}

/** An address with all that the book knows of it. */
export function addressView(book: PeerBook, entry: Readonly<Entry>, now: number): AddressView {
  const owner = book.ownerOf(entry, now);
  const rests = restsUntil(entry, now, book.limits);
  return {
    kind: entry.kind,
    address: entry.address,
    origins: Array.from(entry.origins, ([origin, source]) => ({ origin, source })),
    name: entry.name,
    ...(entry.report && { report: entry.report }),
    score: book.score(entry, now),
    lastHeard: entry.lastHeard,
    ...(entry.lastGood !== undefined && { lastGood: entry.lastGood }),
    failures: entry.failures,
    ...(entry.lastFailure !== undefined && { lastFailure: entry.lastFailure }),
    lastReason: entry.lastReason,
    ...(rests > 0 && { restsUntil: rests }),
    alsoClaimedBy: book
      .claimantsOf(entry)
      .filter((identity) => identity !== owner && isInForce(identity, now))
      .map((identity) => identity.fingerprint),
  };
}

export function identityView(identity: Readonly<Identity>, now: number): IdentityView {
  const { announcement, origin, source } = identity;
  return {
    publicKey: announcement.publicKey,
    fingerprint: identity.fingerprint,
    sequence: announcement.sequence,
    expires: announcement.expires * 1_000,
    lobby: announcement.lobby,
    inForce: isInForce(identity, now),
    origin,
    source,
  };
}

function scoreOf({ addresses }: PeerView): number {
  return addresses[0]?.score ?? -Infinity;
}

function keyOf({ name, addresses }: PeerView): string {
  return `${name} ${addresses[0]?.address ?? ""}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
