import type { Cipher } from "#base/cipher.ts";
import { formatEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { toHex } from "#base/hex.ts";
import type { AnnouncementReading } from "#peers/announcement.ts";
import { dialable, isOnLoopback } from "#peers/dialable.ts";
import {
  entryKey,
  isInUse,
  isTrusted,
  newEntry,
  restsUntil,
  scoreOf,
  type Entry,
  type Identity,
} from "#peers/entry.ts";
import { endedAt, Identities, isInForce } from "#peers/identities.ts";
import type { Announcement, PeerKind, PeerOrigin, PeerReport, ServiceAddress, Sighting } from "#peers/io.ts";
import { DEFAULT_BOOK_LIMITS, type BookLimits } from "#peers/limits.ts";

/**
 * The peer book: the addresses of all kinds that this node knows, who named them, whose they are and how they did. Every
 * overlay service draws from it and tells it what it meets. It is pure: times are given, ms since the Unix epoch, and may
 * go back. Nothing that a remote says makes it throw or grow beyond its limits; what is refused is counted.
 *
 * - An address is known once for each kind, with every origin that named it. What must not be dialled does not come in
 *   (dialable.ts). Of those that never answered one source may name so many, and worse ones make room for better ones.
 * - A signed announcement gives addresses to a key (identities.ts). Of several keys that claim one address the first has
 *   it until its announcement ends: a claim changes whose name is shown, never what is dialled.
 * - The best come first: what works, what the operator wrote, what is announced; failures count against it (entry.ts).
 */
export class PeerBook {
  readonly limits: BookLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #identities: Identities;
  readonly #unproven = new Map<string, number>();
  readonly #counters = new Map<string, number>();
  #own = new Set<string>();
  #ownKey = "";
  #livesOnLoopback = false;
  #noRoomUntil = -Infinity;
  #version = 0;

  constructor(cipher: Cipher, limits: BookLimits = DEFAULT_BOOK_LIMITS) {
    this.limits = limits;
    this.#identities = new Identities(cipher, limits);
  }

  /** Grows whenever addresses come, go, or get another owner. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): IterableIterator<Readonly<Entry>> {
    return this.#entries.values();
  }

  identities(): IterableIterator<Readonly<Identity>> {
    return this.#identities.values();
  }

  entry(kind: PeerKind, address: string): Readonly<Entry> | undefined {
    return this.#entries.get(entryKey(kind, address));
  }

  /** What was refused, by reason. */
  counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  /** What this node says of itself: these addresses are not peers, and they tell whether it lives on loopback. */
  setOwn({ publicKey, services }: Announcement): void {
    this.#ownKey = toHex(publicKey);
    this.#own = new Set(services.map(({ kind, address }) => entryKey(kind, address)));
    this.#livesOnLoopback = services.some(({ address }) => isOnLoopback(address));
    for (const key of this.#own) {
      const entry = this.#entries.get(key);
      if (entry) this.#drop(entry);
    }
  }

  /** The configured addresses are now these. */
  configure(peers: readonly ServiceAddress[], now: number): void {
    const wanted = new Set(peers.map(({ kind, address }) => entryKey(kind, address)));
    for (const [key, entry] of this.#entries) {
      if (wanted.has(key) || !entry.origins.delete("configuration")) continue;
      this.#version++;
      if (entry.origins.size === 0 && entry.lastGood === undefined) this.#drop(entry);
      else this.#charge(entry);
    }
    for (const peer of peers) this.heard({ ...peer, origin: "configuration", source: "" }, now);
  }

  /** Someone named an address; the answer is why it was refused. */
  heard(sighting: Sighting, now: number): string | undefined {
    const refusal = this.#hear(sighting, now);
    if (refusal !== undefined) this.#count(`address: ${refusal}`);
    return refusal;
  }

  /** A node's signed announcement; what is wrong with it, if it does not count. */
  announced(bytes: Uint8Array, origin: PeerOrigin, source: string, now: number): AnnouncementReading {
    const reading = this.#identities.read(bytes, now);
    if (!reading.ok) return this.#refuse(reading.reason);
    const { announcement } = reading;
    if (toHex(announcement.publicKey) === this.#ownKey) return this.#refuse("our own");
    const from = { origin, source: this.#cut(source) };
    const admitted = this.#identities.admit(announcement, bytes, from, now);
    if (typeof admitted === "string") return this.#refuse(admitted);
    const { identity, before, replaced } = admitted;
    if (replaced) replaced.goneSince = now;
    const { name, services } = announcement;
    const announcedKeys = new Set<string>();
    for (const { kind, address } of services) {
      if (this.heard({ kind, address, ...from, name }, now) === undefined)
        announcedKeys.add(entryKey(kind, address));
    }
    for (const { kind, address } of before?.services ?? []) {
      const key = entryKey(kind, address);
      if (!announcedKeys.has(key)) this.#unclaim(key, identity);
    }
    for (const key of announcedKeys) this.#claim(key, identity);
    this.#version++;
    return reading;
  }

  /** The node with this key is not there any more: what it announced does not count until it comes again. */
  gone(publicKey: Uint8Array, now: number): void {
    const identity = this.#identities.get(toHex(publicKey));
    if (!identity || identity.goneSince !== undefined) return;
    identity.goneSince = now;
    this.#version++;
  }

  /** How the service of this kind stands with an address. */
  report(kind: PeerKind, address: string, report: PeerReport, now: number): void {
    const endpoint = parseNamedEndpoint(address);
    const entry = endpoint && this.#entries.get(entryKey(kind, formatEndpoint(endpoint)));
    if (!entry) return this.#count("report: not in the book");
    const before = entry.report?.state;
    entry.report = report;
    entry.lastHeard = now;
    if (report.name !== undefined && report.name !== "") entry.name = this.#cut(report.name);
    if (report.state === "linked" || before === "linked") entry.lastGood = now;
    if (report.state === "linked") {
      entry.failures = 0;
      entry.lastReason = "";
      this.#charge(entry);
    } else if (isFailure(before, report)) {
      entry.failures++;
      entry.lastFailure = now;
      entry.lastReason = this.#cut(report.reason ?? "");
    }
    if (before !== report.state) this.#version++;
  }

  /** A service ends: what it reported of its kind holds no more. */
  forgetReports(kind: PeerKind, now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.kind !== kind) continue;
      if (entry.report?.state === "linked") entry.lastGood = now;
      entry.report = undefined;
    }
    this.#version++;
  }

  /** All of one kind that are worth dialling at `now`, best first. */
  addresses(kind: PeerKind, now: number): readonly string[] {
    const found: { readonly address: string; readonly score: number }[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.kind !== kind) continue;
      if (!isTrusted(entry) && (this.#isWithdrawn(entry, now) || restsUntil(entry, now, this.limits) > 0))
        continue;
      found.push({ address: entry.address, score: this.score(entry, now) });
    }
    return found.sort((a, b) => b.score - a.score).map(({ address }) => address);
  }

  score(entry: Readonly<Entry>, now: number): number {
    return scoreOf(entry, this.ownerOf(entry, now) !== undefined, now);
  }

  /** Whose an address is: the first that claims it and is in force. */
  ownerOf({ claims }: Readonly<Entry>, now: number): Identity | undefined {
    for (const key of claims) {
      const identity = this.#identities.get(key);
      if (identity && isInForce(identity, now)) return identity;
    }
    return undefined;
  }

  /** All that claim an address, whether they are in force or not, the first first. */
  claimantsOf({ claims }: Readonly<Entry>): readonly Identity[] {
    return claims.flatMap((key) => this.#identities.get(key) ?? []);
  }

  /** Forgets what has been nobody's for too long. */
  expire(now: number): void {
    const { unprovenAgeMs, provenAgeMs, endedAgeMs } = this.limits;
    for (const identity of [...this.#identities.values()]) {
      identity.lastHeard = Math.min(identity.lastHeard, now);
      const ended = endedAt(identity, now);
      if (ended !== undefined && now - ended >= endedAgeMs) this.#forgetIdentity(identity);
    }
    for (const entry of [...this.#entries.values()]) {
      // Times from before the clock was set back would never grow old.
      entry.lastHeard = Math.min(entry.lastHeard, now);
      if (entry.lastGood !== undefined) entry.lastGood = Math.min(entry.lastGood, now);
      if (entry.origins.has("configuration") || isInUse(entry) || this.ownerOf(entry, now)) continue;
      const age = now - entry.lastHeard;
      if (age >= (entry.lastGood === undefined ? unprovenAgeMs : provenAgeMs)) this.#drop(entry);
    }
  }

  /**
   * Puts back what an earlier run saved. Loopback is let in, since the services that tell where this node lives are still to
   * start; `addresses` leaves it out if need be.
   */
  restore(saved: readonly Entry[], announcements: readonly SavedAnnouncement[], now: number): void {
    const lives = this.#livesOnLoopback;
    this.#livesOnLoopback = true;
    for (const each of saved) {
      for (const [origin, source] of each.origins)
        this.heard({ kind: each.kind, address: each.address, origin, source }, now);
      const entry = this.#entries.get(entryKey(each.kind, each.address));
      if (!entry) continue;
      const { name, lastHeard, lastGood, failures, lastFailure, lastReason } = each;
      Object.assign(entry, { name, lastHeard, lastGood, failures, lastFailure, lastReason });
      this.#charge(entry);
    }
    for (const { bytes, origin, source } of announcements) this.announced(bytes, origin, source, now);
    this.#livesOnLoopback = lives;
  }

  #hear({ kind, address, origin, source, name }: Sighting, now: number): string | undefined {
    const place = dialable(address, origin, this.#livesOnLoopback);
    if (typeof place === "string") return place;
    const canonical = formatEndpoint(place);
    const key = entryKey(kind, canonical);
    if (this.#own.has(key)) return "our own";
    const known = this.#entries.get(key);
    const from = this.#cut(source);
    const trusted = origin === "configuration" || origin === "operator";
    if (!known) {
      const sourceOf = `${origin} ${from}`;
      if (!trusted && (this.#unproven.get(sourceOf) ?? 0) >= this.limits.perSource)
        return "its source's share is used up";
      if (this.#entries.size >= this.limits.addresses && !this.#makeRoom(now) && !trusted)
        return "book is full";
    }
    const entry = known ?? newEntry(kind, canonical, now);
    if (!known) this.#entries.set(key, entry);
    if (!known || !entry.origins.has(origin)) this.#version++;
    entry.origins.set(origin, from);
    entry.lastHeard = now;
    if (name !== undefined && name !== "") entry.name = this.#cut(name);
    this.#charge(entry, `${origin} ${from}`);
    return undefined;
  }

  /** Known only through a membership that says that the node has gone; or on loopback, which this node has left. */
  #isWithdrawn(entry: Entry, now: number): boolean {
    if (!this.#livesOnLoopback && entry.onLoopback) return true;
    if (entry.claims.length === 0 || isInUse(entry)) return false;
    for (const origin of entry.origins.keys()) if (origin !== "membership") return false;
    return this.ownerOf(entry, now) === undefined;
  }

  #claim(key: string, identity: Identity): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.claims.includes(identity.key)) return;
    if (entry.claims.length > 0) this.#count("claim: the address is another identity's");
    if (entry.claims.length >= this.limits.claims) return this.#count("claim: too many for one address");
    entry.claims.push(identity.key);
  }

  #unclaim(key: string, identity: Identity): void {
    const entry = this.#entries.get(key);
    const at = entry?.claims.indexOf(identity.key) ?? -1;
    if (!entry || at < 0) return;
    entry.claims.splice(at, 1);
    const others = entry.origins.size - (entry.origins.has("membership") ? 1 : 0);
    const isNeeded = others > 0 || isInUse(entry) || entry.lastGood !== undefined;
    if (entry.claims.length === 0 && !isNeeded) this.#drop(entry);
  }

  #forgetIdentity(identity: Identity): void {
    for (const { kind, address } of identity.announcement.services)
      this.#unclaim(entryKey(kind, address), identity);
    this.#identities.forget(identity);
    this.#version++;
  }

  /** Lets the worst of those go that nothing depends on; several at once, so that a flood does not pay for each. */
  #makeRoom(now: number): boolean {
    if (now < this.#noRoomUntil && this.#noRoomUntil - now <= ROOM_PAUSE_MS) return false;
    const spare = [...this.#entries.values()].filter((entry) => !isTrusted(entry) && !isInUse(entry));
    const scored = spare.map((entry) => ({ entry, score: this.score(entry, now) }));
    scored.sort((a, b) => a.score - b.score || a.entry.lastHeard - b.entry.lastHeard);
    const goners = Math.ceil(this.limits.addresses / ROOM_PARTS);
    for (const { entry } of scored.slice(0, goners)) this.#drop(entry);
    if (scored.length === 0) this.#noRoomUntil = now + ROOM_PAUSE_MS;
    return scored.length > 0;
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entryKey(entry.kind, entry.address));
    this.#chargeTo(entry, undefined);
    this.#version++;
  }

  /** An address that nobody answers for counts against whoever named it first, until it has answered. */
  #charge(entry: Entry, source = entry.chargedTo): void {
    const free = entry.lastGood !== undefined || isTrusted(entry);
    const [first] = entry.origins;
    this.#chargeTo(entry, free ? undefined : (entry.chargedTo ?? source ?? (first && first.join(" "))));
  }

  #chargeTo(entry: Entry, source: string | undefined): void {
    if (entry.chargedTo === source) return;
    const count = (entry.chargedTo === undefined ? 0 : (this.#unproven.get(entry.chargedTo) ?? 0)) - 1;
    if (entry.chargedTo !== undefined && count > 0) this.#unproven.set(entry.chargedTo, count);
    else if (entry.chargedTo !== undefined) this.#unproven.delete(entry.chargedTo);
    entry.chargedTo = source;
    if (source !== undefined) this.#unproven.set(source, (this.#unproven.get(source) ?? 0) + 1);
  }

  #refuse(reason: string): AnnouncementReading {
    this.#count(`announcement: ${reason}`);
    return { ok: false, reason };
  }

  #cut(text: string): string {
    return text.slice(0, this.limits.nameLength);
  }

  #count(reason: string): undefined {
    this.#counters.set(reason, (this.#counters.get(reason) ?? 0) + 1);
  }
}

/** An announcement as it was saved. */
export interface SavedAnnouncement {
  readonly bytes: Uint8Array;
  readonly origin: PeerOrigin;
  readonly source: string;
}

/** A dial or a link came to a bad end; what is only not needed any more did not. */
function isFailure(before: PeerReport["state"] | undefined, { state, reason = "" }: PeerReport): boolean {
  if (state !== "waiting" && state !== "lost") return false;
  return before !== state && (before !== "waiting" || state !== "lost") && reason !== "";
}

/** When room is needed, so much of the book is freed at once; when nothing could go, it is not tried again so soon. */
const ROOM_PARTS = 16;
const ROOM_PAUSE_MS = 1_000;
