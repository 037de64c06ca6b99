import { toAddress, type Ipv4 } from "#base/ipv4.ts";
import type { AreaConfig, InterfaceConfig, OspfConfig } from "#ospf/config.ts";
import { ALL_D_ROUTERS, ALL_SPF_ROUTERS } from "#ospf/constants.ts";
import { elect } from "#ospf/election.ts";
import {
  stepInterface,
  type InterfaceEffect,
  type InterfaceEvent,
  type InterfaceState,
} from "#ospf/interface-machine.ts";
import { MISMATCH_FORGOTTEN_MS, MOST_MISMATCHES, TELL_AGAIN_MS } from "#ospf/limits.ts";
import { placeOf, type Place } from "#ospf/link-place.ts";
import { isAtLeast } from "#ospf/neighbor-machine.ts";
import type { Parts } from "#ospf/parts.ts";
import { Area, Neighbor, OspfInterface, type MismatchStage, type RouterState } from "#ospf/state.ts";

/** Takes interfaces through their states, by what the machine and the configuration say. RFC 2328 9. */
export class Interfaces {
  readonly #state: RouterState;
  readonly #parts: Parts;

  constructor(state: RouterState, parts: Parts) {
    this.#state = state;
    this.#parts = parts;
  }

  /** Brings areas and interfaces to what the configuration says; what it says as before stays as it is. */
  configure({ areas }: OspfConfig): void {
    const { interfaces } = this.#state;
    const wanted = new Map(
      areas.flatMap((area) => area.interfaces.map((each) => [each.name, { area, config: each }] as const)),
    );
    for (const each of [...interfaces.values()])
      if (wanted.get(each.name)?.area.areaId !== each.area.id) this.#remove(each);
    for (const config of areas) {
      const known = this.#state.areas.get(config.areaId);
      if (known) known.config = config;
      else this.#addArea(config);
    }
    for (const id of [...this.#state.areas.keys()])
      if (!areas.some(({ areaId }) => areaId === id)) this.#parts.originator.forgetArea(id);
    for (const [name, { area, config }] of wanted) {
      const known = interfaces.get(name);
      if (known) this.#reconfigure(known, config);
      else {
        const made = new OspfInterface(this.#state.areas.get(area.areaId)!, config);
        interfaces.set(name, made);
        this.#place(made);
      }
    }
  }

  /** The machine's interface changed, came or went. */
  linkChanged(name: string): void {
    const each = this.#state.interfaces.get(name);
    if (each) this.#place(each);
  }

  socketOpened(each: OspfInterface): void {
    if (each.socket !== "opening") return;
    each.socket = "open";
    this.#join(each, ALL_SPF_ROUTERS);
    this.event(each, "InterfaceUp");
  }

  socketFailed(each: OspfInterface, error: string): void {
    each.socket = "closed";
    each.groups.clear();
    this.mismatch(each, 0, 0, `no socket: ${error}`);
    if (each.state !== "Down") this.event(each, "InterfaceDown");
    this.#state.timers.set(`reopen ${each.name}`, this.#state.now + REOPEN_MS);
  }

  reopen(each: OspfInterface): void {
    this.#place(each);
  }

  event(each: OspfInterface, event: InterfaceEvent): void {
    const { type, config } = each;
    const { state, effects } = stepInterface(each.state, event, { type, priority: config.priority });
    const from = each.state;
    each.state = state;
    if (state !== from) this.#changed(each, from);
    for (const effect of effects) this.#do(each, effect);
  }

  /** Remembers, and tells at times, what keeps a sender from being a neighbor. */
  mismatch(
    on: OspfInterface,
    address: Ipv4,
    routerId: Ipv4,
    text: string,
    stage: MismatchStage = "any",
  ): void {
    const { now } = this.#state;
    for (const [key, { at }] of on.mismatches)
      if (now - at > MISMATCH_FORGOTTEN_MS) on.mismatches.delete(key);
    const known = on.mismatches.get(address);
    if (!known && on.mismatches.size >= MOST_MISMATCHES) return;
    const isNews =
      (!known || known.text !== text || now - known.toldAt >= TELL_AGAIN_MS) && on.mismatchEvents.take(now);
    on.mismatches.set(address, {
      address,
      routerId,
      text,
      stage,
      at: now,
      toldAt: isNews ? now : (known?.toldAt ?? -Infinity),
      count: (known?.text === text ? known.count : 0) + 1,
    });
    if (isNews) this.#state.event({ type: "mismatch", interface: on.name, address, routerId, text });
  }

  /** What there was to say of a sender at this stage is no longer so. */
  matches(on: OspfInterface, address: Ipv4, stage: MismatchStage): void {
    if (on.mismatches.get(address)?.stage === stage) on.mismatches.delete(address);
  }

  /** All that is on it ends, as if its cable were drawn. */
  down(each: OspfInterface): void {
    if (each.state !== "Down") this.event(each, "InterfaceDown");
    this.#close(each);
  }

  #addArea(config: AreaConfig): void {
    const area = new Area(config);
    this.#state.areas.set(area.id, area);
    this.#parts.routing.areaAdded(area);
  }

  #remove(each: OspfInterface): void {
    if (each.socket === "open") this.#parts.hellos.sayGoodbye(each);
    this.down(each);
    this.#state.interfaces.delete(each.name);
    for (const kind of ["hello", "wait", "poll", "ack", "reopen"])
      this.#state.timers.cancel(`${kind} ${each.name}`);
    this.#parts.originator.touch(each.area);
  }

  #reconfigure(each: OspfInterface, config: InterfaceConfig): void {
    const before = each.config;
    if (before === config) return;
    each.config = config;
    // A type that it has already, by what the interface is, is no other one.
    const hasType = each.link !== undefined && placeOf(each.link, config)?.type === each.type;
    const isOther = before.passive !== config.passive || (before.type !== config.type && !hasType);
    if (isOther) {
      if (each.socket === "open") this.#parts.hellos.sayGoodbye(each);
      this.down(each);
      return this.#place(each);
    }
    if (before.helloInterval !== config.helloInterval && this.#state.timers.when(`hello ${each.name}`))
      this.#parts.hellos.tick(each);
    if (before.authentication.type !== config.authentication.type)
      for (const neighbor of each.neighbors.values()) neighbor.authenticationSequence = -1;
    this.#reconfigureNeighbors(each);
    if (before.priority !== config.priority) {
      this.event(each, "NeighborChange");
      this.#parts.hellos.send(each);
    }
    if (before.cost !== config.cost) this.#parts.originator.touch(each.area);
  }

  #reconfigureNeighbors(each: OspfInterface): void {
    const { isUnicast } = each;
    if (!isUnicast) this.#state.timers.cancel(`poll ${each.name}`);
    const wanted = new Set(each.config.neighbors.map(({ address }) => address));
    for (const neighbor of [...each.neighbors.values()]) {
      // By multicast, all that are heard may stay.
      if (isUnicast ? wanted.has(neighbor.address) : isAtLeast(neighbor.state, "Init")) continue;
      this.#parts.adjacencies.event(neighbor, "KillNbr", "it is no longer configured");
      each.neighbors.delete(neighbor.key);
    }
    if (isUnicast && each.state !== "Down") this.#startNeighbors(each);
  }

  /** Goes by what the machine says of the interface now. */
  #place(each: OspfInterface): void {
    const link = this.#state.links.get(each.name);
    const { config } = each;
    const place = link && placeOf(link, config);
    const hasMoved = place !== undefined && each.link !== undefined && isElsewhere(each, place);
    each.link = link;
    if (!place || hasMoved) this.down(each);
    if (!place) return void this.#parts.originator.touch(each.area);
    const isOther = JSON.stringify(each.stubs) !== JSON.stringify(place.stubs);
    Object.assign(each, place);
    if (each.state !== "Down") {
      if (isOther) this.#parts.originator.touch(each.area);
      return;
    }
    if (each.type === "loopback") return this.event(each, "InterfaceUp");
    if (config.passive) return this.#beQuiet(each);
    if (each.socket !== "closed") return;
    each.socket = "opening";
    this.#state.out.push({ type: "raw-ip-open", interface: each.name });
  }

  /** Passive: its network is told, and nobody on it is spoken to. */
  #beQuiet(each: OspfInterface): void {
    const from = each.state;
    each.state = each.hasDesignated ? "DROther" : "Point-to-Point";
    this.#changed(each, from);
  }

  #do(each: OspfInterface, effect: InterfaceEffect): void {
    const { timers, now } = this.#state;
    const { name, config } = each;
    switch (effect) {
      case "start-hello-timer":
        return this.#parts.hellos.tick(each);
      case "start-wait-timer":
        // As long as a designated router that is silent would live.
        return timers.set(`wait ${name}`, now + config.deadInterval * 1_000);
      case "start-neighbors":
        if (each.isUnicast) this.#startNeighbors(each);
        return;
      case "elect":
        return this.#elect(each);
      case "reset":
        return this.#reset(each);
    }
  }

  #startNeighbors(each: OspfInterface): void {
    this.#state.timers.set(`poll ${each.name}`, this.#state.now + each.config.pollInterval * 1_000);
    for (const { address, priority } of each.config.neighbors) {
      if (each.neighbors.has(address) || each.type === "point-to-point") continue;
      const neighbor = new Neighbor(each, 0, address);
      neighbor.priority = priority;
      each.neighbors.set(address, neighbor);
      this.#parts.adjacencies.event(neighbor, "Start", "configured");
    }
  }

  #elect(each: OspfInterface): void {
    this.#state.timers.cancel(`wait ${each.name}`);
    const { designated, backup, address, config } = each;
    const neighbors = [...each.neighbors.values()].filter(({ state }) => isAtLeast(state, "2-Way"));
    const self = { routerId: this.#state.routerId, address, priority: config.priority, designated, backup };
    const chosen = elect(self, neighbors);
    const isSame = chosen.designated === designated && chosen.backup === backup;
    const from = each.state;
    Object.assign(each, chosen);
    each.state = chosen.designated === address ? "DR" : chosen.backup === address ? "Backup" : "DROther";
    if (each.state !== from) this.#changed(each, from);
    if (isSame) return;
    for (const neighbor of [...each.neighbors.values()])
      if (isAtLeast(neighbor.state, "2-Way"))
        this.#parts.adjacencies.event(neighbor, "AdjOK?", "the designated router changed");
    this.#parts.originator.touch(each.area);
    // Others learn of it at once.
    this.#parts.hellos.send(each);
  }

  #reset(each: OspfInterface): void {
    for (const neighbor of [...each.neighbors.values()]) {
      this.#parts.adjacencies.event(neighbor, "KillNbr", "the interface is down");
      each.neighbors.delete(neighbor.key);
    }
    for (const kind of ["hello", "wait", "poll", "ack"]) this.#state.timers.cancel(`${kind} ${each.name}`);
    each.designated = 0;
    each.backup = 0;
    each.acknowledgments.clear();
    each.floods.clear();
  }

  #changed(each: OspfInterface, from: InterfaceState): void {
    each.changes++;
    this.#state.change(each, { type: "interface", interface: each.name, from, to: each.state });
    const hearsAll = each.state === "DR" || each.state === "Backup";
    if (hearsAll && !each.groups.has(ALL_D_ROUTERS)) this.#join(each, ALL_D_ROUTERS);
    if (!hearsAll && each.groups.has(ALL_D_ROUTERS)) {
      each.groups.delete(ALL_D_ROUTERS);
      if (each.socket === "open")
        this.#state.out.push({
          type: "raw-ip-leave",
          interface: each.name,
          group: toAddress(ALL_D_ROUTERS),
        });
    }
    this.#parts.originator.touch(each.area);
  }

  #join(each: OspfInterface, group: Ipv4): void {
    each.groups.add(group);
    this.#state.out.push({ type: "raw-ip-join", interface: each.name, group: toAddress(group) });
  }

  #close(each: OspfInterface): void {
    if (each.socket !== "closed") this.#state.out.push({ type: "raw-ip-close", interface: each.name });
    each.socket = "closed";
    each.groups.clear();
  }
}

/** Whether neighbors would no longer know it. */
function isElsewhere(each: OspfInterface, { type, address, mask, link }: Place): boolean {
  if (each.state === "Down") return false;
  return (
    type !== each.type || address !== each.address || mask !== each.mask || link.index !== each.link?.index
  );
}

/** ms after which a socket that failed is opened again. */
const REOPEN_MS = 2_000;
