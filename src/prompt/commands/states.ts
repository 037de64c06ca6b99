import type { Level, ServiceState } from "#api/gen/parley/v1/node_pb.ts";
import type { MemberState } from "#api/gen/parley/v1/membership_pb.ts";
import type { ResponderNews, RunState } from "#api/gen/parley/v1/packets_pb.ts";
import type { PeerState } from "#api/gen/parley/v1/whisper_pb.ts";

// The numbers stand here so that prompt/ needs the generated types only; `satisfies` keeps the tables complete.

/** "running", "failed", …; for a number that a newer node sent, the number. */
export function formatServiceState(state: ServiceState): string {
  return nameIn(SERVICE_STATES, state);
}

/** "linked", "waiting", …. */
export function formatPeerState(state: PeerState): string {
  return nameIn(PEER_STATES, state);
}

/** "alive", "suspect", "failed", "left". */
export function formatMemberState(state: MemberState): string {
  return nameIn(MEMBER_STATES, state);
}

/** How a responder or a capture stands: "running", "failed", …. */
export function formatRunState(state: RunState): string {
  return nameIn(RUN_STATES, state);
}

/** What a responder did: "told", "failed", …. */
export function formatResponderNews(news: ResponderNews): string {
  return nameIn(RESPONDER_NEWS, news);
}

/** "info", "warn", …. */
export function formatLevel(level: Level): string {
  return nameIn(LEVELS, level);
}

type Names<State extends number> = {
  readonly [Value in State as number extends Value ? never : Value]: string;
};

const SERVICE_STATES = {
  0: "unknown",
  1: "stopped",
  2: "waiting",
  3: "starting",
  4: "running",
  5: "stopping",
  6: "failed",
} as const satisfies Names<ServiceState>;

const PEER_STATES = {
  0: "unknown",
  1: "linked",
  2: "dialling",
  3: "waiting",
  4: "known",
  5: "held",
} as const satisfies Names<PeerState>;

const MEMBER_STATES = {
  0: "unknown",
  1: "alive",
  2: "suspect",
  3: "failed",
  4: "left",
} as const satisfies Names<MemberState>;

const RUN_STATES = {
  0: "unknown",
  1: "starting",
  2: "running",
  3: "failed",
  4: "done",
  5: "stopped",
} as const satisfies Names<RunState>;

const RESPONDER_NEWS = {
  0: "unknown",
  1: "started",
  2: "state",
  3: "told",
  4: "failed",
  5: "done",
  6: "stopped",
} as const satisfies Names<ResponderNews>;

const LEVELS = { 0: "unknown", 1: "debug", 2: "info", 3: "warn", 4: "error" } as const satisfies Names<Level>;

function nameIn(names: Readonly<Record<number, string>>, value: number): string {
  return names[value] ?? String(value);
}
