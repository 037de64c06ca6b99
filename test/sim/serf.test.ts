import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { hostOf, PORT } from "./membership-world.ts";
import { seeds } from "./seeds.ts";
import { addSerf, said, serfCluster, type SerfWorld } from "./serf-world.ts";

const NODES = 100;
const NOTHING = new Uint8Array(0);

function allKnow(world: SerfWorld, count: number): boolean {
  return world.nodes.every(({ core }) => !core || core.present === count);
}

function settled(world: SerfWorld, count: number): void {
  for (let left = 120; left > 0 && !allKnow(world, count); left--) world.run(1_000);
  assert.ok(allKnow(world, count));
}

/** Each node's user events in the order in which it told them. */
function told(world: SerfWorld, id: number): string[] {
  return world.nodes[id]!.events.flatMap(({ event }) =>
    event.type === "user-event" ? [`${event.ltime} ${event.name}`] : [],
  );
}

for (const seed of seeds(2, 0).concat(seeds(2, 1)))
  test(`events reach all ${NODES}, with a tenth of all packets lost, each once (seed ${seed})`, (context) => {
    const world = serfCluster({ seed, nodes: NODES, loss: 0.1, latencyMs: [1, 20] });
    settled(world, NODES);
    const start = world.now;
    for (let i = 0; i < 10; i++) {
      const payload = Buffer.from(`${i}`);
      world.push((i * 7) % NODES, { type: "event", name: `e${i}`, payload, coalesce: false });
      world.run(50);
    }
    world.run(15_000);
    const heard = said(world, "user-event");
    assert.equal(heard.length, 10 * NODES);
    for (let id = 0; id < NODES; id++) assert.equal(new Set(told(world, id)).size, 10, `n${id}`);
    const last = Math.max(...heard.map(({ at }) => at));
    context.diagnostic(`ten events in half a second at all ${NODES} after ${last - start} ms`);
  });

test("what was said after something was heard has a later Lamport time, everywhere", () => {
  const world = serfCluster({ seed: 3, nodes: 30, loss: 0.05, latencyMs: [1, 20] });
  settled(world, 30);
  const names: string[] = [];
  for (let i = 0; i < 12; i++) {
    const from = (i * 11) % 30;
    names.push(`e${i}`);
    world.push(from, { type: "event", name: `e${i}`, payload: NOTHING, coalesce: false });
    // The next one to speak has heard this.
    const next = world.nodes[((i + 1) * 11) % 30]!;
    for (let left = 200; left > 0; left--) {
      if (next.events.some(({ event }) => event.type === "user-event" && event.name === `e${i}`)) break;
      world.run(50);
    }
  }
  world.run(10_000);
  for (const { event } of said(world, "user-event")) {
    const other = said(world, "user-event").find(({ event: each }) => each.name === event.name)!;
    assert.equal(event.ltime, other.event.ltime);
  }
  const times = names.map(
    (name) => said(world, "user-event").find(({ event }) => event.name === name)!.event.ltime,
  );
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(times).size, times.length);
});

test(`a query is answered by all ${NODES}, with loss by nearly all, and by more when others relay`, (context) => {
  const counts = new Map<string, number>();
  for (const [loss, relayFactor] of [
    [0, 0],
    [0.1, 0],
    [0.1, 3],
  ] as const) {
    const world = serfCluster({ seed: 4, nodes: NODES, loss, latencyMs: [1, 20] });
    settled(world, NODES);
    const start = world.now;
    world.push(5, {
      ...{ type: "query", id: 1, name: "load", payload: NOTHING, timeoutMs: 0, acknowledge: true },
      ...{ filters: {}, relayFactor },
    });
    for (let i = 0; i < 80; i++) {
      world.run(50);
      for (const { id, event } of said(world, "query-received", world.now - 50))
        world.push(id, { type: "respond", query: event.query, payload: Buffer.from(`of n${id}`) });
    }
    world.run(10_000);
    const [ended] = said(world, "query-ended", start);
    const answers = said(world, "query-answered", start);
    for (const { event } of answers) assert.equal(Buffer.from(event.payload).toString(), `of ${event.from}`);
    assert.equal(ended!.event.answers, answers.length);
    counts.set(`${loss} ${relayFactor}`, answers.length);
    context.diagnostic(
      `${100 * loss} % loss, relayed by ${relayFactor}: ${ended!.event.acknowledgements} acknowledged, ${answers.length} answered`,
    );
  }
  assert.equal(counts.get("0 0"), NODES);
  assert.ok(counts.get("0.1 0")! >= 0.8 * NODES);
  assert.ok(counts.get("0.1 3")! >= 0.97 * NODES);
});

test("a query by tag or by name reaches those", () => {
  const world = serfCluster({ seed: 5, nodes: 20, tagsOf: (id) => ({ role: id % 4 === 0 ? "web" : "db" }) });
  settled(world, 20);
  const query = { type: "query", payload: NOTHING, timeoutMs: 2_000, acknowledge: true } as const;
  world.push(1, { ...query, id: 1, name: "by-tag", filters: { tags: { role: "^web$" } } });
  world.push(1, { ...query, id: 2, name: "by-name", filters: { nodes: ["n3", "n4"] } });
  world.push(1, { ...query, id: 3, name: "both", filters: { nodes: ["n3", "n4"], tags: { role: "web" } } });
  world.run(5_000);
  const asked = (name: string): number[] =>
    said(world, "query-received").flatMap(({ id, event }) => (event.name === name ? [id] : []));
  assert.deepEqual(asked("by-tag"), [0, 4, 8, 12, 16]);
  assert.deepEqual(asked("by-name"), [3, 4]);
  assert.deepEqual(asked("both"), [4]);
  assert.deepEqual(
    said(world, "query-ended").map(({ event }) => [event.id, event.acknowledgements]),
    [
      [1, 5],
      [2, 2],
      [3, 1],
    ],
  );
});

test("who joins late hears recent events, and what rides along", () => {
  const states = new Map<number, string>();
  const attachmentOf = (id: number) => ({
    state: () => Buffer.from(states.get(id) ?? ""),
    merge: (bytes: Uint8Array) => void states.set(id, Buffer.from(bytes).toString()),
  });
  states.set(3, "kept");
  const options = { seed: 6, loss: 0.05, attachmentOf };
  const world = serfCluster({ ...options, nodes: 10 });
  settled(world, 10);
  for (const name of ["first", "second"]) {
    world.push(4, { type: "event", name, payload: NOTHING, coalesce: false });
    world.run(3_000);
  }
  const late = addSerf(world, options);
  world.run(5_000);
  assert.deepEqual(told(world, late), ["1 first", "2 second"]);
  world.run(120_000);
  assert.equal(states.get(late), "kept");
  world.push(late, { type: "event", name: "third", payload: NOTHING, coalesce: false });
  world.run(5_000);
  assert.deepEqual(told(world, 0).at(-1), "3 third");
});

test("halves of a parted cluster exchange the events that each has missed", (context) => {
  const world = serfCluster({ seed: 7, nodes: 30, loss: 0.05, latencyMs: [1, 20] });
  settled(world, 30);
  world.split((id) => id % 2);
  world.run(60_000);
  world.push(0, { type: "event", name: "even", payload: NOTHING, coalesce: false });
  world.push(1, { type: "event", name: "odd", payload: NOTHING, coalesce: false });
  world.run(60_000);
  assert.equal(said(world, "user-event").length, 30);
  world.heal();
  const healed = world.now;
  settled(world, 30);
  world.run(180_000);
  for (let id = 0; id < 30; id++)
    assert.deepEqual(new Set(told(world, id)), new Set(["1 even", "1 odd"]), `n${id}`);
  const last = Math.max(...said(world, "user-event").map(({ at }) => at));
  context.diagnostic(`all had both ${((last - healed) / 1_000).toFixed(0)} s after the parts met`);
});

test("a leave is one for all, also for those that miss the last word; a crash is a failure", () => {
  const world = serfCluster({ seed: 8, nodes: 20, loss: 0.1 });
  settled(world, 20);
  world.push(9, { type: "leave" });
  world.run(2_000);
  world.crash(7);
  world.run(8_000);
  world.crash(9);
  world.run(60_000);
  const others = world.nodes.filter(({ core }) => core);
  assert.ok(others.every(({ core }) => core!.member("n9")!.state === "left"));
  assert.ok(others.every(({ core }) => core!.member("n7")!.state === "dead"));
  assert.deepEqual([...new Set(said(world, "failed").map(({ event }) => event.member.name))], ["n7"]);
  // It comes back, and is not thought to be leaving.
  world.restart(9);
  world.run(60_000);
  world.crash(9);
  world.run(60_000);
  assert.ok(others.every(({ core }) => core!.member("n9")!.state === "dead"));
});

test("round trips that coordinates tell are near to the real ones", (context) => {
  const random = seededRandom("places");
  const places = new Map(
    Array.from({ length: 40 }, (_, id) => [hostOf(id), [random.float() * 60, random.float() * 60]] as const),
  );
  const pathMs = (from: string, to: string): number => {
    const [a, b] = [places.get(from), places.get(to)];
    return a && b ? Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!) / 2 : 0;
  };
  const world = serfCluster({ seed: 9, nodes: 40, latencyMs: [0.9, 1.1], pathMs });
  settled(world, 40);
  world.run(15 * 60_000);
  const wrong: number[] = [];
  for (let a = 0; a < 40; a++)
    for (let b = 0; b < a; b++) {
      const real = 2 * (1 + pathMs(hostOf(a), hostOf(b)));
      // As a third one sees them.
      const found = world.nodes[(a + 20) % 40]!.core!.roundTripMs(`n${a}`, `n${b}`);
      assert.ok(found !== undefined, `n${a} n${b}`);
      wrong.push(Math.abs(found - real) / real);
    }
  wrong.sort((a, b) => a - b);
  const [median, most] = [wrong[wrong.length >> 1]!, wrong[Math.floor(0.9 * wrong.length)]!];
  context.diagnostic(
    `relative error of ${wrong.length} pairs: median ${(100 * median).toFixed(1)} %, 90 % below ${(100 * most).toFixed(1)} %`,
  );
  assert.ok(median < 0.1 && most < 0.3, `${median} ${most}`);
});

test("keys are rotated under way, with a query about it at each step", () => {
  const [old, fresh] = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)];
  const world = serfCluster({ seed: 10, nodes: 12, setup: { keys: [old], label: "" } });
  settled(world, 12);
  for (const [id, [action, key]] of (
    [
      ["install", fresh],
      ["use", fresh],
      ["remove", old],
      ["list", NOTHING],
    ] as const
  ).entries()) {
    world.push(2, { type: "keyring", id, action, key });
    world.run(10_000);
    const answers = said(world, "keyring-answered").filter(({ event }) => event.id === id);
    assert.equal(answers.length, 12, action);
    assert.ok(answers.every(({ event }) => event.ok));
  }
  assert.ok(world.nodes.every(({ core }) => core!.keys.length === 1 && core!.keys[0]!.length === 32));
  world.run(60_000);
  assert.ok(allKnow(world, 12));
  assert.equal(said(world, "failed").length, 0);
});

test("of two of one name only one stays", () => {
  const world = serfCluster({ seed: 11, nodes: 10 });
  settled(world, 10);
  const twin = addSerf(world, { seed: 11, setup: { name: "n4" } });
  world.run(60_000);
  const lost = said(world, "name-lost");
  assert.deepEqual(
    lost.map(({ id }) => id),
    [twin],
  );
  assert.equal(world.nodes[0]!.core!.member("n4")!.address, `${hostOf(4)}:${PORT}`);
  assert.equal(world.nodes[0]!.core!.member("n4")!.state, "alive");
});

test("the same seed gives the same run", () => {
  const [first, second] = [0, 1].map(() => {
    const world = serfCluster({ seed: 12, nodes: 10, loss: 0.1 });
    world.run(10_000);
    world.push(1, { type: "event", name: "e", payload: NOTHING, coalesce: false });
    world.run(20_000);
    return world.trace;
  });
  assert.equal(first, second);
});
