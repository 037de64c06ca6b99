import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import {
  plainCluster,
  serfCluster,
  type PlainCluster,
  type SerfCluster,
  type ValueCommand,
  type ValueEvent,
} from "#membership/cluster.ts";
import type { SerfEvent } from "#membership/serf/io.ts";
import type { MembershipCommand, MembershipEvent, MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { PROFILES } from "#membership/profiles.ts";
import { simCipher } from "#sim/cipher.ts";
import { World } from "#sim/world.ts";

type Command = Exclude<MembershipCommand, { type: "meta" }> | ValueCommand;
type ClusterWorld = World<Command, MembershipEvent | SerfEvent | ValueEvent, PlainCluster | SerfCluster>;

const PORT = 7946;

function addNode(world: ClusterWorld, serf: boolean): number {
  return world.add(
    ({ id, host, random }) => {
      const setup: MembershipSetup = {
        name: `n${id}`,
        address: `${host}:${PORT}`,
        meta: new Uint8Array(0),
        profile: PROFILES.lan,
        limits: DEFAULT_MEMBERSHIP_LIMITS,
        join: [`10.0.0.1:${PORT}`],
        ...{ keys: [], acceptPlain: false, sendPlain: false, label: "", compression: true, protocol: 2 },
        delegateVersions: [0, 0, 0],
        reclaimAfterMs: 0,
      };
      const cipher = simCipher(seededRandom(random.state()));
      return serf
        ? serfCluster({ membership: setup, tags: {} }, random, cipher)
        : plainCluster(setup, random, cipher);
    },
    { streams: PORT, datagrams: PORT },
  ).id;
}

function clusterWorld(seed: number, nodes: number, { loss = 0, serf = false } = {}): ClusterWorld {
  const world: ClusterWorld = new World({ seed, loss, latencyMs: [1, 20], scenario: "cluster" });
  for (let i = 0; i < nodes; i++) addNode(world, serf);
  world.run(5_000);
  return world;
}

/** What each node keeps, as one line. */
function linesOf(world: ClusterWorld): string[] {
  return world.nodes.map(({ core }) =>
    core!
      .values()
      .map(({ key, text, by }) => `${key}=${text} by ${by}`)
      .join(", "),
  );
}

function assertAllKeep(world: ClusterWorld, expected: string): void {
  assert.deepEqual(
    linesOf(world),
    world.nodes.map(() => expected),
  );
}

for (const seed of [1, 2, 3, 4]) {
  const serf = seed % 2 === 0;
  const run = `${serf ? "Serf" : "plain"}, seed ${seed}`;
  test(`broadcasts reach all within seconds though a tenth is lost, and a late joiner has them (${run})`, () => {
    const world = clusterWorld(seed, 20, { loss: 0.1, serf });
    world.push(3, { type: "set-value", key: "motd", text: "hello" });
    world.push(7, { type: "set-value", key: "port", text: "80" });
    world.run(10_000);
    assertAllKeep(world, "motd=hello by n3, port=80 by n7");
    world.push(5, { type: "remove-value", key: "port" });
    world.run(10_000);
    assertAllKeep(world, "motd=hello by n3");
    const told = world.nodes[0]!.events.flatMap(({ event }) =>
      event.type === "value" ? [event.change] : [],
    );
    // The first two may have come in any order.
    assert.deepEqual(
      told.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      [
        { key: "motd", text: "hello", by: "n3" },
        { key: "port", text: "80", by: "n7" },
        { key: "port", by: "n5" },
      ],
    );
    const late = addNode(world, serf);
    world.run(5_000);
    assert.equal(linesOf(world)[late], "motd=hello by n3");
    // It took no part in the removal, and brings nothing back.
    world.run(60_000);
    assertAllKeep(world, "motd=hello by n3");
  });

  test(`both sides of a partition agree again after it (${run})`, () => {
    const world = clusterWorld(seed, 10, { serf });
    world.push(0, { type: "set-value", key: "shared", text: "before" });
    world.run(5_000);
    world.split((id) => id % 2);
    world.run(60_000);
    world.push(0, { type: "set-value", key: "even", text: "0" });
    world.push(1, { type: "set-value", key: "odd", text: "1" });
    world.push(2, { type: "set-value", key: "shared", text: "two" });
    world.push(3, { type: "remove-value", key: "shared" });
    world.run(20_000);
    assert.equal(linesOf(world)[4], "even=0 by n0, shared=two by n2");
    assert.equal(linesOf(world)[5], "odd=1 by n1");
    world.heal();
    world.run(180_000);
    // Of two changes with one version the higher name counts: the removal.
    assertAllKeep(world, "even=0 by n0, odd=1 by n1");
  });
}

test("a node that starts anew has all again, and one that sets what is too long is told so", () => {
  const world = clusterWorld(4, 5);
  world.push(1, { type: "set-value", key: "k", text: "v" });
  world.push(2, { type: "set-value", key: "k".repeat(65), text: "v" });
  world.run(5_000);
  world.crash(1);
  world.run(1_000);
  world.restart(1);
  world.run(10_000);
  assertAllKeep(world, "k=v by n1");
  const refused = world.nodes[2]!.events.flatMap(({ event }) =>
    event.type === "value-refused" ? [event.reason] : [],
  );
  assert.deepEqual(refused, ["the key has more than 64 bytes"]);
});

test("messages of the application that are no texts are told as they came", () => {
  const world = clusterWorld(5, 3);
  world.push(0, { type: "broadcast", payload: Uint8Array.of(1, 2, 3) });
  world.run(5_000);
  const heard = world.nodes[1]!.events.flatMap(({ event }) =>
    event.type === "user" ? [[...event.payload]] : [],
  );
  assert.ok(heard.length > 0);
  for (const payload of heard) assert.deepEqual(payload, [1, 2, 3]);
});
