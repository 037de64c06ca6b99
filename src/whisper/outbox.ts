import { concatBytes } from "#base/bytes.ts";
import type { WhisperLimits } from "#whisper/limits.ts";

type OutboxLimits = Pick<
  WhisperLimits,
  "queuedMessages" | "queuedWhileAway" | "queuedBytes" | "queuedAgeMs" | "writeBytes"
>;

/** A message on its way to many peers: all their queues share it. */
export interface Queued {
  readonly bytes: Uint8Array;
  /** When it was queued, ms, monotonic. */
  readonly at: number;
}

/** What waits for one peer: a bounded queue, so that a slow or unreachable peer costs a known amount and delays nobody. */
export class Outbox {
  readonly #limits: OutboxLimits;
  /** Waiting from #head on; what is before it was taken. */
  #queue: Queued[] = [];
  #head = 0;
  #bytes = 0;
  /** Handed to the network and not yet known to have left. */
  #inFlight: readonly Queued[] = [];
  /** Messages that were pushed out by newer ones or grew too old. */
  dropped = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** Messages that wait, those in flight included. */
  get messages(): number {
    return this.#queue.length - this.#head + this.#inFlight.length;
  }

  /** Bytes that wait and are not in flight. */
  get bytes(): number {
    return this.#bytes;
  }

  get inFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  /** `away`: there is no connection to the peer now; less is kept for it. */
  push(message: Queued, away: boolean): void {
    this.#queue.push(message);
    this.#bytes += message.bytes.length;
    this.#trim(message.at, away ? this.#limits.queuedWhileAway : this.#limits.queuedMessages);
  }

  /** The next bytes to write, as many whole messages as one write may hold; undefined when nothing waits. */
  take(now: number): Uint8Array | undefined {
    this.#trim(now);
    const batch: Queued[] = [];
    let size = 0;
    while (this.#head < this.#queue.length) {
      const next = this.#queue[this.#head]!;
      if (batch.length > 0 && size + next.bytes.length > this.#limits.writeBytes) break;
      batch.push(next);
      size += next.bytes.length;
      this.#head++;
    }
    this.#compact();
    if (batch.length === 0) return undefined;
    this.#bytes -= size;
    this.#inFlight = batch;
    return batch.length === 1 ? batch[0]!.bytes : concatBytes(batch.map(({ bytes }) => bytes));
  }

  /** What was in flight has left; returns how many messages it were. */
  sent(): number {
    const count = this.#inFlight.length;
    this.#inFlight = [];
    return count;
  }

  /** The connection broke: what was in flight goes to the front again. The peer knows by the ID what it has already. */
  putBack(now: number): void {
    if (this.#inFlight.length === 0) return;
    this.#queue = [...this.#inFlight, ...this.#queue.slice(this.#head)];
    this.#head = 0;
    for (const { bytes } of this.#inFlight) this.#bytes += bytes.length;
    this.#inFlight = [];
    this.#trim(now);
  }

  clear(): void {
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#inFlight = [];
  }

  #trim(now: number, most = this.#limits.queuedMessages): void {
    const { queuedBytes, queuedAgeMs } = this.#limits;
    while (this.#head < this.#queue.length) {
      const oldest = this.#queue[this.#head]!;
      const count = this.#queue.length - this.#head;
      // A single message above the byte limit may wait alone: it was within the limit for messages.
      const crowded = count > 1 && (count > most || this.#bytes > queuedBytes);
      if (!crowded && now - oldest.at <= queuedAgeMs) break;
      this.#bytes -= oldest.bytes.length;
      this.#head++;
      this.dropped++;
    }
    this.#compact();
  }

  /** Gives the taken part back once it is the larger one: each message is moved once at most on average. */
  #compact(): void {
    if (this.#head < 64 || this.#head * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}
