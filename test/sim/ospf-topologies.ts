import { test } from "node:test";
import { Topology } from "./ospf-topology.ts";
import { seeds } from "./seeds.ts";

/** How many routers a seed's network has: few mostly, at times as many as there may be. */
function sizeOf(seed: number): number {
  return seed % 10 === 9 ? 40 + (seed % 21) : 2 + ((seed * 7) % 20);
}

/** Random networks with every kind of link, under all that may go wrong; then the checks of Topology. */
export function testTopologies(part: 0 | 1): void {
  for (const seed of seeds(12, part)) {
    test(`${sizeOf(seed)} routers agree after loss, cuts and restarts (seed ${seed})`, async () => {
      const topology = new Topology(seed, sizeOf(seed));
      await topology.network.run(5_000);
      await topology.storm(30_000);
      await topology.network.run(60_000);
      topology.network.world.check(() => topology.check());
    });
  }
}
