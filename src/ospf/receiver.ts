import { formatIpv4, readIpv4, type Ipv4 } from "#base/ipv4.ts";
import { verify } from "#ospf/authentication.ts";
import { ALL_D_ROUTERS, IP_HEADER, OSPF_HEADER, OSPF_PROTOCOL } from "#ospf/constants.ts";
import {
  ACKNOWLEDGMENT,
  DATABASE_DESCRIPTION,
  HELLO,
  readAcknowledgment,
  readDatabaseDescription,
  readHello,
  readRequests,
  readUpdate,
  REQUEST,
  UPDATE,
} from "#ospf/packets.ts";
import type { Parts } from "#ospf/parts.ts";
import { count, type Neighbor, type OspfInterface, type RouterState } from "#ospf/state.ts";

/** A packet whose header is good. */
interface Received {
  readonly on: OspfInterface;
  readonly type: number;
  readonly source: Ipv4;
  readonly routerId: Ipv4;
  readonly body: Uint8Array;
  readonly sequence: number | undefined;
}

/** Takes packets in: whatever is wrong with one is counted by its reason. RFC 2328 8.2. */
export class Receiver {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** `packet`: from the IPv4 header on. */
  receive(on: OspfInterface, packet: Uint8Array): void {
    const received = this.#check(on, packet);
    if (typeof received === "string") return count(on.traffic.dropped, received);
    if (!received) return;
    const { type, source, routerId, body, sequence } = received;
    on.traffic.received[type]!++;
    on.traffic.receivedBytes += packet.length;
    const key = on.type === "point-to-point" ? routerId : source;
    const known = on.neighbors.get(key);
    if (sequence !== undefined) {
      if (sequence < this.#leastSequence(on, known, routerId, source))
        return count(on.traffic.dropped, "replayed");
      if (known) known.authenticationSequence = sequence;
    }
    if (type === HELLO) {
      const hello = readHello(body);
      if (!hello) return count(on.traffic.dropped, "malformed");
      this.#parts.hellos.receive(on, routerId, source, hello);
      const heard = on.neighbors.get(key);
      if (sequence !== undefined && heard) heard.authenticationSequence = sequence;
      return;
    }
    if (!known || known.routerId !== routerId) return count(on.traffic.dropped, "unknown-neighbor");
    if (!this.#dispatch(known, type, body)) count(on.traffic.dropped, "malformed");
  }

  /**
   * A router may send several packets with one sequence. The address is no part of what is signed, so that the last of them
   * could be sent again from elsewhere: another address has to begin with a higher one. RFC 7474 1.
   */
  #leastSequence(on: OspfInterface, known: Neighbor | undefined, routerId: Ipv4, source: Ipv4): number {
    if (known?.routerId === routerId && known.address === source) return known.authenticationSequence;
    let least = known?.authenticationSequence ?? -1;
    for (const other of on.neighbors.values())
      if (other.routerId === routerId) least = Math.max(least, other.authenticationSequence + 1);
    return least;
  }

  /** False: the body is not what its type says. */
  #dispatch(from: Neighbor, type: number, body: Uint8Array): boolean {
    const { now } = this.#state;
    const { exchange, flooding } = this.#parts;
    switch (type) {
      case DATABASE_DESCRIPTION: {
        const description = readDatabaseDescription(body, now);
        if (description) exchange.receive(from, description);
        return description !== undefined;
      }
      case REQUEST: {
        const requests = readRequests(body);
        if (requests) exchange.receiveRequests(from, requests);
        return requests !== undefined;
      }
      case UPDATE: {
        const lsas = readUpdate(body, now);
        if (lsas) flooding.receive(from, lsas);
        return lsas !== undefined;
      }
      default: {
        const headers = readAcknowledgment(body, now);
        if (headers) flooding.receiveAcknowledgments(from, headers);
        return headers !== undefined;
      }
    }
  }

  /** The packet, why it does not count, or undefined when it is not for this router. */
  #check(on: OspfInterface, packet: Uint8Array): Received | string | undefined {
    const headerLength = (packet[0]! & 15) * 4;
    if (packet.length < IP_HEADER || headerLength < IP_HEADER || packet.length < headerLength + OSPF_HEADER)
      return "short";
    if (packet[9] !== OSPF_PROTOCOL) return undefined;
    const source = readIpv4(packet, 12);
    const destination = readIpv4(packet, 16);
    // Its own, by way of a hub or a loop.
    if (source === on.address && source !== 0) return undefined;
    if (destination === ALL_D_ROUTERS && on.state !== "DR" && on.state !== "Backup") return undefined;
    const ospf = packet.subarray(headerLength);
    const length = (ospf[2]! << 8) | ospf[3]!;
    if (ospf[0] !== 2) return "version";
    if (length < OSPF_HEADER || length > ospf.length) return "length";
    const type = ospf[1]!;
    if (type < HELLO || type > ACKNOWLEDGMENT) return "type";
    const routerId = readIpv4(ospf, 4);
    if (routerId === 0) return "router-id";
    const areaId = readIpv4(ospf, 8);
    const tell = (text: string) => this.#parts.interfaces.mismatch(on, source, routerId, text);
    if (areaId !== on.area.id) {
      tell(`area ${formatIpv4(areaId)}, here ${formatIpv4(on.area.id)}`);
      return "area";
    }
    if (on.type !== "point-to-point" && (source & on.mask) >>> 0 !== (on.address & on.mask) >>> 0) {
      tell(`its address ${formatIpv4(source)} is of another network`);
      return "source";
    }
    const { now, surroundings } = this.#state;
    const seconds = this.#state.secondsAt(now);
    const verdict = verify(ospf, on.config.authentication, seconds, surroundings.cipher);
    if (!verdict.ok) {
      tell(verdict.text);
      return verdict.reason;
    }
    return {
      on,
      type,
      source,
      routerId,
      body: ospf.subarray(OSPF_HEADER, length),
      sequence: verdict.sequence,
    };
  }
}
