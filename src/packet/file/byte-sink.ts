const FIRST_SIZE = 64 * 1024;

/** A buffer that grows as it is written; emptied by take(). */
export class ByteSink {
  bytes: Uint8Array = new Uint8Array(FIRST_SIZE);
  /** Bytes written so far. */
  size = 0;

  /** Makes room for `count` more bytes, which the caller must write, and returns where they begin in `bytes`. */
  reserve(count: number): number {
    const at = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    return at;
  }

  /** A copy of what was written from `start` on, which is removed. */
  take(start = 0): Uint8Array {
    const taken = this.bytes.slice(start, this.size);
    this.size = start;
    return taken;
  }
}

/** A copy of bytes[start, stop). Not slice(): that of Node's Buffer, which is a Uint8Array too, copies nothing. */
export function copied(bytes: Uint8Array, start: number, stop: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, stop));
}

const SHORT = 96; // below it a loop is quicker than the view that set() needs

/** Copies source[start, stop) to target[at]. */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  stop: number,
): void {
  if (stop - start > SHORT) target.set(source.subarray(start, stop), at);
  else for (let i = start, j = at; i < stop; i++, j++) target[j] = source[i]!;
}
