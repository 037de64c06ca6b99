import assert from "node:assert/strict";
import type { Cipher } from "#base/cipher.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { MembershipEvent, MembershipInput, MembershipSetup } from "#membership/io.ts";
import { Membership } from "#membership/membership.ts";
import { SETUP } from "#membership/testing/node.ts";
import { simCipher } from "#sim/cipher.ts";
import { World, type WorldOptions } from "#sim/world.ts";

export type MembershipWorld = World<MembershipInput, MembershipEvent, Membership>;

export const PORT = 7946;

export interface Cluster extends WorldOptions {
  readonly nodes: number;
  readonly setup?: Partial<MembershipSetup>;
  /** Which nodes a node knows at the start; the first one when nothing is said. */
  readonly seedsOf?: (id: number) => readonly number[];
}

export function hostOf(id: number): string {
  return `10.${(id + 1) >> 16}.${((id + 1) >> 8) & 255}.${(id + 1) & 255}`;
}

/** Nodes that all start now. */
export function cluster(options: Cluster): MembershipWorld {
  const world: MembershipWorld = new World(options);
  for (let i = 0; i < options.nodes; i++) addNode(world, options);
  return world;
}

export function addNode(world: MembershipWorld, { setup, seedsOf = () => [0] }: Cluster): void {
  const make = ({ id, host, random }: { id: number; host: string; random: Random }): Membership =>
    new Membership(...setupOf(id, host, random, seedsOf(id), setup));
  world.add(make, { streams: PORT, datagrams: PORT });
}

/** What the core of a node is made from. */
export function setupOf(
  id: number,
  host: string,
  random: Random,
  seeds: readonly number[],
  changes: Partial<MembershipSetup> = {},
): [MembershipSetup, Random, Cipher] {
  const setup: MembershipSetup = {
    ...SETUP,
    name: `n${id}`,
    address: `${host}:${PORT}`,
    join: seeds.map((seed) => `${hostOf(seed)}:${PORT}`),
    ...changes,
  };
  return [setup, random, simCipher(seededRandom(random.state()))];
}

/** Whether every running node knows every running one as alive, and nobody else. */
export function disagreement(world: MembershipWorld): string | undefined {
  const up = world.nodes.filter(({ core }) => core);
  const names = new Set(up.map(({ id }) => `n${id}`));
  for (const { id, core } of up) {
    // Cheap, and it finds most of it.
    if (core!.present !== up.length) return `n${id} has ${core!.present} members, not ${up.length}`;
  }
  for (const { id, core } of up) {
    const wrong = core!
      .members()
      .filter(({ name, state }) => !(names.has(name) ? ["alive"] : ["dead", "left"]).includes(state))
      .map(({ name, state }) => `${name} ${state}`);
    const missing = [...names].filter((name) => core!.member(name) === undefined);
    if (wrong.length > 0 || missing.length > 0)
      return `n${id}: wrong ${wrong.slice(0, 5).join(", ")}; missing ${missing.slice(0, 5).join(", ")} (${missing.length})`;
  }
  return undefined;
}

export function assertAgreement(world: MembershipWorld): void {
  assert.equal(disagreement(world), undefined);
}

/** Runs until all agree; the time it took, ms. */
export function untilAgreement(world: MembershipWorld, limitMs: number, everyMs = 50): number {
  const start = world.now;
  while (disagreement(world) !== undefined) {
    if (world.now - start >= limitMs) world.check(assertAgreement);
    world.run(everyMs);
  }
  return world.now - start;
}

/** Events of one kind from all nodes. */
export function eventsOf(
  world: MembershipWorld,
  type: MembershipEvent["type"],
): { at: number; id: number; event: MembershipEvent }[] {
  return world.nodes.flatMap(({ id, events }) =>
    events.filter(({ event }) => event.type === type).map(({ at, event }) => ({ at, id, event })),
  );
}

/** What all nodes counted, together. */
export function countersOf(world: MembershipWorld): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { core } of world.nodes)
    for (const [name, count] of core?.counters() ?? []) sum.set(name, (sum.get(name) ?? 0) + count);
  return sum;
}
