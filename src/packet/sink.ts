import { assert } from "#base/assert.ts";

/** Bytes that grow. */
export class Sink {
  /** The bytes so far, and zeros behind them; another array once it had to grow. */
  raw: Uint8Array = new Uint8Array(256);
  length = 0;

  /** Makes `count` zero bytes and returns where they start. */
  extend(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.raw.length) this.#grow(end);
    this.length = end;
    return at;
  }

  append(bytes: Uint8Array): void {
    const at = this.extend(bytes.length);
    this.raw.set(bytes, at);
  }

  /** A copy of the bytes. */
  take(): Uint8Array {
    return this.raw.slice(0, this.length);
  }

  #grow(end: number): void {
    assert(end <= LONGEST_PACKET, `a packet of more than ${LONGEST_PACKET} bytes`);
    const larger = new Uint8Array(Math.min(LONGEST_PACKET, Math.max(end, this.raw.length * 2)));
    larger.set(this.raw.subarray(0, this.length));
    this.raw = larger;
  }
}

/** Far above any frame, far below what would hurt: a mistaken length must not take the memory. */
const LONGEST_PACKET = 16 * 1024 * 1024;
