/** A word of a line, where it stands, and its text without quotation marks. Columns are UTF-16 indexes from 0. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Quotation marks were opened and not closed. */
  readonly unclosed: boolean;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  /** Column of the first "|" outside quotation marks; the tokens end before it. */
  readonly pipeAt?: number;
}

/** Splits a line at blanks and at the first pipe. "several words" in quotation marks are one token; \" is a mark in it. */
export function readTokens(line: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = skipBlanks(line, at);
    if (at >= line.length) return { tokens };
    if (line[at] === "|") return { tokens, pipeAt: at };
    const token = line[at] === '"' ? readQuoted(line, at) : readBare(line, at);
    tokens.push(token);
    at = token.end;
  }
}

/** The token in quotation marks that begins at `start`; without a closing mark it takes the rest of the line. */
export function readQuoted(line: string, start: number): Token {
  let text = "";
  let at = start + 1;
  while (at < line.length && line[at] !== '"') {
    if (line[at] === "\\" && line[at + 1] === '"') at++;
    text += line[at++];
  }
  const unclosed = at >= line.length;
  return { text, start, end: unclosed ? line.length : at + 1, unclosed };
}

/** Index of the first character from `at` on that is no blank. */
export function skipBlanks(line: string, at: number): number {
  while (isBlank(line[at])) at++;
  return at;
}

export function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** `text` as it must be typed to be read as one token. */
export function quoteToken(text: string): string {
  return /^[^\s"|]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

function readBare(line: string, start: number): Token {
  let end = start;
  while (end < line.length && !isBlank(line[end]) && line[end] !== "|") end++;
  return { text: line.slice(start, end), start, end, unclosed: false };
}
