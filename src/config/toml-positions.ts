/**
 * Where every key and value of a TOML document stands, which its parser does not tell. Only for text that the
 * parser has accepted: nothing is checked again here, and the scanner merely has to end on anything else.
 */
export interface TomlPositions {
  /** Where the key (of a table: the key in its header) or the list item begins. */
  readonly key: TomlPosition;
  /** Where the value begins; of a table, the same as `key`. */
  readonly value: TomlPosition;
  /** By key, or by index for lists and arrays of tables. */
  readonly children: ReadonlyMap<string | number, TomlPositions>;
}

/** From 1; columns in UTF-16 units. */
export interface TomlPosition {
  readonly line: number;
  readonly column: number;
}

/** The positions of a valid document (TOML 1.1); the root's own are 1:1. */
export function tomlPositions(text: string): TomlPositions {
  return new Scanner(text).document();
}

interface Spot {
  key: TomlPosition;
  value: TomlPosition;
  readonly children: Map<string | number, Spot>;
  /** Made by `[[…]]`: further keys go to its last item. */
  isTableArray?: true;
}

interface KeyPart {
  readonly name: string;
  readonly offset: number;
}

class Scanner {
  readonly #text: string;
  readonly #lineStarts: readonly number[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  document(): TomlPositions {
    const root = this.#spot(0);
    let table = root;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      const before = this.#at;
      if (this.#text[this.#at] === "[") table = this.#header(root);
      else this.#keyAndValue(table);
      if (this.#at === before) this.#at++;
    }
    return root;
  }

  /** `[a.b]` or `[[a.b]]`; the table that the following keys belong to. */
  #header(root: Spot): Spot {
    const isArray = this.#text.startsWith("[[", this.#at);
    this.#at += isArray ? 2 : 1;
    const parts = this.#keyParts("]");
    this.#at += isArray ? 2 : 1;
    const last = parts.at(-1);
    if (!isArray || !last) return this.#descend(root, parts);
    const parent = this.#descend(root, parts.slice(0, -1));
    const array = parent.children.get(last.name) ?? this.#addChild(parent, last.name, last.offset);
    array.isTableArray = true;
    return this.#addChild(array, array.children.size, last.offset);
  }

  #keyAndValue(table: Spot): void {
    const spot = this.#descend(table, this.#keyParts("="));
    this.#at++;
    this.#skipSpaces();
    spot.value = this.#position(this.#at);
    this.#value(spot);
  }

  #value(spot: Spot): void {
    const first = this.#text[this.#at];
    if (first === "[") this.#items(spot);
    else if (first === "{") this.#inlineTable(spot);
    else if (first === '"' || first === "'") this.#string();
    // A number, a date (which may hold one space) or a word: everything up to what can follow a value.
    else while (this.#at < this.#text.length && !",]}#\n".includes(this.#text[this.#at]!)) this.#at++;
  }

  #items(list: Spot): void {
    this.#at++;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      const next = this.#text[this.#at];
      if (next === "]") break;
      if (next === ",") this.#at++;
      else this.#progress(() => this.#value(this.#addChild(list, list.children.size, this.#at)));
    }
    this.#at++;
  }

  #inlineTable(table: Spot): void {
    this.#at++;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      const next = this.#text[this.#at];
      if (next === "}") break;
      if (next === ",") this.#at++;
      else this.#progress(() => this.#keyAndValue(table));
    }
    this.#at++;
  }

  #progress(step: () => void): void {
    const before = this.#at;
    step();
    if (this.#at === before) this.#at++;
  }

  /** The parts of a dotted key; stops at `end`, which is "=" or "]". */
  #keyParts(end: string): KeyPart[] {
    const parts: KeyPart[] = [];
    while (this.#at < this.#text.length) {
      this.#skipSpaces();
      const next = this.#text[this.#at];
      const offset = this.#at;
      if (next === undefined || next === end || next === "\n") break;
      if (next === ".") this.#at++;
      else if (next === '"' || next === "'") parts.push({ name: this.#string(), offset });
      else {
        while (this.#at < this.#text.length && !`.= \t\r\n${end}`.includes(this.#text[this.#at]!)) this.#at++;
        parts.push({ name: this.#text.slice(offset, this.#at), offset });
      }
      if (this.#at === offset) break;
    }
    return parts;
  }

  /** Skips a string of any of the four kinds; the text of a one-line one, as keys need it. */
  #string(): string {
    const quote = this.#text[this.#at]!;
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const close = isLong ? quote.repeat(3) : quote;
    const start = (this.#at += close.length);
    while (this.#at < this.#text.length && !this.#text.startsWith(close, this.#at)) {
      this.#at += quote === '"' && this.#text[this.#at] === "\\" ? 2 : 1;
    }
    const content = this.#text.slice(start, this.#at);
    this.#at += close.length;
    // A long string may end in up to two quotes of its own before the three that close it.
    for (let extra = 0; isLong && extra < 2 && this.#text[this.#at] === quote; extra++) this.#at++;
    return quote === '"' ? unescaped(content) : content;
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at++;
  }

  /** Spaces, newlines and comments. */
  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      }
      if (this.#at < this.#text.length && !" \t\r\n\uFEFF".includes(this.#text[this.#at]!)) return;
    }
  }

  #descend(from: Spot, parts: readonly KeyPart[]): Spot {
    let spot = from;
    for (const { name, offset } of parts) {
      spot = spot.children.get(name) ?? this.#addChild(spot, name, offset);
      if (spot.isTableArray) spot = spot.children.get(spot.children.size - 1) ?? spot;
    }
    return spot;
  }

  #addChild(parent: Spot, name: string | number, offset: number): Spot {
    const child = this.#spot(offset);
    parent.children.set(name, child);
    return child;
  }

  #spot(offset: number): Spot {
    const position = this.#position(offset);
    return { key: position, value: position, children: new Map() };
  }

  #position(offset: number): TomlPosition {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }
}

function unescaped(content: string): string {
  return content.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^xuU]))/g,
    (whole, x?: string, u?: string, long?: string, letter?: string) => {
      const digits = x ?? u ?? long;
      if (digits !== undefined) return codePoint(Number.parseInt(digits, 16)) ?? whole;
      return ESCAPES[letter ?? ""] ?? letter ?? whole;
    },
  );
}

function codePoint(value: number): string | undefined {
  return value <= 0x10ffff ? String.fromCodePoint(value) : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\u001b",
};
