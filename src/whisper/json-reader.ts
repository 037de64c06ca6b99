import { decodeUtf8 } from "#base/utf8.ts";

/**
 * Finds JSON values (RFC 8259) in a stream that nobody framed: several in one segment, one in many, blanks between them
 * or none. Every byte is looked at once, so the cost is linear in the input however it is cut, and what cannot become
 * JSON is noticed at its first wrong byte. Malformed UTF-8 inside a value becomes U+FFFD, as Go's decoder has it.
 */
export class JsonReader {
  readonly #limits: JsonLimits;
  /** The value under way, as far as it came with earlier chunks: the first #heldBytes of a buffer that doubles. */
  #held = NOTHING;
  #heldBytes = 0;
  #state: number = BETWEEN;
  /** What encloses the current byte, innermost last: OBJECT or ARRAY. */
  readonly #enclosing: number[] = [];
  /** While in a literal or a \u escape: what is left of it. */
  #rest = "";
  #hexLeft = 0;
  #inKey = false;
  #failed = false;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** Bytes kept of a value that is not complete yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes the next bytes; calls `take` for each value that ends in them, unless `skip` says by its bytes that nobody
   * wants it. Returns what is wrong; then it is over.
   */
  read(chunk: Uint8Array, take: (value: unknown) => void, skip = keepAll): string | undefined {
    if (this.#failed) return "the stream is malformed";
    const error = this.#scan(chunk, take, skip);
    if (error !== undefined) {
      this.#failed = true;
      this.#release();
    }
    return error;
  }

  #scan(chunk: Uint8Array, take: (value: unknown) => void, skip: typeof keepAll): string | undefined {
    let start = 0; // of the current value's part in this chunk
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === BETWEEN) start = at;
      else if (this.#state === IN_STRING) {
        at = endOfPlainText(chunk, at);
        if (at === chunk.length) break;
      }
      const outcome = this.#step(chunk[at]!);
      if (outcome === GOES_ON) continue;
      if (outcome === WRONG) return `not JSON at ${describeByte(chunk[at]!)}`;
      if (outcome === TOO_DEEP) return `JSON nested deeper than ${this.#limits.depth}`;
      const end = outcome === ENDED ? at + 1 : at; // a top-level number ends before the byte that shows it
      const length = this.#heldBytes + end - start;
      if (length > this.#limits.bytes) return tooLong(this.#limits.bytes);
      const error = this.#complete(chunk.subarray(start, end), take, skip);
      if (error !== undefined) return error;
      if (outcome === ENDED_BEFORE) at--;
    }
    if (this.#state === BETWEEN) return undefined;
    if (this.#heldBytes + chunk.length - start > this.#limits.bytes) return tooLong(this.#limits.bytes);
    this.#hold(chunk.subarray(start));
    return undefined;
  }

  /** Copies: the chunk may be part of a much larger buffer. */
  #hold(part: Uint8Array): void {
    const length = this.#heldBytes + part.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#held.length, 256));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes = length;
  }

  #release(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }

  #complete(last: Uint8Array, take: (value: unknown) => void, skip: typeof keepAll): string | undefined {
    let bytes = last;
    if (this.#heldBytes > 0) {
      this.#hold(last);
      bytes = this.#held.subarray(0, this.#heldBytes);
    }
    this.#release();
    this.#state = BETWEEN;
    if (skip(bytes)) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(decodeUtf8(bytes));
    } catch {
      return "not JSON"; // the scan and JSON.parse agree (a property test); kept so that a mistake cannot throw
    }
    take(value);
    return undefined;
  }

  /** Moves by one byte. */
  #step(byte: number): Outcome {
    switch (this.#state) {
      case BETWEEN:
        return isBlank(byte) ? GOES_ON : this.#beginValue(byte);
      case BEFORE_VALUE:
        return isBlank(byte) ? GOES_ON : this.#beginValue(byte);
      case BEFORE_FIRST_ITEM:
        if (isBlank(byte)) return GOES_ON;
        return byte === CLOSE_ARRAY ? this.#leave(ARRAY) : this.#beginValue(byte);
      case BEFORE_FIRST_KEY:
        if (isBlank(byte)) return GOES_ON;
        return byte === CLOSE_OBJECT ? this.#leave(OBJECT) : this.#beginKey(byte);
      case BEFORE_KEY:
        return isBlank(byte) ? GOES_ON : this.#beginKey(byte);
      case BEFORE_COLON:
        if (isBlank(byte)) return GOES_ON;
        this.#state = BEFORE_VALUE;
        return byte === COLON ? GOES_ON : WRONG;
      case AFTER_VALUE:
        return isBlank(byte) ? GOES_ON : this.#afterValue(byte);
      case IN_STRING:
        return this.#inString(byte);
      case IN_ESCAPE:
        return this.#inEscape(byte);
      case IN_UNICODE:
        if (!isHexDigit(byte)) return WRONG;
        if (--this.#hexLeft === 0) this.#state = IN_STRING;
        return GOES_ON;
      case IN_LITERAL:
        if (byte !== this.#rest.charCodeAt(0)) return WRONG;
        this.#rest = this.#rest.slice(1);
        return this.#rest === "" ? this.#endValue() : GOES_ON;
      default:
        return this.#inNumber(byte);
    }
  }

  #beginValue(byte: number): Outcome {
    switch (byte) {
      case OPEN_OBJECT:
        return this.#enter(OBJECT, BEFORE_FIRST_KEY);
      case OPEN_ARRAY:
        return this.#enter(ARRAY, BEFORE_FIRST_ITEM);
      case QUOTE:
        this.#inKey = false;
        this.#state = IN_STRING;
        return GOES_ON;
      case MINUS:
        this.#state = AFTER_MINUS;
        return GOES_ON;
      case ZERO:
        this.#state = AFTER_ZERO;
        return GOES_ON;
    }
    if (isDigit(byte)) {
      this.#state = IN_INTEGER;
      return GOES_ON;
    }
    const literal = LITERALS.get(byte);
    if (literal === undefined) return WRONG;
    this.#rest = literal;
    this.#state = IN_LITERAL;
    return GOES_ON;
  }

  #beginKey(byte: number): Outcome {
    this.#inKey = true;
    this.#state = IN_STRING;
    return byte === QUOTE ? GOES_ON : WRONG;
  }

  #enter(kind: number, state: number): Outcome {
    if (this.#enclosing.length >= this.#limits.depth) return TOO_DEEP;
    this.#enclosing.push(kind);
    this.#state = state;
    return GOES_ON;
  }

  #leave(kind: number): Outcome {
    return this.#enclosing.pop() === kind ? this.#endValue() : WRONG;
  }

  #endValue(): Outcome {
    this.#state = AFTER_VALUE;
    return this.#enclosing.length === 0 ? ENDED : GOES_ON;
  }

  #afterValue(byte: number): Outcome {
    if (byte === CLOSE_OBJECT) return this.#leave(OBJECT);
    if (byte === CLOSE_ARRAY) return this.#leave(ARRAY);
    if (byte !== COMMA) return WRONG;
    this.#state = this.#enclosing.at(-1) === OBJECT ? BEFORE_KEY : BEFORE_VALUE;
    return GOES_ON;
  }

  #inString(byte: number): Outcome {
    if (byte === BACKSLASH) this.#state = IN_ESCAPE;
    else if (byte === QUOTE) {
      if (!this.#inKey) return this.#endValue();
      this.#state = BEFORE_COLON;
    } else if (byte < 0x20) return WRONG;
    return GOES_ON;
  }

  #inEscape(byte: number): Outcome {
    this.#hexLeft = 4;
    this.#state = byte === LETTER_U ? IN_UNICODE : IN_STRING;
    return byte === LETTER_U || ESCAPED.includes(byte) ? GOES_ON : WRONG;
  }

  /** RFC 8259 6: -? (0 | 1-9 digits) (. digits)? ([eE] [+-]? digits)? */
  #inNumber(byte: number): Outcome {
    const next = numberStep(this.#state, byte);
    if (next !== 0) {
      this.#state = next;
      return GOES_ON;
    }
    if (!NUMBER_MAY_END.has(this.#state)) return WRONG;
    if (this.#endValue() === ENDED) return ENDED_BEFORE;
    return isBlank(byte) ? GOES_ON : this.#afterValue(byte);
  }
}

function keepAll(_bytes: Uint8Array): boolean {
  return false;
}

/** How much of a stream may belong to one value. */
export interface JsonLimits {
  readonly bytes: number;
  readonly depth: number;
}

/** The state after `byte` in a number; 0 when the byte does not belong to it. */
function numberStep(state: number, byte: number): number {
  const digit = isDigit(byte);
  const exponent = byte === 0x65 || byte === 0x45;
  switch (state) {
    case AFTER_MINUS:
      return byte === ZERO ? AFTER_ZERO : digit ? IN_INTEGER : 0;
    case AFTER_ZERO:
      return byte === DOT ? AFTER_DOT : exponent ? AFTER_E : 0;
    case IN_INTEGER:
      return digit ? IN_INTEGER : byte === DOT ? AFTER_DOT : exponent ? AFTER_E : 0;
    case AFTER_DOT:
      return digit ? IN_FRACTION : 0;
    case IN_FRACTION:
      return digit ? IN_FRACTION : exponent ? AFTER_E : 0;
    case AFTER_E:
      return digit ? IN_EXPONENT : byte === MINUS || byte === PLUS ? AFTER_SIGN : 0;
    default: // AFTER_SIGN, IN_EXPONENT
      return digit ? IN_EXPONENT : 0;
  }
}

/** Most of a stream is the inside of strings: skips what is plain there, to a quote, a backslash or a control. */
function endOfPlainText(chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.length) {
    const byte = chunk[at]!;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
    at++;
  }
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function describeByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `byte 0x${byte.toString(16).padStart(2, "0")}`;
}

function tooLong(limit: number): string {
  return `a JSON value longer than ${limit} bytes`;
}

type Outcome = typeof GOES_ON | typeof ENDED | typeof ENDED_BEFORE | typeof WRONG | typeof TOO_DEEP;
const GOES_ON = 0;
const ENDED = 1;
const ENDED_BEFORE = 2;
const WRONG = 3;
const TOO_DEEP = 4;

const BETWEEN = 1;
const BEFORE_VALUE = 2;
const BEFORE_FIRST_ITEM = 3;
const BEFORE_FIRST_KEY = 4;
const BEFORE_KEY = 5;
const BEFORE_COLON = 6;
const AFTER_VALUE = 7;
const IN_STRING = 8;
const IN_ESCAPE = 9;
const IN_UNICODE = 10;
const IN_LITERAL = 11;
const AFTER_MINUS = 12;
const AFTER_ZERO = 13;
const IN_INTEGER = 14;
const AFTER_DOT = 15;
const IN_FRACTION = 16;
const AFTER_E = 17;
const AFTER_SIGN = 18;
const IN_EXPONENT = 19;
const NUMBER_MAY_END: ReadonlySet<number> = new Set([AFTER_ZERO, IN_INTEGER, IN_FRACTION, IN_EXPONENT]);

const OBJECT = 1;
const ARRAY = 2;

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LETTER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const ESCAPED: readonly number[] = Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0));
const LITERALS: ReadonlyMap<number, string> = new Map(
  ["true", "false", "null"].map((word) => [word.charCodeAt(0), word.slice(1)]),
);

const NOTHING = new Uint8Array(0);
