import type { Random } from "#base/random.ts";
import type { Timers } from "#machine/timers.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import type { Peer } from "#whisper/peer.ts";
import type { PeerTable } from "#whisper/peer-table.ts";

/**
 * Decides when an address is dialled: at most so many new dials a second and at once, trusted addresses before those
 * that a remote named, and after a failure only when a growing, spread-out pause has passed. It dials nothing itself.
 */
export class Dialler {
  readonly #table: PeerTable;
  readonly #timers: Timers;
  readonly #limits: WhisperLimits;
  readonly #random: Random;
  /** Whose turn is next, in order: those worth more first. */
  readonly #ready = { proven: new Set<Peer>(), named: new Set<Peer>() };
  /** Being dialled though nobody but a remote answers for them. */
  #namedDials = new Set<Peer>();
  #tokens: number;
  #filledAt = 0;

  constructor(table: PeerTable, timers: Timers, random: Random, limits: WhisperLimits) {
    this.#table = table;
    this.#timers = timers;
    this.#random = random;
    this.#limits = limits;
    this.#tokens = limits.dialBurst;
  }

  /** Puts the peer in line; nothing happens when it is being dialled, linked or held, or all links are taken. */
  request(peer: Peer): void {
    if (peer.state !== "known" && peer.state !== "waiting") return;
    const { due, dialling, linked } = this.#table.counts;
    const full = due + dialling + linked >= this.#limits.maximumLinks;
    this.remove(peer);
    this.#table.setState(peer, full ? "known" : "due");
    if (full) return;
    (isNamedOnly(peer) ? this.#ready.named : this.#ready.proven).add(peer);
  }

  /** After a failed dial or a lost link: dials again after a pause. */
  retry(peer: Peer, now: number): void {
    this.#leave(peer);
    const { retryFirstMs, retryLongestMs } = this.#limits;
    const pause = Math.min(retryLongestMs, retryFirstMs * 2 ** Math.min(peer.failures - 1, 30));
    const at = now + pause * (0.5 + this.#random.float());
    this.#table.setState(peer, "waiting");
    peer.nextDial = at;
    this.#timers.set(`retry ${peer.address}`, at);
  }

  /** Out of line, for a peer that is held, forgotten or linked in another way. */
  remove(peer: Peer): void {
    this.#leave(peer);
    peer.nextDial = undefined;
  }

  /** The next peer to dial at `now`; it counts as being dialled until `ended`. Undefined: nobody, or not yet. */
  take(now: number): Peer | undefined {
    this.#fill(now);
    this.#timers.cancel("dials");
    const peer = this.#first();
    if (!peer) return undefined;
    if (this.#tokens < 1) {
      // Rounded up: a pause that rounding makes too short would come back at once, and again.
      this.#timers.set("dials", now + Math.ceil(((1 - this.#tokens) * 1_000) / this.#limits.dialsPerSecond));
      return undefined;
    }
    this.#tokens--;
    this.#leave(peer);
    if (isNamedOnly(peer)) this.#namedDials.add(peer);
    this.#table.setState(peer, "dialling");
    peer.lastDial = now;
    peer.nextDial = undefined;
    this.#timers.set(`timeout ${peer.address}`, now + this.#limits.dialTimeoutMs);
    return peer;
  }

  /** A dial came to its end, well or not. */
  ended(peer: Peer): void {
    this.#namedDials.delete(peer);
    this.#timers.cancel(`timeout ${peer.address}`);
  }

  #first(): Peer | undefined {
    if (this.#table.counts.dialling >= this.#limits.dialsAtOnce) return undefined;
    for (const peer of this.#ready.proven) return peer;
    if (this.#namedDials.size * 2 >= this.#limits.dialsAtOnce) return undefined;
    for (const peer of this.#ready.named) return peer;
    return undefined;
  }

  #leave(peer: Peer): void {
    this.#ready.proven.delete(peer);
    this.#ready.named.delete(peer);
    this.#timers.cancel(`retry ${peer.address}`);
  }

  #fill(now: number): void {
    const gained = ((now - this.#filledAt) * this.#limits.dialsPerSecond) / 1_000;
    this.#tokens = Math.min(this.#limits.dialBurst, this.#tokens + gained);
    this.#filledAt = now;
  }
}

function isNamedOnly(peer: Peer): boolean {
  return peer.origin === "named" && !peer.proven;
}
