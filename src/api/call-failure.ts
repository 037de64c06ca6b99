import type { Code, ConnectError } from "@connectrpc/connect";

/** A call that failed, as the wire names it ("not_found"); callers are given the ConnectError of it. */
export class CallFailure extends Error {
  override name = "CallFailure";
  readonly code: CodeName;

  constructor(code: CodeName, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export type CodeName = (typeof CODE_NAMES)[number];

/** The failure that a server describes as JSON: `{ code, message }`; undefined when the value says nothing of the kind. */
export function describedFailure(described: unknown): CallFailure | undefined {
  if (typeof described !== "object" || described === null || !("code" in described)) return undefined;
  const code = CODE_NAMES.find((name) => name === described.code);
  const message = "message" in described && typeof described.message === "string" ? described.message : "";
  return code && new CallFailure(code, message);
}

/** What callers catch. Its class is loaded only now: a command that works never pays for it. */
export async function toConnectError({ code, message, cause }: CallFailure): Promise<ConnectError> {
  const connect = await import("@connectrpc/connect");
  const number: Code = CODE_NAMES.indexOf(code) + 1;
  return new connect.ConnectError(message, number, undefined, undefined, cause);
}

// In the order of their numbers, from 1 (connectrpc.com/docs/protocol, error codes).
const CODE_NAMES = [
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;
