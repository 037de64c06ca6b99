import type { BookAddress, BookPeer, ListBookResponse } from "#api/gen/parley/v1/peers_pb.ts";
import { formatDuration } from "#base/duration.ts";
import type { TableBlock } from "#prompt/answer.ts";
import { isoTime, toMs } from "#prompt/times.ts";

/** "config, membership": how an address became known, in few characters. */
export function originsText({ origins }: Pick<BookAddress, "origins">): string {
  return origins.map(({ kind }) => SHORT_ORIGINS[kind] ?? kind).join(", ");
}

/** The book's entries of whisper peers by address, and whose they are. */
export type WhisperEntries = ReadonlyMap<string, { readonly entry: BookAddress; readonly peer: BookPeer }>;

export function whisperEntries(book: ListBookResponse | undefined): WhisperEntries {
  const found = new Map<string, { readonly entry: BookAddress; readonly peer: BookPeer }>();
  for (const peer of book?.peers ?? [])
    for (const entry of peer.addresses)
      if (entry.kind === "whisper") found.set(entry.address, { entry, peer });
  return found;
}

/**
 * A row for each address of the peers that have announced themselves, and of all that no row of the chat's table shows;
 * undefined when there is none. `shown`: the chat's addresses.
 */
export function bookTable(
  book: ListBookResponse,
  shown: ReadonlySet<string>,
  now: number,
): TableBlock | undefined {
  const rows = book.peers.flatMap((peer) => {
    const { identity } = peer;
    const addresses = identity
      ? peer.addresses
      : peer.addresses.filter(({ kind, address }) => kind !== "whisper" || !shown.has(address));
    const head = [peer.name, identity?.fingerprint ?? "-"];
    if (addresses.length === 0)
      return identity ? [[...head, "-", "-", "-", "-", "", identityNote(peer)]] : [];
    return addresses.map((address, i) => [
      ...(i === 0 ? head : ["", ""]),
      ...addressCells(address, now),
      [i === 0 ? identityNote(peer) : "", addressNote(address, now)].filter((text) => text !== "").join("; "),
    ]);
  });
  if (rows.length === 0) return undefined;
  return {
    type: "table",
    columns: ["Name", "Identity", "Kind", "Address", "State", "For", "Origin", "Note"],
    rows,
  };
}

/** The book as `| json` prints it. */
export function bookJson({ peers, refusals }: ListBookResponse): object {
  return {
    book: peers.map(({ name, identity, addresses }) => ({
      name,
      ...(identity && {
        identity: {
          fingerprint: identity.fingerprint,
          sequence: Number(identity.sequence),
          expires: isoTime(identity.expires),
          inForce: identity.inForce,
          lobby: identity.lobby,
          origin: identity.origin?.kind,
          source: identity.origin?.source,
        },
      }),
      addresses: addresses.map(addressJson),
    })),
    refusals: Object.fromEntries(refusals.map(({ reason, count }) => [reason, Number(count)])),
  };
}

function addressJson(address: BookAddress): object {
  return {
    kind: address.kind,
    address: address.address,
    name: address.name,
    origins: address.origins.map(({ kind, source }) => ({ kind, source })),
    state: address.state,
    reason: address.reason,
    since: isoTime(address.since),
    score: address.score,
    failures: address.failures,
    lastFailure: address.lastFailure,
    lastHeard: isoTime(address.lastHeard),
    lastLinked: isoTime(address.lastLinked),
    restsUntil: isoTime(address.restsUntil),
    alsoClaimedBy: address.alsoClaimedBy,
  };
}

function addressCells(address: BookAddress, now: number): string[] {
  const since = toMs(address.since);
  return [
    address.kind,
    address.address,
    address.state === "" ? "-" : address.state,
    since === undefined ? "-" : formatDuration(now - since),
    originsText(address),
  ];
}

function identityNote({ identity }: BookPeer): string {
  if (!identity) return "";
  if (!identity.inForce) return "gone or expired";
  return identity.lobby ? "in the lobby" : "";
}

function addressNote(
  { state, reason, lastFailure, restsUntil, alsoClaimedBy }: BookAddress,
  now: number,
): string {
  const notes: string[] = [];
  if (state !== "linked" && (reason !== "" || lastFailure !== "")) notes.push(reason || lastFailure);
  const rests = toMs(restsUntil);
  if (rests !== undefined && rests > now) notes.push(`left alone for ${formatDuration(rests - now)}`);
  if (alsoClaimedBy.length > 0) notes.push(`also claimed by ${alsoClaimedBy.join(", ")}`);
  return notes.join("; ");
}

const SHORT_ORIGINS: Readonly<Record<string, string>> = { configuration: "config" };
