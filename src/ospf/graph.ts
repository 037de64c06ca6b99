import { maskLength, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { MAX_AGE, NETWORK_LSA, ROUTER_LSA } from "#ospf/constants.ts";
import type { Destinations } from "#ospf/destinations.ts";
import {
  POINT_TO_POINT_LINK,
  readContent,
  RouterLinks,
  STUB_LINK,
  TRANSIT_LINK,
  VIRTUAL_LINK,
} from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";

/**
 * The routers and transit networks of one area as numbers in arrays, kept from one calculation to the next: an LSA that
 * changed is read again, nothing else. RFC 2328 2.1, 16.1.
 *
 * A vertex has a slot, given when its name is first met in any LSA and kept for good. A network is named by the address
 * of its designated router alone: when LSAs of several routers bear it (one that has changed its router id leaves such
 * behind), the network has the routers of all of them. Edges and stub networks of a vertex lie together in an arena;
 * one that gets more of them moves to its end, and what it leaves there is waste.
 */
export class Graph {
  /** Slots by router id and by designated router's address, as signed numbers. */
  readonly routers = new Map<number, number>();
  readonly networks = new Map<number, number>();
  /** By slot: router id or designated router's address. */
  readonly ids: Ipv4[] = [];
  /** By slot: undefined while there is none, or only malformed or dead ones. */
  readonly lsas: (Lsa | undefined)[] = [];
  /** By slot. */
  isNetwork = new Uint8Array(64);
  edgeStart = new Int32Array(64);
  edgeCount = new Int32Array(64);
  stubStart = new Int32Array(64);
  stubCount = new Int32Array(64);
  /** For networks, where destinations are. */
  destination = new Int32Array(64);
  /** The arenas: where edges lead and what they cost; stub networks and what they cost. */
  edgeTarget = new Int32Array(256);
  edgeCost = new Int32Array(256);
  stubDestination = new Int32Array(256);
  stubCost = new Int32Array(256);

  readonly #destinations: Destinations;
  /** All that were put, also dead and malformed ones. */
  readonly #told = new Map<number, Lsa[]>();
  #dies = new Float64Array(64);
  readonly #dirty = new Set<number>();
  readonly #links = new RouterLinks();
  #edgesUsed = 0;
  #stubsUsed = 0;
  #wasted = 0;
  #sizeAnew = 0;
  #order: Int32Array = new Int32Array(0);

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** How many slots there are. */
  get size(): number {
    return this.ids.length;
  }

  /** A new instance of a router-LSA or network-LSA. A router-LSA that bears another router's name is left out. */
  put(lsa: Lsa): void {
    if (lsa.type === ROUTER_LSA && lsa.id !== lsa.advertisingRouter) return;
    const slot = this.#slotOf(lsa.type, lsa.id | 0);
    if (slot < 0) return;
    const told = this.#told.get(slot);
    if (told === undefined) this.#told.set(slot, [lsa]);
    else {
      const at = told.findIndex((each) => each.key === lsa.key);
      told[at < 0 ? told.length : at] = lsa;
    }
    this.#dirty.add(slot);
  }

  remove(lsa: Lsa): void {
    const slot = (lsa.type === ROUTER_LSA ? this.routers : this.networks).get(lsa.id | 0);
    const told = slot === undefined ? undefined : this.#told.get(slot);
    if (slot === undefined || told === undefined) return;
    const left = told.filter((each) => each.key !== lsa.key);
    if (left.length > 0) this.#told.set(slot, left);
    else this.#told.delete(slot);
    this.#dirty.add(slot);
  }

  /**
   * A new instance that says the same as the one before: nothing has to be computed again. False when the one before
   * counts for nothing, or not alone: then it has to be put.
   */
  refresh(lsa: Lsa): boolean {
    const slot = (lsa.type === ROUTER_LSA ? this.routers : this.networks).get(lsa.id | 0);
    const told = slot === undefined ? undefined : this.#told.get(slot);
    if (slot === undefined || told?.length !== 1 || this.lsas[slot] !== told[0]) return false;
    if (told[0]!.key !== lsa.key) return false;
    this.lsas[slot] = lsa;
    told[0] = lsa;
    if (!this.#dirty.has(slot)) this.#dies[slot] = lsa.timeOfAge(MAX_AGE);
    return true;
  }

  /** All that were put and not removed, also those that nothing is computed of. */
  *told(): Iterable<Lsa> {
    for (const lsas of this.#told.values()) yield* lsas;
  }

  /** Reads what has changed by `now` (ms). True when something has. */
  prepare(now: number): boolean {
    for (let slot = 0; slot < this.size; slot++) if (this.#dies[slot]! <= now) this.#dirty.add(slot);
    if (this.#dirty.size === 0) return false;
    for (const slot of this.#dirty) {
      if (this.isNetwork[slot]) this.#readNetwork(slot, now);
      else this.#readRouter(slot, now);
    }
    this.#dirty.clear();
    return true;
  }

  /** More than half of what is kept is not needed any more. */
  get isWasteful(): boolean {
    const used = this.#edgesUsed + this.#stubsUsed;
    const unused = this.size - this.#told.size;
    return (
      this.#wasted > WASTE_ALLOWED + used / 2 ||
      (this.size > WASTE_ALLOWED + 2 * this.#sizeAnew && unused > this.size / 2)
    );
  }

  /** A graph of the same LSAs without the waste. */
  compacted(destinations: Destinations, now: number): Graph {
    const graph = new Graph(destinations);
    for (const lsas of this.#told.values()) for (const lsa of lsas) graph.put(lsa);
    graph.prepare(now);
    graph.#sizeAnew = graph.size;
    return graph;
  }

  /**
   * The slots by kind (networks first) and id: an order that does not depend on the order in which LSAs came. Paths of
   * equal length are looked at in it.
   */
  order(): Int32Array {
    if (this.#order.length === this.size) return this.#order;
    const size = this.size;
    const keys = new Float64Array(size);
    for (let slot = 0; slot < size; slot++)
      keys[slot] = ((this.isNetwork[slot] ? 0 : 0x1_0000_0000) + this.ids[slot]!) * MOST_SLOTS + slot;
    keys.sort();
    const order = new Int32Array(size);
    for (let rank = 0; rank < size; rank++)
      order[rank] = keys[rank]! - Math.floor(keys[rank]! / MOST_SLOTS) * MOST_SLOTS;
    return (this.#order = order);
  }

  #readRouter(slot: number, now: number): void {
    const links = this.#links;
    const lsa = this.#told.get(slot)?.[0];
    this.#dies[slot] = lsa && lsa.timeOfAge(MAX_AGE) > now ? lsa.timeOfAge(MAX_AGE) : Infinity;
    this.lsas[slot] = lsa && this.#dies[slot] !== Infinity && links.open(lsa) ? lsa : undefined;
    if (this.lsas[slot] === undefined) return this.#empty(slot);
    let edges = 0;
    let stubs = 0;
    while (links.next()) {
      if (links.type === STUB_LINK) stubs++;
      else edges++;
    }
    this.#makeRoom(slot, edges, stubs);
    let edge = this.edgeStart[slot]!;
    let stub = this.stubStart[slot]!;
    links.open(lsa!);
    while (links.next()) {
      const { type, id, data, metric } = links;
      if (type === POINT_TO_POINT_LINK || type === VIRTUAL_LINK || type === TRANSIT_LINK) {
        const target = this.#slotOf(type === TRANSIT_LINK ? NETWORK_LSA : ROUTER_LSA, id);
        if (target < 0) continue;
        this.edgeTarget[edge] = target;
        this.edgeCost[edge++] = metric;
      } else if (type === STUB_LINK) {
        const length = maskLength(data >>> 0);
        if (length === undefined) continue;
        this.stubDestination[stub] = this.#destinations.of((id & data) >>> 0, length).slot;
        this.stubCost[stub++] = metric;
      }
    }
    this.edgeCount[slot] = edge - this.edgeStart[slot]!;
    this.stubCount[slot] = stub - this.stubStart[slot]!;
  }

  #readNetwork(slot: number, now: number): void {
    const alive = (this.#told.get(slot) ?? []).filter((lsa) => lsa.timeOfAge(MAX_AGE) > now);
    this.#dies[slot] = deathOf(alive);
    // The mask is that of the largest advertising router, if they should differ.
    alive.sort((a, b) => b.advertisingRouter - a.advertisingRouter);
    const read = alive.map((lsa) => ({ lsa, content: readContent(lsa) }));
    const networks = read.flatMap(({ lsa, content }) =>
      content?.type === "network" ? [{ lsa, content }] : [],
    );
    this.lsas[slot] = networks[0]?.lsa;
    if (networks.length === 0) return this.#empty(slot);
    const routers = new Set(networks.flatMap(({ content }) => content.routers));
    this.#makeRoom(slot, routers.size, 0);
    let edge = this.edgeStart[slot]!;
    for (const router of routers) {
      const target = this.#slotOf(ROUTER_LSA, router | 0);
      if (target < 0) continue;
      this.edgeTarget[edge] = target;
      this.edgeCost[edge++] = 0;
    }
    this.edgeCount[slot] = edge - this.edgeStart[slot]!;
    const length = maskLength(networks[0]!.content.mask)!;
    const network = (this.ids[slot]! & maskOf(length)) >>> 0;
    this.destination[slot] = this.#destinations.of(network, length).slot;
  }

  #empty(slot: number): void {
    this.#wasted += this.edgeCount[slot]! + this.stubCount[slot]!;
    this.edgeCount[slot] = 0;
    this.stubCount[slot] = 0;
  }

  /** Where it lies when that suffices, or else at the end. */
  #makeRoom(slot: number, edges: number, stubs: number): void {
    if (edges > this.edgeCount[slot]!) {
      this.#wasted += this.edgeCount[slot]!;
      this.edgeStart[slot] = this.#edgesUsed;
      this.#edgesUsed += edges;
      this.edgeTarget = grown(this.edgeTarget, this.#edgesUsed);
      this.edgeCost = grown(this.edgeCost, this.#edgesUsed);
    } else this.#wasted += this.edgeCount[slot]! - edges;
    if (stubs > this.stubCount[slot]!) {
      this.#wasted += this.stubCount[slot]!;
      this.stubStart[slot] = this.#stubsUsed;
      this.#stubsUsed += stubs;
      this.stubDestination = grown(this.stubDestination, this.#stubsUsed);
      this.stubCost = grown(this.stubCost, this.#stubsUsed);
    } else this.#wasted += this.stubCount[slot]! - stubs;
  }

  /** Made when it is new; -1 when there are too many. */
  #slotOf(type: number, id: number): number {
    const slots = type === ROUTER_LSA ? this.routers : this.networks;
    const known = slots.get(id);
    if (known !== undefined) return known;
    const slot = this.size;
    if (slot === MOST_SLOTS) return -1;
    slots.set(id, slot);
    this.ids.push(id >>> 0);
    this.lsas.push(undefined);
    if (slot >= this.isNetwork.length) this.#growVertices(slot + 1);
    this.isNetwork[slot] = type === ROUTER_LSA ? 0 : 1;
    this.#dies[slot] = Infinity;
    return slot;
  }

  #growVertices(size: number): void {
    this.isNetwork = grown(this.isNetwork, size);
    this.edgeStart = grown(this.edgeStart, size);
    this.edgeCount = grown(this.edgeCount, size);
    this.stubStart = grown(this.stubStart, size);
    this.stubCount = grown(this.stubCount, size);
    this.destination = grown(this.destination, size);
    this.#dies = grown(this.#dies, size);
  }
}

/**
 * More vertices than that no area has; what comes beyond is left out. With it a distance, a kind and a slot fit into
 * one number without loss.
 */
export const MOST_SLOTS = 0x10_0000;

/** Slots or edges. */
const WASTE_ALLOWED = 4_096;

/** When the first of them reaches MaxAge, ms. */
function deathOf(lsas: readonly Lsa[]): number {
  return Math.min(...lsas.map((lsa) => lsa.timeOfAge(MAX_AGE)));
}

function grown<Items extends Int32Array | Float64Array | Uint8Array>(items: Items, size: number): Items {
  if (items.length >= size) return items;
  const larger = new (items.constructor as new (length: number) => Items)(Math.max(size, 2 * items.length));
  larger.set(items);
  return larger;
}
