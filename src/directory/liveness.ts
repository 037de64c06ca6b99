import type { Registration } from "#directory/registration.ts";
import type { DirectoryTable } from "#directory/table.ts";

/** What has been found out about a peer. */
export type Finding = { readonly peer: Registration; readonly isReached: boolean; readonly isGone: boolean };

/**
 * Which peers a server dials to see whether they are there. Only machines that asked for it themselves are dialled: those
 * whose registration came from the address that it names; so nobody can send a server anywhere.
 */
export class Liveness {
  readonly #intervalMs: number;
  /** By id: when it is dialled next, and dials that failed in a row. Who has waited longest comes first. */
  readonly #checks = new Map<string, { at: number; failures: number }>();
  readonly #running = new Set<string>();
  /** Dials of anybody that failed since the last one that did not. */
  #failedInRow = 0;

  /** `intervalMs`: how often each peer is dialled. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Peers to dial now; `now` in ms, monotonic. Each is to be told of with `took`. */
  due(table: DirectoryTable, now: number): Registration[] {
    for (const peer of table.peers.values())
      if (isChecked(peer) && !this.#checks.has(peer.id)) this.#next(peer.id, now, 0);
    const due: Registration[] = [];
    for (const [id, { at }] of this.#checks) {
      const peer = table.peers.get(id);
      if (!peer || !isChecked(peer)) this.#checks.delete(id);
      else if (at > now || this.#running.size >= MOST_DIALS) break;
      else if (!this.#running.has(id)) {
        this.#running.add(id);
        due.push(peer);
      }
    }
    return due;
  }

  took(peer: Registration, isReached: boolean, now: number): Finding {
    this.#running.delete(peer.id);
    this.#failedInRow = isReached ? 0 : this.#failedInRow + 1;
    const failures = isReached ? 0 : (this.#checks.get(peer.id)?.failures ?? 0) + 1;
    const isGone = failures >= MOST_FAILURES && this.#failedInRow < CUT_OFF_FROM;
    // Who comes back after that begins anew.
    this.#next(peer.id, now, isGone ? 0 : failures);
    return { peer, isReached, isGone };
  }

  #next(id: string, now: number, failures: number): void {
    this.#checks.delete(id);
    this.#checks.set(id, { at: now + this.#intervalMs, failures });
  }
}

function isChecked({ ip, source, port, protocol }: Registration): boolean {
  return ip === source && port !== "0" && protocol !== "udp";
}

/** At the same time: dials cost the server sockets, and the next look comes soon. */
const MOST_DIALS = 32;
/** In a row: one lost packet is no end. */
const MOST_FAILURES = 3;
/** After so many dials that all failed it is this server's own network that fails, and nobody is removed. */
const CUT_OFF_FROM = 24;
