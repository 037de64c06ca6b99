import { formatIpv4, type Ipv4 } from "#base/ipv4.ts";
import { ALL_SPF_ROUTERS } from "#ospf/constants.ts";
import { MOST_NEIGHBORS } from "#ospf/limits.ts";
import { isAtLeast, type NeighborState } from "#ospf/neighbor-machine.ts";
import { HELLO, OPTION_EXTERNAL, writeHello, type Hello } from "#ospf/packets.ts";
import type { Parts } from "#ospf/parts.ts";
import { count, Neighbor, type OspfInterface, type RouterState } from "#ospf/state.ts";

/** Sends Hellos and learns from them who is there. RFC 2328 9.5, 10.5. */
export class Hellos {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Every HelloInterval. */
  tick(out: OspfInterface): void {
    this.#state.timers.set(`hello ${out.name}`, this.#state.now + out.config.helloInterval * 1_000);
    this.send(out);
  }

  /** Every PollInterval: neighbors of a non-broadcast network that are down. */
  poll(out: OspfInterface): void {
    this.#state.timers.set(`poll ${out.name}`, this.#state.now + out.config.pollInterval * 1_000);
    for (const neighbor of out.neighbors.values())
      if (neighbor.state === "Down") this.#parts.sender.send(out, HELLO, this.#body(out), neighbor.address);
  }

  send(out: OspfInterface): void {
    out.helloAt = this.#state.now;
    if (!out.isUnicast) return this.#parts.sender.send(out, HELLO, this.#body(out), ALL_SPF_ROUTERS);
    for (const neighbor of out.neighbors.values())
      if (neighbor.state !== "Down" && this.#mayGreet(out, neighbor)) this.sendTo(neighbor);
  }

  sendTo(neighbor: Neighbor): void {
    const out = neighbor.interface;
    this.#parts.sender.send(out, HELLO, this.#body(out), neighbor.address);
  }

  /** A Hello that names nobody: whoever hears it knows at once that this router is leaving. */
  sayGoodbye(out: OspfInterface): void {
    const body = writeHello({ ...this.#hello(out), neighbors: [], designated: 0, backup: 0 });
    if (!out.isUnicast) return this.#parts.sender.send(out, HELLO, body, ALL_SPF_ROUTERS);
    for (const { address } of out.neighbors.values()) this.#parts.sender.send(out, HELLO, body, address);
  }

  receive(on: OspfInterface, routerId: Ipv4, source: Ipv4, hello: Hello): void {
    const difference = this.#difference(on, routerId, hello);
    if (difference !== undefined) {
      count(on.traffic.dropped, difference.reason);
      this.#parts.interfaces.mismatch(on, source, routerId, difference.text);
      return;
    }
    const hearsUs = hello.neighbors.includes(this.#state.routerId);
    const neighbor = this.#neighborOf(on, routerId, source, hearsUs);
    if (!neighbor) return;
    this.#parts.interfaces.matches(on, source, "any");
    this.#compareTypes(on, routerId, source, hello);
    const isNew = neighbor.state === "Down" || neighbor.state === "Attempt";
    const { priority, designated, backup } = neighbor;
    const wasTwoWay = isAtLeast(neighbor.state, "2-Way");
    neighbor.priority = hello.priority;
    neighbor.designated = hello.designated;
    neighbor.backup = hello.backup;
    // Those of a Database Description stand, once there was one: only they tell who takes opaque LSAs.
    if (!isAtLeast(neighbor.state, "Exchange")) neighbor.options = hello.options;
    neighbor.heardAt = this.#state.now;
    const { adjacencies, interfaces } = this.#parts;
    adjacencies.event(neighbor, "HelloReceived", "heard");
    if (!hearsUs) {
      adjacencies.event(neighbor, "1-Way", "it does not hear this router");
      // It need not wait for the next Hello to know of this router.
      if (isNew || on.type === "non-broadcast") this.#greet(neighbor);
      return;
    }
    adjacencies.event(neighbor, "2-WayReceived", "both hear each other");
    if (isNew) this.#greet(neighbor);
    if (!on.hasDesignated) return;
    const isBackup = hello.backup === source;
    const isOnlyDesignated = hello.designated === source && hello.backup === 0;
    if (on.state === "Waiting") {
      if (isBackup || isOnlyDesignated) interfaces.event(on, "BackupSeen");
      return;
    }
    const claims = (each: { designated: Ipv4; backup: Ipv4 }) =>
      Number(each.designated === source) + 2 * Number(each.backup === source);
    if (wasTwoWay && (priority !== hello.priority || claims({ designated, backup }) !== claims(hello)))
      interfaces.event(on, "NeighborChange");
  }

  #greet(neighbor: Neighbor): void {
    const { interface: on } = neighbor;
    // Whoever comes when so many come has to wait for the next Hello.
    if (!on.greetings.take(this.#state.now)) return;
    if (on.isUnicast) this.sendTo(neighbor);
    else this.send(on);
  }

  /** They become Full and still have no routes: one tells of a link to a router, the other of one to a network. */
  #compareTypes(on: OspfInterface, routerId: Ipv4, source: Ipv4, { designated }: Hello): void {
    if (on.type !== "point-to-point") return;
    const { interfaces } = this.#parts;
    const text = "it elects a designated router, as on broadcast networks; here it is point-to-point";
    if (designated === 0) interfaces.matches(on, source, "type");
    else interfaces.mismatch(on, source, routerId, text, "type");
  }

  /** What keeps the sender from being a neighbor. */
  #difference(
    on: OspfInterface,
    routerId: Ipv4,
    hello: Hello,
  ): { readonly reason: string; readonly text: string } | undefined {
    const { helloInterval, deadInterval } = on.config;
    if (routerId === this.#state.routerId)
      return { reason: "router-id", text: `duplicate router id ${formatIpv4(routerId)}` };
    if (on.type !== "point-to-point" && hello.mask !== on.mask)
      return { reason: "mask", text: `mask ${formatIpv4(hello.mask)}, here ${formatIpv4(on.mask)}` };
    if (hello.helloInterval !== helloInterval)
      return {
        reason: "hello-interval",
        text: `hello interval ${hello.helloInterval} s, here ${helloInterval} s`,
      };
    if (hello.deadInterval !== deadInterval)
      return {
        reason: "dead-interval",
        text: `dead interval ${hello.deadInterval} s, here ${deadInterval} s`,
      };
    if (((hello.options ^ this.#state.options) & OPTION_EXTERNAL) !== 0)
      return { reason: "options", text: "it is in a stub area, this router is not" };
    return undefined;
  }

  /** `hearsUs`: its Hello names this router. */
  #neighborOf(on: OspfInterface, routerId: Ipv4, source: Ipv4, hearsUs: boolean): Neighbor | undefined {
    const known = on.neighbors.get(on.type === "point-to-point" ? routerId : source);
    if (known && (known.routerId === routerId || known.routerId === 0)) {
      known.routerId = routerId;
      known.address = source;
      return known;
    }
    if (known) {
      // Another router has the address now.
      this.#parts.adjacencies.event(known, "KillNbr", `its router id is now ${formatIpv4(routerId)}`);
    } else if (on.type === "point-to-point") {
      for (const other of on.neighbors.values())
        if (other.address === source)
          this.#parts.adjacencies.event(other, "KillNbr", `its router id is now ${formatIpv4(routerId)}`);
    }
    if (on.type === "non-broadcast" && !known) {
      this.#parts.interfaces.mismatch(on, source, routerId, "it is not configured as a neighbor here");
      return undefined;
    }
    if (on.neighbors.size >= MOST_NEIGHBORS && !this.#makeRoom(on, hearsUs)) {
      count(on.traffic.dropped, "neighbor-limit");
      this.#parts.interfaces.mismatch(on, source, routerId, `more than ${MOST_NEIGHBORS} neighbors`);
      return undefined;
    }
    const neighbor = new Neighbor(on, routerId, source);
    neighbor.since = this.#state.now;
    on.neighbors.set(neighbor.key, neighbor);
    return neighbor;
  }

  /**
   * Anybody can say Hello in many names. Who was only heard gives way to the next one; to one that hears this router also who
   * never answered its Database Descriptions. False: all others have shown that they are there.
   */
  #makeRoom(on: OspfInterface, hearsUs: boolean): boolean {
    const oldest = oldestIn(on, "Init") ?? (hearsUs ? oldestIn(on, "ExStart") : undefined);
    if (!oldest) return false;
    this.#parts.adjacencies.event(oldest, "KillNbr", "others need its place");
    return !on.neighbors.has(oldest.key);
  }

  /** On non-broadcast networks those that cannot be elected speak only to those that can. RFC 2328 9.5.1. */
  #mayGreet(out: OspfInterface, neighbor: Neighbor): boolean {
    if (out.type !== "non-broadcast" || out.config.priority > 0) return true;
    const { address, priority } = neighbor;
    return priority > 0 || address === out.designated || address === out.backup;
  }

  #hello(out: OspfInterface): Hello {
    const { config } = out;
    return {
      mask: out.type === "point-to-point" && out.address === 0 ? 0 : out.mask,
      helloInterval: config.helloInterval,
      options: this.#state.options,
      priority: config.priority,
      deadInterval: config.deadInterval,
      designated: out.designated,
      backup: out.backup,
      neighbors: this.#heardOn(out).map(({ routerId }) => routerId),
    };
  }

  /** All that are heard. Where one packet does not hold them, of those that do not hear this router only the newest. */
  #heardOn(out: OspfInterface): Neighbor[] {
    const heard = [...out.neighbors.values()].filter(({ state }) => isAtLeast(state, "Init"));
    const room = Math.floor((this.#parts.sender.bodyLimit(out) - HELLO_SIZE) / 4);
    if (heard.length <= room) return heard;
    const mutual = heard.filter(({ state }) => isAtLeast(state, "2-Way"));
    const others = heard.filter(({ state }) => state === "Init").reverse();
    others.sort((a, b) => b.since - a.since);
    return [...mutual, ...others.slice(0, Math.max(0, room - mutual.length))];
  }

  #body(out: OspfInterface): Uint8Array {
    return writeHello(this.#hello(out));
  }
}

/** Who has been in a state for longest. */
function oldestIn(on: OspfInterface, state: NeighborState): Neighbor | undefined {
  let oldest: Neighbor | undefined;
  for (const each of on.neighbors.values())
    if (each.state === state && each.since < (oldest?.since ?? Infinity)) oldest = each;
  return oldest;
}

/** Octets of a Hello's body before its neighbors. */
const HELLO_SIZE = 20;
