import { toAddress, type Ipv4 } from "#base/ipv4.ts";
import { sign, trailerSize } from "#ospf/authentication.ts";
import { ALL_D_ROUTERS, ALL_SPF_ROUTERS, IP_HEADER, NETWORK_LSA, OSPF_HEADER } from "#ospf/constants.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { frame, UPDATE, writeUpdate } from "#ospf/packets.ts";
import type { Neighbor, OspfInterface, RouterState } from "#ospf/state.ts";

/** Puts packets together and hands them out. RFC 2328 8.1. */
export class Sender {
  readonly #state: RouterState;

  constructor(state: RouterState) {
    this.#state = state;
  }

  /** How long a packet's body may be on an interface, so that IP need not fragment it. */
  bodyLimit({ mtu, config }: OspfInterface): number {
    return mtu - IP_HEADER - OSPF_HEADER - trailerSize(config.authentication);
  }

  send(out: OspfInterface, type: number, body: Uint8Array, to: Ipv4): void {
    if (out.socket !== "open") return;
    const packet = frame({ type, routerId: this.#state.routerId, areaId: out.area.id }, body);
    const { now, surroundings } = this.#state;
    const payload = sign(packet, out.config.authentication, this.#state.secondsAt(now), surroundings.cipher);
    out.traffic.sent[type]!++;
    out.traffic.sentBytes += payload.length;
    const source = out.address === 0 ? undefined : toAddress(out.address);
    this.#state.out.push({
      type: "raw-ip",
      interface: out.name,
      // One hop, also to a single neighbor: nobody should carry it on.
      packet: { destination: toAddress(to), ttl: 1, payload, ...(source && { source }) },
    });
  }

  /** To one neighbor; on point-to-point links by multicast, since its address may be unknown to the system. */
  sendTo(neighbor: Neighbor, type: number, body: Uint8Array): void {
    const out = neighbor.interface;
    this.send(out, type, body, out.type === "point-to-point" ? ALL_SPF_ROUTERS : neighbor.address);
  }

  /** To all that have to hear it on the interface: everybody, or both designated routers. RFC 2328 13.3 step 5. */
  multicast(out: OspfInterface, type: number, body: Uint8Array): void {
    if (out.isUnicast || out.type === "point-to-multipoint") {
      for (const neighbor of out.adjacent()) this.send(out, type, body, neighbor.address);
      return;
    }
    const isDesignated = out.state === "DR" || out.state === "Backup";
    const isAll = out.type === "point-to-point" || isDesignated;
    this.send(out, type, body, isAll ? ALL_SPF_ROUTERS : ALL_D_ROUTERS);
  }

  /** LSAs in as many Updates as they need, each as full as it may be. */
  updates(out: OspfInterface, lsas: readonly Lsa[], deliver: (body: Uint8Array) => void): void {
    const limit = this.bodyLimit(out);
    let some: Lsa[] = [];
    let size = 4;
    const flush = () => {
      if (some.length > 0) deliver(writeUpdate(some, this.#state.now, out.config.transmitDelay));
      some = [];
      size = 4;
    };
    for (const lsa of lsas) {
      // One that is longer than a packet goes alone, and IP fragments it.
      if (size + lsa.length > limit) flush();
      some.push(lsa);
      size += lsa.length;
    }
    flush();
  }

  updateTo(neighbor: Neighbor, lsas: readonly Lsa[]): void {
    this.updates(neighbor.interface, lsas, (body) => this.sendTo(neighbor, UPDATE, body));
    for (const lsa of lsas) this.delivered(neighbor, lsa);
  }

  /** An own LSA left for a neighbor, which takes the next instance only MinLSArrival later. */
  delivered(neighbor: Neighbor, { key, type, advertisingRouter }: Lsa): void {
    // Others do not change when an adjacency forms, and there may be many.
    if (type <= NETWORK_LSA && advertisingRouter === this.#state.routerId)
      neighbor.delivered.set(key, this.#state.now);
  }
}
