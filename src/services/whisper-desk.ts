import { formatEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { PeerStatus, ShownMessage } from "#services/events.ts";
import type { NodeHost } from "#services/service.ts";
import type { WhisperApi } from "#services/whisper-api.ts";
import type { WhisperCommand, WhisperEvent, WhisperSetup } from "#whisper/io.ts";
import { timestampMs, type WhisperMessage } from "#whisper/message.ts";
import type { Peer } from "#whisper/peer.ts";
import { isShown, type Whisper } from "#whisper/whisper.ts";

/** Between the whisper core and people: what was said, who is linked, and why not. Times become wall time here. */
export class WhisperDesk implements WhisperApi {
  readonly address: string;
  readonly nick: string;
  readonly #host: NodeHost;
  readonly #core: Whisper;
  readonly #push: (command: WhisperCommand) => void;
  readonly #history: History;
  readonly #held: Set<string>;
  #lastSaid: ShownMessage | undefined;

  constructor(host: NodeHost, core: Whisper, setup: WhisperSetup, push: (command: WhisperCommand) => void) {
    this.#host = host;
    this.#core = core;
    this.address = setup.address;
    this.nick = setup.nick;
    this.#push = push;
    // What was said and who is held outlives a restart of the service.
    this.#history = keep(host.kept, "history", () => ({ messages: [], size: 0 }));
    this.#held = keep(host.kept, "held", () => new Set<string>());
  }

  /** Holds those that were held before the service was restarted. */
  holdAgain(): void {
    for (const address of this.#held) {
      this.#push({ type: "connect", address });
      this.#push({ type: "disconnect", address });
    }
  }

  /** Shows what the core says happened. */
  take(event: WhisperEvent): void {
    const { log } = this.#host;
    switch (event.type) {
      case "message":
        return this.#show(event.message, event.own);
      case "linked":
        return log.publish("info", `linked with ${named(event)}`, this.#detail(event.address));
      case "lost":
        return log.publish("info", `lost ${named(event)}: ${event.reason}`, this.#detail(event.address));
      case "unreachable":
        return log.publish(
          "info",
          `cannot reach ${event.address}: ${event.reason}`,
          this.#detail(event.address),
        );
      case "refused":
        return log.publish("warn", `closed the connection from ${event.from}: ${event.reason}`);
    }
  }

  peers(): readonly PeerStatus[] {
    const all = Array.from(this.#core.peers(), (peer) => this.#statusOf(peer));
    return all.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  }

  peer(address: string): PeerStatus | undefined {
    const endpoint = parseNamedEndpoint(address);
    const peer = endpoint && this.#core.peer(formatEndpoint(endpoint));
    return peer && this.#statusOf(peer);
  }

  messages(limit: number): readonly ShownMessage[] {
    return limit > 0 ? this.#history.messages.slice(-limit) : this.#history.messages;
  }

  say(body: string): ShownMessage {
    if (body === "") throw new OperatorError("nothing to say", "give a text");
    if (body.length > LONGEST_BODY) {
      throw new OperatorError(
        `a message of ${body.length} characters is too long`,
        `say at most ${LONGEST_BODY}`,
      );
    }
    this.#lastSaid = undefined;
    this.#push({ type: "say", body, time: this.#host.clock.wallTime() });
    if (!this.#lastSaid) throw new OperatorError("whisper is stopping", "say it again when it runs");
    return this.#lastSaid;
  }

  connect(address: string): void {
    const endpoint = parseNamedEndpoint(address);
    if (!endpoint) throw new OperatorError(`"${address}" is no address`, "write IP:port or host:port");
    const canonical = formatEndpoint(endpoint);
    if (canonical === this.address)
      throw new OperatorError(`${canonical} is this node itself`, "connect to another");
    this.#held.delete(canonical);
    this.#push({ type: "connect", address: canonical });
    if (!this.#core.peer(canonical)) {
      throw new OperatorError(`${canonical} cannot be dialled`, "use a unicast address and a port above 0");
    }
  }

  disconnect(address: string): void {
    const known = this.peer(address);
    if (!known) throw new OperatorError(`nothing is known of ${address}`, "see `show peers`");
    this.#held.add(known.address);
    this.#push({ type: "disconnect", address: known.address });
  }

  #show(message: WhisperMessage, own: boolean): void {
    const shown = this.#shownOf(message, own);
    if (own) this.#lastSaid = shown;
    if (!isShown(message.body)) return;
    const history = this.#history;
    history.messages.push(shown);
    history.size += sizeOf(shown);
    while (
      history.messages.length > MOST_MESSAGES ||
      (history.size > MOST_HISTORY && history.messages.length > 1)
    ) {
      history.size -= sizeOf(history.messages.shift()!);
    }
    const { nick, body } = shown;
    const line = body.startsWith("/me ") ? `* ${nick} ${body.slice(4)}` : `${nick}: ${body}`;
    this.#host.log.publish("info", line, { type: "message", message: shown });
  }

  #shownOf({ id, address, body, nick, timestamp }: WhisperMessage, own: boolean): ShownMessage {
    const received = this.#host.clock.wallTime();
    return { id, address, body, nick: nick || address || "?", said: timestampMs(timestamp), received, own };
  }

  #detail(address: string): { readonly type: "peer"; readonly peer: PeerStatus } | undefined {
    const peer = this.#core.peer(address);
    return peer && { type: "peer", peer: this.#statusOf(peer) };
  }

  #statusOf(peer: Readonly<Peer>): PeerStatus {
    const { clock } = this.#host;
    const offset = clock.wallTime() - clock.now();
    const wall = (at: number | undefined): number | undefined =>
      at === undefined ? undefined : Math.round(at + offset);
    return {
      address: peer.address,
      nick: peer.nick,
      state: peer.state === "due" ? "dialling" : peer.state,
      origin: peer.origin === "named" ? `named by ${peer.source}` : peer.origin,
      queuedMessages: peer.outbox.messages,
      queuedBytes: peer.outbox.bytes,
      sentMessages: peer.sent,
      receivedMessages: peer.received,
      droppedMessages: peer.outbox.dropped,
      lastError: peer.lastError,
      failures: peer.failures,
      ...defined({
        outSince: wall(peer.outgoingSince),
        inSince: wall(peer.incomingSince),
        lastDial: wall(peer.lastDial),
        nextDial: wall(peer.nextDial),
      }),
    };
  }
}

interface History {
  readonly messages: ShownMessage[];
  size: number;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** What an earlier run of the service left under `key`, or a new one; only this file uses the key. */
function keep<T>(kept: Map<string, unknown>, key: string, make: () => T): T {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key) as T;
}

function named({ address, nick }: { readonly address: string; readonly nick: string }): string {
  return nick === "" ? address : `${address} (${nick})`;
}

function sizeOf({ body, nick, address }: ShownMessage): number {
  return body.length + nick.length + address.length;
}

const ORDER: readonly PeerStatus["state"][] = ["linked", "dialling", "waiting", "known", "held"];
/** What `show messages` can look back on: so many, and so many characters. */
const MOST_MESSAGES = 1_000;
const MOST_HISTORY = 8_000_000;
/** Characters; a peer of ours takes 8 MiB, of which escapes may make six bytes of one character. */
const LONGEST_BODY = 1_000_000;
