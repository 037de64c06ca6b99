import type { NetworkType } from "#ospf/config.ts";

/** RFC 2328 9.1. */
export type InterfaceState = "Down" | "Loopback" | "Waiting" | "Point-to-Point" | "DROther" | "Backup" | "DR";

/** RFC 2328 9.2. */
export type InterfaceEvent =
  "InterfaceUp" | "WaitTimer" | "BackupSeen" | "NeighborChange" | "LoopInd" | "UnloopInd" | "InterfaceDown";

/** What has to be done with a transition. */
export type InterfaceEffect =
  | "start-hello-timer"
  | "start-wait-timer"
  /** Tells the configured neighbors of a non-broadcast network Start. */
  | "start-neighbors"
  /** Chooses the designated router; the new state follows from who it is. */
  | "elect"
  /** All neighbors hear KillNbr, timers end, nobody is the designated router. */
  | "reset";

export interface InterfaceStep {
  readonly state: InterfaceState;
  readonly effects: readonly InterfaceEffect[];
}

export interface InterfaceQuestions {
  readonly type: NetworkType;
  /** 0: cannot become the designated router. */
  readonly priority: number;
}

/** RFC 2328 9.3. An event that the RFC does not name for a state changes nothing. */
export function stepInterface(
  state: InterfaceState,
  event: InterfaceEvent,
  { type, priority }: InterfaceQuestions,
): InterfaceStep {
  const stays: InterfaceStep = { state, effects: [] };
  const isElected = state === "DROther" || state === "Backup" || state === "DR";
  switch (event) {
    case "InterfaceUp":
      return state === "Down" ? whenUp(type, priority) : stays;
    case "WaitTimer":
    case "BackupSeen":
      return state === "Waiting" ? { state, effects: ["elect"] } : stays;
    case "NeighborChange":
      return isElected ? { state, effects: ["elect"] } : stays;
    case "InterfaceDown":
      return { state: "Down", effects: ["reset"] };
    case "LoopInd":
      return { state: "Loopback", effects: ["reset"] };
    case "UnloopInd":
      return state === "Loopback" ? { state: "Down", effects: [] } : stays;
  }
}

function whenUp(type: NetworkType, priority: number): InterfaceStep {
  if (type === "loopback") return { state: "Loopback", effects: [] };
  if (type === "point-to-point" || type === "point-to-multipoint")
    return { state: "Point-to-Point", effects: ["start-hello-timer", "start-neighbors"] };
  const effects: readonly InterfaceEffect[] = ["start-hello-timer", "start-neighbors"];
  // Without a chance to be elected there is nothing to wait for.
  return priority === 0
    ? { state: "DROther", effects }
    : { state: "Waiting", effects: [...effects, "start-wait-timer"] };
}
