import { concatBytes } from "#base/bytes.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { ConnectionId, WorldInput } from "#machine/io.ts";
import type { Timers } from "#machine/timers.ts";
import type { Dialler } from "#whisper/dialler.ts";
import type { WhisperSetup } from "#whisper/io.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import { encodeMessage } from "#whisper/message.ts";
import { isTrusted, type Peer } from "#whisper/peer.ts";
import type { PeerTable } from "#whisper/peer-table.ts";
import type { SeenIds } from "#whisper/seen-ids.ts";
import type { Step } from "#whisper/step.ts";

/** What the parts of one core share. */
export interface WhisperParts {
  readonly setup: WhisperSetup;
  readonly random: Random;
  readonly table: PeerTable;
  readonly timers: Timers;
  readonly dialler: Dialler;
  readonly seen: SeenIds;
  readonly step: Step;
}

/** What links must know of, and do to, the connections that others dialled to us. */
export interface IncomingSide {
  size(): number;
  /** The connection of `from`, if it has one and `to` has none, is that of `to` from now on. */
  move(from: Peer, to: Peer): void;
  /** The connection of `peer`, if it has one, is nobody's from now on. */
  release(peer: Peer): void;
}

/** Our connections to peers: dialled, greeted, written to, given up, replaced. */
export class Links {
  readonly #setup: WhisperSetup;
  readonly #limits: WhisperLimits;
  readonly #random: Random;
  readonly #table: PeerTable;
  readonly #timers: Timers;
  readonly #dialler: Dialler;
  readonly #seen: SeenIds;
  readonly #step: Step;
  readonly #incoming: IncomingSide;
  readonly #outgoing = new Map<ConnectionId, Peer>();
  #dialled = 0;
  #helloId: string;
  #helloAgainMs: number;

  constructor({ setup, random, table, timers, dialler, seen, step }: WhisperParts, incoming: IncomingSide) {
    this.#setup = setup;
    this.#limits = setup.limits;
    this.#random = random;
    this.#table = table;
    this.#timers = timers;
    this.#dialler = dialler;
    this.#seen = seen;
    this.#step = step;
    this.#incoming = incoming;
    this.#helloId = random.hex(16);
    this.#helloAgainMs = setup.limits.helloAgainFirstMs;
  }

  /** Links that are up or coming up. */
  get active(): number {
    const { linked, dialling, due } = this.#table.counts;
    return linked + dialling + due;
  }

  /** Says that the peer is to be dialled; the dialler has decided when. */
  dial(peer: Peer): void {
    const connection = ++this.#dialled;
    peer.outgoing = connection;
    this.#outgoing.set(connection, peer);
    this.#step.outputs.push({ type: "dial", connection, to: peer.endpoint });
  }

  /** A dial succeeded; `to` is who answered. */
  linked(connection: ConnectionId, to: Endpoint): void {
    const peer = this.#outgoing.get(connection);
    if (!peer) return;
    this.#dialler.ended(peer);
    const other = this.#table.get(formatEndpoint(to));
    if (this.#table.isOwn(to)) return this.#giveUp(peer, "this is the node itself");
    if (other && other !== peer && other.state === "linked")
      return this.#giveUp(peer, `is ${other.address}, linked already`);
    if (other && other !== peer) this.#replace(other, peer);
    this.#table.alias(peer, to);
    this.#table.prove(peer);
    this.#table.setState(peer, "linked");
    peer.outgoingSince = this.#step.now;
    peer.lastSeen = this.#step.now;
    peer.lastError = "";
    this.#greet(peer);
    this.#introduceOthers(peer);
    this.armHello();
    this.#step.toWrite.add(peer);
    this.#step.emit({ type: "linked", address: peer.address, nick: peer.nick });
  }

  /** A connection ended; nothing happens when it is none of ours. */
  closed({ connection, error }: WorldInput & { type: "closed" }): void {
    const peer = this.#outgoing.get(connection);
    if (!peer) return;
    const wasLinked = peer.state === "linked";
    this.#detachOutgoing(peer);
    this.#failed(peer, error ?? (wasLinked ? "closed by the peer" : "closed"), wasLinked);
  }

  /** Closes our connection to a peer, to try again later. */
  unlink(peer: Peer, reason: string): void {
    const wasLinked = peer.state === "linked";
    this.#step.outputs.push({ type: "close", connection: peer.outgoing! });
    this.#detachOutgoing(peer);
    this.#failed(peer, reason, wasLinked);
  }

  /** Everything written to this connection has left. */
  writable(connection: ConnectionId): void {
    const peer = this.#outgoing.get(connection);
    if (!peer) return;
    this.#sent(peer);
    this.#step.toWrite.add(peer);
  }

  /** Writes what waits for a peer, unless a write is under way. */
  write(peer: Peer): void {
    if (peer.state !== "linked" || peer.outbox.inFlight) return;
    const data = peer.outbox.take(this.#step.now);
    if (!data) return;
    peer.writeSince = this.#step.now;
    this.#step.outputs.push({ type: "write", connection: peer.outgoing!, data });
    if (this.#timers.when("stalled") === undefined) {
      this.#timers.set("stalled", this.#step.now + this.#limits.stalledAfterMs);
    }
  }

  /** Closes what has not taken a write for too long. */
  disconnectStalled(): void {
    let next = Infinity;
    for (const peer of this.#outgoing.values()) {
      if (peer.writeSince === undefined) continue;
      const at = peer.writeSince + this.#limits.stalledAfterMs;
      if (at <= this.#step.now) this.unlink(peer, "does not read");
      else next = Math.min(next, at);
    }
    if (next < Infinity) this.#timers.set("stalled", next);
  }

  /**
   * Few dial us although we are linked: those we dialled may have all the links they can have, and then we hear nobody.
   * "/hello again" with a new ID reaches everyone, and of everyone a few will dial.
   */
  helloAgain(): void {
    const { wantedIncoming, helloAgainFirstMs, helloAgainLongestMs } = this.#limits;
    if (this.#incoming.size() >= Math.min(wantedIncoming, this.#table.size)) {
      this.#helloAgainMs = helloAgainFirstMs;
      return;
    }
    this.#helloId = this.#random.hex(16);
    for (const peer of this.#outgoing.values()) if (peer.state === "linked") this.#greet(peer, HELLO_AGAIN);
    this.#helloAgainMs = Math.min(2 * this.#helloAgainMs, helloAgainLongestMs);
    if (this.#table.counts.linked > 0) this.armHello();
  }

  /** Looks after a while whether enough others dial us. */
  armHello(): void {
    if (this.#setup.address === "" || this.#timers.when("hello") !== undefined) return;
    this.#timers.set("hello", this.#step.now + this.#helloAgainMs);
  }

  /** When too few links are left, somebody known but not needed so far takes the place: anyone, to avoid crowds. */
  replaceLink(): void {
    if (this.#table.counts.known === 0 || this.active >= this.#limits.wantedLinks) return;
    const spare = [...this.#table.values()].filter((peer) => peer.state === "known");
    this.#dialler.request(spare[this.#random.below(spare.length)]!);
  }

  /** Ends our connection and holds the peer until the operator says otherwise. */
  hold(peer: Peer): void {
    const wasLinked = peer.state === "linked";
    if (peer.outgoing !== undefined) {
      this.#step.outputs.push({ type: "close", connection: peer.outgoing });
      this.#detachOutgoing(peer);
    }
    this.#dialler.remove(peer);
    peer.outbox.clear();
    peer.outgoingSince = undefined;
    this.#table.setState(peer, "held");
    const reason = "disconnected here";
    if (wasLinked) this.#step.emit({ type: "lost", address: peer.address, nick: peer.nick, reason });
    this.replaceLink();
  }

  /** Takes the peer out of the book, with our connection to it. */
  forget(peer: Peer): void {
    if (peer.outgoing !== undefined) {
      this.#step.outputs.push({ type: "close", connection: peer.outgoing });
      this.#detachOutgoing(peer);
    }
    this.#incoming.release(peer);
    this.#dialler.remove(peer);
    this.#table.forget(peer);
  }

  #failed(peer: Peer, reason: string, wasLinked: boolean): void {
    const lived = this.#step.now - (peer.outgoingSince ?? this.#step.now);
    peer.outgoingSince = undefined;
    peer.failures = lived >= this.#limits.linkStableMs ? 1 : peer.failures + 1;
    peer.lastError = reason;
    if (wasLinked) this.#step.emit({ type: "lost", address: peer.address, nick: peer.nick, reason });
    else if (peer.failures === 1) this.#step.emit({ type: "unreachable", address: peer.address, reason });
    const hopeless = peer.proven
      ? this.#step.now - peer.lastSeen > this.#limits.forgetAfterMs
      : peer.failures >= this.#limits.unprovenFailures;
    if (hopeless && !isTrusted(peer) && peer.incoming === undefined) this.forget(peer);
    else this.#dialler.retry(peer, this.#step.now);
    this.replaceLink();
  }

  /** A dial that must not be repeated soon: the longest pause. */
  #giveUp(peer: Peer, reason: string): void {
    this.#step.outputs.push({ type: "close", connection: peer.outgoing! });
    this.#detachOutgoing(peer);
    peer.lastError = reason;
    peer.failures = 30;
    peer.outbox.clear();
    if (isTrusted(peer)) this.#dialler.retry(peer, this.#step.now);
    else this.forget(peer);
  }

  /** `name` (a host name) turned out to be the peer known as `other`: one entry is enough. */
  #replace(other: Peer, name: Peer): void {
    this.#incoming.move(other, name);
    this.forget(other);
  }

  /** The first bytes on every connection that we dialled. */
  #greet(peer: Peer, body = HELLO): void {
    const { address, nick } = this.#setup;
    if (address === "") return;
    this.#seen.add(this.#helloId, this.#step.now);
    const hello = { id: this.#helloId, address, body, nick, timestamp: 0, from: address };
    this.#step.outputs.push({ type: "write", connection: peer.outgoing!, data: encodeMessage(hello) });
  }

  /**
   * The hellos of some of those we are linked with: a newcomer knows others besides us at once, and finds a way when we
   * are gone. They keep their IDs, so that whoever heard them already passes them on no further.
   */
  #introduceOthers(peer: Peer): void {
    const others = [...this.#outgoing.values()].filter(
      (other) => other !== peer && other.state === "linked" && other.hello !== "",
    );
    const hellos: Uint8Array[] = [];
    while (others.length > 0 && hellos.length < this.#limits.introducedPeers) {
      const [other] = others.splice(this.#random.below(others.length), 1);
      const { hello: id, address, nick } = other!;
      hellos.push(encodeMessage({ id, address, body: HELLO, nick, timestamp: 0, from: "" }));
    }
    if (hellos.length === 0) return;
    this.#step.outputs.push({ type: "write", connection: peer.outgoing!, data: concatBytes(hellos) });
  }

  #sent(peer: Peer): void {
    peer.sent += peer.outbox.sent();
    peer.writeSince = undefined;
  }

  #detachOutgoing(peer: Peer): void {
    this.#dialler.ended(peer);
    this.#outgoing.delete(peer.outgoing!);
    peer.outgoing = undefined;
    peer.writeSince = undefined;
    peer.outbox.putBack(this.#step.now);
  }
}

/** The first message on a connection; the second form asks, with a new ID, that a few more dial us. */
const HELLO = "/hello";
export const HELLO_AGAIN = "/hello again";

export function isHello(body: string): boolean {
  return body === HELLO || body === HELLO_AGAIN;
}
