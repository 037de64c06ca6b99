/**
 * Something that the operator can mend: a busy port, a wrong key, a daemon that is not running. Shown as one line,
 * the message and its remedy, never with a stack trace.
 */
export class OperatorError extends Error {
  override name = "OperatorError";
  readonly remedy: string;
  /** Exit status of a program that ends on it: 1 failed, 2 bad usage. */
  readonly exitStatus: 1 | 2;

  constructor(message: string, remedy: string, options: { exitStatus?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** "message; remedy" for an OperatorError, the message of any other error, the text of anything else. One line. */
export function explain(error: unknown): string {
  const text =
    error instanceof OperatorError
      ? `${error.message}; ${error.remedy}`
      : error instanceof Error
        ? error.message
        : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}
