import { equalBytes } from "#base/bytes.ts";
import type { Cipher } from "#base/cipher.ts";
import { toHex } from "#base/hex.ts";
import { CLOCK_TOLERANCE_SECONDS, readAnnouncement, type AnnouncementReading } from "#peers/announcement.ts";
import type { Identity } from "#peers/entry.ts";
import { fingerprint } from "#peers/fingerprint.ts";
import type { Announcement, PeerOrigin } from "#peers/io.ts";
import type { BookLimits } from "#peers/limits.ts";

/** What came of an announcement: who it is and what that one said before. */
export interface Admitted {
  readonly identity: Identity;
  readonly before: Announcement | undefined;
  /** One that was in force before, whose place the source now gives to this one. */
  readonly replaced: Identity | undefined;
}

/** Who has announced itself, each key once, bounded in number and by who passed it on. */
export class Identities {
  readonly #cipher: Cipher;
  readonly #limits: BookLimits;
  readonly #identities = new Map<string, Identity>();
  readonly #ofSource = new Map<string, number>();
  /** The key that a member has: its source names one node. */
  readonly #ofMember = new Map<string, string>();

  constructor(cipher: Cipher, limits: BookLimits) {
    this.#cipher = cipher;
    this.#limits = limits;
  }

  get size(): number {
    return this.#identities.size;
  }

  values(): IterableIterator<Identity> {
    return this.#identities.values();
  }

  get(key: string): Identity | undefined {
    return this.#identities.get(key);
  }

  /** The announcement in these bytes, or why it does not count. What is known already is not verified again. */
  read(bytes: Uint8Array, now: number): AnnouncementReading {
    const reading = this.#known(bytes);
    if (reading && isCurrent(reading, now)) return { ok: true, announcement: reading };
    return readAnnouncement(bytes, this.#cipher, now / 1_000);
  }

  /** Takes a valid announcement; or says why it must not count. */
  admit(
    announcement: Announcement,
    bytes: Uint8Array,
    from: { readonly origin: PeerOrigin; readonly source: string },
    now: number,
  ): Admitted | string {
    const key = toHex(announcement.publicKey);
    const known = this.#identities.get(key);
    const before = known?.announcement;
    if (before && announcement.sequence < before.sequence) return "older than one that came before";
    if (before && announcement.sequence === before.sequence && !equalBytes(bytes, known.bytes))
      return "another one with the same sequence";
    const replaced = this.#replacedAt(from, key);
    if (known) {
      this.#move(known, from);
      Object.assign(known, { announcement, bytes: bytes.slice(), lastHeard: now, goneSince: undefined });
      return { identity: known, before, replaced };
    }
    if ((this.#ofSource.get(sourceKey(from)) ?? 0) >= this.#limits.perSource)
      return "its source's share is used up";
    if (this.#identities.size >= this.#limits.identities) return "too many identities";
    const identity = {
      key,
      fingerprint: fingerprint(announcement.publicKey, this.#cipher),
      announcement,
      bytes: bytes.slice(),
      ...from,
      lastHeard: now,
      goneSince: undefined,
    };
    this.#identities.set(key, identity);
    this.#charge(identity, 1);
    return { identity, before, replaced };
  }

  forget(identity: Identity): void {
    if (this.#identities.delete(identity.key)) this.#charge(identity, -1);
  }

  /** A member that comes with another key has a new identity: the old one is not there any more. */
  #replacedAt(from: { readonly origin: PeerOrigin; readonly source: string }, key: string) {
    if (from.origin !== "membership") return undefined;
    const old = this.#ofMember.get(from.source);
    const identity = old === undefined || old === key ? undefined : this.#identities.get(old);
    return identity?.goneSince === undefined ? identity : undefined;
  }

  #move(identity: Identity, from: { readonly origin: PeerOrigin; readonly source: string }): void {
    this.#charge(identity, -1);
    Object.assign(identity, from);
    this.#charge(identity, 1);
  }

  #charge(identity: Identity, change: 1 | -1): void {
    const source = sourceKey(identity);
    const count = (this.#ofSource.get(source) ?? 0) + change;
    if (count > 0) this.#ofSource.set(source, count);
    else this.#ofSource.delete(source);
    if (identity.origin !== "membership") return;
    if (change === 1) this.#ofMember.set(identity.source, identity.key);
    else if (this.#ofMember.get(identity.source) === identity.key) this.#ofMember.delete(identity.source);
  }

  #known(bytes: Uint8Array): Announcement | undefined {
    const identity = this.#identities.get(toHex(bytes.subarray(KEY_FROM, KEY_END)));
    return identity && equalBytes(identity.bytes, bytes) ? identity.announcement : undefined;
  }
}

/** Whether what it announced counts at `now`. */
export function isInForce({ goneSince, announcement }: Identity, now: number): boolean {
  return goneSince === undefined && isCurrent(announcement, now);
}

/** When it stopped to count; undefined while it does. */
export function endedAt(identity: Identity, now: number): number | undefined {
  if (isInForce(identity, now)) return undefined;
  return identity.goneSince ?? endOf(identity.announcement);
}

function isCurrent(announcement: Announcement, now: number): boolean {
  return endOf(announcement) >= now;
}

/** ms since the Unix epoch. */
function endOf({ expires }: Announcement): number {
  return (expires + CLOCK_TOLERANCE_SECONDS) * 1_000;
}

function sourceKey({ origin, source }: { readonly origin: PeerOrigin; readonly source: string }): string {
  return `${origin} ${source}`;
}

/** Where the key stands in an announcement. */
const KEY_FROM = 3;
const KEY_END = 35;
