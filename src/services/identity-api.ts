import type { AnnouncementReading } from "#peers/announcement.ts";
import type { Announcement, PeerKind } from "#peers/io.ts";

/** The API of the running identity service: who this node is, and what it says of itself. */
export interface IdentityApi {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The key as people compare it: "k7qf-2m3a-x5dw-b6ie". */
  readonly fingerprint: string;
  /** This node's service of that kind is reached at "IP:port", until `signal` aborts. Others than IP:port are left out. */
  announce(kind: PeerKind, address: string, signal: AbortSignal): void;
  /** Whether this node is present in whisper's lobby. */
  setLobby(present: boolean): void;
  /** What this node says of itself now, signed; never expired, never older than one that was given out before. */
  announcement(): Uint8Array;
  /** The same as values. */
  current(): Announcement;
  /** Calls `listener` when there is a new announcement, until `signal` aborts. */
  follow(listener: () => void, signal: AbortSignal): void;
  /** Somebody's announcement, or why it does not count at this moment. */
  read(bytes: Uint8Array): AnnouncementReading;
  /** The signature, 64 bytes, of `bytes` by this node's key. What is signed must say what it is for. */
  sign(bytes: Uint8Array): Uint8Array;
}
