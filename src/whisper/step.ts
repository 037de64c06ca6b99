import type { WhisperEvent, WhisperOutput } from "#whisper/io.ts";
import type { Peer } from "#whisper/peer.ts";

/** The step of a core that is under way: its time and what it says. The core's parts share it. */
export class Step {
  /** ms, monotonic. */
  now = 0;
  outputs: WhisperOutput[] = [];
  /** Peers with something new to write, until the end of the step. */
  readonly toWrite = new Set<Peer>();
  /** What was dropped, ignored or refused, by reason, and how much came; since the core began. */
  readonly counters = new Map<string, number>();

  begin(now: number): void {
    this.now = now;
    this.outputs = [];
  }

  emit(event: WhisperEvent): void {
    this.outputs.push({ type: "event", event });
  }

  /** Answers undefined, so that a caller can count and return in one line. */
  count(reason: string): undefined {
    this.counters.set(reason, (this.counters.get(reason) ?? 0) + 1);
  }
}
