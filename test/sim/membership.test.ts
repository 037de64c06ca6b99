import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMessage } from "#wire/memberlist/packet.ts";
import { detection, membershipFaults } from "./membership-faults.ts";
import {
  addNode,
  cluster,
  countersOf,
  disagreement,
  eventsOf,
  hostOf,
  PORT,
  untilAgreement,
} from "./membership-world.ts";
import { seeds } from "./seeds.ts";

test("a storm of 50 joins converges without a tail", (context) => {
  const times = seeds(8, 0)
    .concat(seeds(8, 1))
    .map((seed) => {
      const world = cluster({ seed, nodes: 50 });
      return untilAgreement(world, 10_000, 25);
    });
  times.sort((a, b) => a - b);
  const worst = times.at(-1)!;
  context.diagnostic(`${times.length} storms: median ${times[times.length >> 1]} ms, worst ${worst} ms`);
  assert.ok(worst <= 1_500, `${worst} ms`);
});

for (const [loss, latencyMs] of [
  [0, [0.1, 1]],
  [0.1, [1, 20]],
] as const)
  test(`the dead are found, and nobody else, at ${100 * loss} % loss`, (context) => {
    const { text, falsely } = detection({ seed: 1, nodes: 50, loss, latencyMs }, 5);
    context.diagnostic(text);
    assert.equal(falsely, 0);
  });

test("the halves of a network that was parted for an hour find each other, with nobody told to look", (context) => {
  const world = cluster({ seed: 3, nodes: 20, loss: 0.02 });
  world.run(30_000);
  world.split((id) => id % 2);
  world.run(60 * 60_000);
  assert.ok(world.nodes.every(({ core }) => core!.present === 10));
  world.heal();
  const took = untilAgreement(world, 10 * 60_000, 1_000);
  context.diagnostic(`together again after ${(took / 1_000).toFixed(0)} s`);
});

test("encrypted, labelled and compressed members agree, and others stay outside", () => {
  const setup = { keys: [new Uint8Array(32).fill(7)], label: "blue", compression: true };
  const world = cluster({ seed: 4, nodes: 12, loss: 0.05, setup });
  addNode(world, { seed: 4, nodes: 13, setup: { label: "blue" } });
  world.run(60_000);
  assert.deepEqual(
    world.nodes.map(({ core }) => core!.present),
    [...Array.from({ length: 12 }, () => 12), 1],
  );
  assert.ok(countersOf(world).get("bad stream: not encrypted")! > 0);
});

test("a stop of two seconds makes nobody leave", () => {
  const world = cluster({ seed: 5, nodes: 20 });
  world.run(20_000);
  for (let id = 3; id < 6; id++) world.pause(id);
  world.run(2_000);
  for (let id = 3; id < 6; id++) world.resume(id);
  world.run(60_000);
  assert.equal(eventsOf(world, "failed").length, 0);
  assert.equal(disagreement(world), undefined);
});

test("whoever leaves is gone at once and for good, and may come back", () => {
  const world = cluster({ seed: 6, nodes: 10 });
  world.run(20_000);
  world.push(9, { type: "leave" });
  world.run(5_000);
  assert.equal(eventsOf(world, "departed").length, 1);
  assert.equal(eventsOf(world, "left").length, 9);
  assert.equal(eventsOf(world, "failed").length, 0);
  world.run(60_000);
  assert.ok(world.nodes.slice(0, 9).every(({ core }) => core!.present === 9));
  world.push(9, { type: "join", addresses: [`${hostOf(0)}:${PORT}`] });
  world.run(10_000);
  assert.equal(disagreement(world), undefined);
});

test("members of whom all others were told that they left, and who did not, are found again", (context) => {
  const world = cluster({ seed: 9, nodes: 10, loss: 0.05 });
  world.run(20_000);
  // Nobody has an address to dial again but the first: that one is among them.
  for (let id = 0; id < 10; id++) {
    const [node, incarnation] = [`n${id}`, 1];
    const data = encodeMessage({ type: "dead", body: { node, from: node, incarnation } });
    const from = { host: hostOf(9), port: PORT };
    for (let other = 0; other < 10; other++)
      if (other !== id) world.push(other, { type: "datagram", from, data });
  }
  assert.ok(world.nodes.every(({ core }) => core!.present === 1));
  const took = untilAgreement(world, 5 * 60_000, 500);
  context.diagnostic(`together again after ${(took / 1_000).toFixed(1)} s`);
});

test("a restarted member is taken back, whatever was known of it", () => {
  const world = cluster({ seed: 7, nodes: 10 });
  world.run(20_000);
  world.push(5, { type: "meta", meta: Uint8Array.of(1) });
  world.run(5_000);
  world.crash(5);
  world.run(1_000);
  world.restart(5);
  untilAgreement(world, 20_000);
  world.run(20_000);
  assert.deepEqual([...world.nodes[0]!.core!.member("n5")!.meta], []);
  world.crash(5);
  world.run(60_000);
  world.restart(5);
  untilAgreement(world, 20_000);
});

test("a broadcast reaches as many as packets go out, and a message one", () => {
  const world = cluster({ seed: 8, nodes: 30 });
  world.run(20_000);
  world.push(3, { type: "broadcast", payload: Uint8Array.of(1) });
  for (const reliable of [true, false])
    world.push(3, { type: "send", node: "n4", payload: Uint8Array.of(2), reliable });
  world.run(10_000);
  const users = eventsOf(world, "user");
  // Eight packets: nobody but an application passes on what another one said.
  const reached = new Set(
    users.filter(({ event }) => event.type === "user" && event.payload[0] === 1).map(({ id }) => id),
  );
  assert.ok(reached.size >= 5 && reached.size <= 8, `${reached.size}`);
  assert.deepEqual(
    users.filter(({ event }) => event.type === "user" && event.payload[0] === 2).map(({ id }) => id),
    [4, 4],
  );
});

test("the same seed gives the same run", () => {
  const [first, second] = [0, 1].map(() => membershipFaults({ seed: 3, nodes: 8 }).trace);
  assert.equal(first, second);
});
