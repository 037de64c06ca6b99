import { MEMBERLIST_LIMITS, type MemberlistLimits } from "#wire/memberlist/limits.ts";

/** Every bound of the core, so that no peer can make it grow without end. A test or an operator may set others. */
export interface MembershipLimits {
  /** Members in the table, with the dead that are not forgotten yet; each costs about a kilobyte. */
  readonly members: number;
  /** Bytes of a name: with meta data of 512 it must still fit a packet of 1,400. */
  readonly nameBytes: number;
  /** Bytes of one packet, all layers included: what passes every path without fragments. */
  readonly packetBytes: number;
  /** What is read of one packet: a few kilobytes of compression must not cost more work than that. */
  readonly packetCodec: MemberlistLimits;
  /** What is read of one stream. */
  readonly streamCodec: MemberlistLimits;
  /** Bytes of a map at the start of a stream's message; the longest that peers send has under a kilobyte. */
  readonly streamHeaderBytes: number;
  /** Bytes of one stream's message, as it arrives. */
  readonly streamBytes: number;
  /** Bytes of all unfinished messages together; the stream that goes beyond is closed. */
  readonly unfinishedBytes: number;
  readonly incomingStreams: number;
  /** Of one remote address: so many nodes may share it, but nobody takes all. */
  readonly incomingPerHost: number;
  /** When there are so many, one that has taken so long, ms, gives way to a new one: most take a hundredth of it. */
  readonly staleStreamMs: number;
  /** Dials and exchanges of ours under way, and how many wait for their turn. */
  readonly outgoingStreams: number;
  readonly waitingStreams: number;
  /** A user message in a stream that we send. */
  readonly userBytes: number;
  /** User messages that wait to be gossiped; the oldest go first. */
  readonly broadcasts: number;
  /** Probes under way for others; further requests are not served. */
  readonly relays: number;
  /** Pings under way to lost members. */
  readonly searches: number;
  /** Addresses that the operator named. */
  readonly seeds: number;
  /** First and longest pause before a seed is dialled again, ms; doubled each time. */
  readonly seedFirstMs: number;
  readonly seedLongestMs: number;
  /** Lost members that are looked for, for how long, and the longest pause between two searches for one, ms. */
  readonly lost: number;
  readonly lostAgeMs: number;
  /** The same of those who left, who as a rule are not there any more. */
  readonly leftAgeMs: number;
  readonly searchLongestMs: number;
  /** A conflict about one name is told again only after so long, ms, and of so many names at once. */
  readonly conflictAgainMs: number;
  readonly conflicts: number;
  /** How long a leave may take to reach others before we are done, ms. */
  readonly leaveMs: number;
  /** So many newly learnt members are a storm, after which others are asked what else there is. */
  readonly settleAfter: number;
  /** Different reasons that are counted; the rest count as one. */
  readonly reasons: number;
}

export const DEFAULT_MEMBERSHIP_LIMITS: MembershipLimits = {
  members: 32_768,
  nameBytes: 255,
  packetBytes: 1_400,
  packetCodec: {
    ...MEMBERLIST_LIMITS,
    msgpackValues: 4_096,
    msgpackBytes: 65_536,
    decompressedBytes: 256 * 1024,
    decompressedFreely: 64 * 1024,
    messages: 1_024,
  },
  streamCodec: {
    ...MEMBERLIST_LIMITS,
    msgpackValues: 4 * 1024 * 1024,
    nodes: 65_536,
    decompressedBytes: 40 * 1024 * 1024,
  },
  streamHeaderBytes: 4_096,
  streamBytes: 24 * 1024 * 1024,
  unfinishedBytes: 64 * 1024 * 1024,
  incomingStreams: 128,
  incomingPerHost: 64,
  staleStreamMs: 1_000,
  outgoingStreams: 32,
  waitingStreams: 256,
  userBytes: 8 * 1024 * 1024,
  broadcasts: 1_024,
  relays: 1_024,
  searches: 16,
  seeds: 256,
  seedFirstMs: 1_000,
  seedLongestMs: 60_000,
  lost: 8_192,
  lostAgeMs: 72 * 60 * 60_000,
  leftAgeMs: 5 * 60_000,
  searchLongestMs: 120_000,
  conflictAgainMs: 60_000,
  conflicts: 64,
  leaveMs: 5_000,
  settleAfter: 3,
  reasons: 256,
};
