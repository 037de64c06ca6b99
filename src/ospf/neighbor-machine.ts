/** In the order in which an adjacency grows. RFC 2328 10.1. */
export const NEIGHBOR_STATES = [
  "Down",
  "Attempt",
  "Init",
  "2-Way",
  "ExStart",
  "Exchange",
  "Loading",
  "Full",
] as const;
export type NeighborState = (typeof NEIGHBOR_STATES)[number];

/** RFC 2328 10.2. */
export type NeighborEvent =
  | "HelloReceived"
  | "Start"
  | "2-WayReceived"
  | "NegotiationDone"
  | "ExchangeDone"
  | "BadLSReq"
  | "LoadingDone"
  | "AdjOK?"
  | "SeqNumberMismatch"
  | "1-Way"
  | "KillNbr"
  | "InactivityTimer"
  | "LLDown";

/** What has to be done with a transition. */
export type NeighborEffect =
  /** The neighbor has to be heard of again within RouterDeadInterval. */
  | "start-inactivity-timer"
  | "stop-inactivity-timer"
  /** A Hello to a neighbor that nothing was heard of yet. */
  | "send-hello"
  /** Begins an exchange: the next DD sequence number, and empty packets as master until it is negotiated. */
  | "start-exchange"
  /** Lists the database for the neighbor. */
  | "list-database"
  /** Forgets what was listed, asked for and not yet acknowledged. */
  | "clear-lists";

export interface NeighborQuestions {
  /** Whether an adjacency is wanted. RFC 2328 10.4. */
  readonly wantsAdjacency: boolean;
  /** LSAs have still to be asked for. */
  readonly hasRequests: boolean;
}

export interface NeighborStep {
  readonly state: NeighborState;
  readonly effects: readonly NeighborEffect[];
}

export function isAtLeast(state: NeighborState, least: NeighborState): boolean {
  return NEIGHBOR_STATES.indexOf(state) >= NEIGHBOR_STATES.indexOf(least);
}

/** RFC 2328 10.3. An event that the RFC does not name for a state changes nothing. */
export function stepNeighbor(
  state: NeighborState,
  event: NeighborEvent,
  { wantsAdjacency, hasRequests }: NeighborQuestions,
): NeighborStep {
  const stays: NeighborStep = { state, effects: [] };
  switch (event) {
    case "Start":
      return state === "Down"
        ? { state: "Attempt", effects: ["send-hello", "start-inactivity-timer"] }
        : stays;
    case "HelloReceived":
      return {
        state: state === "Down" || state === "Attempt" ? "Init" : state,
        effects: ["start-inactivity-timer"],
      };
    case "2-WayReceived":
      if (state !== "Init") return stays;
      return wantsAdjacency
        ? { state: "ExStart", effects: ["start-exchange"] }
        : { state: "2-Way", effects: [] };
    case "NegotiationDone":
      return state === "ExStart" ? { state: "Exchange", effects: ["list-database"] } : stays;
    case "ExchangeDone":
      return state === "Exchange" ? { state: hasRequests ? "Loading" : "Full", effects: [] } : stays;
    case "LoadingDone":
      return state === "Loading" ? { state: "Full", effects: [] } : stays;
    case "AdjOK?":
      if (state === "2-Way" && wantsAdjacency) return { state: "ExStart", effects: ["start-exchange"] };
      if (isAtLeast(state, "ExStart") && !wantsAdjacency) return { state: "2-Way", effects: ["clear-lists"] };
      return stays;
    case "SeqNumberMismatch":
    case "BadLSReq":
      return isAtLeast(state, "Exchange")
        ? { state: "ExStart", effects: ["clear-lists", "start-exchange"] }
        : stays;
    case "1-Way":
      return isAtLeast(state, "2-Way") ? { state: "Init", effects: ["clear-lists"] } : stays;
    case "KillNbr":
    case "LLDown":
    case "InactivityTimer":
      return { state: "Down", effects: ["clear-lists", "stop-inactivity-timer"] };
  }
}
