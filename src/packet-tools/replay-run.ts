import { setTimeout as sleep } from "node:timers/promises";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { PacketSocket } from "#host/packet-sockets.ts";
import type { ReplayPackets } from "#packet-tools/replay-packets.ts";

/** Sends packets when they are due, and remembers how well it kept to it. */
export class ReplayRun {
  readonly #socket: PacketSocket;
  readonly #packets: ReplayPackets;
  readonly #due: Float64Array | undefined;
  readonly #isOver: () => boolean;
  /** ms between when packets were due and when they had been sent. */
  readonly #errors: Float64Array;
  #errorCount = 0;
  #refused: { readonly count: number; readonly why: string } | undefined;
  #sent = 0;
  #bytes = 0;
  #activeMs = 0;

  /** `due`: when each packet is, ms after the first; undefined for as soon as possible. */
  constructor(
    socket: PacketSocket,
    packets: ReplayPackets,
    due: Float64Array | undefined,
    isOver: () => boolean,
  ) {
    this.#socket = socket;
    this.#packets = packets;
    this.#due = due;
    this.#isOver = isOver;
    this.#errors = new Float64Array(due ? MOST_ERRORS : 0);
  }

  /** All packets once. Throws OperatorError when the interface takes none for long. */
  async run(): Promise<void> {
    const begin = performance.now();
    let stalledAt: number | undefined;
    let turnAt = begin;
    for (let next = 0; next < this.#packets.count && !this.#isOver();) {
      const now = performance.now();
      const wait = this.#due ? begin + this.#due[next]! - now : 0;
      const isLong = wait > SPIN_MS;
      // Others get their turn where there is time for it, and where there is none nevertheless.
      if (isLong || now - turnAt > (this.#due && wait < ROOM_MS ? LONGEST_TURN_MS : TURN_MS)) {
        // A timer is a millisecond late; the rest is spent looking at the clock.
        await (wait > TIMER_MS ? sleep(Math.min(wait - TIMER_MS, LONGEST_SLEEP_MS)) : turn());
        turnAt = performance.now();
        continue;
      }
      if (wait > 0) continue;
      const stop = this.#stopAt(next, now - begin);
      const taken = this.#send(next, stop);
      if (taken < 0) {
        next++;
        continue;
      }
      this.#note(next, taken, begin);
      next += taken;
      if (taken > 0) stalledAt = undefined;
      else if (now - (stalledAt ??= now) > STALL_MS)
        throw new OperatorError("the interface takes no more packets", "ip link shows whether it is up");
      // The interface's queue is full.
      if (next < stop) await turn();
    }
    this.#activeMs += performance.now() - begin;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Packets that can never be sent, such as those that are longer than the link carries. */
  get refused(): { readonly count: number; readonly why: string } | undefined {
    return this.#refused;
  }

  /** The first packet behind `next` that is not due yet, or is too many for one call. */
  #stopAt(next: number, passedMs: number): number {
    const most = Math.min(next + BATCH, this.#packets.count);
    if (!this.#due) return most;
    let stop = next + 1;
    while (stop < most && this.#due[stop]! <= passedMs) stop++;
    return stop;
  }

  /** How many of the packets went out; -1 when the first one never can. */
  #send(next: number, stop: number): number {
    try {
      const socket = this.#socket;
      return socket.sendStored?.(this.#packets, next, stop) ?? socket.send(this.#packets.views(next, stop));
    } catch (error) {
      const { count, why } = this.#refused ?? { count: 0, why: explain(error) };
      this.#refused = { count: count + 1, why };
      return -1;
    }
  }

  #note(next: number, taken: number, begin: number): void {
    const { starts } = this.#packets;
    this.#bytes += starts[next + taken]! - starts[next]!;
    this.#sent += taken;
    if (!this.#due) return;
    const now = performance.now() - begin;
    for (let i = next; i < next + taken && this.#errorCount < MOST_ERRORS; i++)
      this.#errors[this.#errorCount++] = Math.abs(now - this.#due[i]!);
  }

  summary(): string {
    const seconds = this.#activeMs / 1_000;
    const rate = seconds > 0 ? Math.round(this.#sent / seconds) : this.#sent;
    const megabits = seconds > 0 ? (this.#bytes * 8) / seconds / 1e6 : 0;
    const text = `${this.#sent} packets, ${this.#bytes} bytes in ${seconds.toFixed(3)} s: ${rate} packets/s, ${megabits.toFixed(1)} Mbit/s`;
    if (this.#errorCount === 0) return text;
    const sorted = this.#errors.subarray(0, this.#errorCount).sort();
    const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)]! * 1_000).toFixed(0);
    return `${text}; timing error p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const BATCH = 512;
const TIMER_MS = 2;
/** Whoever presses Ctrl-C in a long pause does not wait for its end. */
const LONGEST_SLEEP_MS = 100;
const SPIN_MS = 0.3;
/** Time enough for a turn in which nothing happens. */
const ROOM_MS = 0.05;
const [TURN_MS, LONGEST_TURN_MS] = [10, 50];
/** A queue that is full has room again long before. */
const STALL_MS = 2_000;
const MOST_ERRORS = 1_000_000;
