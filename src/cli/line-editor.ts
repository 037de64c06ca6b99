import type { History } from "#cli/history.ts";
import { ReverseSearch } from "#cli/reverse-search.ts";
import { clearScreenDown, cursorTo, Interface, moveCursor, type Key } from "node:readline";

/** The streams of a terminal, or what stands for one in a test. */
export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export interface EditorEvents {
  /** True when "?" at the end of `before` is ordinary text. */
  isFreeText(before: string): boolean;
  onLine(line: string): void;
  onHelp(before: string): void;
  onTab(before: string): void;
  /** Ctrl-C. */
  onInterrupt(): void;
}

/**
 * The line being edited, on top of node:readline: "?" and Tab act at once, pasted text is text, keys that come while a
 * command runs wait for it, and lines can be printed above the one being edited.
 */
export class LineEditor extends Interface {
  readonly #events: EditorEvents;
  readonly #output: NodeJS.WritableStream;
  #busy = false;
  #shown = false;
  #pasted: string | undefined;
  #literal = false;
  #captured: ((key: string) => void) | undefined;
  #search: SearchState | undefined;
  readonly #waiting: Keystroke[] = [];

  constructor(streams: TerminalStreams, events: EditorEvents, history: History) {
    super({
      ...streams,
      terminal: true,
      historySize: HISTORY_SIZE,
      history: [...history.lines].reverse(),
      removeHistoryDuplicates: true,
    });

    this.#events = events;
    this.#output = streams.output;
    this.on("line", (line) => {
      if (this.#busy) {
        // Only on a dumb terminal, where node:readline has keys of its own.
        this.#wait({ text: line });
        this.#wait(ENTER);
        return;
      }
      this.#shown = false;
      history.add(line);
      events.onLine(line);
    });
    this.on("SIGINT", () => events.onInterrupt());
  }

  /** While busy, all keys but Ctrl-C wait. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Keys wait that were typed or pasted ahead. */
  get isAhead(): boolean {
    return this.#waiting.length > 0;
  }

  /** While `take` is set it gets every key, by its text or its name, and nothing else does. */
  capture(take: ((key: string) => void) | undefined): void {
    this.#captured = take;
  }

  /** What stands in the row of the cursor instead of a line, until the next status or line. */
  showStatus(status: string | undefined): void {
    this.#output.write(`\r\u001b[K${status ?? ""}`);
  }

  hold(): void {
    this.#busy = true;
  }

  /** Shows prompt and line again and lets the keys go on that waited. */
  release(): void {
    this.#busy = false;
    this.show();
    while (!this.#busy && this.#waiting.length > 0) {
      const { text, key } = this.#waiting.shift()!;
      if (key) this._ttyWrite(text, key);
      else this.#pass(text, {});
    }
  }

  show(): void {
    this.#shown = true;
    this.prompt(true);
  }

  /** Prints whole lines above the line being edited, or just prints them while none is shown. */
  printAbove(text: string): void {
    if (text === "") return;
    if (!this.#shown) {
      this.#output.write(text);
      return;
    }
    if (isDumb()) {
      // Nothing can be taken back there: a new line, and what was typed again below.
      this.#output.write(`\n${text}`);
      this.prompt(true);
      this.#output.write(this.line);
      return;
    }
    const { rows } = this.getCursorPos();
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    this.#output.write(text);
    internalsOf(this).prevRows = 0;
    this.prompt(true);
  }

  /** Leaves the line as it stands on the screen, with `mark` behind it, and goes on below; show() draws it again. */
  leaveLine(mark: string): void {
    const { cursor } = this;
    internalsOf(this).cursor = this.line.length;
    this.prompt(true);
    this.#output.write(`${mark}\r\n`);
    const internals = internalsOf(this);
    internals.cursor = cursor;
    internals.prevRows = 0;
    this.#shown = false;
  }

  replaceLine(line: string, cursor: number): void {
    const internals = internalsOf(this);
    internals.line = line;
    internals.cursor = cursor;
  }

  /** Called by node:readline for each key; the name is its. Overridden because its events come after the insertion. */
  _ttyWrite(text: string | undefined, key: Key): void {
    const interrupt = key.ctrl === true && key.name === "c";
    if (interrupt) this.#pasted = undefined;
    if (key.name === "paste-start") this.#pasted = "";
    else if (key.name === "paste-end") this.#endPaste();
    else if (this.#pasted !== undefined) this.#collect(text);
    else if (this.#captured) this.#captured(interrupt ? "q" : capturedKey(text, key));
    else if (this.#busy && !interrupt) this.#wait({ text, key });
    else if (interrupt) this.#interrupt();
    else this.#edit(text, key);
  }

  #interrupt(): void {
    if (this.#search) return this.#endSearch(this.#search, this.#search.line, this.#search.line.length);
    this.#waiting.length = 0; // what was typed ahead was meant for a command that did what it should
    this.#events.onInterrupt();
  }

  #edit(text: string | undefined, key: Key): void {
    const before = this.line.slice(0, this.cursor);
    const literal = this.#literal;
    this.#literal = !literal && key.ctrl === true && key.name === "v";
    if (this.#literal) return;
    if (this.#search) {
      if (this.#searchKey(this.#search, text, key)) return;
    } else if (key.ctrl === true && key.name === "r") return this.#beginSearch();
    if (text === "?" && !literal && !this.#events.isFreeText(before)) this.#events.onHelp(before);
    else if (key.name === "tab" && !key.shift) this.#events.onTab(before);
    else this.#pass(text, key);
  }

  #beginSearch(): void {
    const search = new ReverseSearch(internalsOf(this).history);
    this.#search = { search, line: this.line, prompt: this.getPrompt() };
    this.#showSearch(search);
  }

  /** A key during the search; false: it ends the search and then has its usual meaning. */
  #searchKey(state: SearchState, text: string | undefined, key: Key): boolean {
    const { search } = state;
    const { name, ctrl = false, meta = false } = key;
    if (ctrl && name === "g") {
      this.#endSearch(state, state.line, state.line.length);
      return true;
    }
    if (ctrl && name === "r") search.older();
    else if (ctrl && name === "s") search.newer();
    else if (name === "backspace" || (ctrl && name === "h")) search.erase();
    else if (text !== undefined && !ctrl && !meta && /^[^\u0000-\u001f\u007f]+$/.test(text))
      search.type(text);
    else {
      const { line, column } = search.found ?? { line: state.line, column: state.line.length };
      this.#endSearch(state, line, column);
      return name === "escape";
    }
    this.#showSearch(search);
    return true;
  }

  #showSearch(search: ReverseSearch): void {
    const { line, column } = search.found ?? { line: "", column: 0 };
    this.setPrompt(search.prompt);
    this.replaceLine(line, column);
    this.show();
  }

  #endSearch({ prompt }: SearchState, line: string, cursor: number): void {
    this.#search = undefined;
    this.setPrompt(prompt);
    this.replaceLine(line, cursor);
    this.show();
  }

  /** Hands a key on to node:readline. When several come at once it would not redraw what stands behind the cursor. */
  #pass(text: string | undefined, key: Key): void {
    internalsOf(this).isCompletionEnabled = true;
    writeKey.call(this, text, key);
  }

  #collect(text: string | undefined): void {
    if (text === undefined || text === null || this.#pasted === undefined) return;
    if (this.#pasted.length + text.length <= MAX_PASTE) this.#pasted += text;
  }

  /** Each pasted line becomes its text and Enter, as if typed; the last one stays to be edited. */
  #endPaste(): void {
    const pasted = this.#pasted ?? "";
    this.#pasted = undefined;
    const lines = pasted.split(/\r\n|\r|\n/);
    for (const [i, line] of lines.entries()) {
      const text = line.replaceAll("\t", " ").replaceAll(/[\u0000-\u001f\u007f]/g, "");
      if (text !== "") this.#wait({ text });
      if (i < lines.length - 1) this.#wait(ENTER);
    }
    if (!this.#busy) this.release();
  }

  #wait(keystroke: Keystroke): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(keystroke);
  }
}

/** A terminal that only prints: no cursor keys, no erasing, lines come whole. */
export function isDumb(): boolean {
  return process.env["TERM"] === "dumb";
}

/** The text that a key types, or its name. */
function capturedKey(text: string | undefined, { name }: Key): string {
  if (name === "backspace" || name === "escape" || text === undefined || text.startsWith("\u001b"))
    return name ?? "";
  return text;
}

/** Ctrl-R: the search, and the line and prompt as they were before. */
interface SearchState {
  readonly search: ReverseSearch;
  readonly line: string;
  readonly prompt: string;
}

/** A key, or without `key` a text to be inserted as it is. */
interface Keystroke {
  readonly text: string | undefined;
  readonly key?: Key;
}

/** Parts of node:readline that its types leave out. They have been there since its first versions. */
interface Internals {
  line: string;
  cursor: number;
  prevRows: number;
  isCompletionEnabled: boolean;
  /** Newest first. */
  history: string[];
}

function internalsOf(editor: LineEditor): Internals {
  return editor as unknown as Internals;
}

const writeKey = (
  Interface.prototype as unknown as {
    _ttyWrite(this: Interface, text: string | undefined, key: Key): void;
  }
)._ttyWrite;

const ENTER: Keystroke = { text: "\r", key: { name: "return" } };
const HISTORY_SIZE = 1_000;
const MAX_PASTE = 1 << 20; // more than this is a mistake, and would be run line by line
const MAX_WAITING = 10_000; // keys typed ahead of a command that hangs
