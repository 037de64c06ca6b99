import type { Width } from "#prompt/table.ts";

/** What a key of the pager leads to. */
export interface PagerStep {
  /** Lines to be printed, each with its newline. */
  readonly print: string;
  /** What stands in the last row and waits for the next key; undefined at the end. */
  readonly status: string | undefined;
}

/**
 * Shows a long text page by page: blank is the next page, Enter the next line, "/" searches, "n" again, "q" leaves. It
 * knows no terminal.
 */
export class Pager {
  readonly #lines: readonly string[];
  readonly #rows: number;
  readonly #columns: number;
  readonly #width: Width;
  #at = 0;
  #typing: string | undefined;
  #pattern: RegExp | undefined;

  /** `rows` of the page, the last one for the status; `columns` of the terminal, beyond which a line takes more rows. */
  constructor(lines: readonly string[], rows: number, columns: number, width: Width) {
    this.#lines = lines;
    this.#rows = Math.max(2, rows);
    this.#columns = Math.max(1, columns);
    this.#width = width;
  }

  /** True when all of it fits on one page. */
  get fits(): boolean {
    return this.#pageEnd(0) >= this.#lines.length;
  }

  first(): PagerStep {
    return this.#to(this.#pageEnd(0));
  }

  /** `key`: the text it types, or its name for one that types none. */
  key(key: string): PagerStep {
    if (this.#typing !== undefined) return this.#type(key);
    switch (key) {
      case " ":
      case "f":
      case "pagedown":
        return this.#to(this.#pageEnd(this.#at));
      case "\r":
      case "\n":
      case "j":
      case "down":
        return this.#to(this.#at + 1);
      case "G":
      case "end":
        return this.#to(this.#lines.length);
      case "/":
        this.#typing = "";
        return { print: "", status: "/" };
      case "n":
        return this.#search();
      case "q":
      case "Q":
      case "escape":
        this.#at = this.#lines.length;
        return { print: "", status: undefined };
      default:
        return { print: "", status: HELP };
    }
  }

  #type(key: string): PagerStep {
    if (key === "\r" || key === "\n") {
      const text = this.#typing!;
      this.#typing = undefined;
      return text === "" ? this.#to(this.#at) : this.#searchFor(text);
    }
    if (key === "escape") {
      this.#typing = undefined;
      return this.#to(this.#at);
    }
    if (key === "backspace") this.#typing = [...this.#typing!].slice(0, -1).join("");
    else if (!/[\u0000-\u001f\u007f]/.test(key) && [...key].length === 1) this.#typing += key;
    return { print: "", status: `/${this.#typing}` };
  }

  #searchFor(text: string): PagerStep {
    try {
      this.#pattern = new RegExp(text, /[A-Z]/.test(text) ? "" : "i");
    } catch {
      return { print: "", status: `not a regular expression: ${text}  ${MORE}` };
    }
    return this.#search();
  }

  /** Goes on with the next line that matches; it becomes the first of its page. */
  #search(): PagerStep {
    const pattern = this.#pattern;
    if (!pattern) return { print: "", status: `nothing to search for: type /  ${MORE}` };
    const found = this.#lines.findIndex((line, i) => i >= this.#at && pattern.test(line));
    if (found < 0) return { print: "", status: `not found: ${pattern.source}  ${MORE}` };
    const skipped = found > this.#at ? "…\n" : "";
    this.#at = found;
    const { print, status } = this.#to(this.#pageEnd(found));
    return { print: skipped + print, status };
  }

  #to(end: number): PagerStep {
    const shown = this.#lines.slice(this.#at, end);
    this.#at = Math.min(end, this.#lines.length);
    const print = shown.map((line) => `${line}\n`).join("");
    const percent = Math.floor((100 * this.#at) / this.#lines.length);
    return { print, status: this.#at >= this.#lines.length ? undefined : `${MORE} (${percent}%)` };
  }

  /** The line behind the last one that fits on a page that begins at `start`: at least one line. */
  #pageEnd(start: number): number {
    let rows = 0;
    let end = start;
    while (end < this.#lines.length) {
      rows += Math.max(1, Math.ceil(this.#width(this.#lines[end]!) / this.#columns));
      if (rows > this.#rows - 1 && end > start) break;
      end++;
    }
    return end;
  }
}

const MORE = "--More--";
const HELP = `${MORE} (blank: page, Enter: line, /: search, n: again, q: quit)`;
