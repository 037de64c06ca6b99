import type { ParleyConnection } from "#api/client.ts";
import type { Event } from "#api/gen/parley/v1/node_pb.ts";
import { Attachment } from "#cli/attachment.ts";
import { capturePackets } from "#cli/capture-packets.ts";
import { openHistory, type History } from "#cli/history.ts";
import { followLog } from "#cli/follow-log.ts";
import { isDumb, LineEditor, type TerminalStreams } from "#cli/line-editor.ts";
import { Pager, type PagerStep } from "#cli/pager.ts";
import { terminalCommands, type TerminalSettings } from "#cli/terminal-commands.ts";
import { Shell } from "#cli/shell.ts";
import { loadWidth } from "#cli/load-width.ts";
import { parleyContext, type ParleyContext } from "#prompt/commands/parley-context.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { formatEvent } from "#prompt/commands/show-log.ts";
import { formatMessage } from "#prompt/commands/show-messages.ts";
import type { Command } from "#prompt/grammar.ts";
import { renderHelp } from "#prompt/help.ts";
import { widthFor } from "#prompt/render.ts";
import { safeText } from "#base/safe-text.ts";
import type { Execution } from "#prompt/session.ts";

export interface TerminalOptions {
  /** Called at the start, and again when a command needs the node after the connection was lost. */
  connect(): Promise<ParleyConnection>;
  /** Commands beside Parley's own, with their context bound. */
  readonly extraCommands?: readonly Command[] | ((access: TerminalAccess) => readonly Command[]);
  /** At the start instead of "connected to parleyd …"; empty for none. */
  readonly banner?: string;
  /** The name in the prompt, instead of the node's. */
  readonly name?: string;
  readonly streams?: TerminalStreams;
  /** Lines of earlier sessions; none when left out. */
  readonly history?: History;
  /** Where people's own commands are; none when left out. */
  readonly commandsFolder?: string | undefined;
}

/** What a command can do with the terminal that it is run in. */
export interface TerminalAccess {
  /** Shows text while the command still runs. */
  print(text: string): void;
  /** Leaves the prompt; "in-order": as soon as the command that runs has ended. */
  leave(how: "at-once" | "in-order"): void;
}

/**
 * The interactive prompt, until it is left: exit status 0, or 128 and the number of the signal that ended it. Throws
 * OperatorError when there is no daemon at the start.
 */
export async function runTerminal(options: TerminalOptions): Promise<number> {
  const terminal = new Terminal(options);
  return terminal.run();
}

class Terminal {
  readonly #options: TerminalOptions;
  readonly #streams: TerminalStreams;
  readonly #attachment: Attachment;
  readonly #context: ParleyContext;
  readonly #shell: Shell;
  readonly #left = Promise.withResolvers<number>();
  #editor: LineEditor | undefined;
  #running: AbortController | undefined;
  #leaving = false;
  #prompt = "parley# ";
  #unprinted = "";
  #paging = false;
  readonly #settings: TerminalSettings = { monitor: false, length: undefined };

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#streams = options.streams ?? { input: process.stdin, output: process.stdout };
    this.#attachment = new Attachment({
      connect: () => options.connect(),
      onConnected: (node, description) => this.#greet(node, description),
      onEvent: (event) => this.#printEvent(event),
      onMissed: (count) => this.#printSoon(`${count} events went by too fast to be shown\n`),
      onLost: () => this.#printSoon("lost the connection to parleyd\n"),
    });
    this.#context = parleyContext({
      client: () => this.#attachment.client(),
      now: Date.now,
      exit: () => (this.#leaving = true),
    });
    this.#shell = new Shell({
      commands: [
        ...parleyCommands(this.#context),
        ...followLog(this.#context, (text) => this.#print(text)),
        ...capturePackets(this.#context, (text) => this.#print(text)),
        ...terminalCommands(this.#settings),
        ...this.#extraCommands(),
      ],
      print: (text) => this.#print(text),
      prompt: () => this.#prompt,
    });
  }

  async run(): Promise<number> {
    await this.#attachment.client();
    const { commandsFolder } = this.#options;
    if (commandsFolder !== undefined) {
      const problems = await this.#shell.addOwn(commandsFolder, this.#context);
      this.#streams.output.write(problems.map((problem) => `${safeText(problem)}\n`).join(""));
    }
    const editor = new LineEditor(
      this.#streams,
      {
        isFreeText: (before) => this.#shell.isFreeText(before),
        onLine: (line) => void this.#runLine(line),
        onHelp: (before) => void this.#help(before),
        onTab: (before) => void this.#complete(before),
        onInterrupt: () => this.#interrupt(),
      },
      this.#options.history ?? openHistory(undefined),
    );
    this.#editor = editor;
    const signals = [...SIGNALS].map(([name, status]) => [name, () => this.#leave(status)] as const);
    for (const [name, leave] of signals) process.on(name, leave);
    editor.on("close", () => this.#leave(0));
    this.#streams.output.write(this.#pasteMode(true));
    editor.setPrompt(this.#prompt);
    editor.show();
    try {
      return await this.#left.promise;
    } finally {
      for (const [name, leave] of signals) process.off(name, leave);
    }
  }

  #extraCommands(): readonly Command[] {
    const { extraCommands = [] } = this.#options;
    if (typeof extraCommands !== "function") return extraCommands;
    const leave = (how: "at-once" | "in-order"): void => {
      this.#leaving = how === "in-order";
      if (how === "at-once" || !this.#running) this.#leave(0);
    };
    return extraCommands({ print: (text) => this.#print(text), leave });
  }

  #leave(status: number): void {
    if (this.#editor === undefined) return;
    const editor = this.#editor;
    this.#editor = undefined;
    this.#running?.abort();
    this.#attachment.close();
    this.#shell.log.stop();
    this.#streams.output.write((this.#leaving ? "" : "\r\n") + this.#pasteMode(false));
    editor.close();
    this.#left.resolve(status);
  }

  /** Bracketed paste: the terminal then marks what is pasted. A dumb one would print the sequence. */
  #pasteMode(on: boolean): string {
    if (isDumb()) return "";
    return on ? "\u001b[?2004h" : "\u001b[?2004l";
  }

  #greet(node: string, description: string): void {
    const name = this.#options.name ?? node;
    this.#prompt = `${name === "" ? "parley" : safeText(name)}# `;
    this.#editor?.setPrompt(this.#prompt);
    const first = this.#editor === undefined;
    const banner = (first ? this.#options.banner : undefined) ?? `connected to ${description}`;
    if (banner !== "") this.#printSoon(`${safeText(banner)}\n`);
  }

  async #runLine(line: string): Promise<void> {
    const editor = this.#editor!;
    if (line.trim() === "") return editor.show();
    this.#shell.log.write(`${this.#prompt}${line}\n`);
    const execution = await this.#whileHeld((signal) => this.#shell.run(line, { signal }));
    if (execution) await this.#printExecution(execution, line);
    if (this.#leaving) this.#leave(0);
    else this.#release(editor);
  }

  /** Shows the help as if "?" were typed and Enter pressed, and then the line again without it. */
  async #help(before: string): Promise<void> {
    const editor = this.#editor!;
    editor.leaveLine("?");
    const execution = await this.#whileHeld((signal) =>
      this.#shell.help(before, { signal, timeoutMs: LIVE_VALUES_TIMEOUT }),
    );
    if (execution) await this.#printExecution(execution, before);
    this.#release(editor);
  }

  async #complete(before: string): Promise<void> {
    const editor = this.#editor!;
    const completion = await this.#whileHeld((signal) =>
      this.#shell.complete(before, { signal, timeoutMs: LIVE_VALUES_TIMEOUT }),
    );
    if (completion && this.#editor === editor) {
      const { start, text, entries } = completion;
      const after = editor.line.slice(before.length);
      const filled = after.startsWith(" ") ? text.trimEnd() : text;
      if (entries.length > 0) {
        const help = await renderHelp(entries, loadWidth);
        editor.leaveLine("");
        this.#print(help);
      } else editor.replaceLine(before.slice(0, start) + filled + after, start + filled.length);
    }
    this.#release(editor);
  }

  /** Lets the editor go on, unless a signal has ended it meanwhile. */
  #release(editor: LineEditor): void {
    if (this.#editor === editor) editor.release();
  }

  /** Runs `work` while keys wait; undefined when Ctrl-C ended the waiting, whatever `work` does then. */
  async #whileHeld<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined> {
    const controller = new AbortController();
    const aborted = Promise.withResolvers<undefined>();
    controller.signal.addEventListener("abort", () => aborted.resolve(undefined));
    this.#running = controller;
    this.#editor?.hold();
    try {
      return await Promise.race([work(controller.signal), aborted.promise]);
    } finally {
      this.#running = undefined;
    }
  }

  #interrupt(): void {
    const editor = this.#editor!;
    if (this.#running) {
      this.#running.abort();
      this.#print("^C\n");
      return;
    }
    const empty = editor.line === "";
    editor.leaveLine("^C");
    if (empty) this.#print('"exit" or Ctrl-D leaves the prompt\n');
    editor.replaceLine("", 0);
    editor.show();
  }

  async #printExecution(execution: Execution, line: string): Promise<void> {
    await this.#printPaged(execution.output);
    const { message, caret, error } = execution;
    if (message === undefined) return;
    if (caret === undefined) return this.#print(`${message}\n`);
    // The line stands above as it was typed, so the caret goes under it, unless it takes several rows there.
    const { columns } = this.#streams.output as { columns?: number };
    const shown = this.#prompt + safeText(line);
    const width = await widthFor([shown], loadWidth);
    if (columns && width(shown) >= columns) return this.#print(`${error}\n`);
    this.#print(`${" ".repeat(width(this.#prompt))}${caret}\n${message}\n`);
  }

  /** What others say is always shown; everything else while `terminal monitor` is on. */
  #printEvent(event: Event): void {
    const { detail } = event;
    if (detail.case === "message") {
      if (!detail.value.own) this.#printSoon(`${safeText(formatMessage(detail.value, Date.now()))}\n`);
    } else if (this.#settings.monitor) this.#printSoon(`${safeText(formatEvent(event, Date.now()))}\n`);
  }

  /** Prints a command's output, page by page when it is longer than the terminal. */
  async #printPaged(text: string): Promise<void> {
    const editor = this.#editor;
    const { rows, columns } = this.#streams.output as { rows?: number; columns?: number };
    const length = this.#settings.length ?? rows ?? 0;
    const lines = text.split("\n").slice(0, -1);
    if (!editor || length === 0 || isDumb() || lines.length < length - 1 || editor.isAhead)
      return this.#print(text);
    const pager = new Pager(lines, length, columns ?? 80, await widthFor(lines, loadWidth));
    if (pager.fits) return this.#print(text);
    this.#paging = true;
    await new Promise<void>((resolve) => {
      const take = ({ print, status }: PagerStep): void => {
        editor.showStatus(undefined);
        this.#print(print);
        if (status !== undefined) return editor.showStatus(status);
        editor.capture(undefined);
        resolve();
      };
      editor.capture((key) => take(pager.key(key)));
      take(pager.first());
    });
    this.#paging = false;
    this.#flush();
  }

  #print(text: string): void {
    this.#shell.log.write(text);
    if (this.#editor) this.#editor.printAbove(text);
    else this.#streams.output.write(text);
  }

  /** Gathers what comes in one go, so that a burst of messages redraws the line once. */
  #printSoon(text: string): void {
    if (this.#editor === undefined) {
      this.#streams.output.write(text);
      return;
    }
    if (this.#unprinted === "") setImmediate(() => this.#flush());
    this.#unprinted += text;
  }

  #flush(): void {
    // Between pages it would stand in the middle of the text.
    if (this.#paging) return;
    const text = this.#unprinted;
    this.#unprinted = "";
    if (this.#editor) this.#print(text);
  }
}

const LIVE_VALUES_TIMEOUT = 2_000; // help shows at least the words when the node does not answer
const SIGNALS: ReadonlyMap<NodeJS.Signals, number> = new Map([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]);
