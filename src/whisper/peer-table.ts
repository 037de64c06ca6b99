import { parseAddress, scopeOf, type AddressScope } from "#base/address.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import { isTrusted, newPeer, type DialState, type Origin, type Peer } from "#whisper/peer.ts";

/** Why an address was not taken into the book. */
export type Refusal =
  "own address" | "port 0" | "never dialled" | "loopback" | "source's share is used up" | "book is full";

/** The addresses we know, each once, bounded in number and by who named them. */
export class PeerTable {
  readonly #limits: WhisperLimits;
  readonly #own: Endpoint | undefined;
  readonly #peers = new Map<string, Peer>();
  /** The IP:port that answered for a peer whose address is a host name. */
  readonly #aliases = new Map<string, Peer>();
  readonly #unproven = new Map<string, number>();
  /** How many peers are in each state. */
  readonly counts: Record<DialState, number> = {
    known: 0,
    due: 0,
    dialling: 0,
    linked: 0,
    waiting: 0,
    held: 0,
  };

  /** `own` is where this node listens, if it does. */
  constructor(own: Endpoint | undefined, limits: WhisperLimits) {
    this.#own = own;
    this.#limits = limits;
  }

  get size(): number {
    return this.#peers.size;
  }

  get(address: string): Peer | undefined {
    return this.#peers.get(address) ?? this.#aliases.get(address);
  }

  values(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  /** The peer at `endpoint`, taken into the book if it is new; or why it must not be. */
  admit(endpoint: Endpoint, origin: Origin, source: string, now: number): Peer | Refusal {
    const address = formatEndpoint(endpoint);
    const known = this.get(address);
    if (known) {
      if (RANK[origin] > RANK[known.origin]) this.#promote(known, origin);
      known.lastSeen = now;
      return known;
    }
    const refusal = this.#refuse(endpoint, origin, source);
    if (refusal) return refusal;
    const peer = newPeer(endpoint, address, origin, source, now, this.#limits);
    this.#peers.set(address, peer);
    this.counts.known++;
    this.#charge(peer, 1);
    return peer;
  }

  /** The only way to change a peer's state. */
  setState(peer: Peer, state: DialState): void {
    this.counts[peer.state]--;
    this.counts[state]++;
    peer.state = state;
  }

  /** It answered a dial: its source is no longer charged for it. */
  prove(peer: Peer): void {
    if (peer.proven) return;
    this.#charge(peer, -1);
    peer.proven = true;
  }

  /** From now on the peer (known by a host name) is found under the IP:port that answered, too. */
  alias(peer: Peer, endpoint: Endpoint): void {
    const address = formatEndpoint(endpoint);
    if (address === peer.address || this.#peers.has(address)) return;
    for (const [other, owner] of this.#aliases) if (owner === peer) this.#aliases.delete(other);
    this.#aliases.set(address, peer);
  }

  forget(peer: Peer): void {
    if (!this.#peers.delete(peer.address)) return;
    for (const [address, owner] of this.#aliases) if (owner === peer) this.#aliases.delete(address);
    this.counts[peer.state]--;
    this.#charge(peer, -1);
  }

  /** The operator no longer answers for it. */
  demote(peer: Peer): void {
    if (peer.origin !== "configured") return;
    peer.origin = "named";
    this.#charge(peer, 1);
  }

  isOwn(endpoint: Endpoint): boolean {
    return this.#own !== undefined && endpoint.host === this.#own.host && endpoint.port === this.#own.port;
  }

  #refuse(endpoint: Endpoint, origin: Origin, source: string): Refusal | undefined {
    if (this.isOwn(endpoint)) return "own address";
    if (endpoint.port === 0) return "port 0";
    const scope = scopeOfHost(endpoint.host);
    if (scope === "multicast" || scope === "broadcast" || scope === "unspecified") return "never dialled";
    const byOperator = origin === "configured" || origin === "operator";
    const livesOnLoopback = this.#own !== undefined && scopeOfHost(this.#own.host) === "loopback";
    if (!byOperator && scope === "loopback" && !livesOnLoopback) return "loopback";
    if (!byOperator && (this.#unproven.get(source) ?? 0) >= this.#limits.unprovenPerSource) {
      return "source's share is used up";
    }
    if (this.#peers.size < this.#limits.knownPeers || this.#evict()) return undefined;
    return byOperator ? undefined : "book is full";
  }

  /** Makes room: the address heard of longest ago that never answered and that nothing is connected with. */
  #evict(): boolean {
    let oldest: Peer | undefined;
    for (const peer of this.#peers.values()) {
      const idle = peer.outgoing === undefined && peer.incoming === undefined && peer.state !== "due";
      if (!idle || peer.proven || isTrusted(peer) || peer.state === "held") continue;
      if (peer.state !== "known") continue; // one with a timer is forgotten by its failures
      if (oldest === undefined || peer.lastSeen < oldest.lastSeen) oldest = peer;
    }
    if (oldest) this.forget(oldest);
    return oldest !== undefined;
  }

  #promote(peer: Peer, origin: Origin): void {
    this.#charge(peer, -1);
    peer.origin = origin;
    this.#charge(peer, 1);
  }

  #charge(peer: Peer, change: number): void {
    if (peer.proven || isTrusted(peer)) return;
    const count = (this.#unproven.get(peer.source) ?? 0) + change;
    if (count > 0) this.#unproven.set(peer.source, count);
    else this.#unproven.delete(peer.source);
  }
}

/** A host name has no scope; only operators can give one. */
function scopeOfHost(host: string): AddressScope {
  const address = parseAddress(host);
  return address ? scopeOf(address) : "unicast";
}

const RANK: Record<Origin, number> = { named: 0, incoming: 1, operator: 2, configured: 3 };
