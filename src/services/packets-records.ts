import type { Exchange } from "#packet/exchange/exchange.ts";
import type { CaptureStatus, ResponderStatus } from "#services/packets-api.ts";

type ResponderCounts = Pick<ResponderStatus, "seen" | "matched" | "sent" | "errors">;

/** What all runs of one responder have done. */
export class ResponderRecord {
  #past: ResponderCounts = { seen: 0, matched: 0, sent: 0, errors: 0 };
  #exchange: Exchange | undefined;
  #lastError = "";
  #lastErrorAt: number | undefined;
  #lastErrorPacket = "";

  /** A run begins; what the one before did is kept. */
  follow(exchange: Exchange): void {
    this.leave();
    this.#exchange = exchange;
  }

  /** Its run is over. */
  leave(): void {
    this.#past = this.#counts();
    this.#exchange = undefined;
  }

  failed(error: string, at: number, packet = ""): void {
    this.#past = { ...this.#past, errors: this.#past.errors + 1 };
    this.#lastError = error;
    this.#lastErrorAt = at;
    this.#lastErrorPacket = packet;
  }

  /** Packets that were to be sent and were not. */
  unsent(count: number, error: string, at: number): void {
    this.failed(error, at);
    const { sent, errors } = this.#past;
    this.#past = { ...this.#past, sent: sent - count, errors: errors + count - 1 };
  }

  status() {
    return {
      ...this.#counts(),
      position: this.#exchange?.state ?? "",
      lastError: this.#lastError,
      ...(this.#lastErrorAt !== undefined && { lastErrorAt: this.#lastErrorAt }),
      lastErrorPacket: this.#lastErrorPacket,
    };
  }

  #counts(): ResponderCounts {
    const { seen, matched, sent, errors } = this.#past;
    const now = this.#exchange?.counts;
    if (!now) return this.#past;
    return { seen: seen + now.seen, matched: matched + now.matched, sent: sent + now.sent, errors };
  }
}

type CaptureCounts = Pick<CaptureStatus, "packets" | "bytes" | "dropped">;

/** What all runs of one capture to files have done. */
export class CaptureRecord {
  #past: CaptureCounts = { packets: 0, bytes: 0, dropped: 0 };
  #now: () => CaptureCounts = () => NOTHING;

  follow(counts: () => CaptureCounts): void {
    this.leave();
    this.#now = counts;
  }

  leave(): void {
    this.#past = this.counts();
    this.#now = () => NOTHING;
  }

  counts(): CaptureCounts {
    const [past, now] = [this.#past, this.#now()];
    return {
      packets: past.packets + now.packets,
      bytes: past.bytes + now.bytes,
      dropped: past.dropped + now.dropped,
    };
  }
}

const NOTHING: CaptureCounts = { packets: 0, bytes: 0, dropped: 0 };
