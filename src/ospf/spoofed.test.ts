import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpv4 } from "#base/ipv4.ts";
import { GREETINGS_AT_ONCE, MOST_NEIGHBORS } from "#ospf/limits.ts";
import { HELLO, OPTION_EXTERNAL, readHello, writeHello, type Hello } from "#ospf/packets.ts";
import { Bench, type Sent } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";

/** The designated router of a network with a Full neighbor. */
function lan() {
  const bench = new Bench({
    interfaces: { lan: { address: "10.0.0.1/16", config: { type: "broadcast", priority: 9 } } },
  });
  bench.advance(40_000);
  const there = new Peer(bench, { on: "lan", routerId: "192.0.2.2", address: "10.0.0.2" });
  there.becomeFull();
  return { bench, there };
}

/** Hellos of routers that nobody has heard of, each of another one. */
function makeUp(bench: Bench, count: number, hello: Partial<Hello>, first = 0): readonly Sent[] {
  const before = bench.sent.length;
  for (let at = first; at < first + count; at++) {
    const [high, low] = [at >> 8, at & 255];
    const name = { routerId: `172.20.${high}.${low}`, address: `10.0.${100 + high}.${low}` };
    new Peer(bench, { on: "lan", ...name, priority: 0 }).hello(hello);
  }
  return bench.sent.slice(before);
}

function hellosIn(sent: readonly Sent[]): readonly Sent[] {
  return sent.filter(({ type }) => type === "hello");
}

test("made-up names take no place of those who are there, nor of those who come", () => {
  const { bench, there } = lan();
  makeUp(bench, 3 * MOST_NEIGHBORS, { neighbors: [] });
  assert.equal(bench.interface("lan").neighbors.size, MOST_NEIGHBORS);
  assert.deepEqual(bench.dropped("lan"), {});
  const late = new Peer(bench, { on: "lan", routerId: "192.0.2.3", address: "10.0.0.3" });
  late.hello({ neighbors: [] });
  assert.equal(late.state, "Init");
  makeUp(bench, 2 * MOST_NEIGHBORS, { neighbors: [] }, 4_000);
  assert.equal(late.state, "Down");
  // It has heard this router meanwhile, and that is what tells it from the others.
  late.becomeFull();
  makeUp(bench, 2 * MOST_NEIGHBORS, { neighbors: [] }, 8_000);
  assert.deepEqual([there.state, late.state], ["Full", "Full"]);
});

test("who answers a description takes the place of those who only say that they hear this router", () => {
  const { bench, there } = lan();
  makeUp(bench, MOST_NEIGHBORS + 500, {});
  const { neighbors } = bench.interface("lan");
  assert.equal(neighbors.size, MOST_NEIGHBORS);
  makeUp(bench, 1, { neighbors: [] }, 4_000);
  assert.equal(bench.dropped("lan")["neighbor-limit"], 1);
  const late = new Peer(bench, { on: "lan", routerId: "192.0.2.3", address: "10.0.0.3" });
  late.becomeFull();
  assert.deepEqual([neighbors.size, there.state, late.state], [MOST_NEIGHBORS, "Full", "Full"]);
});

test("made-up names do not make Hellos longer than a packet, and those who hear this router are in them", () => {
  const { bench, there } = lan();
  makeUp(bench, MOST_NEIGHBORS, { neighbors: [] });
  bench.advance(1);
  const late = new Peer(bench, { on: "lan", routerId: "192.0.2.3", address: "10.0.0.3" });
  late.hello({ neighbors: [] });
  const [hello] = hellosIn(bench.advance(10_000));
  assert.equal(20 + hello!.payload.length, 1_500);
  const { neighbors } = readHello(hello!.body)!;
  assert.deepEqual(neighbors.slice(0, 2), [there.routerId, late.routerId]);
});

test("made-up names are answered with so many Hellos only", () => {
  const { bench } = lan();
  bench.advance(10_000);
  assert.equal(hellosIn(makeUp(bench, MOST_NEIGHBORS, { neighbors: [] })).length, GREETINGS_AT_ONCE);
});

test("made-up names do not keep it from being told that an adjacency has gone", () => {
  const { bench, there } = lan();
  makeUp(bench, 10_000, { neighbors: [] });
  const before = bench.events.length;
  there.hello({ neighbors: [] });
  const told = bench.events.slice(before).map(({ event }) => event);
  assert.deepEqual(
    told.map((event) => event.type === "neighbor" && [event.routerId, event.from, event.to]),
    [[there.routerId, "Full", "Init"]],
  );
});

test("what was signed last is not taken again from another address", () => {
  const keys = [{ id: 1, algorithm: "sha256", secret: "a secret" }] as const;
  const authentication = { type: "cryptographic", keys } as const;
  for (const type of ["broadcast", "point-to-point"] as const) {
    const bench = new Bench({
      interfaces: { lan: { address: "10.0.0.1/16", config: { type, authentication } } },
    });
    const peer = new Peer(bench, { on: "lan", routerId: "192.0.2.2", address: "10.0.0.2" });
    const { helloInterval, deadInterval } = bench.interface("lan").config;
    const packet = peer.packet(
      HELLO,
      writeHello({
        ...{ mask: parseIpv4("255.255.0.0")!, helloInterval, deadInterval, options: OPTION_EXTERNAL },
        ...{ priority: 1, designated: 0, backup: 0, neighbors: [bench.router.state.routerId] },
      }),
    );
    bench.receive("lan", peer.address, packet);
    bench.receive("lan", peer.address, packet);
    assert.deepEqual(bench.dropped("lan"), {});
    bench.receive("lan", parseIpv4("10.0.0.66")!, packet);
    assert.deepEqual(bench.dropped("lan"), { replayed: 1 }, type);
    assert.deepEqual([bench.neighbors().length, peer.neighbor.address], [1, peer.address]);
  }
});

test("nobody has the router id 0.0.0.0", () => {
  const { bench } = lan();
  new Peer(bench, { on: "lan", routerId: "0.0.0.0", address: "10.0.0.3" }).hello();
  assert.deepEqual(bench.dropped("lan"), { "router-id": 1 });
  assert.equal(bench.neighbors().length, 1);
});
