import { closeSync, openSync, writeSync } from "node:fs";
import { OperatorError } from "#base/operator-error.ts";

/** What is typed and printed, appended to a file while it is on. */
export class SessionLog {
  #descriptor: number | undefined;

  get isOn(): boolean {
    return this.#descriptor !== undefined;
  }

  /** Throws OperatorError when the file cannot be written. */
  start(file: string): void {
    let descriptor: number;
    try {
      descriptor = openSync(file, "a", 0o600);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new OperatorError(`cannot write ${file}: ${code}`, "name a file in a folder of yours", {
        cause: error,
      });
    }
    this.stop();
    this.#descriptor = descriptor;
  }

  stop(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  write(text: string): void {
    if (this.#descriptor === undefined || text === "") return;
    try {
      writeSync(this.#descriptor, text);
    } catch {
      // A full disk ends the log, not the session.
      this.stop();
    }
  }
}
