import { fromHex, toHex } from "#base/hex.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { PeerBook, SavedAnnouncement } from "#peers/book.ts";
import { newEntry, type Entry } from "#peers/entry.ts";
import { isInForce } from "#peers/identities.ts";
import type { PeerKind, PeerOrigin } from "#peers/io.ts";

/**
 * The book as a file: JSON, the best addresses and the signed announcements that count. What the configuration says is not
 * saved, since it says it again. Everything is checked anew when it is read: the file is no more trusted than a remote.
 */
export function saveBook(book: PeerBook, now: number): Uint8Array {
  const scored = Array.from(book.entries(), (entry) => ({ entry, score: book.score(entry, now) }));
  scored.sort((a, b) => b.score - a.score);
  const addresses = scored.slice(0, book.limits.saved).flatMap(({ entry }) => savedEntry(entry, now) ?? []);
  const identities = [...book.identities()]
    .filter((identity) => isInForce(identity, now))
    .slice(0, book.limits.saved)
    .map(({ bytes, origin, source }) => ({ bytes: toHex(bytes), origin, source }));
  return encodeUtf8(`${JSON.stringify({ version: VERSION, addresses, identities }, undefined, 1)}\n`);
}

/** Puts back into an empty book what was saved; says why it cannot, when the file is none of ours or damaged. */
export function loadBook(book: PeerBook, bytes: Uint8Array, now: number): string | undefined {
  let saved: unknown;
  try {
    saved = JSON.parse(decodeUtf8(bytes));
  } catch {
    return "it is no JSON";
  }
  if (!isRecord(saved) || saved["version"] !== VERSION) return "it is of another version, or no peer book";
  const { addresses, identities } = saved;
  if (!Array.isArray(addresses) || !Array.isArray(identities)) return "it has no addresses";
  const { saved: most } = book.limits;
  book.restore(
    addresses.slice(0, most).flatMap((each) => readEntry(each, now) ?? []),
    identities.slice(0, most).flatMap((each) => readAnnouncement(each) ?? []),
    now,
  );
  return undefined;
}

function savedEntry(entry: Readonly<Entry>, now: number): object | undefined {
  const { kind, address, name, lastHeard, failures, lastFailure, lastReason } = entry;
  const lastGood = entry.report?.state === "linked" ? now : entry.lastGood;
  const origins = [...entry.origins].filter(([origin]) => origin !== "configuration");
  if (origins.length === 0) return undefined;
  return { kind, address, origins, name, lastHeard, lastGood, failures, lastFailure, lastReason };
}

function readEntry(value: unknown, now: number): Entry | undefined {
  if (!isRecord(value) || !isKind(value["kind"]) || !Array.isArray(value["origins"])) return undefined;
  const entry = newEntry(value["kind"], textOf(value["address"]), now);
  for (const pair of value["origins"].slice(0, ORIGINS.length)) {
    if (Array.isArray(pair) && isOrigin(pair[0]) && pair[0] !== "configuration")
      entry.origins.set(pair[0], textOf(pair[1]));
  }
  if (entry.origins.size === 0) return undefined;
  entry.name = textOf(value["name"]);
  entry.lastHeard = pastOf(value["lastHeard"], now) ?? now;
  entry.lastGood = pastOf(value["lastGood"], now);
  entry.lastFailure = pastOf(value["lastFailure"], now);
  entry.failures = Math.min(MOST_FAILURES, Math.floor(pastOf(value["failures"], Infinity) ?? 0));
  entry.lastReason = textOf(value["lastReason"]);
  return entry;
}

function readAnnouncement(value: unknown): SavedAnnouncement | undefined {
  if (!isRecord(value) || !isOrigin(value["origin"])) return undefined;
  const bytes = fromHex(textOf(value["bytes"]));
  return bytes && { bytes, origin: value["origin"], source: textOf(value["source"]) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKind(value: unknown): value is PeerKind {
  return KINDS.some((kind) => kind === value);
}

function isOrigin(value: unknown): value is PeerOrigin {
  return ORIGINS.some((origin) => origin === value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : "";
}

/** A number from 0 to `now`; times after it are from before the clock was set back. */
function pastOf(value: unknown, now: number): number | undefined {
  return typeof value === "number" && value >= 0 ? Math.min(value, now) : undefined;
}

const VERSION = 1;
const KINDS: readonly PeerKind[] = ["whisper", "member", "mesh"];
const ORIGINS: readonly PeerOrigin[] = [
  "configuration",
  "operator",
  "broadcast",
  "directory",
  "membership",
  "message",
];
/** Characters; an announcement in hex is the longest. */
const LONGEST_TEXT = 1_024;
const MOST_FAILURES = 1_000;
/** Bytes of a file of ours: what is saved of an address or an identity is below 2 kB. */
export const MOST_FILE_BYTES = 8 * 1024 * 1024;
