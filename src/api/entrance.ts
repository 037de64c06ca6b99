import { createServer, type Server, type Socket } from "node:net";
import type { ApiLimits } from "#api/limits.ts";

/** Who serves a connection once its protocol is known. */
export interface ConnectionServers {
  http1(socket: Socket): void;
  http2(socket: Socket): void;
}

/**
 * Accepts connections and hands each to the HTTP/1.1 or the HTTP/2 server; its first bytes tell them apart. The servers
 * are asked for at the first connection, and again at each.
 */
export class Entrance {
  /** Not listening yet. */
  readonly listener: Server;
  readonly #limits: ApiLimits;
  readonly #servers: () => Promise<ConnectionServers>;
  readonly #sockets = new Set<Socket>();
  readonly #undecided = new Set<Socket>();

  constructor(limits: ApiLimits, servers: () => Promise<ConnectionServers>) {
    this.#limits = limits;
    this.#servers = servers;
    // Half-open: a client may end its side after a request and still read the answer. TCP's own probes find clients
    // that vanished without a word.
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS };
    this.listener = createServer(options, (socket) => void this.#accept(socket));
    this.listener.maxConnections = limits.connections;
  }

  /** Accepts no more, and drops those that have not said anything. `stop` ends the others; what stays is cut off. */
  async close(stop: () => void): Promise<void> {
    const closed = new Promise<void>((resolve) => this.listener.close(() => resolve()));
    for (const socket of this.#undecided) socket.destroy();
    stop();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#limits.closeMs);
    await closed;
    clearTimeout(cut);
  }

  async #accept(socket: Socket): Promise<void> {
    const { firstBytesMs, closeMs } = this.#limits;
    this.#sockets.add(socket);
    this.#undecided.add(socket);
    const silent = setTimeout(() => socket.destroy(), firstBytesMs);
    socket.on("error", () => {}); // a connection that breaks is its client's affair
    // What we have ended the other side has to end as well.
    socket.once("finish", () => setTimeout(() => socket.destroy(), closeMs).unref());
    socket.once("close", () => {
      clearTimeout(silent);
      this.#sockets.delete(socket);
      this.#undecided.delete(socket);
    });
    try {
      const servers = await this.#servers();
      const protocol = await protocolOf(socket);
      if (!protocol) return void socket.destroy();
      clearTimeout(silent);
      this.#undecided.delete(socket);
      servers[protocol](socket);
    } catch {
      socket.destroy();
    }
  }
}

/** Which HTTP the other side speaks, its bytes put back; undefined when it goes before that is clear. */
function protocolOf(socket: Socket): Promise<"http1" | "http2" | undefined> {
  return new Promise((resolve) => {
    let start = Buffer.alloc(0);
    const done = (protocol?: "http1" | "http2") => {
      socket.off("readable", look).off("end", gone).off("close", gone);
      if (protocol) socket.unshift(start);
      resolve(protocol);
    };
    const gone = () => done();
    const look = () => {
      for (let bytes: Buffer | null; (bytes = socket.read() as Buffer | null) !== null;) {
        start = Buffer.concat([start, bytes]);
      }
      const common = Math.min(start.length, PREFACE.length);
      if (!start.subarray(0, common).equals(PREFACE.subarray(0, common))) done("http1");
      else if (common === PREFACE.length) done("http2");
    };
    if (socket.destroyed) return done();
    socket.on("readable", look).on("end", gone).on("close", gone);
  });
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n"); // RFC 9113 3.4
const PROBE_MS = 60_000;
