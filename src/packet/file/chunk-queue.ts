import { assert } from "#base/assert.ts";

const EMPTY = new Uint8Array(0);
const FIRST_JOIN = 64 * 1024; // holds almost every record, so that it is rarely grown
const KEPT_JOIN = 1024 * 1024; // one that a huge record made grow beyond is given back

/**
 * The chunks of a file, read as records: `have(n)` makes n bytes stand together at `data[at]`. They stay in their chunk;
 * only what straddles chunks is joined in a buffer, which grows with what arrives and never beyond the n asked for.
 */
export class ChunkQueue {
  data: Uint8Array = EMPTY;
  /** Cursor into `data`; the reader moves it past what it took. */
  at = 0;
  /** End of what is valid in `data`. */
  filled = 0;
  /** Offset of `data[0]` in the file. */
  base = 0;
  ended = false;
  #chunks: Uint8Array[] = [];
  #head = 0;
  #headAt = 0; // bytes of the first chunk that went into the join
  #join: Uint8Array = EMPTY;

  push(chunk: Uint8Array): void {
    assert(!this.ended, "a chunk after the end of the file");
    if (chunk.length > 0) this.#chunks.push(plain(chunk));
  }

  /** Bytes from the cursor on that stand together. */
  get left(): number {
    return this.filled - this.at;
  }

  /**
   * True when `count` bytes stand at `data[at]`; both may have changed. False when more must be pushed: then no pushed
   * chunk is needed any longer, so that its owner may fill it again.
   */
  have(count: number): boolean {
    while (this.filled - this.at < count) {
      const chunk = this.#chunks[this.#head];
      if (chunk === undefined) {
        this.#leaveChunk();
        return false;
      }
      if (this.at === this.filled) this.#enter(chunk);
      else this.#joinFrom(chunk, count);
    }
    return true;
  }

  /** Forgets everything. */
  drop(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#headAt = 0;
    this.base += this.at;
    this.data = EMPTY;
    this.at = 0;
    this.filled = 0;
    this.#join = EMPTY;
  }

  #enter(chunk: Uint8Array): void {
    this.base += this.at - this.#headAt;
    this.data = chunk;
    this.at = this.#headAt;
    this.filled = chunk.length;
    this.#nextChunk();
    if (this.#join.length > KEPT_JOIN) this.#join = EMPTY;
  }

  #joinFrom(chunk: Uint8Array, count: number): void {
    const taken = Math.min(count - this.left, chunk.length - this.#headAt);
    this.#intoJoin(this.left + taken, count);
    this.data.set(chunk.subarray(this.#headAt, this.#headAt + taken), this.filled);
    this.filled += taken;
    this.#headAt += taken;
    if (this.#headAt === chunk.length) this.#nextChunk();
  }

  #leaveChunk(): void {
    if (this.data === this.#join) return;
    if (this.left > 0) this.#intoJoin(this.left, this.left);
    else {
      this.base += this.at;
      this.data = EMPTY;
      this.at = 0;
      this.filled = 0;
    }
  }

  /** Puts what is left at the start of a join with room for `room` bytes of the `count` that it will have to hold. */
  #intoJoin(room: number, count: number): void {
    const rest = this.data.subarray(this.at, this.filled);
    if (this.#join.length < room) {
      const doubled = Math.max(room, 2 * this.#join.length);
      this.#join = new Uint8Array(Math.max(FIRST_JOIN, Math.min(doubled, Math.max(room, count))));
    } else if (this.data === this.#join && this.at === 0) return;
    this.#join.set(rest);
    this.base += this.at;
    this.data = this.#join;
    this.filled = rest.length;
    this.at = 0;
  }

  #nextChunk(): void {
    this.#headAt = 0;
    this.#head++;
    if (2 * this.#head < this.#chunks.length) return;
    this.#chunks.splice(0, this.#head); // seldom, so that many small chunks cost no more than they are
    this.#head = 0;
  }
}

/**
 * The same memory as a plain Uint8Array. Reading Node's Buffers by turns with plain arrays would be slower, and slice()
 * of a Buffer copies nothing.
 */
function plain(bytes: Uint8Array): Uint8Array {
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
