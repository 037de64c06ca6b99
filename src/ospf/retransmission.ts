import { timerName } from "#ospf/adjacencies.ts";
import { LSAS_AT_ONCE, PACE_MS } from "#ospf/limits.ts";
import type { Lsa } from "#ospf/lsa.ts";
import type { Entry } from "#ospf/lsdb.ts";
import type { Parts } from "#ospf/parts.ts";
import type { Neighbor, RouterState } from "#ospf/state.ts";

/** Sends again what a neighbor has not acknowledged. RFC 2328 13.6. */
export class Retransmission {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** `at`: ms when it is sent again the first time; absent: after RxmtInterval. */
  add(neighbor: Neighbor, entry: Entry, at?: number): void {
    const { now } = this.#state;
    const { key } = entry.lsa;
    const known = neighbor.retransmissions.get(key);
    if (known?.entry === entry) return;
    this.remove(neighbor, key);
    const due = at ?? now + neighbor.interface.config.retransmitInterval * 1_000;
    entry.pending++;
    neighbor.retransmissions.set(key, { entry, at: due });
    const name = timerName("again", neighbor);
    const set = this.#state.timers.when(name);
    if (set === undefined || set > due) this.#state.timers.set(name, due);
  }

  /** It has this instance, or it need not have it any more. */
  remove(neighbor: Neighbor, key: string): void {
    const known = neighbor.retransmissions.get(key);
    if (!known) return;
    neighbor.retransmissions.delete(key);
    if (neighbor.retransmissions.size === 0) this.#state.timers.cancel(timerName("again", neighbor));
    if (--known.entry.pending === 0) this.#parts.flooding.sweepSoon();
  }

  /** Nobody has to get this instance any more. */
  removeAll(entry: Entry): void {
    if (entry.pending === 0) return;
    for (const neighbor of this.#state.neighbors())
      if (neighbor.retransmissions.get(entry.lsa.key)?.entry === entry) this.remove(neighbor, entry.lsa.key);
  }

  clear(neighbor: Neighbor): void {
    for (const key of [...neighbor.retransmissions.keys()]) this.remove(neighbor, key);
  }

  /** Sends what is due; more than a little goes in steps, so that the neighbor's buffers hold it. */
  tick(neighbor: Neighbor): void {
    const { now, timers } = this.#state;
    const again: Lsa[] = [];
    let next = Infinity;
    for (const waiting of neighbor.retransmissions.values()) {
      if (waiting.at <= now && again.length < LSAS_AT_ONCE) {
        again.push(waiting.entry.lsa);
        waiting.at = now + neighbor.interface.config.retransmitInterval * 1_000;
      }
      next = Math.min(next, waiting.at);
    }
    if (again.length > 0) this.#parts.sender.updateTo(neighbor, again);
    if (next < Infinity) timers.set(timerName("again", neighbor), Math.max(next, now + PACE_MS));
  }
}
