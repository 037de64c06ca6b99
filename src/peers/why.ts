import { formatDuration } from "#base/duration.ts";
import { formatEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import type { PeerBook } from "#peers/book.ts";
import { parseFingerprint } from "#peers/fingerprint.ts";
import type { PeerOrigin } from "#peers/io.ts";
import { peerViews, type AddressView, type IdentityView, type PeerView } from "#peers/view.ts";

/**
 * Why things are as they are with the peers that `text` means, in sentences, one a line: an address "IP:port" (of any
 * kind), a name, or a fingerprint. None when nothing is known.
 */
export function whyPeers(book: PeerBook, text: string, now: number): string[] {
  const endpoint = parseNamedEndpoint(text);
  const address = endpoint && formatEndpoint(endpoint);
  const fingerprint = parseFingerprint(text);
  const lines: string[] = [];
  let told = 0;
  for (const peer of peerViews(book, now)) {
    const isMeant =
      (text !== "" && peer.name === text) ||
      (fingerprint !== undefined && peer.identity?.fingerprint === fingerprint) ||
      peer.addresses.some((each) => each.address === address);
    if (!isMeant) continue;
    if (++told > MOST_TOLD) return [...lines, "More peers have this name; ask for one by its address."];
    lines.push(...explain(peer, now));
  }
  if (told > 1 && peerNames(book, text, now) > 1)
    lines.push(
      `Several peers call themselves ${text}: anyone can take a name, only the fingerprint is one's own.`,
    );
  return lines;
}

function peerNames(book: PeerBook, text: string, now: number): number {
  return peerViews(book, now).filter(({ name }) => name === text).length;
}

function explain({ name, identity, addresses }: PeerView, now: number): string[] {
  const called = name === "" ? "This peer" : name;
  const lines = identity
    ? explainIdentity(called, identity, now)
    : [`${called} has not announced itself: whose the address is, nobody has signed.`];
  if (identity && addresses.length === 0)
    lines.push("None of its addresses may be dialled, or all were taken.");
  for (const address of addresses) lines.push(...explainAddress(address, now));
  return lines;
}

function explainIdentity(called: string, identity: IdentityView, now: number): string[] {
  const { fingerprint, sequence, expires, inForce, origin, source, lobby } = identity;
  const left = expires - now;
  const validity = inForce
    ? `valid for ${formatDuration(left)} more`
    : left < 0
      ? `expired ${formatDuration(-left)} ago`
      : "not counted, since the node has gone";
  const lines = [
    `${called} is ${fingerprint}: announcement ${sequence}, ${validity}, from ${originText(origin, source)}.`,
  ];
  if (lobby && inForce) lines.push("It is present in the lobby.");
  return lines;
}

function explainAddress(address: AddressView, now: number): string[] {
  const { kind, origins, score, lastGood, failures, lastFailure, lastReason, restsUntil, alsoClaimedBy } =
    address;
  const known = origins.map(({ origin, source }) => originText(origin, source)).join(", ");
  const lines = [
    `${kind} ${address.address}: ${stateText(address, now)}, known from ${known || "earlier links"}; score ${score}.`,
  ];
  const rest =
    restsUntil === undefined ? "" : `; it is left alone for ${formatDuration(restsUntil - now)} more`;
  if (failures > 0) {
    const when = lastFailure === undefined ? "" : `, ${formatDuration(now - lastFailure)} ago`;
    lines.push(`Its last failure${when}: ${lastReason || "unknown"}${rest}.`);
  }
  if (lastGood !== undefined && address.report?.state !== "linked")
    lines.push(`It was linked last ${formatDuration(now - lastGood)} ago.`);
  for (const other of alsoClaimedBy)
    lines.push(`${other} claims this address too; the first to do so has it.`);
  return lines;
}

function stateText({ report }: AddressView, now: number): string {
  if (!report) return "not in use";
  const { state, since, reason } = report;
  const long = since === undefined ? "" : ` for ${formatDuration(now - since)}`;
  return `${state}${long}${reason === undefined || reason === "" ? "" : ` (${reason})`}`;
}

/** "membership (bob)", "message (192.0.2.7)", "configuration". */
export function originText(origin: PeerOrigin, source: string): string {
  return source === "" ? origin : `${origin} (${source})`;
}

/** Peers of one name that are told of. */
const MOST_TOLD = 8;
