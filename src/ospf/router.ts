import type { Ipv4 } from "#base/ipv4.ts";
import type { Core } from "#machine/core.ts";
import { Adjacencies } from "#ospf/adjacencies.ts";
import type { OspfConfig } from "#ospf/config.ts";
import { Exchange } from "#ospf/exchange.ts";
import { Flooding } from "#ospf/flooding.ts";
import { Hellos } from "#ospf/hellos.ts";
import { Interfaces } from "#ospf/interfaces.ts";
import type { OspfInput, OspfOutput } from "#ospf/io.ts";
import { Originator } from "#ospf/originator.ts";
import type { Parts } from "#ospf/parts.ts";
import { Receiver } from "#ospf/receiver.ts";
import { Retransmission } from "#ospf/retransmission.ts";
import { Routing } from "#ospf/routing.ts";
import { Sender } from "#ospf/sender.ts";
import { count, RouterState, type OspfInterface, type OspfSurroundings } from "#ospf/state.ts";

/**
 * An OSPFv2 router (RFC 2328, within one area) that only thinks: it is told of interfaces and packets, and says what to send
 * and which routes there are.
 */
export class OspfRouter implements Core<OspfInput, OspfOutput> {
  readonly #state: RouterState;
  readonly #parts: Parts;
  readonly #receiver: Receiver;
  #hasLeft = false;

  constructor(config: OspfConfig, surroundings: OspfSurroundings) {
    this.#state = new RouterState(config, surroundings);
    const parts = {} as { -readonly [Name in keyof Parts]: Parts[Name] };
    this.#parts = parts;
    parts.sender = new Sender(this.#state);
    parts.routing = new Routing(this.#state);
    parts.retransmission = new Retransmission(this.#state, parts);
    parts.flooding = new Flooding(this.#state, parts);
    parts.originator = new Originator(this.#state, parts);
    parts.exchange = new Exchange(this.#state, parts);
    parts.adjacencies = new Adjacencies(this.#state, parts);
    parts.hellos = new Hellos(this.#state, parts);
    parts.interfaces = new Interfaces(this.#state, parts);
    this.#receiver = new Receiver(this.#state, parts);
    parts.interfaces.configure(config);
  }

  get wakeAt(): number {
    if (this.#hasLeft) return Infinity;
    return Math.min(this.#state.timers.next, this.#parts.originator.wakeAt, this.#parts.flooding.nextEnd);
  }

  /** Tables for those that show them; nothing may be changed there. */
  get state(): RouterState {
    return this.#state;
  }

  get routing(): Routing {
    return this.#parts.routing;
  }

  get originator(): Originator {
    return this.#parts.originator;
  }

  handle(input: OspfInput, now: number): readonly OspfOutput[] {
    this.#state.now = now;
    if (this.#hasLeft) return [];
    this.#take(input);
    this.#runDue();
    this.#parts.flooding.sweep();
    this.#parts.flooding.flush();
    const { out } = this.#state;
    this.#state.out = [];
    return out;
  }

  #take(input: OspfInput): void {
    const { interfaces } = this.#parts;
    switch (input.type) {
      case "raw-ip":
        return this.#on(input.interface, (on) => {
          if (on.socket === "open" && on.state !== "Down") this.#receiver.receive(on, input.packet);
        });
      case "raw-ip-opened":
        return this.#on(input.interface, (on) => interfaces.socketOpened(on));
      case "raw-ip-failed":
        return this.#on(input.interface, (on) => interfaces.socketFailed(on, input.error));
      case "raw-ip-refused":
        return this.#on(input.interface, (on) => count(on.traffic.unsent, input.error));
      case "link":
        this.#state.links.set(input.link.name, input.link);
        return interfaces.linkChanged(input.link.name);
      case "link-removed":
        this.#state.links.delete(input.name);
        return interfaces.linkChanged(input.name);
      case "configure":
        return this.#configure(input.config);
      case "externals":
        return this.#parts.originator.setExternals(input.set, input.removed);
      case "clear-neighbors":
        return this.#clearNeighbors(input.routerId);
      case "clear-process":
        return this.#restart();
      case "leave":
        return this.#leave();
    }
  }

  #on(name: string, run: (on: OspfInterface) => void): void {
    const on = this.#state.interfaces.get(name);
    if (on) run(on);
  }

  #configure(config: OspfConfig): void {
    const before = this.#state.config;
    if (before.routerId !== config.routerId) {
      this.#restart(config);
      return;
    }
    this.#state.config = config;
    this.#parts.interfaces.configure(config);
    if (before.maxMetric !== config.maxMetric || before.isAsBoundary !== config.isAsBoundary)
      this.#parts.originator.reconfigured();
    const isOther =
      before.maximumPaths !== config.maximumPaths || before.rfc1583Compatible !== config.rfc1583Compatible;
    if (isOther) this.#parts.routing.reconfigured();
  }

  #clearNeighbors(routerId: Ipv4 | undefined): void {
    for (const neighbor of [...this.#state.neighbors()])
      if (routerId === undefined || neighbor.routerId === routerId)
        this.#parts.adjacencies.event(neighbor, "KillNbr", "cleared by the operator");
  }

  /** Ends what was told, takes every interface down and up again. */
  #restart(config = this.#state.config): void {
    this.#parts.originator.flushAll();
    this.#parts.flooding.flush();
    for (const each of this.#state.interfaces.values()) {
      this.#parts.hellos.sayGoodbye(each);
      this.#parts.interfaces.down(each);
    }
    this.#parts.flooding.forgetAll();
    this.#state.config = config;
    this.#parts.routing.reconfigured();
    this.#parts.interfaces.configure(config);
    for (const { name } of this.#state.interfaces.values()) this.#parts.interfaces.linkChanged(name);
    this.#parts.originator.again();
  }

  /** Others need not wait until they miss this router. */
  #leave(): void {
    this.#parts.originator.flushAll();
    this.#parts.flooding.flush();
    for (const each of this.#state.interfaces.values()) {
      this.#parts.hellos.sayGoodbye(each);
      this.#parts.interfaces.down(each);
    }
    this.#hasLeft = true;
  }

  #runDue(): void {
    const { now, timers } = this.#state;
    for (;;) {
      const name = timers.takeDue(now);
      if (name === undefined) break;
      this.#fire(name);
    }
    if (this.#parts.originator.wakeAt <= now) this.#parts.originator.run();
    if (this.#parts.flooding.nextEnd <= now) this.#parts.flooding.age();
  }

  #fire(name: string): void {
    if (name === "spf") return this.#parts.routing.run();
    if (name === "sweep") return this.#parts.flooding.sweepSoon();
    const [kind, interfaceName, key] = name.split(" ");
    const on = this.#state.interfaces.get(interfaceName!);
    if (!on) return;
    const { hellos, interfaces, flooding, exchange, adjacencies, retransmission } = this.#parts;
    switch (kind) {
      case "hello":
        return hellos.tick(on);
      case "poll":
        return hellos.poll(on);
      case "wait":
        return interfaces.event(on, "WaitTimer");
      case "ack":
        return flooding.acknowledgeNow(on);
      case "reopen":
        return interfaces.reopen(on);
    }
    const neighbor = on.neighbors.get(Number(key));
    if (!neighbor) return;
    switch (kind) {
      case "dead":
        return adjacencies.event(neighbor, "InactivityTimer", "it was silent for the dead interval");
      case "describe":
        return exchange.resend(neighbor);
      case "early":
        return exchange.takeEarly(neighbor);
      case "request":
        return exchange.askAgain(neighbor);
      case "again":
        return retransmission.tick(neighbor);
    }
  }
}
