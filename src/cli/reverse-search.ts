/** The search through history that Ctrl-R begins: which line fits what was typed so far. Knows no terminal. */
export class ReverseSearch {
  /** Newest first. */
  readonly #history: readonly string[];
  #query = "";
  #at = -1;
  #failing = false;

  constructor(history: readonly string[]) {
    this.#history = history;
  }

  /** The line found, and where in it the query stands; undefined before anything was found. */
  get found(): { readonly line: string; readonly column: number } | undefined {
    const line = this.#history[this.#at];
    return line === undefined ? undefined : { line, column: line.lastIndexOf(this.#query) };
  }

  /** As in other shells: "(failed reverse-i-search)`query': ". */
  get prompt(): string {
    return `(${this.#failing ? "failed " : ""}reverse-i-search)\`${this.#query}': `;
  }

  /** Adds to the query; the line found stays when it still fits. */
  type(text: string): void {
    this.#query += text;
    this.#seek(Math.max(0, this.#at), 1);
  }

  /** Takes back the last character and begins anew. */
  erase(): void {
    this.#query = [...this.#query].slice(0, -1).join("");
    this.#at = -1;
    this.#failing = false;
    if (this.#query !== "") this.#seek(0, 1);
  }

  /** The next older line that fits. */
  older(): void {
    if (this.#query !== "") this.#seek(this.#at + 1, 1);
  }

  /** The next newer one. */
  newer(): void {
    if (this.#query !== "") this.#seek(this.#at - 1, -1);
  }

  #seek(from: number, step: 1 | -1): void {
    const shown = this.#history[this.#at];
    for (let at = from; at >= 0 && at < this.#history.length; at += step) {
      const line = this.#history[at]!;
      // The same line again would look as if nothing had happened.
      if (!line.includes(this.#query) || (at !== this.#at && line === shown)) continue;
      this.#at = at;
      this.#failing = false;
      return;
    }
    this.#failing = true;
  }
}
