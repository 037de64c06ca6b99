import { formatIpv4, parseIpv4, type Ipv4 } from "#base/ipv4.ts";
import { sign } from "#ospf/authentication.ts";
import type { Authentication } from "#ospf/config.ts";
import { lsaKey, type Lsa } from "#ospf/lsa.ts";
import {
  ACKNOWLEDGMENT,
  DATABASE_DESCRIPTION,
  frame,
  HELLO,
  readDatabaseDescription,
  readRequests,
  REQUEST,
  UPDATE,
  writeAcknowledgment,
  writeDatabaseDescription,
  writeHello,
  writeRequests,
  writeUpdate,
  type DatabaseDescription,
  type Hello,
  type Request,
} from "#ospf/packets.ts";
import type { Bench, Sent } from "#ospf/testing/bench.ts";
import type { Neighbor } from "#ospf/state.ts";

export interface PeerOptions {
  /** Its interface of the bench. */
  readonly on: string;
  readonly routerId: string;
  readonly address: string;
  readonly priority?: number;
  /** Bits of Options in its Database Descriptions. */
  readonly options?: number;
}

/** A neighbor of the router on a bench that says what a test wants it to say. */
export class Peer {
  readonly bench: Bench;
  readonly on: string;
  readonly routerId: Ipv4;
  readonly address: Ipv4;
  readonly priority: number;
  readonly options: number;
  /** What it has when it is asked. */
  readonly database = new Map<string, Lsa>();
  /** As text; "0.0.0.0" for none. */
  designated = 0;
  backup = 0;
  sequence = 5_000;
  authentication: Authentication;

  constructor(bench: Bench, { on, routerId, address, priority = 1, options = 0x42 }: PeerOptions) {
    this.bench = bench;
    this.on = on;
    this.routerId = parseIpv4(routerId)!;
    this.address = parseIpv4(address)!;
    this.priority = priority;
    this.options = options;
    this.authentication = bench.interface(on).config.authentication;
  }

  /** What the router thinks of it; throws when it knows it not. */
  get neighbor(): Neighbor {
    const found = this.known;
    if (!found) throw new Error("the router does not know this peer");
    return found;
  }

  get known(): Neighbor | undefined {
    const { neighbors } = this.bench.interface(this.on);
    return [...neighbors.values()].find(({ routerId }) => routerId === this.routerId);
  }

  get state(): string {
    return this.known?.state ?? "Down";
  }

  /** The packet as it lies behind the IP header. */
  packet(type: number, body: Uint8Array, areaId = 0): Uint8Array {
    return sign(
      frame({ type, routerId: this.routerId, areaId }, body),
      this.authentication,
      Math.floor(this.bench.now / 1_000) + 1,
      this.bench.cipher,
    );
  }

  send(type: number, body: Uint8Array): readonly Sent[] {
    return this.bench.receive(this.on, this.address, this.packet(type, body));
  }

  /** Names the router as heard, unless `changes` say otherwise. */
  hello(changes: Partial<Hello> = {}): readonly Sent[] {
    const { config, mask } = this.bench.interface(this.on);
    const body = writeHello({
      mask,
      helloInterval: config.helloInterval,
      options: 2,
      priority: this.priority,
      deadInterval: config.deadInterval,
      designated: this.designated,
      backup: this.backup,
      neighbors: [this.bench.router.state.routerId],
      ...changes,
    });
    return this.send(HELLO, body);
  }

  describe(changes: Partial<DatabaseDescription> = {}): readonly Sent[] {
    const { mtu } = this.bench.interface(this.on);
    const shape = { mtu, options: this.options, isInit: false, hasMore: false, isMaster: false };
    const description = { ...shape, sequence: this.sequence, lsas: [], ...changes };
    return this.send(DATABASE_DESCRIPTION, writeDatabaseDescription(description, this.bench.now));
  }

  request(requests: readonly Request[]): readonly Sent[] {
    return this.send(REQUEST, writeRequests(requests));
  }

  update(...lsas: readonly Lsa[]): readonly Sent[] {
    return this.send(UPDATE, writeUpdate(lsas, this.bench.now, 0));
  }

  acknowledge(...lsas: readonly Lsa[]): readonly Sent[] {
    return this.send(ACKNOWLEDGMENT, writeAcknowledgment(lsas, this.bench.now));
  }

  /** Acknowledges all that the router waits for. */
  acknowledgeAll(): readonly Sent[] {
    const waiting = [...this.neighbor.retransmissions.values()].map(({ entry }) => entry.lsa);
    return waiting.length === 0 ? [] : this.acknowledge(...waiting);
  }

  /** Takes an adjacency to Exchange, the peer's database described; `stop` before its last description is sent. */
  exchange(...has: readonly Lsa[]): void {
    for (const lsa of has) this.database.set(lsa.key, lsa);
    this.hello();
    const first = this.#lastDescription();
    if (this.routerId > this.bench.router.state.routerId) {
      this.describe({ isInit: true, hasMore: true, isMaster: true });
      this.sequence++;
      this.describe({ isMaster: true, lsas: has });
      while (this.#lastDescription().hasMore) {
        this.sequence++;
        this.describe({ isMaster: true });
      }
      return;
    }
    this.sequence = first.sequence;
    this.describe({ lsas: has });
    for (;;) {
      const { sequence, hasMore } = this.#lastDescription();
      if (sequence === this.sequence) return;
      this.sequence = sequence;
      this.describe();
      if (!hasMore) return;
    }
  }

  /** Takes an adjacency to Full, and acknowledges what comes of it. */
  becomeFull(...has: readonly Lsa[]): void {
    this.exchange(...has);
    this.answerRequests();
    this.bench.advance(20);
    if (this.state !== "Full") throw new Error(`the peer is ${this.state}`);
    this.acknowledgeAll();
  }

  /** Sends what the router asked for last. */
  answerRequests(): void {
    for (let left = 100; left > 0 && this.neighbor.outstanding.size > 0; left--) {
      const asked = this.bench.sent.findLast(
        ({ type, interface: on }) => type === "request" && on === this.on,
      );
      const found = readRequests(asked!.body)!.flatMap(({ type, id, advertisingRouter }) => {
        const lsa = this.database.get(lsaKey(type, id, advertisingRouter));
        return lsa ? [lsa] : [];
      });
      if (found.length === 0) return;
      this.update(...found);
    }
  }

  #lastDescription(): DatabaseDescription {
    const { type: kind } = this.bench.interface(this.on);
    const to = kind === "point-to-point" ? "224.0.0.5" : formatIpv4(this.address);
    const found = this.bench.sent.findLast(
      (each) => each.type === "database-description" && each.interface === this.on && each.to === to,
    );
    if (!found) throw new Error("the router has described nothing");
    return readDatabaseDescription(found.body, this.bench.now)!;
  }
}
