import { RegexError, type Node } from "#packet/query/regex-node.ts";
import { posixSet, setToNode, shorthandSet, type CharSet } from "#packet/query/regex-set.ts";

/** A place in a pattern. */
export interface Cursor {
  readonly pattern: string;
  at: number;
}

/** One thing that a class names. A byte of 0x80 and above is no character: \xe9 is not é. */
type Item =
  | { readonly type: "one"; readonly value: number; readonly isByte: boolean }
  | { readonly type: "many"; readonly set: CharSet };

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["a", 0x07],
  ["e", 0x1b],
  ["f", 0x0c],
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
]);
const HEX = /x(?:\{([^}]*)\}|([0-9a-f]{0,2}))/iy;
const OCTAL = /o\{([^}]*)\}/y;
const OCTAL_DIGITS = /[0-7]{1,3}/y;
const POSIX_NAME = /\[([:.=])(\^?)([^\\\]]{0,32}?)\1\]/y;

export function match(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.pattern);
  if (!found) return undefined;
  cursor.at += found[0].length;
  return found;
}

/** The next character; half a surrogate pair becomes what encodeUtf8 makes of it. */
export function takeChar(cursor: Cursor): number {
  const point = cursor.pattern.codePointAt(cursor.at)!;
  cursor.at += point > 0xffff ? 2 : 1;
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}

/** The byte that an escape names, if it does: \n, \x0a, \o{12}, \012, \cJ. The cursor is after the backslash. */
export function takeByteEscape(cursor: Cursor, isInClass: boolean): number | undefined {
  const start = cursor.at - 1;
  const letter = cursor.pattern[cursor.at] ?? "";
  const control = letter === "b" && isInClass ? 0x08 : CONTROLS.get(letter);
  if (control !== undefined) {
    cursor.at++;
    return control;
  }
  if (letter === "x") {
    const [, braced, digits] = match(cursor, HEX)!;
    if (digits === "" && cursor.pattern[cursor.at] === "{") throw new RegexError("\\x{ has no }", start);
    return toByte(braced, 16, start) ?? Number.parseInt(`0${digits}`, 16);
  }
  if (letter === "o") {
    const found = match(cursor, OCTAL);
    if (!found) throw new RegexError("\\o needs octal digits in braces: \\o{101}", start);
    return toByte(found[1], 8, start);
  }
  // Outside a class, \1 to \9 refer back.
  if (letter === "0" || (isInClass && /^[1-7]$/.test(letter)))
    return toByte(match(cursor, OCTAL_DIGITS)![0], 8, start);
  if (letter === "c") {
    const code = cursor.pattern.charCodeAt(cursor.at + 1);
    if (!(code >= 0x20 && code < 0x7f)) throw new RegexError("\\c needs a printable ASCII character", start);
    cursor.at += 2;
    return (code >= 0x61 && code <= 0x7a ? code - 0x20 : code) ^ 0x40;
  }
  return undefined;
}

function toByte(digits: string | undefined, base: 8 | 16, at: number): number | undefined {
  if (digits === undefined) return undefined;
  const isNumber = (base === 8 ? /^[0-7]+$/ : /^[0-9a-f]+$/i).test(digits);
  if (!isNumber) throw new RegexError(`${base === 8 ? "octal" : "hexadecimal"} digits are missing`, at);
  const value = Number.parseInt(digits, base);
  if (value > 0xff)
    throw new RegexError("an escape names one byte, 0xff at most; write the character itself", at);
  return value;
}

/** Whether [:alpha:] starts here: outside a class, that is a mistake. */
export function isPosixName(cursor: Cursor): boolean {
  const { at } = cursor;
  const found = match(cursor, POSIX_NAME);
  cursor.at = at;
  return found !== undefined;
}

/** A class; the cursor is after its [. */
export function parseClass(cursor: Cursor, isCaseless: boolean): Node {
  return new ClassParser(cursor, isCaseless).parse();
}

class ClassParser {
  readonly #cursor: Cursor;
  readonly #open: number;
  readonly #isCaseless: boolean;
  readonly #set: CharSet = { bytes: new Uint8Array(256), ranges: [] };
  #isQuoting = false;
  #hasChars = false;

  constructor(cursor: Cursor, isCaseless: boolean) {
    this.#cursor = cursor;
    this.#open = cursor.at - 1;
    this.#isCaseless = isCaseless;
  }

  parse(): Node {
    const isNegated = this.#take("^");
    let isFirst = true;
    for (;;) {
      this.#skipQuotes();
      if (!this.#isQuoting && !isFirst && this.#take("]")) break;
      isFirst = false;
      const start = this.#cursor.at;
      const low = this.#item();
      this.#skipQuotes();
      if (this.#isQuoting || !this.#take("-")) {
        this.#add(low, low, start);
        continue;
      }
      this.#skipQuotes();
      if (!this.#isQuoting && this.#cursor.pattern[this.#cursor.at] === "]") {
        this.#add(low, low, start);
        this.#set.bytes[0x2d] = 1;
      } else this.#add(low, this.#item(), start);
    }
    return setToNode(this.#set, isNegated, this.#isCaseless, this.#open, this.#hasChars);
  }

  #take(text: string): boolean {
    const isHere = this.#cursor.pattern.startsWith(text, this.#cursor.at);
    if (isHere) this.#cursor.at += text.length;
    return isHere;
  }

  #skipQuotes(): void {
    for (;;) {
      if (this.#take("\\E")) this.#isQuoting = false;
      else if (!this.#isQuoting && this.#take("\\Q")) this.#isQuoting = true;
      else return;
    }
  }

  #item(): Item {
    const cursor = this.#cursor;
    if (cursor.at >= cursor.pattern.length) throw new RegexError("the class has no ]", this.#open);
    if (!this.#isQuoting) {
      const start = cursor.at;
      const posix = match(cursor, POSIX_NAME);
      if (posix) return { type: "many", set: this.#posix(posix, start) };
      if (this.#take("\\")) return this.#escape();
    }
    return { type: "one", value: takeChar(cursor), isByte: false };
  }

  #posix([, mark, not, name]: RegExpExecArray, at: number): CharSet {
    if (mark !== ":") throw new RegexError("POSIX collating elements are not supported", at);
    const set = posixSet(name!, not === "^", this.#isCaseless);
    if (!set) throw new RegexError(`there is no POSIX class [:${name}:]`, at);
    return set;
  }

  #escape(): Item {
    const cursor = this.#cursor;
    const start = cursor.at - 1;
    const byte = takeByteEscape(cursor, true);
    if (byte !== undefined) return { type: "one", value: byte, isByte: true };
    const letter = cursor.pattern[cursor.at];
    if (letter === undefined) throw new RegexError("the pattern ends with a backslash", start);
    const set = shorthandSet(letter);
    if (set) {
      cursor.at++;
      return { type: "many", set };
    }
    if (/[0-9A-Za-z]/.test(letter)) throw new RegexError(`\\${letter} is not possible in a class`, start);
    return { type: "one", value: takeChar(cursor), isByte: false };
  }

  #add(low: Item, high: Item, at: number): void {
    const { bytes, ranges } = this.#set;
    if (low.type === "many" && low === high) {
      for (let byte = 0; byte < 256; byte++) bytes[byte]! |= low.set.bytes[byte]!;
      ranges.push(...low.set.ranges);
      return;
    }
    if (low.type === "many" || high.type === "many")
      throw new RegexError("a range goes from one character to another; escape the hyphen", at);
    if (low.value > 0x7f && high.value > 0x7f && low.isByte !== high.isByte)
      throw new RegexError("a range goes from byte to byte or from character to character", at);
    if (low.value > high.value) throw new RegexError("the range is out of order", at);
    const lastByte = high.isByte ? 0xff : 0x7f;
    for (let byte = low.value; byte <= Math.min(high.value, lastByte); byte++) bytes[byte] = 1;
    if (high.isByte || high.value < 0x80) return;
    ranges.push([Math.max(low.value, 0x80), high.value]);
    this.#hasChars = true;
  }
}
