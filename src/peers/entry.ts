import { isOnLoopback, isOperators } from "#peers/dialable.ts";
import type { Announcement, PeerKind, PeerOrigin, PeerReport } from "#peers/io.ts";
import type { BookLimits } from "#peers/limits.ts";

/** One address in the book. Times are ms since the Unix epoch. Owned and changed by the book alone. */
export interface Entry {
  readonly kind: PeerKind;
  readonly address: string;
  readonly onLoopback: boolean;
  /** Who named it last, of each origin. */
  readonly origins: Map<PeerOrigin, string>;
  /** Whose share of unproven addresses it takes; undefined when nobody's. */
  chargedTo: string | undefined;
  name: string;
  readonly firstHeard: number;
  lastHeard: number;
  /** How the service of its kind stands with it; not saved. */
  report: PeerReport | undefined;
  /** When it was linked last. */
  lastGood: number | undefined;
  /** Dials and links that failed since it was linked last. */
  failures: number;
  lastFailure: number | undefined;
  lastReason: string;
  /** Identities that announce it, by key; the first in force has it. */
  readonly claims: string[];
}

/** A node that has announced itself. */
export interface Identity {
  /** Its public key in hex. */
  readonly key: string;
  readonly fingerprint: string;
  announcement: Announcement;
  /** As it came, signed: that is what is saved. */
  bytes: Uint8Array;
  origin: PeerOrigin;
  source: string;
  lastHeard: number;
  /** Since when who told of it says that it is gone. */
  goneSince: number | undefined;
}

/** The text under which an address is kept: kinds do not share addresses. */
export function entryKey(kind: PeerKind, address: string): string {
  return `${kind} ${address}`;
}

export function newEntry(kind: PeerKind, address: string, now: number): Entry {
  return {
    kind,
    address,
    onLoopback: isOnLoopback(address),
    origins: new Map(),
    chargedTo: undefined,
    name: "",
    firstHeard: now,
    lastHeard: now,
    report: undefined,
    lastGood: undefined,
    failures: 0,
    lastFailure: undefined,
    lastReason: "",
    claims: [],
  };
}

/** The operator answers for it: it is never forgotten and charged to nobody. */
export function isTrusted({ origins }: Entry): boolean {
  for (const origin of origins.keys()) if (isOperators(origin)) return true;
  return false;
}

/** A service works on it or holds it. */
export function isInUse({ report }: Entry): boolean {
  return report !== undefined && report.state !== "lost";
}

/** Until when a service that gave it up should leave it alone; 0 when it may be tried. */
export function restsUntil(
  { report, failures, lastFailure }: Entry,
  now: number,
  limits: BookLimits,
): number {
  if (failures === 0 || lastFailure === undefined || (report && report.state !== "lost")) return 0;
  const pause = Math.min(limits.restLongestMs, limits.restFirstMs * 2 ** Math.min(failures - 1, 30));
  // A failure in the future is one from before the clock was set back.
  return lastFailure <= now && now < lastFailure + pause ? lastFailure + pause : 0;
}

/** What an address is worth: the higher is dialled first. `announced`: an identity in force has it. */
export function scoreOf(entry: Entry, announced: boolean, now: number): number {
  let best = 0;
  for (const origin of entry.origins.keys()) best = Math.max(best, ORIGIN_SCORES[origin]);
  let score = best + (announced ? ANNOUNCED_SCORE : 0);
  if (entry.report?.state === "linked") score += LINKED_SCORE;
  else if (entry.lastGood !== undefined) {
    score += now - entry.lastGood < RECENTLY_MS ? RECENTLY_GOOD_SCORE : ONCE_GOOD_SCORE;
  }
  return score - FAILURE_SCORE * Math.min(entry.failures, MOST_COUNTED_FAILURES);
}

/** A peer that works comes before what somebody only says, and the more somebody answers for it, the earlier. */
const ORIGIN_SCORES: Readonly<Record<PeerOrigin, number>> = {
  configuration: 50,
  operator: 50,
  membership: 30,
  directory: 25,
  broadcast: 20,
  message: 10,
};
const ANNOUNCED_SCORE = 10;
const LINKED_SCORE = 60;
const RECENTLY_GOOD_SCORE = 40;
const ONCE_GOOD_SCORE = 20;
const RECENTLY_MS = 24 * 60 * 60_000;
/** Six failures weigh as much as any advantage. */
const FAILURE_SCORE = 10;
const MOST_COUNTED_FAILURES = 8;
