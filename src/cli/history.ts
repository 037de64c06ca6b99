import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The lines typed at the prompt, kept from one session to the next. */
export interface History {
  /** Oldest first. */
  readonly lines: readonly string[];
  add(line: string): void;
}

/** Where history is kept: $PARLEY_HISTORY, else below $XDG_STATE_HOME; undefined when it is switched off (empty). */
export function historyFile(environment: NodeJS.ProcessEnv): string | undefined {
  const chosen = environment["PARLEY_HISTORY"];
  if (chosen !== undefined) return chosen === "" ? undefined : chosen;
  return join(environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "parley", "history");
}

/**
 * History in a file that only its owner reads. Each line is appended as it is typed, so that several prompts share it; a
 * file that cannot be read or written only costs the history.
 */
export function openHistory(file: string | undefined): History {
  const lines = file === undefined ? [] : read(file);
  let last = lines.at(-1);
  return {
    lines,
    add(line) {
      // A line that begins with a blank is not kept, as in a shell.
      if (file === undefined || line === last || /^\s|^$/.test(line) || line.includes("\n")) return;
      last = line;
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        appendFileSync(file, `${line}\n`, { mode: 0o600 });
      } catch {
        // A read-only home is no reason to disturb.
      }
    },
  };
}

function read(file: string): string[] {
  try {
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    const kept = lines.slice(-MOST_LINES);
    // Shortened now and then, not with every line.
    if (lines.length > 2 * MOST_LINES) writeFileSync(file, `${kept.join("\n")}\n`, { mode: 0o600 });
    return kept;
  } catch {
    return [];
  }
}

/** Weeks of typing. */
const MOST_LINES = 1_000;
