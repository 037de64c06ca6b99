import type { Server } from "node:net";
import { Entrance } from "#api/entrance.ts";
import { API_LIMITS, type ApiLimits } from "#api/limits.ts";
import type { ProtocolServers } from "#api/protocol-servers.ts";
import { listenOnTcp } from "#api/tcp-listener.ts";
import type { ApiTokens } from "#api/token-gate.ts";
import { listenOnSocket } from "#api/unix-socket.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { NodeControl } from "#services/control.ts";

export interface ApiServerOptions {
  readonly control: NodeControl;
  /** Path of a Unix socket: who may open the file may do everything. */
  readonly socket?: string | undefined;
  /** A TCP endpoint, where every call needs one of the tokens. */
  readonly listen?: Endpoint | undefined;
  readonly tokens: ApiTokens;
  readonly limits?: Partial<ApiLimits> | undefined;
  /** Told of errors inside the API that are no client's mistake: clients learn only that there was one. */
  readonly failed?: ((error: unknown) => void) | undefined;
}

export interface ApiServer {
  readonly socket?: string;
  /** With the actual port. */
  readonly listen?: Endpoint;
  /** Ends streams and connections, cuts off after a second what is left, and removes the socket file that it made. */
  close(): Promise<void>;
}

/**
 * Opens the API: Connect, gRPC and gRPC-Web over HTTP/1.1 and HTTP/2, on a Unix socket, a TCP endpoint, both or none.
 * Throws OperatorError when one of them is not to be had; then nothing stays open.
 */
export async function openApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { socket, listen, tokens } = options;
  const closings: (() => Promise<void>)[] = [];
  let closed: Promise<unknown> | undefined;
  const close = async () => void (await (closed ??= Promise.all(closings.map((run) => run()))));
  const open = async <Result>(held: ApiTokens | undefined, start: (server: Server) => Promise<Result>) => {
    const { server, stop } = createListener(options, held);
    closings.push(stop);
    const result = await start(server);
    server.on("error", (error) => options.failed?.(error)); // such as too many open files; it goes on listening
    return result;
  };
  if (listen !== undefined) requireToken(listen, tokens);
  try {
    if (socket !== undefined) {
      const release = await open(undefined, (server) => listenOnSocket(server, socket));
      closings.unshift(async () => release());
    }
    if (listen === undefined) return { ...(socket !== undefined && { socket }), close };
    const actual = await open(tokens, (server) => listenOnTcp(server, listen));
    return { ...(socket !== undefined && { socket }), listen: actual, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function requireToken(listen: Endpoint, tokens: ApiTokens): void {
  const held = [tokens.read, tokens.write, tokens.admin].filter((token) => token);
  if (held.length === 0) {
    const message = `api.listen ${formatEndpoint(listen)} has no token, so that nobody could use it`;
    throw new OperatorError(message, "set a read, write or admin token, or leave api.listen out");
  }
  if (held.every((token) => TOKEN.test(token!))) return;
  const message = `a token of api.listen ${formatEndpoint(listen)} has a space or another letter that HTTP cannot carry`;
  throw new OperatorError(message, "use letters, digits and signs of ASCII");
}

/** A server that is not listening yet. What speaks HTTP is loaded when the first client comes: it takes 0.1 s. */
function createListener(options: ApiServerOptions, tokens: ApiTokens | undefined) {
  const { control, failed = () => {} } = options;
  const limits = { ...API_LIMITS, ...options.limits };
  let loading: Promise<ProtocolServers> | undefined;
  let loaded: ProtocolServers | undefined;
  const load = async () => {
    try {
      const { createProtocolServers } = await import("#api/protocol-servers.ts");
      return (loaded = createProtocolServers({ control, limits, tokens, failed }));
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  const entrance = new Entrance(limits, () => (loading ??= load()));
  return { server: entrance.listener, stop: () => entrance.close(() => loaded?.stop()) };
}

const TOKEN = /^[\x21-\x7e]+$/; // what a header carries unchanged
