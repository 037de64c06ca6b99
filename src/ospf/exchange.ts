import { lsaKey } from "#ospf/lsa.ts";
import { timerName } from "#ospf/adjacencies.ts";
import { isKnownType, isOpaqueType, MAX_AGE } from "#ospf/constants.ts";
import { compareInstances, type Lsdb } from "#ospf/lsdb.ts";
import { isAtLeast } from "#ospf/neighbor-machine.ts";
import {
  DATABASE_DESCRIPTION,
  headersThatFit,
  REQUEST,
  writeDatabaseDescription,
  writeRequests,
  type DatabaseDescription,
  type Request,
} from "#ospf/packets.ts";
import { REQUEST_INTERVAL_MS } from "#ospf/limits.ts";
import type { Parts } from "#ospf/parts.ts";
import { count, type Neighbor, type RouterState } from "#ospf/state.ts";
import type { Lsa } from "#ospf/lsa.ts";

/** Tells a neighbor what there is, hears what it has, and asks for what is newer. RFC 2328 10.6 to 10.9. */
export class Exchange {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** As master until it is settled who is. */
  start(neighbor: Neighbor): void {
    neighbor.ddSequence =
      neighbor.ddSequence === 0
        ? this.#state.surroundings.random.below(0x7fff_ffff) + 1
        : (neighbor.ddSequence + 1) >>> 0;
    neighbor.isMaster = true;
    neighbor.lastReceived = undefined;
    this.#send(neighbor, [], { isInit: true, hasMore: true });
    // Not in the midst of whatever began the exchange.
    if (neighbor.early) this.#state.timers.set(timerName("early", neighbor), this.#state.now);
  }

  /** A neighbor that elected the designated router first would begin again only after its RxmtInterval. */
  takeEarly(neighbor: Neighbor): void {
    const { early, state, interface: on } = neighbor;
    neighbor.early = undefined;
    if (!early || state !== "ExStart") return;
    if (this.#state.now - early.at < on.config.retransmitInterval * 1_000)
      this.receive(neighbor, early.description);
  }

  /** What there is now; LSAs of MaxAge are sent as such. RFC 2328 10.3. */
  listDatabase(neighbor: Neighbor): void {
    const { interface: on } = neighbor;
    const { now } = this.#state;
    neighbor.summary = [];
    neighbor.hasSentLast = false;
    // It may have begun without memory.
    neighbor.sent.clear();
    const list = (lsdb: Lsdb) => {
      for (const entry of lsdb.entries()) {
        const { lsa } = entry;
        if (isOpaqueType(lsa.type) && !neighbor.takesOpaque) continue;
        if (lsa.ageAt(now) === MAX_AGE) this.#parts.retransmission.add(neighbor, entry);
        else neighbor.summary.push(lsa);
      }
    };
    list(on.area.lsdb);
    list(this.#state.lsdb);
    list(on.lsdb);
  }

  clear(neighbor: Neighbor): void {
    neighbor.summary = [];
    neighbor.requests.clear();
    neighbor.outstanding.clear();
    neighbor.lastReceived = undefined;
    neighbor.lastSent = undefined;
    neighbor.early = undefined;
    this.#parts.retransmission.clear(neighbor);
    for (const what of ["describe", "request", "early"]) this.#state.timers.cancel(timerName(what, neighbor));
  }

  /**
   * What was not answered is repeated. A slave does that once, too: a master that is done, since packets overtook each other,
   * begins anew then. One that its master has forgotten begins anew by itself.
   */
  resend(neighbor: Neighbor): void {
    const { lastSent, state, isMaster, hasRepeated } = neighbor;
    if (state === "Exchange" && !isMaster && hasRepeated)
      return this.#parts.adjacencies.event(neighbor, "SeqNumberMismatch", "the exchange went no further");
    if (!lastSent || (state !== "ExStart" && state !== "Exchange")) return;
    neighbor.hasRepeated = true;
    this.#parts.sender.sendTo(neighbor, DATABASE_DESCRIPTION, lastSent);
    this.#again("describe", neighbor, isMaster ? 1 : SLAVE_PATIENCE);
  }

  receive(neighbor: Neighbor, description: DatabaseDescription): void {
    if (!this.#fits(neighbor, description)) return;
    if (neighbor.state === "Init")
      // Its Hello that names this router was lost; the description says as much.
      this.#parts.adjacencies.event(neighbor, "2-WayReceived", "it describes its database");
    if (neighbor.state === "2-Way" && description.isInit && description.lsas.length === 0)
      neighbor.early = { description, at: this.#state.now };
    if (neighbor.state === "ExStart" && !this.#negotiate(neighbor, description)) return;
    if (!isAtLeast(neighbor.state, "Exchange")) return;
    const { lastReceived } = neighbor;
    if (lastReceived && isSame(lastReceived, description)) {
      // The slave answers again, the master has nothing to say to it.
      if (!neighbor.isMaster && neighbor.lastSent)
        this.#parts.sender.sendTo(neighbor, DATABASE_DESCRIPTION, neighbor.lastSent);
      return;
    }
    if (this.#isLate(neighbor, description)) return;
    const fault = this.#fault(neighbor, description);
    if (fault !== undefined) {
      this.#parts.adjacencies.event(neighbor, "SeqNumberMismatch", fault);
      // The packet that begins anew is the first of the new exchange, too: no need to wait until it is sent again.
      if (!this.#negotiate(neighbor, description)) return;
    }
    this.#take(neighbor, description);
  }

  /** Asks for as many LSAs as fit in a packet, once what was asked for before has come. */
  sendRequests(neighbor: Neighbor): void {
    const { requests, outstanding, interface: on } = neighbor;
    if (requests.size === 0) {
      this.#state.timers.cancel(timerName("request", neighbor));
      outstanding.clear();
      if (neighbor.state === "Loading")
        this.#parts.adjacencies.event(neighbor, "LoadingDone", "it has nothing newer");
      return;
    }
    if (outstanding.size > 0) return;
    const most = Math.max(1, Math.floor(this.#parts.sender.bodyLimit(on) / 12));
    const asked: Request[] = [];
    for (const [key, lsa] of requests) {
      outstanding.add(key);
      asked.push(lsa);
      if (asked.length === most) break;
    }
    this.#parts.sender.sendTo(neighbor, REQUEST, writeRequests(asked));
    this.#again("request", neighbor);
  }

  /** What was asked for did not come in time. */
  askAgain(neighbor: Neighbor): void {
    neighbor.outstanding.clear();
    this.sendRequests(neighbor);
  }

  /** An LSA that was asked for need not come any more. */
  arrived(neighbor: Neighbor, key: string): void {
    neighbor.requests.delete(key);
    neighbor.outstanding.delete(key);
  }

  /** RFC 2328 10.7. */
  receiveRequests(neighbor: Neighbor, requests: readonly Request[]): void {
    if (!isAtLeast(neighbor.state, "Exchange")) return;
    const { now } = this.#state;
    const { interface: on, sent } = neighbor;
    if (now - neighbor.sentSince >= REQUEST_INTERVAL_MS) {
      neighbor.sentSince = now;
      sent.clear();
    }
    const found: Lsa[] = [];
    for (const { type, id, advertisingRouter } of requests) {
      const lsdb = isKnownType(type) ? this.#parts.flooding.lsdbOf(type, on) : undefined;
      const lsa = lsdb?.get(lsaKey(type, id, advertisingRouter));
      if (!lsa) return this.#parts.adjacencies.event(neighbor, "BadLSReq", "it asks for what there is not");
      if (sent.has(lsa.key)) count(on.traffic.dropped, "request-again");
      else found.push(lsa);
      sent.add(lsa.key);
    }
    this.#parts.sender.updateTo(neighbor, found);
  }

  /** A neighbor with longer packets may send what never arrives: better no adjacency. RFC 2328 10.6. */
  #fits(neighbor: Neighbor, { mtu }: DatabaseDescription): boolean {
    const on = neighbor.interface;
    if (on.config.mtuIgnore || mtu === on.mtu || mtu === 0) {
      this.#parts.interfaces.matches(on, neighbor.address, "description");
      return true;
    }
    const text = `MTU ${mtu}, here ${on.mtu}`;
    this.#parts.interfaces.mismatch(on, neighbor.address, neighbor.routerId, text, "description");
    if (mtu < on.mtu) return true;
    count(on.traffic.dropped, "mtu");
    return false;
  }

  /** True when it is settled who leads, and the packet counts as one of the exchange. */
  #negotiate(neighbor: Neighbor, description: DatabaseDescription): boolean {
    const { isInit, hasMore, isMaster, sequence, lsas, options } = description;
    const isHigher = neighbor.routerId > this.#state.routerId;
    const isLeader = isInit && hasMore && isMaster && lsas.length === 0 && isHigher;
    const isFollower = !isInit && !isMaster && sequence === neighbor.ddSequence && !isHigher;
    if (!isLeader && !isFollower) {
      // It came to this state later and has missed the packet that tells it who leads.
      if (isInit && isMaster && !isHigher && neighbor.lastSent)
        this.#parts.sender.sendTo(neighbor, DATABASE_DESCRIPTION, neighbor.lastSent);
      return false;
    }
    if (!neighbor.exchanges.take(this.#state.now)) {
      count(neighbor.interface.traffic.dropped, "exchange-rate");
      return false;
    }
    if (isLeader) {
      neighbor.isMaster = false;
      neighbor.ddSequence = sequence;
      neighbor.initialSequence = sequence;
    }
    neighbor.options = options;
    this.#state.timers.cancel(timerName("describe", neighbor));
    this.#parts.adjacencies.event(neighbor, "NegotiationDone", "it is settled who leads the exchange");
    return true;
  }

  /** A beginning that is no news: the master's once more, or the slave's own, overtaken by its answer. */
  #isLate(neighbor: Neighbor, { isInit, sequence }: DatabaseDescription): boolean {
    if (!isInit) return false;
    if (!neighbor.isMaster)
      return sequence === neighbor.initialSequence && neighbor.lastReceived !== undefined;
    // One that has begun anew will say so again.
    return this.#state.now - neighbor.since < LATE_MS;
  }

  /** Why a packet is not the next of the exchange. */
  #fault(neighbor: Neighbor, description: DatabaseDescription): string | undefined {
    const { isInit, isMaster, sequence, options, lsas } = description;
    const { state, lastReceived, ddSequence } = neighbor;
    if (state !== "Exchange") return "it begins to describe its database again";
    if (isMaster === neighbor.isMaster) return "both, or neither, lead the exchange";
    // The slave's first is the one that settled who leads.
    if (isInit && (lastReceived !== undefined || neighbor.isMaster)) return "it begins the exchange again";
    if (lastReceived && options !== lastReceived.options) return "its options changed";
    const expected = neighbor.isMaster || lastReceived === undefined ? ddSequence : (ddSequence + 1) >>> 0;
    if (sequence !== expected) return `description ${sequence} where ${expected} was due`;
    const unknown = lsas.find(({ type }) => !isKnownType(type));
    return unknown && `it has an LSA of type ${unknown.type}`;
  }

  #take(neighbor: Neighbor, description: DatabaseDescription): void {
    const { now, config } = this.#state;
    const { traffic } = neighbor.interface;
    const { lsas: headers, mtu: _, ...shape } = description;
    neighbor.lastReceived = shape;
    for (const header of headers) {
      const own = this.#parts.flooding.lsdbOf(header.type, neighbor.interface).get(header.key);
      if (own && compareInstances(header, own, now) <= 0) continue;
      // There is no room for more, and what it describes has no end.
      if (neighbor.requests.size >= config.maximumLsas) count(traffic.dropped, "lsa-limit");
      else neighbor.requests.set(header.key, header);
    }
    if (neighbor.isMaster) {
      neighbor.ddSequence = (neighbor.ddSequence + 1) >>> 0;
      if (neighbor.hasSentLast && !description.hasMore) this.#done(neighbor);
      else this.#sendNext(neighbor);
    } else {
      neighbor.ddSequence = description.sequence;
      this.#sendNext(neighbor);
      if (neighbor.hasSentLast && !description.hasMore) this.#done(neighbor);
    }
    if (isAtLeast(neighbor.state, "Exchange")) this.sendRequests(neighbor);
  }

  #done(neighbor: Neighbor): void {
    this.#state.timers.cancel(timerName("describe", neighbor));
    this.#parts.adjacencies.event(neighbor, "ExchangeDone", "both have described their databases");
  }

  #sendNext(neighbor: Neighbor): void {
    const room = headersThatFit(this.#parts.sender.bodyLimit(neighbor.interface), 8);
    const lsas = neighbor.summary.splice(0, room);
    const hasMore = neighbor.summary.length > 0;
    neighbor.hasSentLast = !hasMore;
    this.#send(neighbor, lsas, { isInit: false, hasMore });
  }

  #send(
    neighbor: Neighbor,
    lsas: readonly Lsa[],
    { isInit, hasMore }: { readonly isInit: boolean; readonly hasMore: boolean },
  ): void {
    const { isMaster, ddSequence: sequence, interface: on } = neighbor;
    const options = this.#state.descriptionOptions;
    neighbor.lastSent = writeDatabaseDescription(
      { mtu: on.mtu, options, isInit, hasMore, isMaster, sequence, lsas },
      this.#state.now,
    );
    neighbor.hasRepeated = false;
    this.#parts.sender.sendTo(neighbor, DATABASE_DESCRIPTION, neighbor.lastSent);
    const ms = Math.min(FIRST_REPETITION_MS, on.config.retransmitInterval * 1_000);
    this.#state.timers.set(timerName("describe", neighbor), this.#state.now + ms);
  }

  #again(what: string, neighbor: Neighbor, intervals = 1): void {
    const ms = neighbor.interface.config.retransmitInterval * intervals * 1_000;
    this.#state.timers.set(timerName(what, neighbor), this.#state.now + ms);
  }
}

/** How many times RxmtInterval a slave waits for its master's next description. */
const SLAVE_PATIENCE = 4;
/** How long packets overtake each other at most, ms. */
const LATE_MS = 1_000;
/** A description is sent again first after so long, ms, and then every RxmtInterval: an answer takes no time, or got lost. */
const FIRST_REPETITION_MS = LATE_MS + 100;

function isSame(
  a: Omit<DatabaseDescription, "lsas" | "mtu">,
  b: Omit<DatabaseDescription, "lsas" | "mtu">,
): boolean {
  return (
    a.isInit === b.isInit &&
    a.hasMore === b.hasMore &&
    a.isMaster === b.isMaster &&
    a.options === b.options &&
    a.sequence === b.sequence
  );
}
