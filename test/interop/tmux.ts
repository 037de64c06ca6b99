import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** A program in a real terminal, that of tmux, on a server of its own. */
export class TmuxTerminal {
  readonly #server: string;

  constructor(command: string, columns: number, rows: number, environment: Readonly<Record<string, string>>) {
    this.#server = `parley-test-${process.pid}-${++TmuxTerminal.#count}`;
    const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const size = ["-x", String(columns), "-y", String(rows)];
    this.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...variables, command);
    this.#tmux("set", "-g", "remain-on-exit", "on");
  }

  static #count = 0;

  static isThere(): boolean {
    return spawnSync("tmux", ["-V"]).status === 0;
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses keys by their names in tmux: "Enter", "C-r", "Tab". */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** Pastes as a terminal does: in brackets, when the program asked for them. */
  paste(text: string): void {
    this.#tmux("set-buffer", "--", text);
    this.#tmux("paste-buffer", "-p", "-d", "-r");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What a person sees, without blanks at the ends of lines and without empty lines at the end. */
  get screen(): string {
    return this.#tmux("capture-pane", "-p")
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }

  get isDead(): boolean {
    return this.#tmux("display-message", "-p", "#{pane_dead}").trim() === "1";
  }

  /** Waits until the screen is as wanted; its text. */
  async until(wanted: RegExp): Promise<string> {
    for (let i = 0; i < 200; i++) {
      const { screen } = this;
      if (wanted.test(screen)) return screen;
      await sleep(50);
    }
    return assert.fail(`never came: ${wanted}\n${this.screen}`);
  }

  close(): void {
    spawnSync("tmux", ["-L", this.#server, "kill-server"]);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-L", this.#server, ...args], { encoding: "utf8" });
  }
}
