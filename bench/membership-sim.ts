import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { World } from "#sim/world.ts";
import { Membership } from "#membership/membership.ts";
import { addStandIn, addStore, addWhole, type LargeWorld } from "./membership/large-world.ts";

/**
 * A cluster of ten thousand in the simulator: what it costs, and how long news take. Ten thousand tables of ten thousand
 * fit no memory here: `whole` of the members are whole ones; the rest answer pings, ping others and pass news on as members
 * do, but keep no tables. `npm run bench -- membership-sim nodes=10000 whole=20 seconds=30`
 */
export async function run(): Promise<void> {
  const words = process.argv.slice(3);
  const number = (name: string, usual: number): number => {
    const word = words.find((each) => each.startsWith(`${name}=`));
    return word === undefined ? usual : Number(word.slice(name.length + 1));
  };
  const [nodes, whole, seconds] = [number("nodes", 10_000), number("whole", 20), number("seconds", 30)];
  const world: LargeWorld = new World({ seed: 1, latencyMs: [1, 20] });
  const heldBefore = heldBytes();
  let began = performance.now();
  await addStore(world, nodes);
  for (let id = 0; id < nodes; id++)
    if (id < whole) addWhole(world);
    else addStandIn(world, nodes);
  world.run(10_000);
  for (const { events } of world.nodes) events.length = 0;
  const held = heldBytes() - heldBefore;
  console.log(`${nodes} members, ${whole} of them whole: 10 s with their start in ${since(began)} s`);
  console.log(`  memory ${(held / 1e6).toFixed(0)} MB`);
  const sent = counted(world, "packets sent");
  began = performance.now();
  world.run(seconds * 1_000);
  const packets = (counted(world, "packets sent") - sent) / whole / seconds;
  console.log(
    `  ${seconds} s at rest in ${since(began)} s; ${packets.toFixed(1)} packets of a whole member a second`,
  );
  began = performance.now();
  const joined = addWhole(world);
  const known = (): boolean => wholes(world).every((core) => core.member(`n${joined}`)?.state === "alive");
  console.log(`  a new member known to all of them after ${took(world, known)} s (${since(began)} s)`);
  began = performance.now();
  const died = world.now;
  world.crash(1);
  const gone = (): boolean => wholes(world).every((core) => core.member("n1")?.state !== "alive");
  const dead = (): boolean => wholes(world).every((core) => core.member("n1")?.state === "dead");
  const suspected = took(world, gone);
  const all = took(world, dead, died);
  console.log(
    `  a death suspected by all after ${suspected} s, known to all after ${all} s (${since(began)} s)`,
  );
}

function wholes(world: LargeWorld): Membership[] {
  return world.nodes.flatMap(({ core }) => (core instanceof Membership ? [core] : []));
}

function counted(world: LargeWorld, name: string): number {
  return wholes(world).reduce((sum, core) => sum + (core.counters().get(name) ?? 0), 0);
}

/** s of virtual time. */
function took(world: LargeWorld, done: () => boolean, from = world.now): string {
  while (!done() && world.now - from < LIMIT_MS) world.run(100);
  return done() ? ((world.now - from) / 1_000).toFixed(1) : `more than ${LIMIT_MS / 1_000}`;
}

function since(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}

function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const LIMIT_MS = 300_000;
