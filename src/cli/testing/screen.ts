/** What a person sees of a terminal's output: just as much of a terminal as node:readline and the prompt make use of. */
export class Screen {
  readonly #rows: string[][] = [[]];
  readonly #columns: number;
  #row = 0;
  #column = 0;
  /** Bracketed paste is on. */
  pasteMode = false;

  constructor(columns = 80) {
    this.#columns = columns;
  }

  /** All lines so far, without blanks at their ends. */
  get text(): string {
    return this.#rows
      .map((row) =>
        Array.from(row, (cell) => cell ?? " ")
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  /** The line that the cursor is on. */
  get line(): string {
    return this.text.split("\n")[this.#row] ?? "";
  }

  get column(): number {
    return this.#column;
  }

  write(output: string): void {
    for (const [piece, mode, numbers, final] of output.matchAll(PIECES)) {
      if (final === undefined) this.#put(piece);
      else if (mode === "?") this.pasteMode = final === "h";
      else this.#control(final, numbers === "" ? undefined : Number(numbers));
    }
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#move(1, -this.#column);
    else {
      if (this.#column >= this.#columns) this.#move(1, -this.#column);
      this.#rows[this.#row]![this.#column++] = character;
    }
  }

  #control(final: string, number: number | undefined): void {
    if (final === "A") this.#move(-(number ?? 1), 0);
    else if (final === "B") this.#move(number ?? 1, 0);
    else if (final === "C") this.#move(0, number ?? 1);
    else if (final === "D") this.#move(0, -(number ?? 1));
    else if (final === "G") this.#column = (number ?? 1) - 1;
    else if (final === "J") {
      this.#rows.length = this.#row + 1;
      this.#rows[this.#row]!.length = Math.min(this.#column, this.#rows[this.#row]!.length);
    } else if (final === "K") {
      this.#rows[this.#row]!.length = Math.min(this.#column, this.#rows[this.#row]!.length);
    } else throw new Error(`the screen does not know ESC [ ${number ?? ""} ${final}`);
  }

  #move(rows: number, columns: number): void {
    this.#row = Math.max(0, this.#row + rows);
    this.#column = Math.max(0, this.#column + columns);
    while (this.#rows.length <= this.#row) this.#rows.push([]);
  }
}

// eslint-disable-next-line no-control-regex
const PIECES = /\u001b\[(\??)(\d*)([A-Za-z])|[^]/gu;
