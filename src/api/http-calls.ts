import type { Agent, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { CallFailure, describedFailure, type CodeName } from "#api/call-failure.ts";
import { API_LIMITS } from "#api/limits.ts";

/** Where a server is: a Unix socket, or a host and port, perhaps behind TLS and a path. */
export interface ServerPlace {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly secure: boolean;
  /** "" or "/some/path": before the path of every method. */
  readonly prefix: string;
  readonly token?: string | undefined;
}

export interface CallSettings {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * The client's side of the Connect protocol over HTTP/1.1 (connectrpc.com/docs/protocol): unary calls on connections
 * that are kept, and server streams. It stands here because `parley -c "show version"` is to answer within 250 ms as a
 * whole process: Connect's own client needs 100 ms more only to load. Calls throw CallFailure.
 */
export class HttpCalls {
  readonly #place: ServerPlace;
  readonly #agent: Agent;

  constructor(place: ServerPlace) {
    this.#place = place;
    this.#agent = new (moduleFor(place).Agent)({ keepAlive: true });
  }

  /** Sends one message and receives one. `path` is "/package.Service/Method". */
  async unary(path: string, message: Uint8Array, settings: CallSettings): Promise<Uint8Array> {
    const call = new Call(settings);
    try {
      const response = await this.#send(path, "application/proto", message, call);
      const body = await readAll(response);
      if (response.statusCode === 200 && response.headers["content-type"] === "application/proto")
        return body;
      throw describedFailure(parseJson(body)) ?? undescribed(response);
    } catch (error) {
      throw call.failureOf(error);
    }
  }

  /** Sends one message and receives many. Leaving the loop, or the signal, ends the call. */
  async *stream(path: string, message: Uint8Array, settings: CallSettings): AsyncGenerator<Uint8Array> {
    const call = new Call(settings);
    let response: IncomingMessage | undefined;
    try {
      response = await this.#send(path, "application/connect+proto", enveloped(message), call);
      if (response.statusCode !== 200)
        throw describedFailure(parseJson(await readAll(response))) ?? undescribed(response);
      for await (const { flags, data } of envelopes(response)) {
        if (flags === 0) yield data;
        else if (flags === END_OF_STREAM) return endStream(data);
        else throw new CallFailure("internal", "the answer is compressed, which was not asked for");
      }
      throw new CallFailure("unavailable", "the connection ended in the middle of the stream");
    } catch (error) {
      throw call.failureOf(error);
    } finally {
      response?.destroy();
    }
  }

  /** Ends all connections and the calls on them. */
  close(): void {
    this.#agent.destroy();
  }

  #send(path: string, contentType: string, body: Uint8Array, call: Call): Promise<IncomingMessage> {
    const { secure: _, prefix, token, ...where } = this.#place;
    const headers: OutgoingHttpHeaders = {
      ...call.headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      "content-type": contentType,
      "content-length": body.length,
      "connect-protocol-version": "1",
      // A Unix socket has no host, but HTTP/1.1 asks for one.
      ...(where.socketPath !== undefined && { host: "localhost" }),
    };
    return new Promise((resolve, reject) => {
      const options = { ...where, method: "POST", path: prefix + path, agent: this.#agent, headers };
      const request = moduleFor(this.#place).request({
        ...options,
        ...(call.signal && { signal: call.signal }),
      });
      request.once("response", resolve);
      request.on("error", reject);
      request.end(body);
    });
  }
}

/** One call's signal, deadline and headers, and what its errors mean. */
class Call {
  readonly signal: AbortSignal | undefined;
  readonly headers: OutgoingHttpHeaders;
  readonly #deadline: AbortSignal | undefined;
  readonly #given: AbortSignal | undefined;

  constructor({ signal, timeoutMs, headers }: CallSettings) {
    const limited = timeoutMs !== undefined && timeoutMs > 0;
    this.#given = signal;
    this.#deadline = limited ? AbortSignal.timeout(timeoutMs) : undefined;
    const signals = [signal, this.#deadline].filter((each) => each !== undefined);
    this.signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    this.headers = { ...headers, ...(limited && { "connect-timeout-ms": String(Math.ceil(timeoutMs)) }) };
  }

  failureOf(error: unknown): CallFailure {
    if (error instanceof CallFailure) return error;
    if (this.#given?.aborted) return new CallFailure("canceled", "the call was cancelled", error);
    if (this.#deadline?.aborted) return new CallFailure("deadline_exceeded", "no answer in time", error);
    const reason = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    return new CallFailure("unavailable", `the connection to parleyd failed${reason}`, error);
  }
}

/**
 * Taken this way because `import` of node:http asks for all its exports, WebSocket and the rest of undici among them,
 * which costs 30 ms.
 */
function moduleFor({ secure }: ServerPlace) {
  return process.getBuiltinModule(secure ? "node:https" : "node:http");
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > API_LIMITS.responseBytes)
      throw new CallFailure("resource_exhausted", "the answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A body of flags, length and data, over and over. */
async function* envelopes(response: AsyncIterable<Buffer>) {
  let parts: Buffer[] = [];
  let size = 0;
  let wanted = ENVELOPE_HEADER;
  for await (const part of response) {
    parts.push(part);
    size += part.length;
    while (size >= wanted) {
      const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      const length = all.readUInt32BE(1);
      if (length > API_LIMITS.responseBytes)
        throw new CallFailure("resource_exhausted", "the answer is too long");
      const end = ENVELOPE_HEADER + length;
      wanted = size < end ? end : ENVELOPE_HEADER;
      const complete = size >= end;
      parts = [complete ? all.subarray(end) : all];
      size = parts[0]!.length;
      if (complete) yield { flags: all[0]!, data: all.subarray(ENVELOPE_HEADER, end) };
    }
  }
}

function enveloped(message: Uint8Array): Uint8Array {
  const header = Buffer.alloc(ENVELOPE_HEADER);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** The last envelope says in JSON how the stream ended. */
function endStream(data: Uint8Array): void {
  const end = parseJson(data);
  if (typeof end !== "object" || end === null || !("error" in end)) return;
  throw describedFailure(end.error) ?? new CallFailure("unknown", "the stream failed");
}

/** An answer that is none of the protocol's, by its HTTP status. */
function undescribed({ statusCode = 0, headers }: IncomingMessage): CallFailure {
  const code = HTTP_CODES.get(statusCode) ?? "unknown";
  const type = headers["content-type"] ?? "no content";
  return new CallFailure(code, `the answer is HTTP ${statusCode} with ${type}, none of the API`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch {
    return undefined;
  }
}

const ENVELOPE_HEADER = 5; // a byte of flags, four of length
const END_OF_STREAM = 2;
const HTTP_CODES: ReadonlyMap<number, CodeName> = new Map([
  [400, "internal"],
  [401, "unauthenticated"],
  [403, "permission_denied"],
  [404, "unimplemented"],
  [429, "unavailable"],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "unavailable"],
]);
