import assert from "node:assert/strict";
import { formatIpv4, formatIpv4Prefix } from "#base/ipv4.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { NetworkType } from "#ospf/config.ts";
import { MAX_AGE } from "#ospf/constants.ts";
import { OspfNetwork, type Leg, type OspfNode } from "./ospf-network.ts";

interface Wire {
  readonly name: string;
  readonly type: NetworkType;
  readonly network: string;
  readonly ends: { readonly router: number; readonly cost: number }[];
}

/** A random connected network of routers, and what its routes must be. */
export class Topology {
  readonly network: OspfNetwork;
  readonly wires: Wire[] = [];
  readonly #random: Random;
  readonly #size: number;

  constructor(seed: number, size: number) {
    this.#random = seededRandom(`topology ${seed}`);
    this.#size = size;
    this.network = new OspfNetwork({ seed });
    this.#connect();
    for (let router = 0; router < size; router++) this.#addRouter(router);
  }

  get nodes(): readonly OspfNode[] {
    return this.network.nodes;
  }

  /** A tree first, so that all are connected, then further wires. */
  #connect(): void {
    for (let router = 1; router < this.#size;) {
      const ends = [this.#random.below(router), router++];
      const isShared = this.#random.below(3) === 0;
      while (isShared && router < this.#size && ends.length < 5 && this.#random.below(3) > 0)
        ends.push(router++);
      this.#addWire(ends, isShared ? this.#pick(["broadcast", "point-to-multipoint"]) : this.#pick(PAIRS));
    }
    for (let extra = this.#random.below(this.#size); extra > 0; extra--) {
      const [a, b] = [this.#random.below(this.#size), this.#random.below(this.#size)];
      if (a !== b) this.#addWire([a, b], this.#pick(PAIRS));
    }
  }

  #addWire(routers: readonly number[], type: NetworkType): void {
    const at = this.wires.length;
    const ends = routers.map((router) => ({ router, cost: 1 + this.#random.below(20) }));
    this.wires.push({ name: `w${at}`, type, network: `10.${at >> 8}.${at & 255}`, ends });
  }

  #addRouter(router: number): void {
    const legs = this.wires.flatMap((wire): Leg[] => {
      const at = wire.ends.findIndex((end) => end.router === router);
      if (at < 0) return [];
      const addresses = wire.ends.map((_, i) => ipOf(wire, i));
      const config = {
        type: wire.type,
        cost: wire.ends[at]!.cost,
        priority: router % 4,
        neighbors:
          wire.type === "non-broadcast"
            ? addresses.filter((_, i) => i !== at).map((address) => ({ address, priority: 1 }))
            : [],
      };
      // Somebody has to be the designated router.
      if (wire.ends.every((end) => end.router % 4 === 0)) config.priority = 1;
      return [{ name: wire.name, wire: wire.name, address: `${formatIpv4(ipOf(wire, at))}/24`, config }];
    });
    const stub: Leg = {
      name: "stub",
      wire: `stub${router}`,
      address: `172.16.${router}.1/24`,
      config: { passive: true, cost: 1 },
    };
    this.network.add({ routerId: `192.0.2.${router + 1}`, legs: [...legs, stub] });
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  /** What goes wrong for so long: cut wires, dead routers, lost carriers. All is whole again afterwards. */
  async storm(ms: number): Promise<void> {
    const random = this.#random;
    const { network, nodes } = this;
    const repairs = new Set<() => void>();
    const until = network.world.now + ms;
    network.world.setFaults({ loss: 0.1, duplicate: 0.05, reorder: 0.05 });
    while (network.world.now < until) {
      const repair = this.#break(nodes[random.below(nodes.length)]!);
      repairs.add(repair);
      await network.run(200 + random.below(4_000));
      for (const each of [...repairs])
        if (random.below(3) === 0) {
          each();
          repairs.delete(each);
        }
    }
    for (const repair of repairs) repair();
    network.world.setFaults({ loss: 0, duplicate: 0, reorder: 0 });
  }

  #break(node: OspfNode): () => void {
    const { legs } = node.options;
    const leg = legs[this.#random.below(legs.length)]!;
    switch (this.#random.below(3)) {
      case 0:
        node.crash();
        return () => node.restart();
      case 1:
        node.setCarrier(leg.name, false);
        return () => node.setCarrier(leg.name, true);
      default:
        // Nobody is told: packets just do not arrive.
        node.host.packetSockets.connect(leg.name, undefined);
        return () => node.host.packetSockets.connect(leg.name, leg.wire);
    }
  }

  /** All databases are equal and hold nothing that has ended; all routes are the shortest. */
  check(): void {
    const [first, ...rest] = this.nodes.map((node) => databaseOf(node));
    for (const [i, database] of rest.entries())
      assert.deepEqual(database, first, `the databases of 192.0.2.1 and 192.0.2.${i + 2}`);
    for (const [router, node] of this.nodes.entries()) this.#checkRoutes(router, node);
  }

  #checkRoutes(router: number, node: OspfNode): void {
    const expected = new Map<string, number>();
    const distances = this.#distances(router);
    for (const [other, distance] of distances.entries())
      expected.set(formatIpv4Prefix(ipOfStub(other), 24), distance + 1);
    for (const wire of this.wires) {
      if (wire.type === "point-to-multipoint") {
        for (const [i, end] of wire.ends.entries())
          expected.set(formatIpv4Prefix(ipOf(wire, i), 32), distances[end.router]!);
        continue;
      }
      const costs = wire.ends.map((end) => distances[end.router]! + end.cost);
      expected.set(`${wire.network}.0/24`, Math.min(...costs));
    }
    const found = new Map(
      node.core.routing.calculator.routes.map(({ network, length, cost }) => [
        formatIpv4Prefix(network, length),
        cost,
      ]),
    );
    assert.deepEqual(sorted(found), sorted(expected), `the routes of ${node.options.routerId}`);
    assert.deepEqual(
      [...node.routes.keys()].sort(),
      [...found.keys()].sort(),
      "what was told is what there is",
    );
  }

  /** Plain Bellman-Ford over routers. */
  #distances(from: number): number[] {
    const distances = Array.from({ length: this.#size }, () => Infinity);
    distances[from] = 0;
    for (let changed = true; changed;) {
      changed = false;
      for (const { ends } of this.wires)
        for (const a of ends)
          for (const b of ends) {
            const through = distances[a.router]! + a.cost;
            if (a === b || through >= distances[b.router]!) continue;
            distances[b.router] = through;
            changed = true;
          }
    }
    return distances;
  }
}

const PAIRS = ["point-to-point", "point-to-point", "broadcast", "non-broadcast"] as const;

function ipOf({ network }: Wire, at: number): number {
  const [a, b, c] = network.split(".").map(Number);
  return a! * 2 ** 24 + b! * 2 ** 16 + c! * 256 + at + 1;
}

function ipOfStub(router: number): number {
  return 172 * 2 ** 24 + 16 * 2 ** 16 + router * 256;
}

function databaseOf(node: OspfNode): string[] {
  const { state } = node.core;
  const now = node.host.clock.now();
  return [...state.areas.get(0)!.lsdb.lsas(), ...state.lsdb.lsas()]
    .map((lsa) => {
      assert.ok(lsa.ageAt(now) < MAX_AGE, `an LSA of ${node.options.routerId} has ended and did not leave`);
      const { type, id, advertisingRouter, sequence, checksum } = lsa;
      return `${type} ${formatIpv4(id)} ${formatIpv4(advertisingRouter)} ${sequence} ${checksum}`;
    })
    .sort();
}

function sorted(routes: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...routes].sort(([a], [b]) => (a < b ? -1 : 1));
}
