import {
  isAtLeast,
  stepNeighbor,
  type NeighborEffect,
  type NeighborEvent,
  type NeighborState,
} from "#ospf/neighbor-machine.ts";
import type { Parts } from "#ospf/parts.ts";
import type { Neighbor, RouterState } from "#ospf/state.ts";

/** Takes neighbors through their states and does what the transitions ask for. RFC 2328 10. */
export class Adjacencies {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** `reason`: for people. */
  event(neighbor: Neighbor, event: NeighborEvent, reason: string): void {
    const from = neighbor.state;
    const { state, effects } = stepNeighbor(from, event, {
      wantsAdjacency: this.wantsAdjacency(neighbor),
      hasRequests: neighbor.requests.size > 0,
    });
    neighbor.state = state;
    if (state !== from) this.#note(neighbor, from, reason);
    for (const effect of effects) this.#do(neighbor, effect);
    if (state !== from) this.#changed(neighbor, from);
  }

  /** RFC 2328 10.4. */
  wantsAdjacency({ interface: on, address }: Neighbor): boolean {
    if (!on.hasDesignated) return true;
    if (on.state === "DR" || on.state === "Backup") return true;
    return address === on.designated || address === on.backup;
  }

  #note(neighbor: Neighbor, from: NeighborState, reason: string): void {
    neighbor.since = this.#state.now;
    neighbor.changes++;
    neighbor.lastReason = reason;
    const { interface: on, routerId, address, state: to } = neighbor;
    this.#state.change(on, { type: "neighbor", interface: on.name, routerId, address, from, to, reason });
  }

  #do(neighbor: Neighbor, effect: NeighborEffect): void {
    const { timers, now } = this.#state;
    const name = timerName("dead", neighbor);
    switch (effect) {
      case "start-inactivity-timer":
        return timers.set(name, now + neighbor.interface.config.deadInterval * 1_000);
      case "stop-inactivity-timer":
        return timers.cancel(name);
      case "send-hello":
        return this.#parts.hellos.sendTo(neighbor);
      case "start-exchange":
        return this.#parts.exchange.start(neighbor);
      case "list-database":
        return this.#parts.exchange.listDatabase(neighbor);
      case "clear-lists":
        return this.#parts.exchange.clear(neighbor);
    }
  }

  #changed(neighbor: Neighbor, from: NeighborState): void {
    const { interface: on, state: to } = neighbor;
    if (to === "Down") this.#forget(neighbor);
    if (isAtLeast(from, "2-Way") !== isAtLeast(to, "2-Way"))
      this.#parts.interfaces.event(on, "NeighborChange");
    if (to === "Full" || from === "Full") this.#parts.originator.touch(on.area);
    // LSAs of MaxAge wait while a neighbor is told what there is.
    if (isLoading(from) !== isLoading(to)) this.#parts.flooding.sweepSoon();
    if (to === "Loading") this.#parts.exchange.sendRequests(neighbor);
  }

  #forget(neighbor: Neighbor): void {
    const { interface: on, key } = neighbor;
    neighbor.authenticationSequence = -1;
    neighbor.delivered.clear();
    const isConfigured = on.config.neighbors.some(({ address }) => address === neighbor.address);
    if (!(on.isUnicast && isConfigured) && on.neighbors.get(key) === neighbor) on.neighbors.delete(key);
  }
}

/** Between knowing what the other has and having it all. */
export function isLoading(state: NeighborState): boolean {
  return state === "Exchange" || state === "Loading";
}

export function timerName(what: string, neighbor: Neighbor): string {
  return `${what} ${neighbor.interface.name} ${neighbor.key}`;
}
