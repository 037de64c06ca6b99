import { formatEndpoint, parseEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { ConnectionId } from "#machine/io.ts";
import { Timers } from "#machine/timers.ts";
import { Dialler } from "#whisper/dialler.ts";
import type { WhisperInput, WhisperOutput, WhisperSetup } from "#whisper/io.ts";
import { JsonReader } from "#whisper/json-reader.ts";
import { HELLO_AGAIN, isHello, Links } from "#whisper/links.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import { decodeMessage, encodeMessage, leadingId, type WhisperMessage } from "#whisper/message.ts";
import { deservesQueue, type Origin, type Peer } from "#whisper/peer.ts";
import { PeerTable } from "#whisper/peer-table.ts";
import type { Queued } from "#whisper/outbox.ts";
import { SeenIds } from "#whisper/seen-ids.ts";
import { Step } from "#whisper/step.ts";

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
 *   After our own come the hellos of a few peers that we are linked with, so that nobody depends on one address alone.
 * - Each peer has a bounded queue of its own and at most one write under way: one that does not read delays nobody.
 * - A peer that is gone is dialled again, with growing pauses; the original waits until it speaks.
 * - Nothing without a Body or an ID is passed on: an empty Body ends every process of the original that receives it.
 *
 * Files: json-reader (bytes to values), message (values to messages), peer, peer-table (who is known and who may be),
 * dialler (when to dial), links (our connections to peers), outbox (what waits for a peer), seen-ids, limits.
 */
export class Whisper implements Core<WhisperInput, WhisperOutput> {
  readonly #setup: WhisperSetup;
  readonly #limits: WhisperLimits;
  readonly #random: Random;
  readonly #table: PeerTable;
  readonly #timers = new Timers();
  readonly #dialler: Dialler;
  readonly #seen: SeenIds;
  readonly #step = new Step();
  readonly #links: Links;
  readonly #incoming = new Map<ConnectionId, Incoming>();
  readonly #incomingOfHost = new Map<string, number>();
  #unfinishedBytes = 0;

  constructor(setup: WhisperSetup, random: Random) {
    this.#setup = setup;
    this.#limits = setup.limits;
    this.#random = random;
    this.#table = new PeerTable(parseEndpoint(setup.address), setup.limits);
    this.#dialler = new Dialler(this.#table, this.#timers, random.fork(), setup.limits);
    this.#seen = new SeenIds(setup.limits.seenAgeMs, setup.limits.seenCount);
    this.#links = new Links(
      {
        setup,
        random: random.fork(),
        table: this.#table,
        timers: this.#timers,
        dialler: this.#dialler,
        seen: this.#seen,
        step: this.#step,
      },
      {
        size: () => this.#incoming.size,
        move: (from, to) => this.#moveIncoming(from, to),
        release: (peer) => this.#releaseIncoming(peer),
      },
    );
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
    return this.#step.counters;
  }

  handle(input: WhisperInput, now: number): readonly WhisperOutput[] {
    this.#step.begin(now);
    this.#take(input);
    for (let name = this.#timers.takeDue(now); name !== undefined; name = this.#timers.takeDue(now))
      this.#fire(name);
    for (let peer = this.#dialler.take(now); peer; peer = this.#dialler.take(now)) this.#links.dial(peer);
    for (const peer of this.#step.toWrite) this.#links.write(peer);
    this.#step.toWrite.clear();
    return this.#step.outputs;
  }

  #take(input: WhisperInput): void {
    switch (input.type) {
      case "data":
        return this.#receive(input.connection, input.data);
      case "writable":
        return this.#links.writable(input.connection);
      case "accepted":
        return this.#accept(input.connection, input.from);
      case "connected":
        return this.#links.linked(input.connection, input.to);
      case "closed":
        if (input.connection > 0) return this.#links.closed(input);
        return this.#incomingClosed(input.connection);
      case "say":
        return this.#say(input.body, input.time);
      case "connect":
        return this.#connect(input.address);
      case "disconnect":
        return this.#hold(input.address);
      case "configure":
        return this.#configure(input.peers);
      case "suggest":
        return this.#suggest(input.peers);
      case "wake":
      case "datagram":
        return;
    }
  }

  #fire(name: string): void {
    if (name === "start") return this.#configure(this.#setup.peers);
    if (name === "stalled") return this.#links.disconnectStalled();
    if (name === "hello") return this.#links.helloAgain();
    if (name === "dials") return;
    const peer = this.#table.get(name.slice(name.indexOf(" ") + 1));
    if (!peer) return;
    if (name.startsWith("retry ")) return this.#dialler.request(peer);
    if (peer.state === "dialling") this.#links.unlink(peer, "timed out");
  }

  // What comes in

  #accept(connection: ConnectionId, from: Endpoint): void {
    const { incomingConnections, incomingPerHost } = this.#limits;
    const ofHost = this.#incomingOfHost.get(from.host) ?? 0;
    if (this.#incoming.size >= incomingConnections || ofHost >= incomingPerHost) {
      this.#step.count("refused: too many connections");
      this.#step.outputs.push({ type: "close", connection });
      return;
    }
    this.#incomingOfHost.set(from.host, ofHost + 1);
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
    this.#step.count(`closed: ${problem.startsWith("not JSON") ? "not JSON" : problem}`);
    this.#step.emit({
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
    if (id === undefined || !this.#seen.has(id, this.#step.now)) return false;
    if (source.peer) source.peer.received++;
    this.#step.count("duplicates");
    return true;
  }

  /** One JSON value; the answer is why the connection must be closed. */
  #receiveValue(source: Incoming, value: unknown): string | undefined {
    const decoded = decodeMessage(value);
    if (!decoded.ok) return decoded.error;
    const { message } = decoded;
    if (message.from !== "" && !this.#identify(source, message.from)) return undefined;
    if (source.peer) source.peer.received++;
    if (message.body === "") return this.#step.count("ignored: no Body");
    if (message.id === "" || message.id.length > this.#limits.idLength)
      return this.#step.count("ignored: no usable ID");
    if (!this.#seen.add(message.id, this.#step.now)) return this.#step.count("duplicates");
    this.#step.count("messages");
    this.#learnAuthor(source, message);
    const { from: _, ...passedOn } = message;
    this.#broadcast({ ...passedOn, from: "" }, source.peer);
    if (isShown(message.body)) this.#step.emit({ type: "message", message, own: false });
    return undefined;
  }

  #learnAuthor(source: Incoming, message: WhisperMessage): void {
    const endpoint = parseEndpoint(message.address);
    if (!endpoint) return void this.#step.count("refused address: not IP:port");
    const author = this.#learn(endpoint, "named", source.from.host);
    if (!author) return;
    author.nick = message.nick.slice(0, this.#limits.nickLength);
    if (isHello(message.body)) author.hello = message.id;
    if (author.state !== "known") return;
    // Of those who have links enough a few still dial whoever hears too few, so that nobody stays deaf.
    const { wantedLinks } = this.#limits;
    const few = message.body === HELLO_AGAIN && this.#random.below(this.#table.size) < wantedLinks;
    if (few || this.#links.active < wantedLinks) this.#dialler.request(author);
  }

  /** A hello of the node at the other end. False: the connection was closed for it. */
  #identify(source: Incoming, from: string): boolean {
    const endpoint = parseEndpoint(from);
    if (!endpoint || source.peer) return true;
    if (this.#table.isOwn(endpoint)) return this.#dropIncoming(source);
    const peer = this.#learn(endpoint, "incoming", source.from.host);
    if (!peer) return true;
    if (peer.state === "held") return this.#dropIncoming(source);
    const older = this.#incomingOf(peer);
    // A peer that restarted dials anew from the same host; from another host it may be someone who claims its address.
    if (older && older.from.host !== source.from.host) return this.#dropIncoming(source);
    if (older) this.#dropIncoming(older);
    source.peer = peer;
    peer.incoming = source.connection;
    peer.incomingSince = this.#step.now;
    // It is alive: no reason to wait any longer.
    if (peer.state === "waiting" || peer.state === "known") this.#dialler.request(peer);
    return true;
  }

  // What goes out

  #say(body: string, time: number): void {
    const { address, nick } = this.#setup;
    const message = { id: this.#random.hex(16), address, body, nick, timestamp: time, from: "" };
    this.#seen.add(message.id, this.#step.now);
    this.#broadcast(message, undefined);
    this.#step.emit({ type: "message", message, own: true });
  }

  #broadcast(message: WhisperMessage, except: Peer | undefined): void {
    let queued: Queued | undefined;
    const author = this.#table.get(message.address);
    for (const peer of this.#table.values()) {
      if (peer === author || peer === except || !deservesQueue(peer)) continue;
      queued ??= { bytes: encodeMessage(message), at: this.#step.now };
      const isLinked = peer.state === "linked";
      peer.outbox.push(queued, !isLinked);
      if (isLinked) this.#step.toWrite.add(peer);
    }
  }

  #incomingClosed(connection: ConnectionId): void {
    const source = this.#incoming.get(connection);
    if (source) this.#detachIncoming(source);
  }

  #incomingOf(peer: Peer): Incoming | undefined {
    return peer.incoming === undefined ? undefined : this.#incoming.get(peer.incoming);
  }

  #detachIncoming(source: Incoming): void {
    this.#incoming.delete(source.connection);
    const { host } = source.from;
    const left = this.#incomingOfHost.get(host)! - 1;
    if (left > 0) this.#incomingOfHost.set(host, left);
    else this.#incomingOfHost.delete(host);
    this.#unfinishedBytes -= source.heldBytes;
    this.#links.armHello();
    if (!source.peer) return;
    source.peer.incoming = undefined;
    source.peer.incomingSince = undefined;
  }

  #moveIncoming(from: Peer, to: Peer): void {
    const source = this.#incomingOf(from);
    if (!source || to.incoming !== undefined) return;
    source.peer = to;
    to.incoming = source.connection;
    to.incomingSince = from.incomingSince;
    from.incoming = undefined;
  }

  #releaseIncoming(peer: Peer): void {
    const source = this.#incomingOf(peer);
    if (source) source.peer = undefined;
  }

  #dropIncoming(source: Incoming): false {
    this.#detachIncoming(source);
    this.#step.outputs.push({ type: "close", connection: source.connection });
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
    const source = this.#incomingOf(peer);
    if (source) this.#dropIncoming(source);
    this.#links.hold(peer);
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

  #suggest(addresses: readonly string[]): void {
    for (const address of addresses) {
      const endpoint = parseNamedEndpoint(address);
      const peer = endpoint && this.#learn(endpoint, "named", "the peer book");
      if (peer?.state === "known" && this.#links.active < this.#limits.wantedLinks)
        this.#dialler.request(peer);
    }
  }

  #learn(endpoint: Endpoint, origin: Origin, source: string): Peer | undefined {
    const admitted = this.#table.admit(endpoint, origin, source, this.#step.now);
    if (typeof admitted === "object") return admitted;
    this.#step.count(`refused address: ${admitted}`);
    return undefined;
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

/** Bodies that begin with "/" are commands between programs, except "/me", which is shown as an action. */
export function isShown(body: string): boolean {
  return !body.startsWith("/") || body.startsWith("/me ");
}
