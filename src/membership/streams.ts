import type { Endpoint } from "#base/endpoint.ts";
import type { ConnectionId, WorldInput } from "#machine/io.ts";
import type { Parts } from "#membership/parts.ts";
import { StreamReader, type PlainStreamMessage } from "#membership/stream-reader.ts";
import { compressMessage } from "#wire/memberlist/packet.ts";
import { encodeStreamMessage } from "#wire/memberlist/stream.ts";

/** What is asked of another node over a stream of its own. */
export interface Request {
  readonly to: Endpoint;
  /** The message, made when the stream is there. */
  build(): Uint8Array;
  /** Undefined: no answer comes. */
  readonly answer?: PlainStreamMessage["type"];
  readonly timeoutMs: number;
  /** Of no use later: rather not at all than after others. */
  readonly urgent?: boolean;
  done(outcome: Outcome): void;
}

export type Outcome =
  | { readonly ok: true; readonly message?: PlainStreamMessage }
  | { readonly ok: false; readonly reason: string };

/** What to answer to a request, and what to do once that is written. */
export interface Reply {
  readonly bytes?: Uint8Array;
  after?(): void;
}

type StreamInput = Extract<
  WorldInput,
  { readonly type: "accepted" | "connected" | "data" | "writable" | "closed" }
>;

/** Streams in both directions: each carries one request and at most one answer, in a bounded time. */
export class Streams {
  readonly #parts: Parts;
  readonly #answer: (message: PlainStreamMessage, from: Endpoint) => Reply | undefined;
  readonly #incoming = new Map<ConnectionId, Incoming>();
  readonly #incomingOfHost = new Map<string, number>();
  readonly #outgoing = new Map<ConnectionId, Outgoing>();
  readonly #waiting: Request[] = [];
  #dialled = 0;
  #unfinishedBytes = 0;

  constructor(parts: Parts, answer: (message: PlainStreamMessage, from: Endpoint) => Reply | undefined) {
    this.#parts = parts;
    this.#answer = answer;
  }

  request(request: Request): void {
    const { outgoingStreams, waitingStreams } = this.#parts.setup.limits;
    if (this.#outgoing.size < outgoingStreams) return this.#dial(request);
    if (!request.urgent && this.#waiting.length < waitingStreams) return void this.#waiting.push(request);
    this.#parts.step.count("refused: too many streams of ours");
    request.done({ ok: false, reason: "too many streams at once" });
  }

  take(input: StreamInput): void {
    const { connection } = input;
    if (input.type === "accepted") return this.#accept(connection, input.from);
    if (connection < 0) return this.#takeIncoming(input);
    const outgoing = this.#outgoing.get(connection);
    if (!outgoing) return;
    if (input.type === "connected") this.#connected(outgoing);
    else if (input.type === "data") this.#answered(outgoing, input.data);
    else if (input.type === "closed") {
      this.#end(outgoing, { ok: false, reason: input.error ?? "closed without an answer" });
    } else if (!outgoing.request.answer && outgoing.isWritten) this.#finish(outgoing, { ok: true });
  }

  /** A stream has taken too long. */
  due(connection: ConnectionId): void {
    const outgoing = this.#outgoing.get(connection);
    if (outgoing) return this.#finish(outgoing, { ok: false, reason: "timed out" });
    const incoming = this.#incoming.get(connection);
    if (!incoming) return;
    this.#parts.step.count("closed: a stream that took too long");
    this.#close(incoming);
  }

  // Requests of ours

  #dial(request: Request): void {
    const { step, timers, envelope, setup } = this.#parts;
    const connection = ++this.#dialled;
    const reader = new StreamReader(envelope, setup.limits, false);
    this.#outgoing.set(connection, { connection, request, reader, isWritten: false, heldBytes: 0 });
    timers.set(`stream ${connection}`, step.now + request.timeoutMs);
    step.count("streams dialled");
    step.outputs.push({ type: "dial", connection, to: request.to });
  }

  #connected(outgoing: Outgoing): void {
    const { connection, request } = outgoing;
    outgoing.isWritten = true;
    this.#write(connection, request.build(), true);
  }

  #answered(outgoing: Outgoing, data: Uint8Array): void {
    const { step } = this.#parts;
    const { request, reader } = outgoing;
    const found = reader.read(data);
    this.#hold(outgoing, reader.heldBytes);
    const finish = (reason: string): void => {
      step.countBad("bad answer", reason);
      this.#finish(outgoing, { ok: false, reason });
    };
    if (this.#isTooMuch) return finish("too many unfinished messages");
    if (found.state === "more") return;
    if (found.state === "bad") return finish(found.problem);
    const { message } = found;
    if (message.type === request.answer) return this.#finish(outgoing, { ok: true, message });
    if (message.type !== "error") return finish(`the answer is a ${message.type}`);
    step.count("refused by others");
    this.#finish(outgoing, { ok: false, reason: `it says: ${message.body.error.slice(0, 200)}` });
  }

  #finish(outgoing: Outgoing, outcome: Outcome): void {
    this.#parts.step.outputs.push({ type: "close", connection: outgoing.connection });
    this.#end(outgoing, outcome);
  }

  #end(outgoing: Outgoing, outcome: Outcome): void {
    const { connection, request } = outgoing;
    this.#outgoing.delete(connection);
    this.#hold(outgoing, 0);
    this.#parts.timers.cancel(`stream ${connection}`);
    const next = this.#waiting.shift();
    if (next) this.#dial(next);
    request.done(outcome);
  }

  // Requests of others

  #accept(connection: ConnectionId, from: Endpoint): void {
    const { step, setup, timers, envelope } = this.#parts;
    const { incomingStreams, incomingPerHost } = setup.limits;
    const isOfHost = (this.#incomingOfHost.get(from.host) ?? 0) >= incomingPerHost;
    if (isOfHost || this.#incoming.size >= incomingStreams)
      this.#closeStale(isOfHost ? from.host : undefined);
    const ofHost = this.#incomingOfHost.get(from.host) ?? 0;
    if (this.#incoming.size >= incomingStreams || ofHost >= incomingPerHost) {
      step.count("refused: too many streams");
      step.outputs.push({ type: "close", connection });
      return;
    }
    this.#incomingOfHost.set(from.host, ofHost + 1);
    const reader = new StreamReader(envelope, setup.limits, true);
    this.#incoming.set(connection, { connection, from, reader, since: step.now, heldBytes: 0 });
    timers.set(`stream ${connection}`, step.now + setup.profile.streamTimeoutMs);
    step.count("streams accepted");
  }

  /** The oldest stream, of one host if one is given, gives its place to a new one, if that is how somebody holds all places. */
  #closeStale(host: string | undefined): void {
    const { step, setup } = this.#parts;
    for (const incoming of this.#incoming.values()) {
      if (host !== undefined && incoming.from.host !== host) continue;
      if (step.now - incoming.since < setup.limits.staleStreamMs) return;
      step.count("closed: a stream that held a place for long");
      return this.#close(incoming);
    }
  }

  #takeIncoming(input: StreamInput): void {
    const incoming = this.#incoming.get(input.connection);
    if (!incoming) return;
    if (input.type === "closed") return this.#forget(incoming);
    if (input.type !== "data") return;
    const found = incoming.reader.read(input.data);
    this.#hold(incoming, incoming.reader.heldBytes);
    if (this.#isTooMuch) return this.#refuse(incoming, "too many unfinished messages");
    if (found.state === "more") return;
    if (found.state === "bad") return this.#refuse(incoming, found.problem);
    const reply = this.#answer(found.message, incoming.from);
    if (reply?.bytes) this.#write(incoming.connection, reply.bytes, false);
    reply?.after?.();
    this.#close(incoming);
  }

  /** Whoever dialled us hears why, as memberlist tells it; but not one of another cluster. */
  #refuse(incoming: Incoming, problem: string): void {
    this.#parts.step.countBad("bad stream", problem);
    const { connection, reader } = incoming;
    const body = { error: problem };
    if (reader.isLabelled) this.#write(connection, encodeStreamMessage({ type: "error", body }), false);
    this.#close(incoming);
  }

  #close(incoming: Incoming): void {
    this.#parts.step.outputs.push({ type: "close", connection: incoming.connection });
    this.#forget(incoming);
  }

  #forget(incoming: Incoming): void {
    const { connection, from } = incoming;
    this.#incoming.delete(connection);
    this.#hold(incoming, 0);
    this.#parts.timers.cancel(`stream ${connection}`);
    const left = this.#incomingOfHost.get(from.host)! - 1;
    if (left > 0) this.#incomingOfHost.set(from.host, left);
    else this.#incomingOfHost.delete(from.host);
  }

  #hold(holder: { heldBytes: number }, bytes: number): void {
    this.#unfinishedBytes += bytes - holder.heldBytes;
    holder.heldBytes = bytes;
  }

  get #isTooMuch(): boolean {
    return this.#unfinishedBytes > this.#parts.setup.limits.unfinishedBytes;
  }

  /** In streams everything is compressed, be it smaller or not, as memberlist does. */
  #write(connection: ConnectionId, message: Uint8Array, isDialler: boolean): void {
    const { setup, envelope, step } = this.#parts;
    const inner = setup.compression ? compressMessage(message) : message;
    const data = envelope.sealStream(inner, isDialler);
    step.count("bytes written", data.length);
    step.outputs.push({ type: "write", connection, data });
  }
}

interface Incoming {
  readonly connection: ConnectionId;
  readonly from: Endpoint;
  readonly reader: StreamReader;
  readonly since: number;
  heldBytes: number;
}

interface Outgoing {
  readonly connection: ConnectionId;
  readonly request: Request;
  readonly reader: StreamReader;
  isWritten: boolean;
  heldBytes: number;
}
