const FIRST_SIZE = 64 * 1024;

/** A buffer that grows as it is written; emptied by take(). */
export class ByteSink {
  bytes: Uint8Array = new Uint8Array(FIRST_SIZE);
  /** Of the same bytes. */
  view: DataView = new DataView(this.bytes.buffer);
  /** Bytes written so far. */
  size = 0;
  #source: Uint8Array = NO_BYTES;
  #sourceView: DataView = NO_VIEW;

  /** Makes room for `count` more bytes, which the caller must write, and returns where they begin in `bytes`. */
  reserve(count: number): number {
    const at = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  /** Copies source[start, stop) to `at`, where there must be room. Quickest when it is the same source each time. */
  put(at: number, source: Uint8Array, start: number, stop: number): void {
    const { bytes, view } = this;
    if (stop - start > SHORT) {
      bytes.set(source.subarray(start, stop), at);
      return;
    }
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength);
    }
    const from = this.#sourceView;
    let i = start;
    let j = at;
    // The optimizing compiler makes one load and one store of it, and no BigInt.
    for (; i <= stop - 8; i += 8, j += 8) view.setBigInt64(j, from.getBigInt64(i, true), true);
    for (; i < stop; i++, j++) bytes[j] = source[i]!;
  }

  /** A copy of what was written from `start` on, which is removed. */
  take(start = 0): Uint8Array {
    const taken = this.bytes.slice(start, this.size);
    this.size = start;
    return taken;
  }

  /** Shows what was written to `use`, during that call only, and removes it. Costs no copy. */
  handOver(use: (bytes: Uint8Array) => void): void {
    const { size } = this;
    this.size = 0;
    use(this.bytes.subarray(0, size));
  }
}

/** A copy of bytes[start, stop). Not slice(): that of Node's Buffer, which is a Uint8Array too, copies nothing. */
export function copied(bytes: Uint8Array, start: number, stop: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, stop));
}

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));
const SHORT = 160; // up to it a loop over words is quicker than the view that set() needs
