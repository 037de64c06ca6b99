import assert from "node:assert/strict";
import { seededRandom, type Random } from "#base/random.ts";
import {
  addNode,
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

/** A run that ended well. */
export interface FaultsRun {
  readonly now: number;
  readonly trace: string;
  /** For each member that died: until the first knew it, and until all did, ms. */
  readonly deaths: readonly { readonly first: number; readonly all: number }[];
  /** Members that were called dead although nothing but packets had failed for a minute. */
  readonly falsely: number;
}

/**
 * Members that join through one or two first ones, with a tenth of all packets lost; then the seed chooses among partitions,
 * crashes, stops, leaves and churn. In the end all that was cut is whole again, nobody is named to anyone, and all must
 * agree by themselves.
 */
export function membershipFaults({ seed, nodes, trace }: Faulty): FaultsRun {
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
  let falsely = failuresSince(world, 0);
  const deaths: { first: number; all: number }[] = [];
  for (let act = 0; act < ACTS; act++) {
    disturb(world, chance, options, deaths);
    world.heal();
    for (const { id, core } of world.nodes) {
      world.resume(id);
      if (!core && chance.below(2) === 0) world.restart(id);
    }
    world.run(SETTLING_MS);
    const quiet = world.now;
    world.run(QUIET_MS);
    world.check(() => assertAgreement(world));
    falsely += failuresSince(world, quiet);
  }
  return { now: world.now, trace: world.trace, deaths, falsely };
}

type Deaths = { first: number; all: number }[];

function disturb(world: MembershipWorld, chance: Random, options: Cluster, deaths: Deaths): void {
  const kind = chance.below(5);
  const some = world.nodes.filter(({ core }) => core && chance.float() < 0.15).map(({ id }) => id);
  const pause = (): void => world.run(20_000 + chance.below(100_000));
  if (kind === 0) {
    const parts = 2 + chance.below(2);
    const salt = chance.next();
    world.split((id) => seededRandom(`${salt} ${id}`).below(parts));
    pause();
  } else if (kind === 1) {
    // The first ones stay: others know no other address.
    const ids = some.filter((id) => id > 1);
    const died = world.now;
    for (const id of ids) world.crash(id);
    world.run(90_000);
    for (const id of ids) deaths.push(deathOf(world, id, died));
  } else if (kind === 2) {
    for (const id of some) world.pause(id);
    pause();
  } else if (kind === 3) {
    for (const id of some.filter((each) => each > 1)) {
      world.push(id, { type: "leave" });
      world.run(6_000);
      world.crash(id);
    }
    pause();
  } else churn(world, chance, options);
}

/** For a minute some come, some go without a word, some come back. */
function churn(world: MembershipWorld, chance: Random, options: Cluster): void {
  for (let i = 0; i < 20; i++) {
    const id = 2 + chance.below(world.nodes.length - 2);
    const kind = chance.below(4);
    if (kind === 0 && world.nodes.length < 2 * options.nodes)
      addNode(world, { ...options, seedsOf: () => [0] });
    else if (world.nodes[id]?.core) world.crash(id);
    else world.restart(id);
    world.run(1_000 + chance.below(5_000));
  }
}

/** When the others knew that a member had died. */
function deathOf(world: MembershipWorld, id: number, died: number): { first: number; all: number } {
  const times = eventsOf(world, "failed").flatMap(({ at, event }) =>
    at >= died && event.type === "failed" && event.member.name === `n${id}` ? [at - died] : [],
  );
  return { first: Math.min(...times), all: Math.max(...times) };
}

/** Living members that were called dead since then, each once. */
function failuresSince(world: MembershipWorld, since: number): number {
  const living = new Set(world.nodes.filter(({ core }) => core).map(({ id }) => `n${id}`));
  const failures = eventsOf(world, "failed").flatMap(({ at, event }) =>
    at > since && event.type === "failed" && living.has(event.member.name) ? [event.member.name] : [],
  );
  return new Set(failures).size;
}

/** What came of many runs, in a line. */
export function summaryOf(runs: readonly FaultsRun[]): string {
  const falsely = runs.reduce((sum, run) => sum + run.falsely, 0);
  const minutes = (runs.length * (60_000 + ACTS * QUIET_MS)) / 60_000;
  const deaths = runs.flatMap((run) => run.deaths);
  const times = (pick: (death: { first: number; all: number }) => number): string => {
    const sorted = deaths.map(pick).sort((a, b) => a - b);
    const at = (share: number): string =>
      ((sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN) / 1_000).toFixed(1);
    return `median ${at(0.5)} s, worst ${at(1)} s`;
  };
  return (
    `${runs.length} runs: ${deaths.length} deaths known to the first after ${times(({ first }) => first)}, ` +
    `to all after ${times(({ all }) => all)}; ${falsely} false failures in ${minutes.toFixed(0)} quiet minutes`
  );
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
  const { first, all } = deathOf(world, options.nodes - 1, died);
  world.check(() => assertAgreement(world));
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  const text =
    `${options.nodes} members, ${100 * (options.loss ?? 0)} % loss: known to the first after ${seconds(first)} s, to all after ${seconds(all)} s; ` +
    `in ${minutes} min before, ${suspected} suspicions, ${falsely} false failures; ${rates}`;
  return { text, falsely };
}

const ACTS = 2;
/** Suspicion of a few members at the worst health, and the pauses of the search after that. */
const SETTLING_MS = 120_000;
/** In which nobody may be called dead. */
const QUIET_MS = 60_000;
