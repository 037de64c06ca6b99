import { fletcherChecksum } from "#base/checksum.ts";
import { isLoading } from "#ospf/adjacencies.ts";
import {
  AS_EXTERNAL_LSA,
  isKnownType,
  isOpaqueType,
  MAX_AGE,
  MAX_SEQUENCE,
  OPAQUE_AS_LSA,
  OPAQUE_LINK_LSA,
} from "#ospf/constants.ts";
import {
  ACKNOWLEDGMENT_DELAY_MS,
  ARRIVAL_BURST,
  LEAVING_MS,
  LSA_OCTETS_ON_AVERAGE,
  OWN_LSAS_BEYOND,
  TELL_AGAIN_MS,
} from "#ospf/limits.ts";
import { readContent } from "#ospf/lsa-content.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { compareInstances, type Entry, type Lsdb } from "#ospf/lsdb.ts";
import { isAtLeast } from "#ospf/neighbor-machine.ts";
import { ACKNOWLEDGMENT, headersThatFit, UPDATE, writeAcknowledgment } from "#ospf/packets.ts";
import type { Parts } from "#ospf/parts.ts";
import { Tombstones } from "#ospf/tombstones.ts";
import { count, type Area, type Neighbor, type OspfInterface, type RouterState } from "#ospf/state.ts";

/** When a neighbor gets an LSA again, ms, if not after RxmtInterval; held: it is not sent to it before. */
type Resend = (neighbor: Neighbor) => { readonly at: number; readonly isHeld: boolean } | undefined;

/** Takes LSAs, keeps the newest of each, and passes it on to whoever may lack it. RFC 2328 13. */
export class Flooding {
  readonly #state: RouterState;
  readonly #parts: Parts;
  /** LSAs of MaxAge that perhaps nobody needs any more. */
  readonly #leaving = new Map<Entry, { readonly lsdb: Lsdb; readonly until: number }>();
  readonly #tombstones = new Tombstones();
  #toldLimitAt = -Infinity;
  #swept = true;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Where LSAs of a type are kept that come or go by an interface. */
  lsdbOf(type: number, on: OspfInterface): Lsdb {
    if (type === OPAQUE_LINK_LSA) return on.lsdb;
    return type === AS_EXTERNAL_LSA || type === OPAQUE_AS_LSA ? this.#state.lsdb : on.area.lsdb;
  }

  /** RFC 2328 13, steps 1 to 8 for each LSA. */
  receive(from: Neighbor, lsas: readonly Lsa[]): void {
    if (!isAtLeast(from.state, "Exchange")) {
      count(from.interface.traffic.dropped, "neighbor-state");
      return;
    }
    const direct: Lsa[] = [];
    const answers: Lsa[] = [];
    for (const lsa of lsas) {
      const fault = this.#faultOf(lsa);
      if (fault !== undefined) this.#refuse(from, lsa, fault);
      else if (!this.#receiveOne(from, lsa, direct, answers)) break;
    }
    if (direct.length > 0) this.#acknowledge(from.interface, direct, from);
    if (answers.length > 0) this.#parts.sender.updateTo(from, answers);
    if (isAtLeast(from.state, "Exchange") && from.outstanding.size === 0)
      this.#parts.exchange.sendRequests(from);
  }

  /** RFC 2328 13.7. */
  receiveAcknowledgments(from: Neighbor, headers: readonly Lsa[]): void {
    if (!isAtLeast(from.state, "Exchange")) return;
    for (const header of headers) {
      const waiting = from.retransmissions.get(header.key);
      if (!waiting) continue;
      if (compareInstances(header, waiting.entry.lsa, this.#state.now) === 0)
        this.#parts.retransmission.remove(from, header.key);
    }
  }

  /** Puts an LSA of this router, or one that it ends, into a database and floods it. */
  originate(lsa: Lsa, lsdb: Lsdb, area: Area | undefined, resend?: Resend): void {
    const before = lsdb.entry(lsa.key);
    // What came in its place before was paid for: it does not come for free because of this one.
    const entry = this.#install(lsa, lsdb, area, false, before && this.#earnedBy(before));
    const only = lsa.type === OPAQUE_LINK_LSA ? this.#linkOf(lsdb) : undefined;
    this.#flood(entry, area, only, undefined, resend);
    this.#noteLeaving(entry, lsdb);
  }

  /** LSAs whose time has come. */
  age(): void {
    const { now } = this.#state;
    this.#eachDatabase((lsdb, area, on) => {
      for (const lsa of lsdb.takeEnded(now)) {
        const entry = this.#install(lsa.withAge(MAX_AGE, now), lsdb, area, true);
        this.#flood(entry, area, on);
        this.#noteLeaving(entry, lsdb);
      }
    });
  }

  get nextEnd(): number {
    let next = Infinity;
    this.#eachDatabase((lsdb) => (next = Math.min(next, lsdb.nextEnd)));
    return next;
  }

  /** An LSA was acknowledged by all, or neighbors came to know all there is, or went: what has ended may leave. */
  sweepSoon(): void {
    this.#swept = false;
  }

  /** At the end of each step: LSAs of MaxAge that nobody waits for leave. RFC 2328 14. */
  sweep(): void {
    if (this.#swept || this.#leaving.size === 0) return;
    this.#swept = true;
    const { now, timers } = this.#state;
    const isAnyLoading = this.#isAnyLoading();
    let next = Infinity;
    for (const [entry, { lsdb, until }] of this.#leaving) {
      const isThere = lsdb.entry(entry.lsa.key) === entry;
      if (isThere && (isAnyLoading || entry.pending > 0) && now < until) {
        next = Math.min(next, until);
        continue;
      }
      this.#leaving.delete(entry);
      if (isThere) this.#leave(entry, lsdb);
    }
    if (next < Infinity) timers.set("sweep", next);
  }

  /** All databases are empty afterwards; neighbors are told nothing. */
  forgetAll(): void {
    this.#leaving.clear();
    this.#eachDatabase((lsdb) => lsdb.clear());
  }

  /** At the end of each step: what was to be flooded goes out, together. */
  flush(): void {
    for (const out of this.#state.interfaces.values()) {
      if (out.floods.size === 0) continue;
      const lsas = [...out.floods.values()];
      out.floods.clear();
      this.#parts.sender.updates(out, lsas, (body) => this.#parts.sender.multicast(out, UPDATE, body));
      for (const neighbor of out.adjacent())
        for (const lsa of lsas) this.#parts.sender.delivered(neighbor, lsa);
    }
  }

  /** Acknowledgments that have waited for others. */
  acknowledgeNow(out: OspfInterface): void {
    const lsas = [...out.acknowledgments.values()];
    out.acknowledgments.clear();
    if (lsas.length > 0) this.#acknowledge(out, lsas, undefined);
  }

  #leave(entry: Entry, lsdb: Lsdb): void {
    const { lsa } = entry;
    // Of those that have not acknowledged it for so long nobody knows whether they ever will.
    this.#parts.retransmission.removeAll(entry);
    lsdb.delete(lsa.key);
    this.#tombstones.add(lsa, this.#state.now);
    this.#parts.routing.lsaChanged(this.#areaOf(lsdb), lsa, undefined);
    this.#parts.originator.gone(lsdb, lsa);
  }

  /** To ask for an LSA again that cannot be taken would bring the same; a wrong checksum is another matter. */
  #refuse(from: Neighbor, lsa: Lsa, fault: string): void {
    count(from.interface.traffic.dropped, fault);
    if (fault !== "lsa-checksum") this.#parts.exchange.arrived(from, lsa.key);
  }

  #faultOf(lsa: Lsa): string | undefined {
    const sum = fletcherChecksum(lsa.bytes, 2, lsa.length, 16);
    if (lsa.checksum !== sum) return "lsa-checksum";
    if (!isKnownType(lsa.type)) return "lsa-type";
    if (isOpaqueType(lsa.type) && !this.#state.config.opaque) return "lsa-type";
    if (lsa.sequence === -0x8000_0000) return "lsa-sequence";
    return readContent(lsa) === undefined ? "lsa-malformed" : undefined;
  }

  /** Whether there is no room for an LSA, new or longer than the one that it replaces. */
  #isFull(lsa: Lsa, known: Entry | undefined): boolean {
    const { size, octets, config } = this.#state;
    const more = lsa.size - (known?.lsa.size ?? 0);
    if (known && more <= 0) return false;
    const isOwn = this.#parts.originator.isOwn(lsa);
    const most = config.maximumLsas + (isOwn ? OWN_LSAS_BEYOND : 0);
    if ((known || size < most) && octets + more <= most * LSA_OCTETS_ON_AVERAGE) return false;
    this.#tellLimit();
    return true;
  }

  /** False: the rest of the packet does not count. */
  #receiveOne(from: Neighbor, lsa: Lsa, direct: Lsa[], answers: Lsa[]): boolean {
    const { now } = this.#state;
    const on = from.interface;
    const lsdb = this.lsdbOf(lsa.type, on);
    const known = lsdb.entry(lsa.key);
    if (!known && lsa.ageAt(now) === MAX_AGE && !this.#isAnyLoading()) {
      this.#tombstones.add(lsa, now);
      direct.push(lsa);
      return true;
    }
    // Not acknowledged: if it is no straggler after all, it comes again.
    if (!known && this.#tombstones.isStale(lsa, now)) return true;
    const order = known ? compareInstances(lsa, known.lsa, now) : 1;
    if (order > 0) {
      const credit = known ? this.#earnedBy(known) - 1 : ARRIVAL_BURST;
      if (credit < 0) {
        count(on.traffic.dropped, "lsa-arrival");
        return true;
      }
      if (this.#isFull(lsa, known)) {
        this.#refuse(from, lsa, "lsa-limit");
        return true;
      }
      this.#take(from, lsa, lsdb, credit);
      return true;
    }
    if (from.requests.has(lsa.key)) {
      this.#parts.adjacencies.event(from, "BadLSReq", "it sent an older LSA than it described");
      return false;
    }
    if (order === 0) this.#duplicate(from, lsa, direct);
    else this.#older(from, known!, answers);
    return true;
  }

  /**
   * How many instances may come in place of an entry now; below 1, and the next comes too soon. Peers send their
   * router-LSA twice within a few ms when an adjacency forms: to drop the second, as step 5a says, costs its RxmtInterval.
   * Own LSAs are counted, too: two routers of one id would answer each other without end.
   */
  #earnedBy({ credit, lsa }: Entry): number {
    const { now, config } = this.#state;
    const earned = (now - lsa.at) / Math.max(1, config.timers.lsaArrivalMs);
    return Math.min(ARRIVAL_BURST, credit + earned);
  }

  #take(from: Neighbor, lsa: Lsa, lsdb: Lsdb, credit: number): void {
    const on = from.interface;
    const area = lsdb === this.#state.lsdb ? undefined : on.area;
    const isOwn = this.#parts.originator.isOwn(lsa);
    const entry = this.#install(lsa, lsdb, area, true, credit);
    const wentBack = this.#flood(entry, area, lsa.type === OPAQUE_LINK_LSA ? on : undefined, from);
    this.#noteLeaving(entry, lsdb);
    // RFC 2328 13.5, table 19.
    if (!wentBack && (on.state !== "Backup" || from.address === on.designated)) this.#later(on, lsa);
    if (isOwn) this.#parts.originator.receivedOwn(lsa, lsdb, area, from);
  }

  #duplicate(from: Neighbor, lsa: Lsa, direct: Lsa[]): void {
    const on = from.interface;
    if (!from.retransmissions.has(lsa.key)) {
      direct.push(lsa);
      return;
    }
    // It has the LSA: as good as an acknowledgment.
    this.#parts.retransmission.remove(from, lsa.key);
    if (on.state === "Backup" && from.address === on.designated) this.#later(on, lsa);
  }

  #older(from: Neighbor, known: Entry, answers: Lsa[]): void {
    const { now, config } = this.#state;
    const { lsa } = known;
    if (lsa.ageAt(now) === MAX_AGE && lsa.sequence === MAX_SEQUENCE) return;
    const sent = from.answered.get(lsa.key);
    if (sent !== undefined && now - sent < config.timers.lsaArrivalMs) return;
    if (from.answered.size >= MOST_ANSWERED) from.answered.clear();
    from.answered.set(lsa.key, now);
    answers.push(lsa);
  }

  #install(lsa: Lsa, lsdb: Lsdb, area: Area | undefined, wasReceived: boolean, credit?: number): Entry {
    const before = lsdb.entry(lsa.key);
    if (before) this.#parts.retransmission.removeAll(before);
    const entry = lsdb.put(lsa, this.#state.now, wasReceived, credit);
    this.#parts.routing.lsaChanged(area, before?.lsa, lsa);
    return entry;
  }

  /** RFC 2328 13.3. True when it went out by the interface that it came from. */
  #flood(
    entry: Entry,
    area: Area | undefined,
    only: OspfInterface | undefined,
    from?: Neighbor,
    resend?: Resend,
  ): boolean {
    const { lsa } = entry;
    let wentBack = false;
    for (const out of this.#state.interfaces.values()) {
      if ((only && out !== only) || (area && out.area !== area)) continue;
      let isWanted = false;
      for (const neighbor of out.neighbors.values()) {
        if (!this.#lacks(neighbor, lsa) || neighbor === from) continue;
        const again = resend?.(neighbor);
        this.#parts.retransmission.add(neighbor, entry, again?.at);
        isWanted ||= again?.isHeld !== true;
      }
      if (!isWanted) continue;
      if (from?.interface === out) {
        // Both designated routers have passed it to everybody, or the one that is will.
        if (from.address === out.designated || from.address === out.backup) continue;
        if (out.state === "Backup") continue;
        wentBack = true;
      }
      out.floods.set(lsa.key, lsa);
    }
    return wentBack;
  }

  /** Step 1: whether a neighbor does not have it yet, as far as is known. */
  #lacks(neighbor: Neighbor, lsa: Lsa): boolean {
    if (!isAtLeast(neighbor.state, "Exchange")) return false;
    if (isOpaqueType(lsa.type) && !neighbor.takesOpaque) return false;
    const asked = neighbor.requests.get(lsa.key);
    if (!asked) return true;
    const order = compareInstances(lsa, asked, this.#state.now);
    if (order < 0) return false;
    this.#parts.exchange.arrived(neighbor, lsa.key);
    if (neighbor.outstanding.size === 0) this.#requestLater(neighbor);
    return order > 0;
  }

  /** Not in the midst of flooding: it may end the exchange. */
  #requestLater(neighbor: Neighbor): void {
    this.#state.timers.set(`request ${neighbor.interface.name} ${neighbor.key}`, this.#state.now);
  }

  #later(on: OspfInterface, lsa: Lsa): void {
    on.acknowledgments.set(lsa.key, lsa);
    const name = `ack ${on.name}`;
    if (this.#state.timers.when(name) === undefined)
      this.#state.timers.set(name, this.#state.now + ACKNOWLEDGMENT_DELAY_MS);
    const most = headersThatFit(this.#parts.sender.bodyLimit(on), 0);
    if (on.acknowledgments.size >= most) this.acknowledgeNow(on);
  }

  #acknowledge(out: OspfInterface, lsas: readonly Lsa[], to: Neighbor | undefined): void {
    const most = headersThatFit(this.#parts.sender.bodyLimit(out), 0);
    for (let at = 0; at < lsas.length; at += most) {
      const body = writeAcknowledgment(lsas.slice(at, at + most), this.#state.now);
      if (to) this.#parts.sender.sendTo(to, ACKNOWLEDGMENT, body);
      else this.#parts.sender.multicast(out, ACKNOWLEDGMENT, body);
    }
  }

  #noteLeaving(entry: Entry, lsdb: Lsdb): void {
    if (entry.lsa.ageAt(this.#state.now) !== MAX_AGE) return;
    this.#leaving.set(entry, { lsdb, until: this.#state.now + LEAVING_MS });
    this.#swept = false;
  }

  #isAnyLoading(): boolean {
    for (const { state } of this.#state.neighbors()) if (isLoading(state)) return true;
    return false;
  }

  #tellLimit(): void {
    const { now, config } = this.#state;
    if (now - this.#toldLimitAt < TELL_AGAIN_MS) return;
    this.#toldLimitAt = now;
    const text = `the databases hold ${config.maximumLsas} LSAs; further ones are not taken`;
    this.#state.event({ type: "limit", text });
  }

  #linkOf(lsdb: Lsdb): OspfInterface | undefined {
    for (const each of this.#state.interfaces.values()) if (each.lsdb === lsdb) return each;
    return undefined;
  }

  #areaOf(lsdb: Lsdb): Area | undefined {
    for (const area of this.#state.areas.values()) if (area.lsdb === lsdb) return area;
    return undefined;
  }

  #eachDatabase(visit: (lsdb: Lsdb, area: Area | undefined, only: OspfInterface | undefined) => void): void {
    for (const area of this.#state.areas.values()) visit(area.lsdb, area, undefined);
    visit(this.#state.lsdb, undefined, undefined);
    for (const each of this.#state.interfaces.values()) visit(each.lsdb, each.area, each);
  }
}

/** LSAs whose answer to a neighbor is remembered, so that it does not come too often. */
const MOST_ANSWERED = 1_000;
