import { Code, ConnectError } from "@connectrpc/connect";
import { explain, OperatorError } from "#base/operator-error.ts";

/** A call that is refused, in words that a person can act on: "message; remedy". */
export function refusal(code: Code, message: string, remedy: string): ConnectError {
  return fromText(`${message}; ${remedy}`, code);
}

/** The result of `run`; an OperatorError of it becomes a ConnectError with `code` and the explanation as its message. */
export async function refusing<Result>(code: Code, run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof OperatorError ? fromText(explain(error), code) : error;
  }
}

/** What a client is told of an error that nobody foresaw: nothing of our insides. */
export function internalError(error: unknown): ConnectError {
  const text = "internal error; the log of parleyd has the reason";
  return new ConnectError(text, Code.Internal, undefined, undefined, error);
}

/**
 * gRPC carries the message percent-encoded in a trailer: encoding throws on a lone surrogate, and clients refuse trailers
 * beyond some kilobytes.
 */
function fromText(text: string, code: Code): ConnectError {
  const short = text.length > MESSAGE_CHARACTERS ? `${text.slice(0, MESSAGE_CHARACTERS)} …` : text;
  return new ConnectError(short.toWellFormed(), code);
}

const MESSAGE_CHARACTERS = 600;
