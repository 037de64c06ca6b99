import {
  encodeRegistration,
  encodeSettings,
  keyOf,
  SETTINGS_KEY,
  type DirectorySettings,
  type Registration,
} from "#directory/registration.ts";
import type { DirectoryTable, TableChange } from "#directory/table.ts";

/**
 * What an operation makes of a table. Nothing is changed here: whoever asks carries the changes to the store, and asks
 * again when another server of the same directory was first.
 */
export interface Decision {
  readonly changes: readonly TableChange[];
  readonly outcome: Outcome;
}

/**
 * full: there was no room for it; unchanged: there was nothing to do; refused: the registration belongs to another key,
 * or to the same with a newer sequence; crowded: its source has as many as one may have.
 */
export type Outcome =
  | "added"
  | "renewed"
  | "replaced"
  | "full"
  | "crowded"
  | "removed"
  | "unchanged"
  | "refused"
  | "reset"
  | "configured";

/** Adds a peer while there is room, or takes what is new of one that is there. `share`: as many one source may have. */
export function join(table: DirectoryTable, candidate: Registration, share = Infinity): Decision {
  const present = table.peers.get(candidate.id);
  if (present) return renew(present, candidate);
  if (table.countOf(candidate.source) >= share) return { changes: [], outcome: "crowded" };
  return table.peers.size < table.settings.maxPeers ? add(candidate) : { changes: [], outcome: "full" };
}

/** Adds a peer, or puts it into the place of the youngest one if that is younger than the candidate. */
export function refill(table: DirectoryTable, candidate: Registration, share = Infinity): Decision {
  const decision = join(table, candidate, share);
  if (decision.outcome !== "full") return decision;
  let youngest: Registration | undefined;
  for (const id of table.ids) {
    const peer = table.peers.get(id)!;
    // A timestamp is only said: nobody without a key puts out those who have one.
    if (peer.signed && !candidate.signed) continue;
    if (youngest === undefined || isYounger(peer, youngest)) youngest = peer;
  }
  if (youngest === undefined || !isYounger(youngest, candidate)) return decision;
  return { changes: [removal(youngest), addition(candidate)], outcome: "replaced" };
}

/** Removes a peer; that of a key only for its owner. */
export function leave(table: DirectoryTable, id: string, publicKey: string | undefined): Decision {
  const peer = table.peers.get(id);
  if (!peer) return { changes: [], outcome: "unchanged" };
  if (peer.signed && peer.signed.publicKey !== publicKey) return { changes: [], outcome: "refused" };
  return { changes: [removal(peer)], outcome: "removed" };
}

/** Removes all peers; the settings stay. */
export function reset(table: DirectoryTable): Decision {
  return { changes: [...table.peers.values()].map(removal), outcome: "reset" };
}

/** Other settings. Peers that are there stay, also when they are more than there is room for now. */
export function configure(settings: DirectorySettings): Decision {
  return { changes: [{ key: SETTINGS_KEY, value: encodeSettings(settings) }], outcome: "configured" };
}

/** Removes those whose time is over. */
export function expire(table: DirectoryTable, now: number): Decision {
  const over = table.expired(now);
  return { changes: over.map(removal), outcome: over.length === 0 ? "unchanged" : "removed" };
}

/** A peer that does not renew was reached: it stays until `expires`. */
export function reached(table: DirectoryTable, seen: Registration, expires: number): Decision {
  const peer = table.peers.get(seen.id);
  if (!peer || peer.renews || peer.ip !== seen.ip || peer.port !== seen.port || peer.expires >= expires)
    return { changes: [], outcome: "unchanged" };
  return { changes: [addition({ ...peer, expires })], outcome: "renewed" };
}

/** A peer could not be reached; one that has moved meanwhile stays. */
export function unreachable(table: DirectoryTable, seen: Registration): Decision {
  const peer = table.peers.get(seen.id);
  if (!peer || peer.ip !== seen.ip || peer.port !== seen.port || peer.expires !== seen.expires)
    return { changes: [], outcome: "unchanged" };
  return { changes: [removal(peer)], outcome: "removed" };
}

/**
 * The original compares the timestamps as text, which is the order of time as long as they have equally many digits; so
 * numbers are compared as numbers here.
 */
function isYounger(a: Registration, b: Registration): boolean {
  if (NUMBER.test(a.timestamp) && NUMBER.test(b.timestamp)) return Number(a.timestamp) > Number(b.timestamp);
  return a.timestamp > b.timestamp;
}

function renew(present: Registration, candidate: Registration): Decision {
  const owner = present.signed;
  const claim = candidate.signed;
  const isRefused = owner && (claim?.publicKey !== owner.publicKey || claim.sequence < owner.sequence);
  if (isRefused) return { changes: [], outcome: "refused" };
  // Anybody can send an announcement again that is in the list: from elsewhere it changes none of the words beside it.
  const isAgain =
    claim?.sequence === owner?.sequence && candidate.source !== candidate.ip && owner !== undefined;
  const renewed = isAgain ? { ...present, expires: candidate.expires } : candidate;
  return { changes: [addition(renewed)], outcome: "renewed" };
}

function add(candidate: Registration): Decision {
  return { changes: [addition(candidate)], outcome: "added" };
}

function addition(peer: Registration): TableChange {
  return { key: keyOf(peer.id), value: encodeRegistration(peer) };
}

function removal({ id }: Registration): TableChange {
  return { key: keyOf(id), value: undefined };
}

const NUMBER = /^\d{1,15}$/;
