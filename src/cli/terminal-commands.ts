import { linesAnswer } from "#prompt/answer.ts";
import { bindCommands, command, type Command } from "#prompt/grammar.ts";

/** What of the terminal can be set; the owner reads it whenever it matters. */
export interface TerminalSettings {
  /** Every event of the node is shown as it comes. */
  monitor: boolean;
  /** Rows of a page; 0: no pages; undefined: as many as the terminal has. */
  length: number | undefined;
}

/** Settings of the prompt's own terminal. */
export function terminalCommands(settings: TerminalSettings): readonly Command[] {
  return bindCommands([monitor, noMonitor, length], settings);
}

const HELP = "Set up this terminal";

const monitor = command<TerminalSettings>()("terminal monitor", {
  help: [HELP, "Show every event of the node as it comes"],
  async run(settings) {
    settings.monitor = true;
    return linesAnswer({ monitor: true }, []);
  },
});

const noMonitor = command<TerminalSettings>()("terminal no monitor", {
  help: [HELP, "Undo a setting", "Show messages only"],
  async run(settings) {
    settings.monitor = false;
    return linesAnswer({ monitor: false }, []);
  },
});

const length = command<TerminalSettings>()("terminal length <rows:number>", {
  help: [HELP, "Rows of a page of output", "How many; 0 never stops"],
  async run(settings, { rows }) {
    settings.length = rows;
    return linesAnswer({ length: rows }, []);
  },
});
