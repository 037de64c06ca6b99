import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Endpoint } from "#base/endpoint.ts";
import { listenError } from "#host/listen-error.ts";
import type { Stream, StreamHandlers, StreamListener, Streams } from "#host/streams.ts";
import { errorCode } from "#system/error-code.ts";
import { remoteEndpoint } from "#system/remote-endpoint.ts";

/** TCP through Node. */
export function systemStreams(): Streams {
  return { listen, dial };
}

function listen(at: Endpoint, accept: (stream: Stream) => StreamHandlers): Promise<StreamListener> {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("connection", (socket) => {
    const stream = new SystemStream(socket, remoteEndpoint(socket.remoteAddress, socket.remotePort));
    stream.tell(accept(stream));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenError("TCP", at, errorCode(error), error)));
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
      server.removeAllListeners("error");
      // A failing accept (no descriptors left) loses that connection, nothing else.
      server.on("error", () => {});
      const { address, port } = server.address() as AddressInfo;
      resolve({ local: remoteEndpoint(address, port), close: () => closeListener(() => server.close()) });
    });
  });
}

function dial(to: Endpoint, handlers: StreamHandlers): Stream {
  const socket = connect({ host: to.host, port: to.port, noDelay: true, keepAlive: true });
  socket.setKeepAlive(true, KEEPALIVE_MS);
  const stream = new SystemStream(socket, to);
  socket.once("connect", () => stream.connected());
  stream.tell(handlers);
  return stream;
}

class SystemStream implements Stream {
  remote: Endpoint;
  readonly #socket: Socket;
  #handlers: StreamHandlers | undefined;
  #error: string | undefined;

  constructor(socket: Socket, remote: Endpoint) {
    this.#socket = socket;
    this.remote = remote;
    socket.on("data", (data: Uint8Array) => this.#handlers?.data(data));
    socket.on("error", (error) => (this.#error = errorCode(error)));
    socket.on("close", () => {
      const handlers = this.#handlers;
      this.#handlers = undefined;
      handlers?.closed(this.#error);
    });
  }

  tell(handlers: StreamHandlers): void {
    // An owner that closed the stream while accepting it wants to hear nothing.
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#handlers = handlers;
  }

  connected(): void {
    this.remote = remoteEndpoint(this.#socket.remoteAddress, this.#socket.remotePort);
    this.#handlers?.connected();
  }

  write(data: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(data, (error) => {
      if (!error && this.#socket.writableLength === 0) this.#handlers?.writable();
    });
  }

  close(): void {
    this.#handlers = undefined;
    if (this.#socket.connecting) return void this.#socket.destroy();
    this.#socket.end();
    // The other side may never take what is left, nor close its half.
    const late = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    late.unref();
    this.#socket.once("close", () => clearTimeout(late));
    this.#socket.resume();
  }
}

/** The address is free once the handle is closed, which Node does in the next turn. */
function closeListener(close: () => void): Promise<void> {
  close();
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Enough for cores, whose own limits are lower; below the usual limit on descriptors. */
const MOST_CONNECTIONS = 4_096;
const BACKLOG = 511;
/** A peer that vanished without a word is noticed after this and the system's probes. */
const KEEPALIVE_MS = 60_000;
/** How long a closed stream may still send what was written. */
const LINGER_MS = 3_000;
