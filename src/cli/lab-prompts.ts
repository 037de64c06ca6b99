import { basename } from "node:path";
import { connectTo } from "#api/client.ts";
import { historyFile, openHistory } from "#cli/history.ts";
import { labCommands } from "#cli/lab-commands.ts";
import { runInForeground } from "#cli/lab-exec.ts";
import { commandsFolder } from "#cli/own-commands.ts";
import { runTerminal, type TerminalAccess } from "#cli/terminal.ts";
import type { RunningLab } from "#lab/running-lab.ts";

/** The prompts of a lab's nodes in this terminal: `lab attach` opens one above the other, `exit` goes back. */
export class LabPrompts {
  readonly #lab: RunningLab;
  readonly #down: () => Promise<void>;
  #next: string | undefined;
  #leave: TerminalAccess["leave"] | undefined;
  #hasEnded = false;
  /** A program of others has the terminal, and Ctrl-C is for it. */
  isLent = false;

  /** `down` takes the lab down. */
  constructor(lab: RunningLab, down: () => Promise<void>) {
    this.#lab = lab;
    this.#down = down;
  }

  /** The first node's prompt, until it is left; the exit status of the terminal. */
  async run(first: string): Promise<number> {
    const open = [first];
    for (let node = open.at(-1); node !== undefined && !this.#hasEnded; node = open.at(-1)) {
      this.#next = undefined;
      const status = await this.#prompt(node, open.length > 1);
      this.#leave = undefined;
      if (this.#next !== undefined) open.push(this.#next);
      else if (open.length === 1 || status >= SIGNALLED) return status;
      else open.pop();
    }
    return 0;
  }

  /** Leaves whatever prompt is open. */
  end(how: "at-once" | "in-order" = "at-once"): void {
    this.#hasEnded = true;
    this.#leave?.(how);
  }

  async #prompt(name: string, isAbove: boolean): Promise<number> {
    const { record } = this.#lab.node(name);
    const { prompt, socket } = record;
    if (prompt.length > 0) {
      process.stdout.write(`this is ${basename(prompt[0]!)} of ${name}; exit goes back\n`);
      this.isLent = true;
      await runInForeground(prompt, (stop) => (this.#leave = stop)).finally(() => (this.isLent = false));
      return 0;
    }
    return runTerminal({
      connect: () => connectTo({ socket }),
      extraCommands: (access) => this.#commands(access),
      commandsFolder: commandsFolder(process.env),
      history: openHistory(historyFile(process.env)),
      banner: isAbove ? `this is the prompt of ${name}; exit goes back` : "",
    });
  }

  #commands({ print, leave }: TerminalAccess) {
    this.#leave = leave;
    const attach = (node: string): void => {
      this.#next = node;
      leave("in-order");
    };
    const down = (): Promise<void> => {
      this.end("in-order"); // it still has to say that it is down
      return this.#down();
    };
    return labCommands(this.#lab, { print, attach, down });
  }
}

/** And more: a signal ended it. */
const SIGNALLED = 128;
