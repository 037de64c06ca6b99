import { readText, textBytes } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";

/** A piece of a query's text. */
export interface Token {
  /** word: a name, a number, an address; slice: what stands between [ and ]. */
  readonly type: "word" | "string" | "character" | "slice" | "symbol" | "end";
  /** The word, the symbol, or what the string means. */
  readonly text: string;
  readonly at: number;
  readonly length: number;
}

const SPACE = /[ \t\r\n]+/y;
// Names, numbers, addresses with their prefix length, times, bytes joined by colons, dots or dashes.
const WORD = /(?:[\w:]|\.(?!\.)|-(?=\w)|\/(?=\d))+/y;
const SYMBOL = /===|!==|==|!=|~=|<=|>=|&&|\|\||\^\^|\.\.|[<>!~&(){},#+*/%^|-]/y;
const SLICE = /\[([^\]]*)\]/y;
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** Cuts a query into tokens; the last one is the end. Throws QueryError. */
export function tokensOf(query: string): Token[] {
  if (query.length > LONGEST_QUERY)
    throw new QueryError(
      `a query of ${query.length} characters`,
      { at: 0, length: 1 },
      `${LONGEST_QUERY} at most`,
    );
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(query);
  };
  while (at < query.length) {
    const space = take(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    const raw = /[rR]"/y;
    raw.lastIndex = at;
    if (query[at] === '"' || query[at] === "'" || raw.test(query)) tokens.push(quoted(query, at));
    else {
      const slice = take(SLICE);
      const found = slice ?? wordAt(query, at, tokens) ?? take(SYMBOL);
      if (!found)
        throw new QueryError(
          `"${query[at]}" is not expected here`,
          { at, length: 1 },
          query[at] === "=" ? "equal is written ==" : "",
        );
      const type = slice ? "slice" : SYMBOL_ONLY.test(found[0]) ? "symbol" : "word";
      tokens.push({ type, text: slice ? slice[1]! : found[0], at, length: found[0].length });
    }
    at += tokens.at(-1)!.length;
  }
  tokens.push({ type: "end", text: "", at: query.length, length: 1 });
  return tokens;
}

const SYMBOL_ONLY = /^[^\w:.]+$|^\.\.$/;

/** A word; after a value, "-1" is a subtraction and no number. */
function wordAt(query: string, at: number, before: readonly Token[]): RegExpExecArray | null {
  if (query[at] === "-" && !/\d/.test(query[at + 1] ?? "")) return null;
  if (query[at] === "-" && before.length > 0) {
    const { type, text } = before.at(-1)!;
    if (type === "word" || type === "slice" || text === ")" || text === "}") return null;
  }
  if (query[at] === "/" || (query[at] === "." && query[at + 1] === ".")) return null;
  WORD.lastIndex = at;
  return WORD.exec(query);
}

/** A text in double quotes (r"…" without escapes), or one character in single quotes. */
function quoted(query: string, at: number): Token {
  const isRaw = /[rR]/.test(query[at]!);
  const start = isRaw ? at + 1 : at;
  const quote = query[start]!;
  let text = "";
  let next = start + 1;
  while (next < query.length && query[next] !== quote) {
    if (query[next] !== "\\" || next + 1 >= query.length) {
      text += query[next++]!;
      continue;
    }
    const [meaning, size] = escape(query, next, isRaw);
    text += meaning;
    next += size;
  }
  const length = next + 1 - at;
  if (next >= query.length)
    throw new QueryError("the text has no end", { at, length: 1 }, `close it with ${quote}`);
  if (quote === "'" && [...text].length !== 1)
    throw new QueryError(
      "single quotes hold one character",
      { at, length },
      'write a text in double quotes: "GET"',
    );
  if (quote === "'") return { type: "character", text, at, length };
  // Bytes that were told one by one may make characters together, as they do in a packet's texts.
  const isOfBytes = /[\udc80-\udcff]/u.test(text);
  const bytes = isOfBytes ? textBytes(text) : undefined;
  return { type: "string", text: bytes ? readText(bytes, 0, bytes.length) : text, at, length };
}

function escape(query: string, at: number, isRaw: boolean): [string, number] {
  const next = query[at + 1]!;
  if (isRaw) return next === '"' ? ['\\"', 2] : [`\\${next}`, 2];
  const hex = /^\\x([0-9a-fA-F]{1,2})/.exec(query.slice(at, at + 4));
  if (hex) return [byteText(Number.parseInt(hex[1]!, 16)), hex[0].length];
  const octal = /^\\([0-7]{1,3})/.exec(query.slice(at, at + 4));
  if (octal) return [byteText(Number.parseInt(octal[1]!, 8) & 0xff), octal[0].length];
  const meaning = ESCAPES[next];
  return meaning === undefined ? [`\\${next}`, 2] : [meaning, 2];
}

/** A byte as readText has one that is no character. */
function byteText(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

/** Nobody types more; a generated query of this size still compiles in a moment. */
export const LONGEST_QUERY = 65_536;
