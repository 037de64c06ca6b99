/** Every bound of the core, so that no peer can make it grow without end. A test or an operator may set others. */
export interface WhisperLimits {
  /** Bytes of one message on the wire; the original has no limit and was seen to pass 16 MB. */
  readonly messageBytes: number;
  /** JSON nesting; a message needs one level, an extension a few. */
  readonly messageDepth: number;
  /** Bytes of all messages under way together; the connection that goes beyond is closed. */
  readonly unfinishedBytes: number;
  /** Characters of an ID; longer ones are ignored, since we keep what we have seen. The original's have 16. */
  readonly idLength: number;
  /** Characters of a nick; the rest is cut. */
  readonly nickLength: number;
  /** Seen IDs are forgotten when they are older, or more. */
  readonly seenAgeMs: number;
  readonly seenCount: number;
  /** Outgoing connections that we look for ourselves; below it every known address is dialled. */
  readonly wantedLinks: number;
  /** Outgoing connections in all, with those that answer someone who dialled us. */
  readonly maximumLinks: number;
  readonly incomingConnections: number;
  /** Of one remote address: so many nodes may share it, but nobody takes all. */
  readonly incomingPerHost: number;
  /** With fewer connections to us we say hello to everyone again, first after so long, then twice as long, … */
  readonly wantedIncoming: number;
  readonly helloAgainFirstMs: number;
  readonly helloAgainLongestMs: number;
  /** Of the peers we are linked with, how many we name to each new one. */
  readonly introducedPeers: number;
  /** Addresses in the book. */
  readonly knownPeers: number;
  /** Addresses named by one remote host that have never answered; a stranger must not fill the book. */
  readonly unprovenPerSource: number;
  /** New dials: how many per second, and how many at once after a pause. */
  readonly dialsPerSecond: number;
  readonly dialBurst: number;
  /** Dials under way; at most half of them are for addresses that a remote named and that never answered. */
  readonly dialsAtOnce: number;
  readonly dialTimeoutMs: number;
  /** First pause after a failure; doubled each time, up to the longest, and spread by half to either side. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
  /** A link that lived so long resets the pause. */
  readonly linkStableMs: number;
  /** An address that a remote named is forgotten after so many failures if it never answered … */
  readonly unprovenFailures: number;
  /** … and one that once did after so long; what the operator named is never forgotten. */
  readonly forgetAfterMs: number;
  /** What waits for one peer; the oldest go first. The bytes are shared between peers. */
  readonly queuedMessages: number;
  /** And for one that is not connected: a stranger can make many of those. */
  readonly queuedWhileAway: number;
  readonly queuedBytes: number;
  /** What waited longer is dropped: well below seenAgeMs, or a peer would show it a second time. */
  readonly queuedAgeMs: number;
  /** Bytes handed to the network at once. */
  readonly writeBytes: number;
  /** A peer that has not taken a write after so long is disconnected and dialled again later. */
  readonly stalledAfterMs: number;
}

export const DEFAULT_LIMITS: WhisperLimits = {
  messageBytes: 8 * 1024 * 1024,
  messageDepth: 32,
  unfinishedBytes: 64 * 1024 * 1024,
  idLength: 128,
  nickLength: 64,
  seenAgeMs: 15 * 60_000,
  seenCount: 100_000,
  wantedLinks: 256,
  maximumLinks: 512,
  incomingConnections: 1_024,
  incomingPerHost: 256,
  wantedIncoming: 3,
  helloAgainFirstMs: 3_000,
  helloAgainLongestMs: 120_000,
  introducedPeers: 16,
  knownPeers: 4_096,
  unprovenPerSource: 256,
  dialsPerSecond: 50,
  dialBurst: 50,
  dialsAtOnce: 32,
  dialTimeoutMs: 5_000,
  retryFirstMs: 500,
  retryLongestMs: 60_000,
  linkStableMs: 30_000,
  unprovenFailures: 6,
  forgetAfterMs: 60 * 60_000,
  queuedMessages: 50_000,
  queuedWhileAway: 10_000,
  queuedBytes: 16 * 1024 * 1024,
  queuedAgeMs: 5 * 60_000,
  writeBytes: 256 * 1024,
  stalledAfterMs: 30_000,
};
