/** How fast a cluster finds what happened, and what that costs: memberlist's numbers (wire notes, section 12). */
export interface MembershipProfile {
  /** One member is probed in each, ms; and how long its answer may take. */
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  /** Members that are asked to probe it too. */
  readonly indirectChecks: number;
  readonly suspicionMultiplier: number;
  readonly suspicionMaximumMultiplier: number;
  readonly retransmitMultiplier: number;
  readonly gossipIntervalMs: number;
  /** Members that get a packet in each gossip interval. */
  readonly gossipNodes: number;
  /** Dead members still get gossip for so long, so that they can object; then they are forgotten, ms. */
  readonly gossipToTheDeadMs: number;
  readonly pushPullIntervalMs: number;
  /** One exchange over a stream, from dialling to the answer, ms. */
  readonly streamTimeoutMs: number;
  /** The health score stays below it. */
  readonly healthMaximum: number;
  /** How often a search for lost members may begin, ms; not in memberlist, where nobody looks for them. */
  readonly searchIntervalMs: number;
  /** After new members were learnt, ms until another member is asked what else there is; not in memberlist. */
  readonly settleMs: number;
}

export type ProfileName = "lan" | "local" | "wan";

const LAN: MembershipProfile = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectChecks: 3,
  suspicionMultiplier: 4,
  suspicionMaximumMultiplier: 6,
  retransmitMultiplier: 4,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  pushPullIntervalMs: 30_000,
  streamTimeoutMs: 10_000,
  healthMaximum: 8,
  searchIntervalMs: 5_000,
  settleMs: 400,
};

export const PROFILES: Readonly<Record<ProfileName, MembershipProfile>> = {
  lan: LAN,
  local: {
    ...LAN,
    probeTimeoutMs: 200,
    indirectChecks: 1,
    suspicionMultiplier: 3,
    retransmitMultiplier: 2,
    gossipIntervalMs: 100,
    gossipToTheDeadMs: 15_000,
    pushPullIntervalMs: 15_000,
    streamTimeoutMs: 1_000,
  },
  wan: {
    ...LAN,
    probeIntervalMs: 5_000,
    probeTimeoutMs: 3_000,
    suspicionMultiplier: 6,
    gossipIntervalMs: 500,
    gossipNodes: 4,
    gossipToTheDeadMs: 60_000,
    pushPullIntervalMs: 60_000,
    streamTimeoutMs: 30_000,
    searchIntervalMs: 10_000,
    settleMs: 1_000,
  },
};
