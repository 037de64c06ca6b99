import type { Endpoint } from "#base/endpoint.ts";
import type { Random } from "#base/random.ts";
import type { DatagramHandlers } from "#host/datagrams.ts";
import type { Stream, StreamHandlers } from "#host/streams.ts";
import type { Wires } from "#sim/packet-sockets-wire.ts";
import type { Scheduler } from "#sim/scheduler.ts";
import type { WebServers } from "#sim/http.ts";
import type { SimStoreState } from "#sim/stores.ts";
import type { SimStream } from "#sim/streams.ts";

/** What goes wrong in a simulated network; every chance is from 0 to 1. */
export interface Faults {
  /** One-way delay, ms: the least and the most. */
  readonly latencyMs: readonly [number, number];
  /** What the path of a datagram between two hosts takes besides, ms: how far they are from each other. */
  readonly pathMs?: (from: string, to: string) => number;
  /** A datagram is lost; a segment of a stream is sent again after the retransmission time. */
  readonly loss: number;
  /** A datagram arrives twice. */
  readonly duplicate: number;
  /** A datagram is held back so that later ones overtake it. */
  readonly reorder: number;
  /** What is written to a stream arrives in several pieces. */
  readonly cut: number;
}

/** One simulated machine: an address, what listens there, and what is open. */
export interface Machine {
  readonly host: string;
  /** Machines of one group reach each other. */
  group: number;
  /** A paused machine reads and does nothing, like a stopped process; its kernel still takes connections. */
  paused: boolean;
  readonly listeners: Map<number, (stream: Stream) => StreamHandlers>;
  readonly sockets: Map<number, DatagramHandlers>;
  readonly streams: Set<SimStream>;
  nextPort: number;
}

/** The machines and what lies between them. */
export class Network {
  readonly scheduler: Scheduler;
  readonly random: Random;
  faults: Faults;
  /** The links for whole packets. */
  readonly wires: Wires = new Map();
  readonly webServers: WebServers = new Map();
  /** Stores that machines share, by place. */
  readonly stores = new Map<string, SimStoreState>();
  readonly #machines = new Map<string, Machine>();
  #grouping = 0;

  constructor(scheduler: Scheduler, random: Random, faults: Faults) {
    this.scheduler = scheduler;
    this.random = random;
    this.faults = faults;
  }

  addMachine(host: string): Machine {
    const machine: Machine = {
      host,
      group: 0,
      paused: false,
      listeners: new Map(),
      sockets: new Map(),
      streams: new Set(),
      nextPort: 49_152,
    };
    this.#machines.set(host, machine);
    return machine;
  }

  /** The machine at an address; loopback is the asking one itself. */
  machine(host: string, asking: Machine): Machine | undefined {
    return host === "127.0.0.1" || host === "::1" ? asking : this.#machines.get(host);
  }

  machines(): IterableIterator<Machine> {
    return this.#machines.values();
  }

  /** Who reaches whom has changed: streams that are cut are found by keepalive, unless it changes back before. */
  regrouped(keepaliveMs: number): void {
    const grouping = ++this.#grouping;
    this.scheduler.at(this.scheduler.now + keepaliveMs, () => {
      if (grouping !== this.#grouping) return;
      for (const machine of this.#machines.values())
        for (const stream of [...machine.streams]) stream.probe();
    });
  }

  reachable(a: Machine, b: Machine): boolean {
    return a === b || a.group === b.group;
  }

  /** One-way delay for one packet, ms. */
  delay(): number {
    const [least, most] = this.faults.latencyMs;
    return least + this.random.float() * (most - least);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.random.float() < probability;
  }

  freePort(machine: Machine): number {
    for (;;) {
      const port = machine.nextPort++;
      if (machine.nextPort > 65_535) machine.nextPort = 49_152;
      if (!machine.listeners.has(port) && !machine.sockets.has(port)) return port;
    }
  }

  /** Sends one datagram through loss, duplication and reordering. */
  sendDatagram(source: Machine, from: Endpoint, to: Endpoint, data: Uint8Array): void {
    if (data.length > MOST_PAYLOAD || this.chance(this.faults.loss)) return;
    const copies = this.chance(this.faults.duplicate) ? 2 : 1;
    const payload = data.slice();
    for (let copy = 0; copy < copies; copy++) {
      const held = this.chance(this.faults.reorder) ? 3 * this.faults.latencyMs[1] : 0;
      const path = this.faults.pathMs?.(source.host, to.host) ?? 0;
      this.scheduler.at(this.scheduler.now + this.delay() + held + path, () => {
        const target = this.machine(to.host, source);
        if (!target || !this.reachable(source, target) || target.paused) return;
        target.sockets.get(to.port)?.received(from, payload.slice());
      });
    }
  }
}

/** What UDP over IPv4 can carry (RFC 768, RFC 791): a longer datagram is never sent. */
const MOST_PAYLOAD = 65_507;
