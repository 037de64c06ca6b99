import assert from "node:assert/strict";
import { seededRandom } from "#base/random.ts";
import {
  assertAgreement,
  cluster,
  countersOf,
  eventsOf,
  type Cluster,
  type MembershipWorld,
} from "./membership-world.ts";

export interface Faulty {
  readonly seed: number;
  readonly nodes: number;
  readonly trace?: (line: string) => void;
}

/**
 * Members that join through one or two first ones, with a tenth of all packets lost; then the seed chooses among partitions,
 * crashes, restarts, stops and leaves. In the end all that was cut is whole again, nobody is named to anyone, and all must
 * agree by themselves.
 */
export function membershipFaults({ seed, nodes, trace }: Faulty): MembershipWorld {
  const chance = seededRandom(`faults ${seed}`);
  const firsts = 1 + chance.below(2);
  const options: Cluster = {
    ...{ seed, nodes, scenario: "membership-faults", latencyMs: [1, 20], loss: 0.1 },
    ...{ duplicate: 0.02, reorder: 0.05, cut: 0.1 },
    seedsOf: (id) => (id === 0 ? [] : [chance.below(Math.min(id, firsts))]),
    ...(trace && { trace }),
  };
  const world = cluster(options);
  world.run(60_000);
  world.check(() => assertAgreement(world));
  for (let act = 0; act < ACTS; act++) {
    disturb(world, chance);
    world.run(20_000 + chance.below(100_000));
    world.heal();
    for (const { id, core } of world.nodes) {
      world.resume(id);
      if (!core && chance.below(2) === 0) world.restart(id);
    }
    world.run(QUIET_MS);
    world.check(() => assertAgreement(world));
  }
  return world;
}

function disturb(world: MembershipWorld, chance: ReturnType<typeof seededRandom>): void {
  const kind = chance.below(4);
  const some = world.nodes.filter(({ core }) => core && chance.float() < 0.15).map(({ id }) => id);
  if (kind === 0) {
    const parts = 2 + chance.below(2);
    const salt = chance.next();
    return world.split((id) => seededRandom(`${salt} ${id}`).below(parts));
  }
  for (const id of some) {
    // The first one stays: others know no other address.
    if (kind === 1 && id > 1) world.crash(id);
    else if (kind === 2) world.pause(id);
    else if (kind === 3 && id > 1) {
      world.push(id, { type: "leave" });
      world.run(6_000);
      world.crash(id);
    }
  }
}

/** How long it takes until all know that one has died, and how often a living one was called dead. */
export function detection(
  options: Cluster,
  minutes: number,
): { readonly text: string; readonly falsely: number } {
  const world = cluster(options);
  world.run(30_000);
  world.check(() => assertAgreement(world));
  const before = world.now;
  world.run(minutes * 60_000);
  const falsely = eventsOf(world, "failed").length;
  const suspected = eventsOf(world, "suspected").length;
  const perNode = (name: string): string =>
    ((countersOf(world).get(name) ?? 0) / options.nodes / (world.now / 1_000)).toFixed(1);
  const rates = `${perNode("packets sent")} packets and ${perNode("bytes sent")} bytes per node and second`;
  assert.ok(world.now - before >= minutes * 60_000);
  const died = world.now;
  world.crash(options.nodes - 1);
  world.run(60_000);
  const times = eventsOf(world, "failed")
    .filter(({ at }) => at >= died)
    .map(({ at }) => at - died);
  world.check(() => assertAgreement(world));
  const [first, last] = [Math.min(...times), Math.max(...times)].map((ms) => (ms / 1_000).toFixed(1));
  const text =
    `${options.nodes} members, ${100 * (options.loss ?? 0)} % loss: known to the first after ${first} s, to all after ${last} s; ` +
    `in ${minutes} min before, ${suspected} suspicions, ${falsely} false failures; ${rates}`;
  return { text, falsely };
}

const ACTS = 2;
/** Longer than suspicion of a few members at the worst health, and the pauses of the search after that. */
const QUIET_MS = 240_000;
