import * as http from "node:http";
import * as http2 from "node:http2";
import type { Socket } from "node:net";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Metrics } from "#api/metrics.ts";
import type { ApiLimits } from "#api/limits.ts";
import { createRouter, stoppingError, type RouterOptions } from "#api/router.ts";
import { readGate } from "#api/token-gate.ts";

/** HTTP/1.1 and HTTP/2 (h2c with prior knowledge) for connections that someone else accepts. */
export interface ProtocolServers {
  /** Serve a connection; its first bytes may wait in its buffer. */
  http1(socket: Socket): void;
  http2(socket: Socket): void;
  /** Ends streams, then connections as their last answer leaves. */
  stop(): void;
}

export function createProtocolServers(options: Omit<RouterOptions, "shutdown">): ProtocolServers {
  const { limits } = options;
  const shutdown = new AbortController();
  const paths = createRouter({ ...options, shutdown: shutdown.signal });
  const metrics = metricsServer(options);
  const http1 = createHttp1(limits, (request, response) => {
    // No keep-alive beyond this answer when the server has stopped meanwhile.
    response.once("finish", () => shutdown.signal.aborted && request.socket.end());
    serve(paths, metrics, request, response);
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  const http2Server = createHttp2(limits, sessions, (request, response) => {
    limitRequest(request, response, paths, limits);
    serve(paths, metrics, request, response);
  });
  return {
    http1: (socket) => http1.emit("connection", socket),
    http2: (socket) => http2Server.emit("connection", socket),
    stop() {
      shutdown.abort(stoppingError());
      http1.close(); // it never listened: this ends its idle connections and its clock
      for (const session of sessions) session.close();
    },
  };
}

function createHttp1(limits: ApiLimits, answer: http.RequestListener): http.Server {
  const server = http.createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: Math.min(limits.headersMs, limits.requestMs), // Node refuses more
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, limits.requestMs, CHECK_MS),
    },
    answer,
  );
  // Node starts the clock behind headersTimeout and requestTimeout when the server listens, and ours never does itself.
  server.emit("listening");
  return server;
}

function createHttp2(
  limits: ApiLimits,
  sessions: Set<http2.ServerHttp2Session>,
  answer: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
): http2.Http2Server {
  const settings = { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes };
  const server = http2.createServer({ settings, maxSessionMemory: SESSION_MEGABYTES }, answer);
  server.on("session", (session) => {
    let open = 0;
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("stream", (stream) => {
      open++;
      stream.once("close", () => {
        open--;
        session.setTimeout(limits.idleMs);
      });
    });
    session.setTimeout(limits.idleMs);
    session.on("timeout", () => open === 0 && session.close());
  });
  // What a client does wrong ends its session; there is no one to tell.
  server.on("sessionError", () => {});
  return server;
}

/** What HTTP/1.1's requestTimeout does; a stream of requests is ended when it rests too long instead. */
function limitRequest(
  request: http2.Http2ServerRequest,
  response: http2.Http2ServerResponse,
  paths: ReadonlyMap<string, UniversalHandler>,
  limits: ApiLimits,
): void {
  const { stream } = request;
  if (handlerOf(paths, request)?.method.methodKind === "bidi_streaming") {
    stream.setTimeout(limits.idleMs, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    return;
  }
  const late = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), limits.requestMs).unref();
  request.once("end", () => clearTimeout(late));
  response.once("close", () => clearTimeout(late));
}

type Response = http.ServerResponse | http2.Http2ServerResponse;

type MetricsServer = (authorization: string | undefined, response: Response) => void;

/** Answers /metrics; prom-client is loaded at the first request. */
function metricsServer({ control, tokens, failed }: Omit<RouterOptions, "shutdown">): MetricsServer {
  const gate = readGate(tokens);
  let loading: Promise<Metrics> | undefined;
  const answer = async (response: Response): Promise<void> => {
    loading ??= import("#api/metrics.ts").then(({ Metrics }) => new Metrics(control));
    const metrics = await loading;
    const text = await metrics.text();
    response.setHeader("content-type", metrics.contentType);
    endWith(response, 200, text);
  };
  return (authorization, response) => {
    if (gate(authorization) !== 200) return endWith(response, 401, GIVE_TOKEN);
    answer(response).catch((error: unknown) => {
      failed(error);
      endWith(response, 500);
    });
  };
}

function serve(
  paths: ReadonlyMap<string, UniversalHandler>,
  metrics: MetricsServer,
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: Response,
): void {
  const handler = handlerOf(paths, request);
  if (!handler && request.method === "GET" && request.url === "/metrics")
    return metrics(request.headers.authorization, response);
  if (!handler) return endWith(response, 404);
  // Of the two kinds of response only the declared types differ; both have what is needed here.
  const target = response as Parameters<typeof universalResponseToNodeResponse>[1];
  let call: Parameters<UniversalHandler>[0];
  try {
    call = universalRequestFromNodeRequest(request, target, undefined, undefined);
  } catch {
    return endWith(response, 400); // no host, or one that cannot be part of a URL
  }
  handler(call)
    .then((answer) => universalResponseToNodeResponse(answer, target))
    .catch(() => response.destroy()); // the client went away while it was answered
}

function handlerOf(
  paths: ReadonlyMap<string, UniversalHandler>,
  { url }: { readonly url?: string | undefined },
) {
  return paths.get(url?.split("?", 1)[0] ?? "");
}

function endWith(response: Response, status: number, text = ""): void {
  response.statusCode = status;
  response.end(text);
}

const GIVE_TOKEN = 'give the read token as the header "authorization: Bearer TOKEN"\n';
const CHECK_MS = 5_000;
const SESSION_MEGABYTES = 8; // of HTTP/2 state for one connection: enough for `streams` calls in flight
