import { explain } from "#base/operator-error.ts";
import type { Exchange } from "#packet/exchange/exchange.ts";
import type { CaptureStatus, ResponderStatus } from "#services/packets-api.ts";
import { REASON_CHARACTERS } from "#services/packets-limits.ts";

type ResponderCounts = Pick<ResponderStatus, "seen" | "matched" | "sent" | "dropped" | "errors">;

/** What all runs of one responder have done. */
export class ResponderRecord {
  #past: ResponderCounts = { seen: 0, matched: 0, sent: 0, dropped: 0, errors: 0 };
  #exchange: Exchange | undefined;
  #dropped: () => number = () => 0;
  #lastError = "";
  #lastErrorAt: number | undefined;
  #lastErrorPacket = "";

  /** A run begins; what the one before did is kept. `dropped` counts the packets that its socket lost. */
  follow(exchange: Exchange, dropped: () => number): void {
    this.leave();
    this.#exchange = exchange;
    this.#dropped = dropped;
  }

  /** Its run is over. */
  leave(): void {
    this.#past = this.#counts();
    this.#exchange = undefined;
  }

  /** The packet at which it failed for this reason; empty when at none. */
  packetOf(reason: string): string {
    return reason === failureAt(this.#lastError, this.#lastErrorPacket) ? this.#lastErrorPacket : "";
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
    const { seen, matched, sent, dropped, errors } = this.#past;
    const now = this.#exchange?.counts;
    if (!now) return this.#past;
    return {
      seen: seen + now.seen,
      matched: matched + now.matched,
      sent: sent + now.sent,
      dropped: dropped + this.#dropped(),
      errors,
    };
  }
}

/** Why something failed, in a line that is not too long: what a file throws may have any length. */
export function reasonOf(error: unknown): string {
  const text = explain(error);
  return text.length > REASON_CHARACTERS ? `${text.slice(0, REASON_CHARACTERS).toWellFormed()}…` : text;
}

/** "no such thing, at 192.0.2.5 …": why a responder failed, and the packet at which it did; empty when at none. */
export function failureAt(error: string, packet: string): string {
  return packet === "" ? error : `${error}, at ${packet}`;
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
