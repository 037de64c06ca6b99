import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { copied } from "#packet/file/byte-sink.ts";
import { BATCH_BYTES, BATCH_PACKETS, QUEUE_BYTES, QUEUE_PACKETS } from "#services/packets-limits.ts";

/** A packet as it waits for its client. */
export interface WaitingPacket {
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly outgoing: boolean;
}

/** Packets that wait for one client, the oldest first; what finds no room is dropped and counted. */
export class PacketQueue {
  #waiting: WaitingPacket[] = [];
  #bytes = 0;
  #wake = (): void => {};
  #end: { readonly error: unknown } | undefined;
  dropped = 0;

  /** False when it was dropped. */
  push(packet: ReceivedPacket, number: number): boolean {
    const { bytes, start, stop, seconds, nanoseconds, originalLength, outgoing } = packet;
    const size = stop - start;
    if (this.#end || this.#waiting.length >= QUEUE_PACKETS || this.#bytes + size > QUEUE_BYTES) {
      this.dropped++;
      return false;
    }
    const own = copied(bytes, start, stop);
    this.#waiting.push({ number, seconds, nanoseconds, length: originalLength, bytes: own, outgoing });
    this.#bytes += size;
    this.#wake();
    return true;
  }

  /** Nothing comes any more; whoever waits is woken. */
  end(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** The next packets, at least one. Throws, once all are taken, what ended the queue. */
  async take(): Promise<readonly WaitingPacket[]> {
    while (this.#waiting.length === 0) {
      if (this.#end) throw this.#end.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    let count = 0;
    let bytes = 0;
    for (const packet of this.#waiting) {
      bytes += packet.bytes.length;
      if (count > 0 && bytes > BATCH_BYTES) break;
      this.#bytes -= packet.bytes.length;
      if (++count === BATCH_PACKETS) break;
    }
    return this.#waiting.splice(0, count);
  }
}
