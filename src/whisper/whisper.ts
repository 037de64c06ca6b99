import { formatEndpoint, parseEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { ConnectionId, WorldInput } from "#machine/io.ts";
import { Timers } from "#machine/timers.ts";
import { Dialler } from "#whisper/dialler.ts";
import type { WhisperInput, WhisperOutput, WhisperSetup } from "#whisper/io.ts";
import { JsonReader } from "#whisper/json-reader.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import { decodeMessage, encodeMessage, leadingId, type WhisperMessage } from "#whisper/message.ts";
import { deservesQueue, isTrusted, type Origin, type Peer } from "#whisper/peer.ts";
import { PeerTable } from "#whisper/peer-table.ts";
import { SeenIds } from "#whisper/seen-ids.ts";

/**
 * The whispering gophers' network (seed 002; what running peers really do is in wire/whisper of the notes).
 *
 * Connections are one-way: we write on those we dialled and read on those we accepted. A message is shown once, by its
 * ID, and passed on to every peer but its author and the one it came from; so it reaches everyone by every path, and a
 * broken path costs nothing. Every Addr seen is dialled, so a network grows from one known address.
 *
 * Where we depart from the original, and why:
 * - On dialling we say at once `/hello` with our Addr. Without it the other side learns of us only when somebody speaks.
 *   Bodies that begin with "/" are not shown by either kind of peer, but passed on. One ID serves all hellos of one run,
 *   so that the second one a peer hears floods no further. The key From makes a hello say whose connection it is.
 * - Each peer has a bounded queue of its own and at most one write under way: one that does not read delays nobody.
 * - A peer that is gone is dialled again, with growing pauses; the original waits until it speaks.
 * - Nothing without a Body or an ID is passed on: an empty Body ends every process of the original that receives it.
 *
 * Files: json-reader (bytes to values), message (values to messages), peer, peer-table (who is known and who may be),
 * dialler (when to dial), outbox (what waits for a peer), seen-ids, limits.
 */
export class Whisper implements Core<WhisperInput, WhisperOutput> {
  readonly #setup: WhisperSetup;
  readonly #limits: WhisperLimits;
  readonly #random: Random;
  readonly #table: PeerTable;
  readonly #timers = new Timers();
  readonly #dialler: Dialler;
  readonly #seen: SeenIds;
  #helloId: string;
  #helloAgainMs: number;
  readonly #incoming = new Map<ConnectionId, Incoming>();
  readonly #outgoing = new Map<ConnectionId, Peer>();
  #dialled = 0;
  #unfinishedBytes = 0;
  /** Peers with something new to write, until the end of the step. */
  readonly #toWrite = new Set<Peer>();
  #outputs: WhisperOutput[] = [];
  #now = 0;
  readonly #counters = new Map<string, number>();

  constructor(setup: WhisperSetup, random: Random) {
    this.#setup = setup;
    this.#limits = setup.limits;
    this.#random = random;
    this.#table = new PeerTable(parseEndpoint(setup.address), setup.limits);
    this.#dialler = new Dialler(this.#table, this.#timers, random.fork(), setup.limits);
    this.#seen = new SeenIds(setup.limits.seenAgeMs, setup.limits.seenCount);
    this.#helloId = random.hex(16);
    this.#helloAgainMs = setup.limits.helloAgainFirstMs;
    this.#timers.set("start", 0);
  }

  get wakeAt(): number {
    return this.#timers.next;
  }

  /** All known peers, in the order they became known. The values are the core's own: read, do not keep. */
  peers(): IterableIterator<Readonly<Peer>> {
    return this.#table.values();
  }

  /** The peer at "IP:port" (or the host name it was configured with). */
  peer(address: string): Readonly<Peer> | undefined {
    return this.#table.get(address);
  }

  /** What was dropped, ignored or refused, counted by reason; and how many messages came and went. */
  counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  handle(input: WhisperInput, now: number): readonly WhisperOutput[] {
    this.#now = now;
    this.#outputs = [];
    this.#take(input);
    for (let name = this.#timers.takeDue(now); name !== undefined; name = this.#timers.takeDue(now))
      this.#fire(name);
    for (let peer = this.#dialler.take(now); peer; peer = this.#dialler.take(now)) this.#dial(peer);
    for (const peer of this.#toWrite) this.#write(peer);
    this.#toWrite.clear();
    return this.#outputs;
  }

  #take(input: WhisperInput): void {
    switch (input.type) {
      case "data":
        return this.#receive(input.connection, input.data);
      case "writable": {
        const peer = this.#outgoing.get(input.connection);
        if (!peer) return;
        this.#sent(peer);
        this.#toWrite.add(peer);
        return;
      }
      case "accepted":
        return this.#accept(input.connection, input.from);
      case "connected":
        return this.#linked(input.connection, input.to);
      case "closed":
        return this.#closed(input);
      case "say":
        return this.#say(input.body, input.time);
      case "connect":
        return this.#connect(input.address);
      case "disconnect":
        return this.#hold(input.address);
      case "configure":
        return this.#configure(input.peers);
      case "wake":
      case "datagram":
        return;
    }
  }

  #fire(name: string): void {
    if (name === "start") return this.#configure(this.#setup.peers);
    if (name === "stalled") return this.#disconnectStalled();
    if (name === "hello") return this.#helloAgain();
    if (name === "dials") return;
    const peer = this.#table.get(name.slice(name.indexOf(" ") + 1));
    if (!peer) return;
    if (name.startsWith("retry ")) return this.#dialler.request(peer);
    if (peer.state === "dialling") this.#unlink(peer, "timed out");
  }

  // What comes in

  #accept(connection: ConnectionId, from: Endpoint): void {
    if (this.#incoming.size >= this.#limits.incomingConnections) {
      this.#count("refused: too many connections");
      this.#outputs.push({ type: "close", connection });
      return;
    }
    const { messageBytes: bytes, messageDepth: depth } = this.#limits;
    this.#incoming.set(connection, {
      connection,
      from,
      reader: new JsonReader({ bytes, depth }),
      heldBytes: 0,
      greeted: false,
      peer: undefined,
    });
  }

  #receive(connection: ConnectionId, data: Uint8Array): void {
    const source = this.#incoming.get(connection);
    if (!source) return; // what a peer sends on a connection that we dialled is not for reading (seed 002)
    let problem: string | undefined;
    const take = (value: unknown): void => {
      if (problem === undefined && this.#incoming.has(connection))
        problem = this.#receiveValue(source, value);
    };
    const wrong = source.reader.read(data, take, (bytes) => this.#isKnownDuplicate(source, bytes));
    if (!this.#incoming.has(connection)) return;
    this.#unfinishedBytes += source.reader.heldBytes - source.heldBytes;
    source.heldBytes = source.reader.heldBytes;
    problem ??= wrong;
    if (problem === undefined && this.#unfinishedBytes > this.#limits.unfinishedBytes) {
      problem = "too many unfinished messages at once";
    }
    if (problem === undefined) return;
    this.#count(`closed: ${problem.startsWith("not JSON") ? "not JSON" : problem}`);
    this.#emit({
      type: "refused",
      from: source.peer?.address ?? formatEndpoint(source.from),
      reason: problem,
    });
    this.#dropIncoming(source);
  }

  /**
   * Most of what comes in a mesh was seen before. Whoever writes the ID first, as all peers do, spares us the rest of
   * such a message; the first one on a connection is always read, because it may say whose connection it is.
   */
  #isKnownDuplicate(source: Incoming, bytes: Uint8Array): boolean {
    if (!source.greeted) {
      source.greeted = true;
      return false;
    }
    const id = leadingId(bytes, this.#limits.idLength);
    if (id === undefined || !this.#seen.has(id, this.#now)) return false;
    if (source.peer) source.peer.received++;
    this.#count("duplicates");
    return true;
  }

  /** One JSON value; the answer is why the connection must be closed. */
  #receiveValue(source: Incoming, value: unknown): string | undefined {
    const decoded = decodeMessage(value);
    if (!decoded.ok) return decoded.error;
    const { message } = decoded;
    if (message.from !== "" && !this.#identify(source, message.from)) return undefined;
    if (source.peer) source.peer.received++;
    if (message.body === "") return this.#count("ignored: no Body");
    if (message.id === "" || message.id.length > this.#limits.idLength)
      return this.#count("ignored: no usable ID");
    if (!this.#seen.add(message.id, this.#now)) return this.#count("duplicates");
    this.#count("messages");
    this.#learnAuthor(source, message);
    const { from: _, ...passedOn } = message;
    this.#broadcast({ ...passedOn, from: "" }, source.peer);
    if (isShown(message.body)) this.#emit({ type: "message", message, own: false });
    return undefined;
  }

  #learnAuthor(source: Incoming, message: WhisperMessage): void {
    const endpoint = parseEndpoint(message.address);
    if (!endpoint) return void this.#count("refused address: not IP:port");
    const author = this.#learn(endpoint, "named", source.from.host);
    if (!author) return;
    author.nick = message.nick.slice(0, this.#limits.nickLength);
    if (author.state !== "known") return;
    // Of those who have links enough a few still dial whoever hears too few, so that nobody stays deaf.
    const { wantedLinks } = this.#limits;
    const few = message.body === HELLO_AGAIN && this.#random.below(this.#table.size) < wantedLinks;
    if (few || this.#activeLinks() < wantedLinks) this.#dialler.request(author);
  }

  /** A hello of the node at the other end. False: the connection was closed for it. */
  #identify(source: Incoming, from: string): boolean {
    const endpoint = parseEndpoint(from);
    if (!endpoint || source.peer) return true;
    if (this.#table.isOwn(endpoint)) return this.#dropIncoming(source);
    const peer = this.#learn(endpoint, "incoming", source.from.host);
    if (!peer) return true;
    if (peer.state === "held") return this.#dropIncoming(source);
    const older = peer.incoming === undefined ? undefined : this.#incoming.get(peer.incoming);
    // A peer that restarted dials anew from the same host; from another host it may be someone who claims its address.
    if (older && older.from.host !== source.from.host) return this.#dropIncoming(source);
    if (older) this.#dropIncoming(older);
    source.peer = peer;
    peer.incoming = source.connection;
    peer.incomingSince = this.#now;
    // It is alive: no reason to wait any longer.
    if (peer.state === "waiting" || peer.state === "known") this.#dialler.request(peer);
    return true;
  }

  // What goes out

  #say(body: string, time: number): void {
    const { address, nick } = this.#setup;
    const message = { id: this.#random.hex(16), address, body, nick, timestamp: time, from: "" };
    this.#seen.add(message.id, this.#now);
    this.#broadcast(message, undefined);
    this.#emit({ type: "message", message, own: true });
  }

  #broadcast(message: WhisperMessage, except: Peer | undefined): void {
    let bytes: Uint8Array | undefined;
    const author = this.#table.get(message.address);
    for (const peer of this.#table.values()) {
      if (peer === author || peer === except || !deservesQueue(peer)) continue;
      bytes ??= encodeMessage(message);
      peer.outbox.push(bytes, this.#now);
      this.#toWrite.add(peer);
    }
  }

  #write(peer: Peer): void {
    if (peer.state !== "linked" || peer.outbox.inFlight) return;
    const data = peer.outbox.take(this.#now);
    if (!data) return;
    peer.writeSince = this.#now;
    this.#outputs.push({ type: "write", connection: peer.outgoing!, data });
    if (this.#timers.when("stalled") === undefined) {
      this.#timers.set("stalled", this.#now + this.#limits.stalledAfterMs);
    }
  }

  #sent(peer: Peer): void {
    peer.sent += peer.outbox.sent();
    peer.writeSince = undefined;
  }

  #disconnectStalled(): void {
    let next = Infinity;
    for (const peer of this.#outgoing.values()) {
      if (peer.writeSince === undefined) continue;
      const at = peer.writeSince + this.#limits.stalledAfterMs;
      if (at <= this.#now) this.#unlink(peer, "does not read");
      else next = Math.min(next, at);
    }
    if (next < Infinity) this.#timers.set("stalled", next);
  }

  // Links

  #dial(peer: Peer): void {
    const connection = ++this.#dialled;
    peer.outgoing = connection;
    this.#outgoing.set(connection, peer);
    this.#outputs.push({ type: "dial", connection, to: peer.endpoint });
  }

  #linked(connection: ConnectionId, to: Endpoint): void {
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
    peer.outgoingSince = this.#now;
    peer.lastSeen = this.#now;
    peer.lastError = "";
    this.#greet(peer);
    this.#armHello();
    this.#toWrite.add(peer);
    this.#emit({ type: "linked", address: peer.address, nick: peer.nick });
  }

  /** `name` (a host name) turned out to be the peer known as `other`: one entry is enough. */
  #replace(other: Peer, name: Peer): void {
    const source = other.incoming === undefined ? undefined : this.#incoming.get(other.incoming);
    this.#forget(other);
    if (!source || name.incoming !== undefined) return;
    source.peer = name;
    name.incoming = source.connection;
    name.incomingSince = other.incomingSince;
  }

  /** The first bytes on every connection that we dialled. */
  #greet(peer: Peer, body = HELLO): void {
    const { address, nick } = this.#setup;
    if (address === "") return;
    this.#seen.add(this.#helloId, this.#now);
    const hello = { id: this.#helloId, address, body, nick, timestamp: 0, from: address };
    this.#outputs.push({ type: "write", connection: peer.outgoing!, data: encodeMessage(hello) });
  }

  /**
   * Few dial us although we are linked: those we dialled may have all the links they can have, and then we hear nobody.
   * "/hello again" with a new ID reaches everyone, and of everyone a few will dial.
   */
  #helloAgain(): void {
    const { wantedIncoming, helloAgainFirstMs, helloAgainLongestMs } = this.#limits;
    if (this.#incoming.size >= Math.min(wantedIncoming, this.#table.size)) {
      this.#helloAgainMs = helloAgainFirstMs;
      return;
    }
    this.#helloId = this.#random.hex(16);
    for (const peer of this.#outgoing.values()) if (peer.state === "linked") this.#greet(peer, HELLO_AGAIN);
    this.#helloAgainMs = Math.min(2 * this.#helloAgainMs, helloAgainLongestMs);
    if (this.#table.counts.linked > 0) this.#armHello();
  }

  #armHello(): void {
    if (this.#setup.address === "" || this.#timers.when("hello") !== undefined) return;
    this.#timers.set("hello", this.#now + this.#helloAgainMs);
  }

  #closed({ connection, error }: WorldInput & { type: "closed" }): void {
    const source = this.#incoming.get(connection);
    if (source) this.#detachIncoming(source);
    const peer = this.#outgoing.get(connection);
    if (!peer) return;
    const wasLinked = peer.state === "linked";
    this.#detachOutgoing(peer);
    this.#failed(peer, error ?? (wasLinked ? "closed by the peer" : "closed"), wasLinked);
  }

  /** Closes our connection to a peer, to try again later. */
  #unlink(peer: Peer, reason: string): void {
    const wasLinked = peer.state === "linked";
    this.#outputs.push({ type: "close", connection: peer.outgoing! });
    this.#detachOutgoing(peer);
    this.#failed(peer, reason, wasLinked);
  }

  #failed(peer: Peer, reason: string, wasLinked: boolean): void {
    const lived = this.#now - (peer.outgoingSince ?? this.#now);
    peer.outgoingSince = undefined;
    peer.failures = lived >= this.#limits.linkStableMs ? 1 : peer.failures + 1;
    peer.lastError = reason;
    if (wasLinked) this.#emit({ type: "lost", address: peer.address, nick: peer.nick, reason });
    else if (peer.failures === 1) this.#emit({ type: "unreachable", address: peer.address, reason });
    const hopeless = peer.proven
      ? this.#now - peer.lastSeen > this.#limits.forgetAfterMs
      : peer.failures >= this.#limits.unprovenFailures;
    if (hopeless && !isTrusted(peer) && peer.incoming === undefined) this.#forget(peer);
    else this.#dialler.retry(peer, this.#now);
    this.#replaceLink();
  }

  /** A dial that must not be repeated soon: the longest pause. */
  #giveUp(peer: Peer, reason: string): void {
    this.#outputs.push({ type: "close", connection: peer.outgoing! });
    this.#detachOutgoing(peer);
    peer.lastError = reason;
    peer.failures = 30;
    peer.outbox.clear();
    if (isTrusted(peer)) this.#dialler.retry(peer, this.#now);
    else this.#forget(peer);
  }

  /** When too few links are left, somebody known but not needed so far takes the place: anyone, to avoid crowds. */
  #replaceLink(): void {
    if (this.#table.counts.known === 0 || this.#activeLinks() >= this.#limits.wantedLinks) return;
    const spare = [...this.#table.values()].filter((peer) => peer.state === "known");
    this.#dialler.request(spare[this.#random.below(spare.length)]!);
  }

  #activeLinks(): number {
    const { linked, dialling, due } = this.#table.counts;
    return linked + dialling + due;
  }

  #detachOutgoing(peer: Peer): void {
    this.#dialler.ended(peer);
    this.#outgoing.delete(peer.outgoing!);
    peer.outgoing = undefined;
    peer.writeSince = undefined;
    peer.outbox.putBack(this.#now);
  }

  #detachIncoming(source: Incoming): void {
    this.#incoming.delete(source.connection);
    this.#unfinishedBytes -= source.heldBytes;
    this.#armHello();
    if (!source.peer) return;
    source.peer.incoming = undefined;
    source.peer.incomingSince = undefined;
  }

  #dropIncoming(source: Incoming): false {
    this.#detachIncoming(source);
    this.#outputs.push({ type: "close", connection: source.connection });
    return false;
  }

  // The operator

  #connect(address: string): void {
    const endpoint = parseNamedEndpoint(address);
    const peer = endpoint && this.#learn(endpoint, "operator", "operator");
    if (!peer) return;
    if (peer.state === "held") this.#table.setState(peer, "known");
    peer.failures = 0;
    this.#dialler.request(peer);
  }

  #hold(address: string): void {
    const peer = this.#table.get(address);
    if (!peer || peer.state === "held") return;
    const wasLinked = peer.state === "linked";
    if (peer.outgoing !== undefined) {
      this.#outputs.push({ type: "close", connection: peer.outgoing });
      this.#detachOutgoing(peer);
    }
    const source = peer.incoming === undefined ? undefined : this.#incoming.get(peer.incoming);
    if (source) this.#dropIncoming(source);
    this.#dialler.remove(peer);
    peer.outbox.clear();
    peer.outgoingSince = undefined;
    this.#table.setState(peer, "held");
    if (wasLinked)
      this.#emit({ type: "lost", address: peer.address, nick: peer.nick, reason: "disconnected here" });
    this.#replaceLink();
  }

  #configure(addresses: readonly string[]): void {
    const configured = new Set<Peer>();
    for (const address of addresses) {
      const endpoint = parseNamedEndpoint(address);
      const peer = endpoint && this.#learn(endpoint, "configured", "configured");
      if (!peer) continue;
      configured.add(peer);
      if (peer.state === "known") this.#dialler.request(peer);
    }
    for (const peer of this.#table.values()) if (!configured.has(peer)) this.#table.demote(peer);
  }

  #learn(endpoint: Endpoint, origin: Origin, source: string): Peer | undefined {
    const admitted = this.#table.admit(endpoint, origin, source, this.#now);
    if (typeof admitted === "object") return admitted;
    this.#count(`refused address: ${admitted}`);
    return undefined;
  }

  #forget(peer: Peer): void {
    if (peer.outgoing !== undefined) {
      this.#outputs.push({ type: "close", connection: peer.outgoing });
      this.#detachOutgoing(peer);
    }
    const source = peer.incoming === undefined ? undefined : this.#incoming.get(peer.incoming);
    if (source) source.peer = undefined;
    this.#dialler.remove(peer);
    this.#table.forget(peer);
  }

  #emit(event: Extract<WhisperOutput, { type: "event" }>["event"]): void {
    this.#outputs.push({ type: "event", event });
  }

  #count(reason: string): undefined {
    this.#counters.set(reason, (this.#counters.get(reason) ?? 0) + 1);
  }
}

/** One connection that somebody dialled to us. */
interface Incoming {
  readonly connection: ConnectionId;
  readonly from: Endpoint;
  readonly reader: JsonReader;
  /** What #unfinishedBytes counts for it. */
  heldBytes: number;
  /** A message came on it. */
  greeted: boolean;
  /** Whose it is, once its hello said so; never known for peers of the original. */
  peer: Peer | undefined;
}

/** The first message on a connection; the second form asks, with a new ID, that a few more dial us. */
const HELLO = "/hello";
const HELLO_AGAIN = "/hello again";

/** Bodies that begin with "/" are commands between programs, except "/me", which is shown as an action. */
export function isShown(body: string): boolean {
  return !body.startsWith("/") || body.startsWith("/me ");
}
