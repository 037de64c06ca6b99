import { formatEndpoint } from "#base/endpoint.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { Clock } from "#host/clock.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import { toJson } from "#machine/record.ts";
import { Runner } from "#machine/runner.ts";
import { simClock, simHost, type SimHost } from "#sim/host.ts";
import { Network, type Faults, type Machine } from "#sim/network.ts";
import { Scheduler } from "#sim/scheduler.ts";
import { KEEPALIVE_MS, SimStream } from "#sim/streams.ts";

export interface WorldOptions extends Partial<Faults> {
  /** Decides everything: the same seed gives the same run, step by step. */
  readonly seed: number | string;
  /** The scenario's name, printed with the seed when a check fails. */
  readonly scenario?: string;
  /** Gets every step as a line of text; costs time. */
  readonly trace?: (line: string) => void;
}

/** What a node's maker is given. */
export interface NodePlace {
  readonly id: number;
  /** The node's own IP address. */
  readonly host: string;
  readonly random: Random;
}

export interface NodePorts {
  /** Accept streams here. */
  readonly streams?: number;
  /** Receive datagrams here; without it the node can send none. */
  readonly datagrams?: number;
}

type AnyCore<Command, Event> = Core<Command | WorldInput, WorldOutput<Event>>;

/** One simulated node and the core that runs on it. */
export class WorldNode<Command, Event, C extends AnyCore<Command, Event> = AnyCore<Command, Event>> {
  readonly id: number;
  readonly host: string;
  /** What the core said happened, with the time; from all of its lives. */
  readonly events: { readonly at: number; readonly event: Event }[] = [];
  /** The running core; undefined while crashed. */
  core: C | undefined;
  /** How often it was started. */
  lives = 0;

  constructor(id: number, host: string) {
    this.id = id;
    this.host = host;
  }
}

/**
 * Many cores of one kind in virtual time, on a network that loses, delays, cuts and parts. It knows no protocol: it runs
 * whatever speaks machine/io.ts, with the same Runner as a real driver.
 */
export class World<Command, Event, C extends AnyCore<Command, Event> = AnyCore<Command, Event>> {
  readonly #options: WorldOptions;
  readonly #scheduler = new Scheduler();
  readonly #network: Network;
  readonly #random: Random;
  readonly #nodes: NodeState<Command, Event, C>[] = [];
  readonly #always: { readonly everyMs: number; next: number; readonly check: () => void }[] = [];
  #steps = 0;
  #digest = 0x811c9dc5;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#network = new Network(this.#scheduler, this.#random.fork(), {
      ...QUIET,
      ...withoutUndefined(options),
    });
  }

  /** ms since the world began. */
  get now(): number {
    return this.#scheduler.now;
  }

  get nodes(): readonly WorldNode<Command, Event, C>[] {
    return this.#nodes.map(({ node }) => node);
  }

  /** Steps taken so far by all cores, and a hash over all of them: equal for equal seeds. */
  get trace(): string {
    return `${this.#steps} steps ${(this.#digest >>> 0).toString(16).padStart(8, "0")}`;
  }

  /** Changes what goes wrong from now on. */
  setFaults(faults: Partial<Faults>): void {
    this.#network.faults = { ...this.#network.faults, ...faults };
  }

  /** Adds a node and starts it; `make` is called again at every restart, with fresh random numbers. */
  add(make: (place: NodePlace) => C, ports: NodePorts = {}): WorldNode<Command, Event, C> {
    const id = this.#nodes.length;
    const host = `10.${(id + 1) >> 16}.${((id + 1) >> 8) & 255}.${(id + 1) & 255}`;
    const machine = this.#network.addMachine(host);
    const node = new WorldNode<Command, Event, C>(id, host);
    this.#nodes.push({
      node,
      machine,
      make,
      ports,
      runner: undefined,
      clock: simClock(this.#network, machine),
    });
    this.restart(id);
    return node;
  }

  /** A machine with nothing on it but ports, for drivers and for clients that misbehave. */
  addHost(host: string): SimHost {
    return simHost(this.#network, this.#network.addMachine(host), this.#random.fork());
  }

  /** Gives a node's core a command. */
  push(id: number, command: Command): void {
    this.#state(id).runner?.push(command);
  }

  /** The process of a node dies: no goodbye, its connections are reset. */
  crash(id: number): void {
    const { node, machine, runner } = this.#state(id);
    for (const stream of [...machine.streams]) stream.reset();
    machine.listeners.clear();
    machine.sockets.clear();
    runner?.stop();
    this.#state(id).runner = undefined;
    node.core = undefined;
  }

  /** Starts a crashed node from nothing. */
  restart(id: number): void {
    const state = this.#state(id);
    const { node, machine, make, ports, clock } = state;
    const core = make({ id, host: node.host, random: this.#random.fork() });
    const runner: Runner<Command, Event> = new Runner<Command, Event>(core, {
      clock,
      streams: { dial: (to, handlers) => SimStream.dial(this.#network, machine, to, handlers) },
      event: (event) => node.events.push({ at: this.now, event }),
      failed: (error) => {
        throw error;
      },
      observe: (now, input, outputs) => this.#observe(node.id, now, input, outputs),
    });
    if (ports.streams !== undefined) machine.listeners.set(ports.streams, (stream) => runner.accept(stream));
    if (ports.datagrams !== undefined) this.#openSocket(machine, ports.datagrams, runner);
    state.runner = runner;
    node.core = core;
    node.lives++;
  }

  /** Stops a node's process as SIGSTOP does, until `resume`: it neither reads nor acts. */
  pause(id: number): void {
    this.#state(id).machine.paused = true;
  }

  resume(id: number): void {
    this.#state(id).machine.paused = false;
  }

  /** Parts the network: nodes reach only those of the same group. Undoes an earlier split. */
  split(groupOf: (id: number) => number): void {
    for (const { node, machine } of this.#nodes) machine.group = groupOf(node.id);
    this.#network.regrouped(KEEPALIVE_MS);
  }

  heal(): void {
    this.split(() => 0);
  }

  /** True when the two reach each other now. */
  reachable(a: number, b: number): boolean {
    return this.#network.reachable(this.#state(a).machine, this.#state(b).machine);
  }

  /** Checks an invariant every `everyMs` of virtual time from now on; `check` throws when it is broken. */
  always(everyMs: number, check: (world: this) => void): void {
    this.#always.push({ everyMs, next: this.now + everyMs, check: () => check(this) });
  }

  /** Lets so many milliseconds pass. */
  run(durationMs: number): void {
    const end = this.now + durationMs;
    for (;;) {
      const due = Math.min(end, ...this.#always.map(({ next }) => next));
      while (this.#scheduler.step(due));
      for (const invariant of this.#always) {
        if (invariant.next > due) continue;
        invariant.next = due + invariant.everyMs;
        this.check(invariant.check);
      }
      if (due >= end) return;
    }
  }

  /** Lets time pass until `done`, at most `limitMs`; true when it came to be. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const end = this.now + limitMs;
    while (!done()) if (!this.#scheduler.step(end)) return done();
    return true;
  }

  /** Runs a check; its failure is told with the command that repeats this run. */
  check(check: (world: this) => void): void {
    try {
      check(this);
    } catch (error) {
      const { scenario, seed } = this.#options;
      const command = scenario === undefined ? `seed ${seed}` : `npm run sim -- ${scenario} --seed ${seed}`;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`at ${(this.now / 1_000).toFixed(3)} s: ${reason}\nagain: ${command}`, {
        cause: error,
      });
    }
  }

  #openSocket(machine: Machine, port: number, runner: Runner<Command, Event>): void {
    const local = { host: machine.host, port };
    const handlers = { received: runner.datagram.bind(runner), failed: () => {} };
    machine.sockets.set(port, handlers);
    runner.attach({
      local,
      send: (to, data) => this.#network.sendDatagram(machine, local, to, data),
      close: () => machine.sockets.delete(port),
    });
  }

  #observe(
    id: number,
    now: number,
    input: Command | WorldInput,
    outputs: readonly WorldOutput<Event>[],
  ): void {
    this.#steps++;
    this.#mix(id);
    this.#mix(now * 1_000);
    this.#mixStep(input as Shape);
    for (const output of outputs) this.#mixStep(output as Shape);
    this.#options.trace?.(`${(now / 1_000).toFixed(6)} n${id} ${toJson(input)} -> ${toJson(outputs)}`);
  }

  #mixStep({ type, connection, data, to, from }: Shape): void {
    for (let i = 0; i < type.length; i++) this.#mix(type.charCodeAt(i));
    if (connection !== undefined) this.#mix(connection);
    if (data) for (let i = 0; i < data.length; i += 1 + (data.length >> 4)) this.#mix(data[i]!);
    if (data) this.#mix(data.length);
    for (const endpoint of [to, from])
      if (endpoint) for (const part of formatEndpoint(endpoint)) this.#mix(part.charCodeAt(0));
  }

  /** FNV-1a. */
  #mix(value: number): void {
    this.#digest = Math.imul(this.#digest ^ (value | 0), 0x01000193);
  }

  #state(id: number): NodeState<Command, Event, C> {
    const state = this.#nodes[id];
    if (!state) throw new Error(`no node ${id} in this world`);
    return state;
  }
}

interface NodeState<Command, Event, C extends AnyCore<Command, Event>> {
  readonly node: WorldNode<Command, Event, C>;
  readonly machine: Machine;
  readonly make: (place: NodePlace) => C;
  readonly ports: NodePorts;
  readonly clock: Clock;
  runner: Runner<Command, Event> | undefined;
}

/** The parts of inputs and outputs that the digest covers. */
interface Shape {
  readonly type: string;
  readonly connection?: number;
  readonly data?: Uint8Array;
  readonly to?: { readonly host: string; readonly port: number };
  readonly from?: { readonly host: string; readonly port: number };
}

const QUIET: Faults = { latencyMs: [0.1, 1], loss: 0, duplicate: 0, reorder: 0, cut: 0 };

function withoutUndefined(options: WorldOptions): Partial<Faults> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
