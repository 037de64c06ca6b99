/*
 * LZW as Go's compress/lzw has it with least significant bits first and literals of eight bits: codes start at nine
 * bits, 256 clears the table, 257 ends, and at twelve bits the table is full. TIFF's and GIF's differ in details.
 */
const CLEAR = 256;
const END = 257;
const FIRST_WIDTH = 9;
const MOST_WIDTH = 12;
const CODES = 1 << MOST_WIDTH;
const NONE = 0xffff;

export type Decompressed =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly error: string };

/**
 * Decompresses what one encoder wrote; bytes behind the end code are ignored, as Go has it. A few bytes can stand for
 * very many, so it stops at `limit` bytes and never holds more than twice that.
 */
export function decompress(input: Uint8Array, limit: number): Decompressed {
  const table = new Table(input.length);
  const output = new Output(Math.min(limit, 4 * input.length));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (;;) {
    while (held < table.width) {
      if (at === input.length) return { ok: false, error: "compressed bytes without an end code" };
      bits |= input[at++]! << held;
      held += 8;
    }
    const code = bits & ((1 << table.width) - 1);
    bits >>>= table.width;
    held -= table.width;
    if (code === END) return { ok: true, bytes: output.bytes };
    if (code === CLEAR) table.clear();
    else {
      const expansion = table.take(code);
      if (!expansion) return { ok: false, error: `the compression code ${code} means nothing yet` };
      if (output.length + expansion.length > limit)
        return { ok: false, error: `more than ${limit} bytes when decompressed` };
      output.append(expansion);
    }
  }
}

/** The decoder's codes: each stands for another one and a byte. */
class Table {
  width = FIRST_WIDTH;
  readonly #prefix: Uint16Array;
  readonly #suffix: Uint8Array;
  /** An expansion is built from its end. */
  readonly #scratch: Uint8Array;
  /** The code that is defined by what comes next. */
  #high = END;
  #last = NONE;

  /** So many bytes of input define no more codes than that. */
  constructor(inputLength: number) {
    const codes = Math.min(CODES, END + 1 + inputLength);
    this.#prefix = new Uint16Array(codes);
    this.#suffix = new Uint8Array(codes);
    this.#scratch = new Uint8Array(codes);
  }

  clear(): void {
    this.width = FIRST_WIDTH;
    this.#high = END;
    this.#last = NONE;
  }

  /** What `code` stands for, valid until the next call; learns from it. Undefined for a code that is not defined. */
  take(code: number): Uint8Array | undefined {
    if (code > this.#high) return undefined;
    const scratch = this.#scratch;
    let from = scratch.length;
    let rest = code;
    if (code === this.#high && this.#last !== NONE) {
      // The code that is being defined: what the last one stood for, and once more its first byte.
      rest = this.#last;
      scratch[--from] = this.#firstOf(rest);
    }
    // A code's prefix is always lower, so this comes to a literal.
    for (; rest >= CLEAR; rest = this.#prefix[rest]!) scratch[--from] = this.#suffix[rest]!;
    scratch[--from] = rest;
    this.#learn(code, rest);
    return scratch.subarray(from);
  }

  #firstOf(code: number): number {
    let rest = code;
    while (rest >= CLEAR) rest = this.#prefix[rest]!;
    return rest;
  }

  #learn(code: number, first: number): void {
    if (this.#last !== NONE) {
      this.#suffix[this.#high] = first;
      this.#prefix[this.#high] = this.#last;
    }
    this.#last = code;
    if (this.#high + 1 < 1 << this.width) this.#high++;
    else if (this.width < MOST_WIDTH) {
      this.#high++;
      this.width++;
    } else this.#last = NONE; // full: nothing is learnt until the table is cleared
  }
}

class Output {
  #buffer: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.#buffer = new Uint8Array(size);
  }

  append(part: Uint8Array): void {
    if (this.length + part.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.length + part.length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.length));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.length);
    this.length += part.length;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }
}

/** Of the encoder's hash table for each code; and the multiplier of Fibonacci hashing. */
const SLOTS_PER_CODE = 4;
const SPREAD = 0x9e37_79b1;

/** Compresses to the very bytes that Go's encoder writes. */
export function compress(input: Uint8Array): Uint8Array {
  const sink = new BitSink(input.length);
  const shift = Math.clz32(SLOTS_PER_CODE * Math.min(CODES, input.length + 1) - 1);
  const slots = 2 ** (32 - shift);
  // Of each known pair of code and byte, plus one: 0 is a free slot.
  const keys = new Uint32Array(slots);
  const codes = new Uint16Array(slots);
  let width = FIRST_WIDTH;
  let high = END;
  /** Counts one more code; true when the table was full and starts again. */
  const next = (): boolean => {
    high++;
    if (high === 1 << width) width++;
    if (high < CODES - 1) return false;
    sink.write(CLEAR, MOST_WIDTH);
    width = FIRST_WIDTH;
    high = END;
    keys.fill(0);
    return true;
  };
  sink.write(CLEAR, width);
  let code = input[0];
  for (let at = 1; at < input.length; at++) {
    const key = ((code! << 8) | input[at]!) + 1;
    let slot = Math.imul(key, SPREAD) >>> shift;
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) % slots;
    if (keys[slot] === key) {
      code = codes[slot]!;
      continue;
    }
    sink.write(code!, width);
    code = input[at]!;
    if (next()) continue;
    keys[slot] = key;
    codes[slot] = high;
  }
  if (code !== undefined) {
    sink.write(code, width);
    next();
  }
  sink.write(END, width);
  return sink.finish();
}

class BitSink {
  readonly #output: Output;
  readonly #byte = new Uint8Array(1);
  #bits = 0;
  #held = 0;

  constructor(size: number) {
    this.#output = new Output(size);
  }

  write(code: number, width: number): void {
    this.#bits |= code << this.#held;
    this.#held += width;
    for (; this.#held >= 8; this.#held -= 8) {
      this.#put(this.#bits & 0xff);
      this.#bits >>>= 8;
    }
  }

  finish(): Uint8Array {
    if (this.#held > 0) this.#put(this.#bits);
    return this.#output.bytes.slice();
  }

  #put(byte: number): void {
    this.#byte[0] = byte;
    this.#output.append(this.#byte);
  }
}
