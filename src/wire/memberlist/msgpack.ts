import { textBytes } from "#packet/primitive.ts";
import type { MemberlistLimits } from "#wire/memberlist/limits.ts";

/*
 * MessagePack as memberlist and Serf speak it: the old specification, which has one "raw" family for strings and bytes.
 * It is written strictly, as Go writes it; what is read may be any valid MessagePack.
 */

export interface MsgpackProblem {
  readonly error: string;
  readonly at: number;
  /** More bytes could make it right. */
  readonly truncated: boolean;
}

type Limits = Pick<MemberlistLimits, "msgpackDepth" | "msgpackValues" | "msgpackBytes">;

/**
 * Reads value by value. The first problem stays: from then on every read gives nothing (0, false, no bytes), so that
 * callers need to ask `problem` only in loops and at the end.
 */
export class MsgpackReader {
  readonly bytes: Uint8Array;
  readonly #end: number;
  readonly #limits: Limits;
  readonly #view: DataView;
  #values = 0;
  at: number;
  problem: MsgpackProblem | undefined;

  constructor(bytes: Uint8Array, at: number, end: number, limits: Limits) {
    this.bytes = bytes;
    this.at = at;
    this.#end = end;
    this.#limits = limits;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(error: string, at: number, truncated = false): void {
    this.problem ??= { error, at, truncated };
  }

  /** Entries of the map that starts here. */
  map(): number {
    const at = this.at;
    const head = this.#head();
    if (head >= 0x80 && head <= 0x8f) return this.#items(head & 0x0f, 2);
    if (head === 0xde || head === 0xdf) return this.#items(this.#uint(head === 0xde ? 2 : 4), 2);
    return this.#unexpected("a map", head, at);
  }

  /** Items of the array that starts here. */
  array(): number {
    const at = this.at;
    const head = this.#head();
    if (isFixArray(head)) return this.#items(head & 0x0f, 1);
    if (isArray(head)) return this.#items(this.#uint(head === 0xdc ? 2 : 4), 1);
    return this.#unexpected("an array", head, at);
  }

  /** Whether an array starts here; takes nothing. */
  isArray(): boolean {
    const head = this.at < this.#end ? this.bytes[this.at]! : -1;
    return isFixArray(head) || isArray(head);
  }

  /** Takes a nil, if there is one. */
  nil(): boolean {
    if (this.problem || this.at >= this.#end || this.bytes[this.at] !== 0xc0) return false;
    this.#head();
    return true;
  }

  boolean(): boolean {
    const at = this.at;
    const head = this.#head();
    if (head !== 0xc2 && head !== 0xc3) this.#unexpected("a boolean", head, at);
    return head === 0xc3;
  }

  /** The bytes of a string or byte slice of any family, as a part of the buffer. */
  raw(): Uint8Array {
    const at = this.at;
    const head = this.#head();
    const size = this.#rawSize(head);
    if (size < 0) this.#unexpected("a string", head, at);
    const start = this.at;
    return this.#take(size) ? this.bytes.subarray(start, start + size) : NOTHING;
  }

  /** An integer, of which `low` to `high` are allowed. */
  integer(low: number, high: number): number {
    const at = this.at;
    const value = this.#integer();
    if (value >= low && value <= high) return Number(value);
    this.fail(`${String(value)} does not fit ${low} to ${high}`, at);
    return 0;
  }

  /** An integer of 64 bits, of which `low` to `high` are allowed. */
  bigint(low: bigint, high: bigint): bigint {
    const at = this.at;
    const value = BigInt(this.#integer());
    if (value >= low && value <= high) return value;
    this.fail(`${value} does not fit ${low} to ${high}`, at);
    return 0n;
  }

  float(): number {
    const head = this.at < this.#end ? this.bytes[this.at]! : -1;
    if (head !== 0xca && head !== 0xcb) return Number(this.#integer());
    this.#head();
    const start = this.at;
    if (!this.#take(head === 0xca ? 4 : 8)) return 0;
    return head === 0xca ? this.#view.getFloat32(start) : this.#view.getFloat64(start);
  }

  /** Passes over one value of any kind. */
  skip(): void {
    const open: number[] = [1]; // values that each level still has
    while (open.length > 0 && !this.problem) {
      if (open.at(-1) === 0) {
        open.pop();
        continue;
      }
      open[open.length - 1]!--;
      const at = this.at;
      const items = this.#skipOne();
      if (items === 0) continue;
      if (open.length > this.#limits.msgpackDepth)
        this.fail(`nested deeper than ${this.#limits.msgpackDepth}`, at);
      open.push(items);
    }
  }

  /** Passes over a value's own bytes and returns how many values are inside. */
  #skipOne(): number {
    const at = this.at;
    const head = this.#head();
    if (head >= 0x80 && head <= 0x8f) return 2 * this.#items(head & 0x0f, 2);
    if (isFixArray(head)) return this.#items(head & 0x0f, 1);
    if (head === 0xde || head === 0xdf) return 2 * this.#items(this.#uint(head === 0xde ? 2 : 4), 2);
    if (isArray(head)) return this.#items(this.#uint(head === 0xdc ? 2 : 4), 1);
    const rawSize = this.#rawSize(head);
    const size = rawSize >= 0 ? rawSize : this.#extensionSize(head);
    if (size >= 0) this.#take(size);
    else if (head === 0xca || head === 0xcb) this.#take(head === 0xca ? 4 : 8);
    else if (head !== 0xc0 && head !== 0xc2 && head !== 0xc3) this.#number(head, at);
    return 0;
  }

  /** The first byte of a value; -1 when there is none or too many values were read. */
  #head(): number {
    if (this.problem) return -1;
    if (++this.#values > this.#limits.msgpackValues) {
      this.fail(`more than ${this.#limits.msgpackValues} values`, this.at);
      return -1;
    }
    return this.#take(1) ? this.bytes[this.at - 1]! : -1;
  }

  /** Each item takes a byte at least, so a count above what is left is noticed before any memory is taken for it. */
  #items(count: number, bytesEach: number): number {
    if (this.problem) return 0;
    if (count > this.#limits.msgpackValues) this.fail(`${count} items in one value`, this.at);
    else if (count * bytesEach > this.#end - this.at) this.fail("it ends too early", this.#end, true);
    return this.problem ? 0 : count;
  }

  /** Bytes of a string or byte slice that `head` starts, -1 when it starts none. */
  #rawSize(head: number): number {
    if (head >= 0xa0 && head <= 0xbf) return head & 0x1f;
    if (head === 0xd9 || head === 0xc4) return this.#uint(1);
    if (head === 0xda || head === 0xc5) return this.#uint(2);
    if (head === 0xdb || head === 0xc6) return this.#uint(4);
    return -1;
  }

  /** Bytes of an extension's type and data, -1 for what is none. */
  #extensionSize(head: number): number {
    if (head >= 0xd4 && head <= 0xd8) return 1 + 2 ** (head - 0xd4);
    return head >= 0xc7 && head <= 0xc9 ? 1 + this.#uint(2 ** (head - 0xc7)) : -1;
  }

  #integer(): number | bigint {
    const at = this.at;
    return this.#number(this.#head(), at);
  }

  /** The integer that `head` starts; a bigint when it does not fit a number exactly. */
  #number(head: number, at: number): number | bigint {
    if (head >= 0 && head <= 0x7f) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0xcc || head > 0xd3) return this.#unexpected("an integer", head, at);
    const size = 2 ** ((head - 0xcc) & 3);
    const start = this.at;
    if (!this.#take(size)) return 0;
    const signed = head >= 0xd0;
    if (size < 8) {
      const value = this.#unsigned(start, size);
      return signed && value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
    }
    const value = signed ? this.#view.getBigInt64(start) : this.#view.getBigUint64(start);
    return value >= -MOST_SAFE && value <= MOST_SAFE ? Number(value) : value;
  }

  #uint(size: number): number {
    const start = this.at;
    return this.#take(size) ? this.#unsigned(start, size) : 0;
  }

  #unsigned(start: number, size: number): number {
    let value = 0;
    for (let i = start; i < start + size; i++) value = value * 256 + this.bytes[i]!;
    return value;
  }

  #take(size: number): boolean {
    if (this.problem) return false;
    if (size > this.#limits.msgpackBytes) this.fail(`a string of ${size} bytes`, this.at);
    else if (size > this.#end - this.at) this.fail("it ends too early", this.#end, true);
    else {
      this.at += size;
      return true;
    }
    return false;
  }

  #unexpected(wanted: string, head: number, at: number): 0 {
    this.fail(`not ${wanted} but 0x${(head & 0xff).toString(16).padStart(2, "0")}`, at);
    return 0;
  }
}

function isFixArray(head: number): boolean {
  return head >= 0x90 && head <= 0x9f;
}

function isArray(head: number): boolean {
  return head === 0xdc || head === 0xdd;
}

const NOTHING = new Uint8Array(0);
const MOST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Writes value by value, each in its shortest form, strings and bytes in the old raw family. */
export class MsgpackWriter {
  #buffer = new Uint8Array(128);
  #length = 0;

  map(entries: number): void {
    if (entries <= 15) this.#head(0x80 | entries);
    else this.#sized(entries, 0, 0xde);
  }

  array(items: number): void {
    if (items <= 15) this.#head(0x90 | items);
    else this.#sized(items, 0, 0xdc);
  }

  nil(): void {
    this.#head(0xc0);
  }

  boolean(value: boolean): void {
    this.#head(value ? 0xc3 : 0xc2);
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length <= 31) this.#head(0xa0 | bytes.length);
    else this.#sized(bytes.length, 0, 0xda);
    this.append(bytes);
  }

  text(text: string): void {
    this.raw(textBytes(text));
  }

  integer(value: number | bigint): void {
    if (typeof value === "bigint" && (value > 0xffff_ffffn || value < -0x8000_0000n)) this.#wide(value);
    else if (value < 0) this.#negative(Number(value));
    else if (value <= 0x7f) this.#head(Number(value));
    else if (value <= 0xffff_ffff) this.#sized(Number(value), 0xcc, 0xcd);
    else this.#wide(BigInt(value));
  }

  float(value: number): void {
    this.#head(0xcb);
    const at = this.#extend(8);
    this.#view().setFloat64(at, value);
  }

  /** Bytes as they are, which the caller knows to be values. */
  append(bytes: Uint8Array): void {
    const at = this.#extend(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #negative(value: number): void {
    if (value >= -32) this.#head(value & 0xff);
    else if (value >= -0x80) {
      this.#head(0xd0);
      this.#head(value & 0xff);
    } else if (value >= -0x8000) {
      this.#head(0xd1);
      this.#bytes(value, 2);
    } else if (value >= -0x8000_0000) {
      this.#head(0xd2);
      this.#bytes(value, 4);
    } else this.#wide(BigInt(value));
  }

  #wide(value: bigint): void {
    this.#head(value < 0n ? 0xd3 : 0xcf);
    const at = this.#extend(8);
    this.#view().setBigUint64(at, BigInt.asUintN(64, value));
  }

  /** A number behind the head for its size: `head8` for one byte (0: there is none), `head16` for two, one more for four. */
  #sized(value: number, head8: number, head16: number): void {
    if (head8 !== 0 && value <= 0xff) {
      this.#head(head8);
      this.#head(value);
    } else if (value <= 0xffff) {
      this.#head(head16);
      this.#bytes(value, 2);
    } else {
      this.#head(head16 + 1);
      this.#bytes(value, 4);
    }
  }

  /** The lowest bytes of a number, the highest of them first. */
  #bytes(value: number, count: number): void {
    const at = this.#extend(count);
    for (let i = 0; i < count; i++) this.#buffer[at + i] = value >>> (8 * (count - 1 - i));
  }

  /** Only what is rare is written through it. */
  #view(): DataView {
    return new DataView(this.#buffer.buffer);
  }

  #head(byte: number): void {
    const at = this.#extend(1);
    this.#buffer[at] = byte;
  }

  #extend(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    return at;
  }
}
