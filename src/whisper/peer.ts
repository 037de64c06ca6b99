import type { Endpoint } from "#base/endpoint.ts";
import type { ConnectionId } from "#machine/io.ts";
import { Outbox } from "#whisper/outbox.ts";
import type { WhisperLimits } from "#whisper/limits.ts";

/** Who told us of an address. "named" means a remote did, in a message's Addr. */
export type Origin = "configured" | "operator" | "incoming" | "named";

/**
 * known: not dialled, since enough links are up; due: waits for its turn; dialling; linked: our connection to it is up;
 * waiting: dialled again after a pause; held: by the operator's `disconnect`, until `connect`.
 */
export type DialState = "known" | "due" | "dialling" | "linked" | "waiting" | "held";

/** All that is known of one address. Times are ms, monotonic. Owned and changed by the Whisper core alone. */
export interface Peer {
  /** Its key: "IP:port", or "host:port" as the operator wrote it until the first dial tells the IP. */
  readonly address: string;
  readonly endpoint: Endpoint;
  origin: Origin;
  /** The remote host that named it; its budget of unproven addresses is charged. */
  readonly source: string;
  nick: string;
  /** The ID of its last hello, empty when it said none: with it we introduce it to others. */
  hello: string;
  state: DialState;
  /** Our connection to it, and since when it is up. */
  outgoing: ConnectionId | undefined;
  outgoingSince: number | undefined;
  /** Its connection to us, as it said itself. */
  incoming: ConnectionId | undefined;
  incomingSince: number | undefined;
  /** It has answered a dial, or dialled us: worth a queue and patience. */
  proven: boolean;
  lastSeen: number;
  lastDial: number | undefined;
  lastError: string;
  failures: number;
  nextDial: number | undefined;
  /** When the write now in flight was handed over. */
  writeSince: number | undefined;
  readonly outbox: Outbox;
  sent: number;
  received: number;
}

export function newPeer(
  endpoint: Endpoint,
  address: string,
  origin: Origin,
  source: string,
  now: number,
  limits: WhisperLimits,
): Peer {
  return {
    address,
    endpoint,
    origin,
    source,
    nick: "",
    hello: "",
    state: "known",
    outgoing: undefined,
    outgoingSince: undefined,
    incoming: undefined,
    incomingSince: undefined,
    proven: false,
    lastSeen: now,
    lastDial: undefined,
    lastError: "",
    failures: 0,
    nextDial: undefined,
    writeSince: undefined,
    outbox: new Outbox(limits),
    sent: 0,
    received: 0,
  };
}

/** An address that the operator answers for: retried for ever, never forgotten. */
export function isTrusted(peer: Peer): boolean {
  return peer.origin === "configured" || peer.origin === "operator";
}

/** Messages wait for a peer that is likely to come back, not for every address that somebody named. */
export function deservesQueue(peer: Peer): boolean {
  return peer.state !== "held" && peer.state !== "known" && (peer.proven || peer.origin !== "named");
}
