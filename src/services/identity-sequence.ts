import { explain } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { Files } from "#host/files.ts";

/**
 * Numbers of announcements, each above all before it, also over restarts and when the clock was set back: the file says up
 * to where numbers are reserved, and the next start begins there. By a clock that is right they are about the ms since the
 * Unix epoch, so that a node that has lost its folder but not its key is still believed.
 */
export class IdentitySequence {
  readonly #files: Files;
  readonly #path: string;
  readonly #warn: (text: string) => void;
  #last: number;
  #reserved: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(files: Files, path: string, last: number, warn: (text: string) => void) {
    this.#files = files;
    this.#path = path;
    this.#last = last;
    this.#reserved = last;
    this.#warn = warn;
  }

  /** Rejects with an OperatorError when the file cannot be read or written; a damaged one is only warned of. */
  static async open(
    files: Files,
    path: string,
    wallTime: number,
    warn: (text: string) => void,
  ): Promise<IdentitySequence> {
    const file = await files.read(path, MOST_FILE_BYTES);
    const stored = file ? Number(decodeUtf8(file.content).trim() || NaN) : 0;
    const isGood = Number.isSafeInteger(stored) && stored >= 0 && stored < HIGHEST;
    if (!isGood) warn(`${path} is damaged; announcements are numbered by the clock`);
    const sequence = new IdentitySequence(files, path, Math.max(isGood ? stored : 0, wallTime), warn);
    await sequence.#reserve();
    return sequence;
  }

  next(): number {
    this.#last++;
    if (this.#last + RESERVED / 2 > this.#reserved)
      void this.#reserve().catch((error: unknown) => this.#warn(explain(error)));
    return this.#last;
  }

  /** What was to be written is, or has failed. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #reserve(): Promise<void> {
    this.#reserved = this.#last + RESERVED;
    const content = encodeUtf8(`${this.#reserved}\n`);
    const written = this.#writing.then(() => this.#files.write(this.#path, content));
    this.#writing = written.catch(() => {});
    return written;
  }
}

/** So many announcements before the file is written again. */
const RESERVED = 1_000;
/** Announcements have 48 bits for it. */
const HIGHEST = 2 ** 48 - 2 ** 32;
const MOST_FILE_BYTES = 4_096;
