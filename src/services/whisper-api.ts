import type { PeerStatus, ShownMessage } from "#services/events.ts";

/** The API of the running whisper service. Addresses are "IP:port" texts; `connect` also takes a host name. */
export interface WhisperApi {
  /** Where this node says that it listens; empty when it does not listen. */
  readonly address: string;
  readonly nick: string;
  /** All known peers, linked ones first. */
  peers(): readonly PeerStatus[];
  /** The peer at an address; undefined when nothing is known of it. */
  peer(address: string): PeerStatus | undefined;
  /** The last `limit` messages shown, oldest first. */
  messages(limit: number): readonly ShownMessage[];
  /** Says `body` to everyone. Throws OperatorError when it is empty or above the limit. */
  say(body: string): ShownMessage;
  /** Dials it now and keeps it dialled; lifts a `disconnect`. Throws OperatorError for what is no address. */
  connect(address: string): void;
  /** Closes both connections and holds it until `connect`. Throws OperatorError when it is not known. */
  disconnect(address: string): void;
}
