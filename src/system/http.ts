import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Endpoint } from "#base/endpoint.ts";
import type { Http, HttpCall, HttpHandlers, HttpLimits, HttpListener } from "#host/http.ts";
import { listenError } from "#host/listen-error.ts";
import { errorCode } from "#system/error-code.ts";
import { remoteEndpoint } from "#system/remote-endpoint.ts";

/** HTTP through Node, which loads it at the first use: most nodes have no directory. */
export function systemHttp(): Http {
  return { serve, call };
}

async function serve(at: Endpoint, limits: HttpLimits, handlers: HttpHandlers): Promise<HttpListener> {
  const { createServer } = await import("node:http");
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_MS,
    noDelay: true,
  });
  server.maxConnections = limits.connections;
  server.on("drop", () => handlers.dropped("connections"));
  countConnections(server, limits, handlers);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy();
    const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    handlers.dropped(isSlow ? "slow" : "head");
    const status = isSlow ? "408 Request Timeout" : (HEAD_ERRORS.get(error.code ?? "") ?? "400 Bad Request");
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  const answers = new LongAnswers();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, limits, handlers, answers).catch((error: unknown) =>
      handlers.failed(error),
    );
  });
  const local = await listen(server, at);
  return { local, close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  limits: HttpLimits,
  handlers: HttpHandlers,
  answers: LongAnswers,
): Promise<void> {
  response.on("error", () => {}); // the client went away; nobody is left to tell
  const body = await readBody(request, limits.bodyBytes);
  if (body === "too long") {
    handlers.dropped("body");
    response.writeHead(413, { connection: "close", "content-type": "text/plain; charset=utf-8" });
    return void response.end(`the body has more than ${limits.bodyBytes} bytes\n`);
  }
  if (body === undefined) return; // it ended, or was too slow and has been told so
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const asked = {
    method: request.method ?? "",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    authorization: request.headers.authorization ?? "",
    body,
    source: remoteEndpoint(request.socket.remoteAddress, 0).host,
  };
  let given;
  try {
    given = await handlers.request(asked);
  } catch (error) {
    handlers.failed(error);
    given = { status: 500, contentType: "text/plain; charset=utf-8", body: "something went wrong\n" };
  }
  const bytes = answers.bytesOf(given.body);
  const late = setTimeout(() => {
    handlers.dropped("slow-reader");
    response.destroy();
  }, limits.answerMs);
  response.on("close", () => clearTimeout(late));
  response.writeHead(given.status, {
    "content-type": given.contentType,
    "content-length": bytes.length,
    "x-content-type-options": "nosniff",
    ...given.headers,
  });
  response.end(bytes);
}

/** Undefined when it ended before its time. */
function readBody(request: IncomingMessage, most: number): Promise<Uint8Array | "too long" | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > most) return Promise.resolve("too long");
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length > most) {
        request.removeAllListeners("data");
        request.pause();
        return resolve("too long");
      }
      parts.push(part);
    });
    request.once("end", () => resolve(Buffer.concat(parts)));
    request.once("close", () => resolve(undefined));
    request.once("error", () => resolve(undefined));
  });
}

/** One address must not take all connections. */
function countConnections(server: Server, limits: HttpLimits, handlers: HttpHandlers): void {
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const { host } = remoteEndpoint(socket.remoteAddress, 0);
    const count = (counts.get(host) ?? 0) + 1;
    counts.set(host, count);
    socket.once("close", () => {
      const left = (counts.get(host) ?? 1) - 1;
      if (left === 0) counts.delete(host);
      else counts.set(host, left);
    });
    if (count <= limits.connectionsPerAddress) return;
    handlers.dropped("connections");
    socket.destroy();
  });
}

function listen(server: Server, at: Endpoint): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(listenError("TCP", at, errorCode(error), error)),
    );
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
      server.removeAllListeners("error");
      server.on("error", () => {}); // a failing accept loses that connection, nothing else
      const { address, port } = server.address() as AddressInfo;
      resolve(remoteEndpoint(address, port));
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), LINGER_MS);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}

async function call({ url, method, body, contentType, authorization, timeoutMs, mostBytes }: HttpCall) {
  const isSecure = url.startsWith("https:");
  const { request } = isSecure ? await import("node:https") : await import("node:http");
  const signal = AbortSignal.timeout(timeoutMs);
  return await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(new Error(signal.aborted ? "timeout" : errorCode(error), { cause: error }));
    const headers = {
      ...(method === "POST" && { "content-type": contentType, "content-length": Buffer.byteLength(body) }),
      ...(authorization !== "" && { authorization }),
    };
    const sent = request(url, { method, headers, agent: false, signal }, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on("data", (part: Buffer) => {
        length += part.length;
        if (length > mostBytes) {
          reject(new Error(`the answer has more than ${mostBytes} bytes`));
          sent.destroy();
        } else parts.push(part);
      });
      response.once("error", failed);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
      );
    });
    sent.on("error", failed);
    sent.end(method === "POST" ? body : undefined);
  });
}

/** A long answer is the same for all who ask until something changes: its bytes are made once. */
class LongAnswers {
  #text = "";
  #bytes = Buffer.alloc(0);

  bytesOf(text: string): Buffer {
    if (text.length < LONG_CHARACTERS) return Buffer.from(text);
    if (text !== this.#text) {
      this.#text = text;
      this.#bytes = Buffer.from(text);
    }
    return this.#bytes;
  }
}

const LONG_CHARACTERS = 16_384;
/** All headers of a request; those of browsers stay below. */
const HEAD_BYTES = 8_192;
/** How long a connection may wait for its next request. */
const IDLE_MS = 5_000;
/** How exactly the times of the limits are kept. */
const CHECK_MS = 500;
const BACKLOG = 511;
/** How long answers that are under way may hold up a stop. */
const LINGER_MS = 1_000;
const HEAD_ERRORS: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
]);
