import type { Ipv4 } from "#base/ipv4.ts";
import type { Random } from "#base/random.ts";
import type { Link } from "#host/links.ts";
import { Timers } from "#machine/timers.ts";
import { Allowance } from "#ospf/allowance.ts";
import type { Digests } from "#ospf/authentication.ts";
import type { AreaConfig, InterfaceConfig, NetworkType, OspfConfig } from "#ospf/config.ts";
import type { InterfaceState } from "#ospf/interface-machine.ts";
import type { OspfEvent, OspfOutput } from "#ospf/io.ts";
import {
  ADJACENCY_EVENTS_AT_ONCE,
  CHANGE_EVENTS_AT_ONCE,
  CHANGE_EVENTS_PER_SECOND,
  EXCHANGES_AT_ONCE,
  EXCHANGES_PER_SECOND,
  GREETINGS_AT_ONCE,
  GREETINGS_PER_SECOND,
  MISMATCH_EVENTS_AT_ONCE,
  MISMATCH_EVENTS_PER_SECOND,
  TELL_AGAIN_MS,
} from "#ospf/limits.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { Lsdb, type Entry } from "#ospf/lsdb.ts";
import { isAtLeast, type NeighborState } from "#ospf/neighbor-machine.ts";
import { OPTION_EXTERNAL, OPTION_OPAQUE, type DatabaseDescription } from "#ospf/packets.ts";

/** What a router was given when it was made. */
export interface OspfSurroundings {
  readonly random: Random;
  readonly cipher: Digests;
  /**
   * The sequence of cryptographic authentication at `now` 0: the wall clock then, in seconds. It grows by one a second, so
   * that a router that starts again goes on above what it sent before.
   */
  readonly authenticationSequence: number;
}

/** An area: its LSAs, and the interfaces that attach this router to it. RFC 2328 6. */
export class Area {
  readonly id: Ipv4;
  readonly lsdb = new Lsdb();
  config: AreaConfig;

  constructor(config: AreaConfig) {
    this.id = config.areaId;
    this.config = config;
  }
}

/** Counted since the interface became one of this router's. */
export interface Traffic {
  /** Packets by their type, 0 to 5. */
  readonly received: number[];
  readonly sent: number[];
  receivedBytes: number;
  sentBytes: number;
  /** What was not taken, by reason. */
  readonly dropped: Map<string, number>;
  /** What the system did not send, by its word. */
  readonly unsent: Map<string, number>;
}

export type MismatchStage = "any" | "type" | "description" | "database";

/** Why somebody who is heard is no neighbor. */
export interface Mismatch {
  readonly address: Ipv4;
  readonly routerId: Ipv4;
  text: string;
  /** Whether it is found in all of its packets, in those that name a designated router, in Database Descriptions, in LSAs. */
  readonly stage: MismatchStage;
  at: number;
  toldAt: number;
  count: number;
}

/** A network of an interface that is told without anybody spoken to on it. */
export interface StubNetwork {
  readonly network: Ipv4;
  readonly mask: Ipv4;
}

/** RFC 2328 9. */
export class OspfInterface {
  readonly area: Area;
  readonly name: string;
  config: InterfaceConfig;
  /** Absent: the machine has no such interface. */
  link: Link | undefined;
  type: NetworkType = "broadcast";
  state: InterfaceState = "Down";
  /** 0 while it has none. */
  address: Ipv4 = 0;
  mask: Ipv4 = 0;
  /** Further networks on it. */
  stubs: readonly StubNetwork[] = [];
  /** Addresses; 0 for none. */
  designated: Ipv4 = 0;
  backup: Ipv4 = 0;
  /** By address; on point-to-point by router id, since a router may have any address there. */
  readonly neighbors = new Map<Ipv4, Neighbor>();
  /** LSAs of link-local scope. */
  readonly lsdb = new Lsdb();
  /** LSAs to acknowledge a little later, together. */
  readonly acknowledgments = new Map<string, Lsa>();
  /** LSAs to flood at the end of this step, together. */
  readonly floods = new Map<string, Lsa>();
  socket: "closed" | "opening" | "open" = "closed";
  readonly groups = new Set<Ipv4>();
  readonly traffic: Traffic = {
    received: [0, 0, 0, 0, 0, 0],
    sent: [0, 0, 0, 0, 0, 0],
    receivedBytes: 0,
    sentBytes: 0,
    dropped: new Map(),
    unsent: new Map(),
  };
  readonly mismatches = new Map<Ipv4, Mismatch>();
  readonly mismatchEvents = new Allowance(MISMATCH_EVENTS_AT_ONCE, MISMATCH_EVENTS_PER_SECOND);
  readonly changeEvents = new Allowance(CHANGE_EVENTS_AT_ONCE, CHANGE_EVENTS_PER_SECOND);
  readonly adjacencyEvents = new Allowance(ADJACENCY_EVENTS_AT_ONCE, CHANGE_EVENTS_PER_SECOND);
  readonly greetings = new Allowance(GREETINGS_AT_ONCE, GREETINGS_PER_SECOND);
  toldChangesAt = -Infinity;
  /** When the network-LSA's reason to be ended or began; kept by the originator. */
  helloAt = 0;
  changes = 0;

  constructor(area: Area, config: InterfaceConfig) {
    this.area = area;
    this.name = config.name;
    this.config = config;
  }

  /** Bytes of an IP packet. */
  get mtu(): number {
    return this.link?.mtu ?? 1_500;
  }

  /** On which a designated router is elected. */
  get hasDesignated(): boolean {
    return this.type === "broadcast" || this.type === "non-broadcast";
  }

  /** Whether packets go to each neighbor by itself. */
  get isUnicast(): boolean {
    return (
      this.type === "non-broadcast" ||
      (this.type === "point-to-multipoint" && this.config.neighbors.length > 0)
    );
  }

  adjacent(): Neighbor[] {
    return [...this.neighbors.values()].filter(({ state }) => isAtLeast(state, "Exchange"));
  }

  fullNeighbors(): Neighbor[] {
    return [...this.neighbors.values()].filter(({ state }) => state === "Full");
  }
}

/** An LSA that a neighbor has not acknowledged. */
export interface Unacknowledged {
  readonly entry: Entry;
  /** ms when it goes again. */
  at: number;
}

/** RFC 2328 10. */
export class Neighbor {
  readonly interface: OspfInterface;
  /** 0 until it was heard, for configured neighbors. */
  routerId: Ipv4;
  address: Ipv4;
  state: NeighborState = "Down";
  priority = 0;
  options = 0;
  designated: Ipv4 = 0;
  backup: Ipv4 = 0;
  /** This router leads the exchange of Database Descriptions. */
  isMaster = false;
  ddSequence = 0;
  /** With which the exchange began, where the neighbor leads it. */
  initialSequence = 0;
  /** With which it began an exchange before this router saw a reason for one, and when, ms. */
  early: { readonly description: DatabaseDescription; readonly at: number } | undefined;
  /** Bits, options and sequence of the last description that was taken, to tell repetitions. */
  lastReceived: Omit<DatabaseDescription, "lsas" | "mtu"> | undefined;
  /** The last description sent, its body, to be sent again. */
  lastSent: Uint8Array | undefined;
  /** It was sent again already. */
  hasRepeated = false;
  /** Says that it has no more to describe. */
  hasSentLast = false;
  /** What is left to describe to it. */
  summary: Lsa[] = [];
  /** Headers of LSAs to ask for. */
  readonly requests = new Map<string, Lsa>();
  /** Those asked for and not come yet. */
  readonly outstanding = new Set<string>();
  /** Keys of LSAs that it asked for and got since `sentSince`, ms. */
  readonly sent = new Set<string>();
  sentSince = 0;
  readonly exchanges = new Allowance(EXCHANGES_AT_ONCE, EXCHANGES_PER_SECOND);
  readonly retransmissions = new Map<string, Unacknowledged>();
  /** When it was sent a newer LSA than it had, by key, ms. */
  readonly answered = new Map<string, number>();
  /** When it got which own LSA last, ms: it takes the next one only MinLSArrival later. */
  readonly delivered = new Map<string, number>();
  /** Of cryptographic authentication: -1 before the first. */
  authenticationSequence = -1;
  /** Last heard, ms. */
  heardAt = 0;
  /** ms of the last change of state, and how many there were. */
  since = 0;
  changes = 0;
  lastReason = "";

  constructor(ospfInterface: OspfInterface, routerId: Ipv4, address: Ipv4) {
    this.interface = ospfInterface;
    this.routerId = routerId;
    this.address = address;
  }

  /** Its key in the interface's table, and in names of timers. */
  get key(): Ipv4 {
    return this.interface.type === "point-to-point" ? this.routerId : this.address;
  }

  get takesOpaque(): boolean {
    return (this.options & OPTION_OPAQUE) !== 0;
  }
}

/** All tables of one router; its parts work on them. */
export class RouterState {
  readonly surroundings: OspfSurroundings;
  readonly timers = new Timers();
  readonly areas = new Map<Ipv4, Area>();
  readonly interfaces = new Map<string, OspfInterface>();
  readonly links = new Map<string, Link>();
  /** LSAs of the whole autonomous system: types 5 and 11. */
  readonly lsdb = new Lsdb();
  config: OspfConfig;
  /** ms; of the input that is being handled. */
  now = 0;
  out: OspfOutput[] = [];

  constructor(config: OspfConfig, surroundings: OspfSurroundings) {
    this.config = config;
    this.surroundings = surroundings;
  }

  get routerId(): Ipv4 {
    return this.config.routerId;
  }

  /** The wall clock at `now` (ms), seconds since 1970: the sequence of cryptographic authentication. */
  secondsAt(now: number): number {
    return (this.surroundings.authenticationSequence + Math.floor(now / 1_000)) >>> 0;
  }

  /** Options of Hellos, Database Descriptions and own LSAs. */
  get options(): number {
    return OPTION_EXTERNAL;
  }

  /** Those of Database Descriptions say who takes opaque LSAs. RFC 5250 3. */
  get descriptionOptions(): number {
    return this.config.opaque ? OPTION_EXTERNAL | OPTION_OPAQUE : OPTION_EXTERNAL;
  }

  event(event: OspfEvent): void {
    this.out.push({ type: "event", event });
  }

  /**
   * A change of an interface or of a neighbor on it. Too many are not told: peers cause them as fast as they like. Those who
   * only greet do not keep adjacencies from being told.
   */
  change(on: OspfInterface, event: OspfEvent): void {
    const isAdjacency = event.type === "neighbor" && (event.from === "Full" || event.to === "Full");
    const allowance = isAdjacency ? on.adjacencyEvents : on.changeEvents;
    if (allowance.take(this.now)) return this.event(event);
    if (this.now - on.toldChangesAt < TELL_AGAIN_MS) return;
    on.toldChangesAt = this.now;
    this.event({ type: "limit", text: `neighbors on ${on.name} change faster than is told` });
  }

  interfacesOf(area: Area): OspfInterface[] {
    return [...this.interfaces.values()].filter((each) => each.area === area);
  }

  *neighbors(): Iterable<Neighbor> {
    for (const each of this.interfaces.values()) yield* each.neighbors.values();
  }

  /** Of all LSAs in all databases. */
  get octets(): number {
    let octets = this.lsdb.octets;
    for (const area of this.areas.values()) octets += area.lsdb.octets;
    for (const each of this.interfaces.values()) octets += each.lsdb.octets;
    return octets;
  }

  /** How many LSAs there are in all databases. */
  get size(): number {
    let size = this.lsdb.size;
    for (const area of this.areas.values()) size += area.lsdb.size;
    for (const each of this.interfaces.values()) size += each.lsdb.size;
    return size;
  }
}

/** Sets a counter one up. */
export function count(counters: Map<string, number>, reason: string): void {
  counters.set(reason, (counters.get(reason) ?? 0) + 1);
}
