import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { seeds } from "./seeds.ts";
import { said, serfCluster, type SerfWorld } from "./serf-world.ts";

const NODES = 25;
const ACTS = 3;
/** Longer than suspicion at the worst health, and the pauses of the search for lost members after that. */
const QUIET_MS = 240_000;
const NOTHING = new Uint8Array(0);

/** What members say of each other: all the same, and who left has left. */
function disagreement(world: SerfWorld, left: ReadonlySet<number>): string | undefined {
  const up = world.nodes.filter(({ core }) => core);
  for (const { id, core } of up) {
    if (core!.present !== up.length) return `n${id} has ${core!.present} members, not ${up.length}`;
    for (const other of world.nodes) {
      const state = core!.member(`n${other.id}`)?.state;
      // Whoever was started again may never have heard of one that is gone.
      const wanted = other.core ? ["alive"] : [left.has(other.id) ? "left" : "dead", undefined];
      if (!wanted.includes(state)) return `n${id} says that n${other.id} is ${state}, not ${wanted[0]}`;
    }
  }
  return undefined;
}

function disturb(world: SerfWorld, chance: ReturnType<typeof seededRandom>, left: Set<number>): void {
  const kind = chance.below(4);
  const some = world.nodes
    .filter(({ id, core }) => core && id > 0 && chance.float() < 0.2)
    .map(({ id }) => id);
  if (kind === 0) {
    const salt = chance.next();
    return world.split((id) => seededRandom(`${salt} ${id}`).below(2));
  }
  for (const id of some) {
    if (kind === 1) world.crash(id);
    else if (kind === 2) world.pause(id);
    else {
      world.push(id, { type: "leave" });
      world.run(8_000);
      world.crash(id);
      left.add(id);
    }
  }
}

for (const seed of seeds(2, 0).concat(seeds(2, 1)))
  test(`after loss, partitions, crashes, stops and leaves all agree, and hear what is said (seed ${seed})`, () => {
    const chance = seededRandom(`serf faults ${seed}`);
    const faults = { loss: 0.1, latencyMs: [1, 20] as const, duplicate: 0.02, reorder: 0.05, cut: 0.1 };
    const world = serfCluster({ seed, nodes: NODES, scenario: "serf-faults", ...faults });
    const left = new Set<number>();
    world.run(60_000);
    for (let act = 0; act < ACTS; act++) {
      disturb(world, chance, left);
      world.push(0, { type: "event", name: `during ${act}`, payload: NOTHING, coalesce: false });
      world.run(20_000 + chance.below(100_000));
      world.heal();
      for (const { id, core } of world.nodes) {
        world.resume(id);
        if (core || chance.below(2) === 0) continue;
        world.restart(id);
        left.delete(id);
      }
      world.run(QUIET_MS);
      world.check(() => assert.equal(disagreement(world, left), undefined));
      const start = world.now;
      world.push(0, { type: "event", name: `after ${act}`, payload: NOTHING, coalesce: false });
      world.run(70_000);
      world.check(() => {
        const heard = said(world, "user-event", start).filter(({ event }) => event.name === `after ${act}`);
        const up = world.nodes.flatMap(({ id, core }) => (core ? [id] : []));
        assert.deepEqual(
          heard.map(({ id }) => id).toSorted((a, b) => a - b),
          up,
        );
      });
    }
  });
