import type { CallOptions } from "@connectrpc/connect";
import { OperatorError } from "#base/operator-error.ts";
import { loadWidth } from "#cli/load-width.ts";
import { loadOwnCommands } from "#cli/own-commands.ts";
import { SessionLog } from "#cli/session-log.ts";
import { shellCommands } from "#cli/shell-commands.ts";
import { readScript, type ScriptLine } from "#cli/script-lines.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { completeAt, type Completion } from "#prompt/completion.ts";
import { isFreeText } from "#prompt/following.ts";
import type { Command } from "#prompt/grammar.ts";
import { execute, executeHelp, type Execution } from "#prompt/session.ts";
import { commandTree, type CommandTree } from "#prompt/tree.ts";

export interface ShellOptions {
  /** Beside the shell's own: Parley's, a lab's, people's. */
  readonly commands: readonly Command[];
  /** What a command prints while it still runs. */
  readonly print: (text: string) => void;
  /** "bob# ", for the echo of a script's commands. */
  readonly prompt: () => string;
}

/**
 * What terminal and scripts share: all commands in one tree, aliases before them, a log of the session behind them, and
 * scripts within scripts.
 */
export class Shell {
  readonly log = new SessionLog();
  readonly #options: ShellOptions;
  readonly #aliases = new Map<string, string>();
  #own: readonly Command[] = [];
  #tree: CommandTree;
  /** Scripts that are being run, one within the other. */
  readonly #running: string[] = [];

  constructor(options: ShellOptions) {
    this.#options = options;
    this.#tree = this.#grow();
  }

  get tree(): CommandTree {
    return this.#tree;
  }

  get aliases(): ReadonlyMap<string, string> {
    return this.#aliases;
  }

  /** Adds people's own commands; the answer is what could not be used and why, a line each. */
  async addOwn(folder: string, context: ParleyContext): Promise<readonly string[]> {
    const { commands, problems } = await loadOwnCommands(folder, context, this.#tree.commands);
    this.#own = commands;
    if (commands.length > 0) this.#tree = this.#grow();
    return problems;
  }

  /** Runs one line. Never throws. */
  run(line: string, call: CallOptions = {}): Promise<Execution> {
    return execute(this.#tree, this.expand(line), { call, loadWidth });
  }

  help(before: string, call: CallOptions): Promise<Execution> {
    return executeHelp(this.#tree, this.expand(before), { call, loadWidth });
  }

  async complete(before: string, call: CallOptions): Promise<Completion> {
    const expanded = this.expand(before);
    const { start, text, entries } = await completeAt(this.#tree, expanded, call);
    return { start: start - (expanded.length - before.length), text, entries };
  }

  isFreeText(before: string): boolean {
    return isFreeText(this.#tree, this.expand(before));
  }

  /** The line with its first word replaced, when that is an alias and something follows it or the line ends. */
  expand(line: string): string {
    const [, blanks = "", word = ""] = /^(\s*)(\S+)/.exec(line) ?? [];
    const text = this.#aliases.get(word);
    return text === undefined ? line : blanks + text + line.slice(blanks.length + word.length);
  }

  /** Throws OperatorError when a command begins with that word. */
  setAlias(name: string, text: string): void {
    if (!/^[a-z\d][a-z\d.-]*$/.test(name)) {
      throw new OperatorError(
        `"${name}" cannot be an alias`,
        "use lower-case letters, digits, dots and dashes",
      );
    }
    if (!this.#aliases.has(name) && this.#tree.root.words.has(name))
      throw new OperatorError(`"${name}" is a command`, "choose another name");
    this.#aliases.set(name, text);
    this.#tree = this.#grow();
  }

  removeAlias(name: string): void {
    if (!this.#aliases.delete(name))
      throw new OperatorError(`there is no alias "${name}"`, "`alias` lists them");
    this.#tree = this.#grow();
  }

  /** Runs the commands of a file, each echoed with its time. Throws OperatorError with file and line of the first failure. */
  async source(file: string, call: CallOptions): Promise<void> {
    if (this.#running.includes(file) || this.#running.length >= DEEPEST)
      throw new OperatorError(
        `${file} would run itself: ${[...this.#running, file].join(" -> ")}`,
        "break the circle",
      );
    this.#running.push(file);
    try {
      for await (const line of readScript(file)) await this.#runEchoed(line, call);
    } finally {
      this.#running.pop();
    }
  }

  async #runEchoed({ text, place }: ScriptLine, call: CallOptions): Promise<void> {
    call.signal?.throwIfAborted();
    if (/^\s*(#|$)/.test(text)) return;
    const { print, prompt } = this.#options;
    print(`${clock()} ${prompt()}${text.trim()}\n`);
    const { status, output, error } = await this.run(text, call);
    print(output);
    if (status !== 0) {
      const reason = (error ?? "").split("\n")[0]!;
      throw new OperatorError(`${place ?? "-"}: ${reason}`, "what stood before it has been done");
    }
  }

  #grow(): CommandTree {
    return commandTree([...this.#options.commands, ...shellCommands(this), ...this.#own]);
  }
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}

const DEEPEST = 8;
