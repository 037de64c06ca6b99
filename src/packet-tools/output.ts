/** Text on its way out: collected, because a write for each line would cost more than the packets. */
export class Output {
  #text = "";
  readonly #stream: NodeJS.WritableStream;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  line(text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length > FLUSH_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.#text !== "") this.#stream.write(this.#text);
    this.#text = "";
  }

  /** Waits until a slow reader has taken what was written. */
  async drained(): Promise<void> {
    this.flush();
    if (this.#stream.writable && (this.#stream as NodeJS.WriteStream).writableNeedDrain)
      await new Promise((resolve) => this.#stream.once("drain", resolve));
  }
}

const FLUSH_CHARACTERS = 64 * 1024;
