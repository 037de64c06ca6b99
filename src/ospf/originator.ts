import { equalBytes } from "#base/bytes.ts";
import { formatIpv4, type Ipv4 } from "#base/ipv4.ts";
import { Timers } from "#machine/timers.ts";
import type { ExternalRoute } from "#ospf/config.ts";
import {
  AS_EXTERNAL_LSA,
  INITIAL_SEQUENCE,
  LSA_HEADER,
  LS_REFRESH_TIME,
  MAX_AGE,
  MAX_SEQUENCE,
  NETWORK_LSA,
  ROUTER_LSA,
} from "#ospf/constants.ts";
import { ExternalIds } from "#ospf/external-ids.ts";
import { ARRIVAL_MARGIN_MS, FIRST_DELAY_MS, LSAS_AT_ONCE, MOST_TOMBSTONES, PACE_MS } from "#ospf/limits.ts";
import { externalBody, makeLsa, networkBody, routerBody } from "#ospf/lsa-bodies.ts";
import { lsaKey, type Lsa, type LsaIdentity } from "#ospf/lsa.ts";
import type { Lsdb } from "#ospf/lsdb.ts";
import { isTransit, linksOf } from "#ospf/own-links.ts";
import type { Parts } from "#ospf/parts.ts";
import type { Area, Neighbor, OspfInterface, RouterState } from "#ospf/state.ts";

/** An LSA that this router tells, or has just stopped telling. */
interface Own extends LsaIdentity {
  readonly key: string;
  readonly area: Area | undefined;
  /** What it says now; undefined: nothing any more. */
  body(): Uint8Array | undefined;
  /** ms. */
  originatedAt: number;
  /** ms until the next instance may come. */
  hold: number;
  /** An instance came that is newer than what this router told: the next one has to be told whatever it says. */
  isOutdone: boolean;
  /** When one that came was answered at once, ms. */
  answeredAt: number;
  /** The highest sequence number was used up: the LSA has to leave everywhere before the lowest may come. */
  isWrapping: boolean;
}

/** Tells others of this router: originates its LSAs, renews and ends them. RFC 2328 12.4. */
export class Originator {
  readonly #state: RouterState;
  readonly #parts: Parts;
  /** By scope and key. */
  readonly #own = new Map<string, Own>();
  readonly #due = new Timers();
  readonly #externals = new ExternalIds();
  /** Peers have as much as they can take until then, ms. */
  #pausedUntil = 0;
  /** Sequence numbers of LSAs that were ended: one that comes back goes on from there. */
  readonly #ended = new Map<string, number>();

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** When something is to be originated next, ms. */
  get wakeAt(): number {
    return this.#due.next;
  }

  /** Something of which the area's router-LSA or network-LSAs may tell has changed. */
  touch(area: Area): void {
    if (!this.#state.areas.has(area.id)) return;
    const router = this.#state.routerId;
    this.#want(area, ROUTER_LSA, router, () => this.#routerBody(area));
    for (const each of this.#state.interfacesOf(area))
      if (each.state === "DR" && each.address !== 0)
        this.#want(area, NETWORK_LSA, each.address, () => this.#networkBody(area, each.address));
    for (const own of this.#own.values())
      if (own.area === area && own.type === NETWORK_LSA) this.#schedule(own);
    this.#parts.routing.attached(area);
  }

  setExternals(
    set: readonly ExternalRoute[],
    removed: readonly { readonly network: Ipv4; readonly length: number }[],
  ): void {
    const hadAny = this.#externals.size > 0;
    const changed = new Set<Ipv4>();
    for (const { network, length } of removed)
      for (const id of this.#externals.remove(network, length)) changed.add(id);
    for (const route of set) for (const id of this.#externals.set(route)) changed.add(id);
    for (const id of changed) this.#want(undefined, AS_EXTERNAL_LSA, id, () => this.#externalBody(id));
    if (hadAny !== this.#externals.size > 0) this.#touchAll();
  }

  externals(): Iterable<ExternalRoute> {
    return this.#externals.routes();
  }

  get isAsBoundary(): boolean {
    return this.#state.config.isAsBoundary || this.#externals.size > 0;
  }

  /** Originates everything anew that a changed configuration may change. */
  reconfigured(): void {
    this.#touchAll();
  }

  forgetArea(id: Ipv4): void {
    const area = this.#state.areas.get(id);
    if (!area) return;
    for (const [name, own] of this.#own)
      if (own.area === area) {
        this.#own.delete(name);
        this.#due.cancel(name);
      }
    this.#parts.routing.forgetArea(id);
    this.#state.areas.delete(id);
  }

  /** What is due, as much as peers can take at once. */
  run(): void {
    const { now } = this.#state;
    for (let left = LSAS_AT_ONCE; left > 0; left--) {
      const name = this.#due.takeDue(now);
      if (name === undefined) return;
      const own = this.#own.get(name);
      if (own) this.#originate(name, own);
    }
    // More is due, but a little later.
    if (this.#due.next <= now) this.#pausedUntil = now + PACE_MS;
  }

  /** Whether an LSA is this router's, or was told by it under another router id. RFC 2328 13.4. */
  isOwn({ type, id, advertisingRouter }: LsaIdentity): boolean {
    if (advertisingRouter === this.#state.routerId) return true;
    if (type !== NETWORK_LSA) return false;
    for (const { address } of this.#state.interfaces.values()) if (address === id && id !== 0) return true;
    return false;
  }

  /** An instance of an own LSA came that is newer than what this router told. RFC 2328 13.4. */
  receivedOwn(lsa: Lsa, lsdb: Lsdb, area: Area | undefined, from: Neighbor): void {
    const name = nameOf(area, lsa.key);
    const own = this.#own.get(name);
    if (lsa.ageAt(this.#state.now) === MAX_AGE && !own) return;
    if (own && lsa.advertisingRouter === this.#state.routerId) this.#outdo(name, own, from);
    else this.#flush(lsa, lsdb, area);
  }

  /** The network has another word of this router. That is no reason to wait, unless somebody says so again and again. */
  #outdo(name: string, own: Own, from: Neighbor): void {
    const { now, config } = this.#state;
    own.isOutdone = true;
    const earliest = own.answeredAt + config.timers.lsaLongestHoldMs;
    if (now < earliest) {
      this.#tellDuplicate(from);
      return this.#due.set(name, Math.min(earliest, this.#due.when(name) ?? Infinity));
    }
    own.answeredAt = now;
    own.originatedAt = -Infinity;
    this.#originate(name, own);
  }

  /** Nobody says so again and again but a router that has the same id, some routers away. */
  #tellDuplicate({ interface: on, address, routerId }: Neighbor): void {
    const text = `it passes on LSAs of another router with this router's id: duplicate router id ${formatIpv4(this.#state.routerId)}`;
    this.#parts.interfaces.mismatch(on, address, routerId, text, "database");
  }

  /** An LSA of MaxAge has left a database. */
  gone(lsdb: Lsdb, lsa: Lsa): void {
    const area = [...this.#state.areas.values()].find((each) => each.lsdb === lsdb);
    const name = nameOf(area, lsa.key);
    const own = this.#own.get(name);
    if (!own || lsa.advertisingRouter !== this.#state.routerId) return;
    if (own.isWrapping) {
      own.isWrapping = false;
      this.#due.set(name, this.#state.now);
    } else if (own.body() === undefined) {
      this.#own.delete(name);
      this.#due.cancel(name);
    }
  }

  /** Ends everything that this router tells. */
  flushAll(): void {
    for (const [name, own] of [...this.#own]) {
      const lsdb = this.#lsdbOf(own.area);
      const lsa = lsdb.get(own.key);
      this.#due.cancel(name);
      this.#own.delete(name);
      if (lsa) this.#flush(lsa, lsdb, own.area);
    }
  }

  /** After flushAll: what there is to tell is told again. */
  again(): void {
    this.#touchAll();
    for (const id of this.#externals.ids())
      this.#want(undefined, AS_EXTERNAL_LSA, id, () => this.#externalBody(id));
  }

  #touchAll(): void {
    for (const area of this.#state.areas.values()) this.touch(area);
  }

  #want(area: Area | undefined, type: number, id: Ipv4, body: () => Uint8Array | undefined): void {
    const advertisingRouter = this.#state.routerId;
    const key = lsaKey(type, id, advertisingRouter);
    const name = nameOf(area, key);
    let own = this.#own.get(name);
    if (!own) {
      const hold = this.#state.config.timers.lsaHoldMs;
      own = {
        type,
        id,
        advertisingRouter,
        key,
        area,
        body,
        originatedAt: -Infinity,
        hold,
        isOutdone: false,
        answeredAt: -Infinity,
        isWrapping: false,
      };
      this.#own.set(name, own);
    }
    this.#schedule(own);
  }

  #schedule(own: Own): void {
    const name = nameOf(own.area, own.key);
    const at = Math.max(this.#state.now, this.#pausedUntil, this.#earliest(own));
    const set = this.#due.when(name);
    if (set === undefined || at < set || set > this.#state.now + own.hold) this.#due.set(name, at);
  }

  /** Fast first, slower in storms. */
  #earliest(own: Own): number {
    // What comes up together is told together.
    if (own.originatedAt === -Infinity) return this.#state.now + FIRST_DELAY_MS;
    return own.originatedAt + own.hold;
  }

  #originate(name: string, own: Own): void {
    const { now, config } = this.#state;
    const lsdb = this.#lsdbOf(own.area);
    const known = lsdb.get(own.key);
    const body = own.body();
    if (!body) {
      if (known && known.ageAt(now) < MAX_AGE) this.#flush(known, lsdb, own.area);
      else if (!known) this.#own.delete(name);
      return;
    }
    const isSame = known && equalBytes(known.bytes.subarray(LSA_HEADER), body);
    const age = known?.ageAt(now) ?? MAX_AGE;
    if (isSame && age < LS_REFRESH_TIME && known.options === this.#state.options && !own.isOutdone) {
      this.#due.set(name, known.timeOfAge(LS_REFRESH_TIME));
      return;
    }
    if (known?.sequence === MAX_SEQUENCE) {
      own.isWrapping = true;
      if (age < MAX_AGE) this.#flush(known, lsdb, own.area);
      return;
    }
    const isRefresh = isSame && !own.isOutdone;
    const isStorm = !isRefresh && now - own.originatedAt < 2 * own.hold;
    own.hold = isStorm ? Math.min(2 * own.hold, config.timers.lsaLongestHoldMs) : config.timers.lsaHoldMs;
    own.originatedAt = now;
    const wasOutdone = own.isOutdone;
    own.isOutdone = false;
    const last = known?.sequence ?? this.#ended.get(name);
    this.#ended.delete(name);
    const sequence = last === undefined || last === MAX_SEQUENCE ? INITIAL_SEQUENCE : last + 1;
    const lsa = makeLsa(own, { options: this.#state.options, sequence, body }, now);
    this.#due.set(name, now + LS_REFRESH_TIME * 1_000);
    let isSent = false;
    this.#parts.flooding.originate(lsa, lsdb, own.area, (neighbor) => {
      const at = this.#takenFrom(neighbor, own.key);
      // Where somebody else has ended it, it is wanted at once by those who have missed that.
      const isHeld = at > now && !wasOutdone;
      isSent ||= !isHeld;
      return at > now ? { at, isHeld } : undefined;
    });
    // What nobody has got yet may say something else at once.
    if (!isSent) own.originatedAt = now - 2 * own.hold;
  }

  /**
   * A router takes the next instance of an LSA only MinLSArrival after the one before: a neighbor that has just become one
   * gets this a little later. The routes of this router need not wait for that.
   */
  #takenFrom({ delivered }: Neighbor, key: string): number {
    const { config } = this.#state;
    return (delivered.get(key) ?? -Infinity) + config.timers.lsaArrivalMs + ARRIVAL_MARGIN_MS;
  }

  #flush(lsa: Lsa, lsdb: Lsdb, area: Area | undefined): void {
    if (this.#ended.size >= MOST_TOMBSTONES) this.#ended.clear();
    const { now, routerId } = this.#state;
    if (lsa.advertisingRouter === routerId) this.#ended.set(nameOf(area, lsa.key), lsa.sequence);
    this.#parts.flooding.originate(lsa.withAge(MAX_AGE, now), lsdb, area, (neighbor) => {
      // It may be too early for some of them: they get it once more when it is not.
      const at = this.#takenFrom(neighbor, lsa.key);
      return at > now ? { at, isHeld: false } : undefined;
    });
  }

  #lsdbOf(area: Area | undefined): Lsdb {
    return area ? area.lsdb : this.#state.lsdb;
  }

  #routerBody(area: Area): Uint8Array | undefined {
    const interfaces = this.#state.interfacesOf(area);
    if (!this.#state.areas.has(area.id)) return undefined;
    const links = interfaces.flatMap((each) => linksOf(each, this.#state.config.maxMetric));
    return routerBody(links, this.isAsBoundary);
  }

  #networkBody(area: Area, address: Ipv4): Uint8Array | undefined {
    const on = this.#state.interfacesOf(area).find((each) => isDesignatedBy(each, address));
    if (!on || !isTransit(on)) return undefined;
    const full = on.fullNeighbors().map(({ routerId }) => routerId);
    return networkBody(on.mask, [this.#state.routerId, ...full]);
  }

  #externalBody(id: Ipv4): Uint8Array | undefined {
    const route = this.#externals.get(id);
    return route && externalBody(route);
  }
}

function isDesignatedBy({ state, address }: OspfInterface, id: Ipv4): boolean {
  return state === "DR" && address === id;
}

function nameOf(area: Area | undefined, key: string): string {
  return area ? `${area.id} ${key}` : key;
}
