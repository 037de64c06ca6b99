import type { ListedPeer, Listing } from "#directory/client-answer.ts";

/** The API of the running directory service. Times are ms since the Unix epoch. */
export interface DirectoryApi {
  /** Undefined when this node serves no directory. */
  server(): DirectoryServerView | undefined;
  /** The directories that this node asks, in the configuration's order. */
  clients(): readonly DirectoryClientView[];
  /** Registers anew, after `leave` too. */
  join(url: string): Promise<readonly DirectoryResult[]>;
  refill(url: string): Promise<readonly DirectoryResult[]>;
  /** Leaves, until `join`. */
  leave(url: string): Promise<readonly DirectoryResult[]>;
  list(url: string): Promise<readonly DirectoryResult[]>;
  /** Forgets all peers of these directories. */
  reset(url: string): Promise<readonly DirectoryResult[]>;
}

/** The directory that this node serves. */
export interface DirectoryServerView {
  /** "IP:port". */
  readonly address: string;
  readonly store: string;
  readonly maxPeers: number;
  readonly minRefillCandidates: number;
  readonly peers: readonly ServedPeer[];
  /** What was asked and came of it, "join added" and the like, and why the rest was refused; by name. */
  readonly counters: ReadonlyMap<string, number>;
}

export interface ServedPeer {
  readonly id: string;
  readonly name: string;
  /** "IP:port". */
  readonly address: string;
  readonly protocol: string;
  /** Seconds since the Unix epoch, as the peer says; empty when it does not. */
  readonly timestamp: string;
  readonly expires: number;
  readonly source: string;
  readonly isSigned: boolean;
}

/** How this node stands with one directory. */
export interface DirectoryClientView {
  readonly url: string;
  /** full: it has no room for us; absent: it has us not, because there is no address to give, or after `leave`. */
  readonly state: "asking" | "registered" | "full" | "absent" | "failed";
  /** The original's server: without expiry and signatures. */
  readonly isOriginal: boolean;
  readonly since: number;
  readonly reason: string;
  readonly id: string;
  /** What it has for us: "IP:port", empty for nothing. */
  readonly address: string;
  readonly expires: number | undefined;
  /** When it is asked again. */
  readonly nextAt: number | undefined;
  readonly numPeers: number;
  readonly maxPeers: number;
  readonly peers: readonly ListedPeer[];
}

/** The answer of one directory, or why there is none. */
export interface DirectoryResult {
  readonly url: string;
  readonly error: string;
  readonly listing?: Listing;
}
