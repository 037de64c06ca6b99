import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, parseIpv4 } from "#base/ipv4.ts";
import { MAX_AGE } from "#ospf/constants.ts";
import {
  ADJACENCY_EVENTS_AT_ONCE,
  CHANGE_EVENTS_AT_ONCE,
  LEAVING_MS,
  LSA_OCTETS_ON_AVERAGE,
  MOST_MISMATCHES,
  MOST_NEIGHBORS,
  OWN_LSAS_BEYOND,
} from "#ospf/limits.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { HELLO, readUpdate, UPDATE, writeUpdate } from "#ospf/packets.ts";
import { Bench, type BenchOptions } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

/** A router with a Full neighbor that is well-behaved, and another one that is not. */
function victim({ config, far }: { config?: BenchOptions["config"]; far?: object } = {}) {
  const bench = new Bench({
    interfaces: {
      near: { address: "10.0.1.1/24" },
      far: { address: "10.0.0.1/16", config: { type: "broadcast", priority: 0, ...far } },
    },
    ...(config && { config }),
  });
  const good = new Peer(bench, { on: "near", routerId: "192.0.2.2", address: "10.0.1.2" });
  good.becomeFull();
  const bad = new Peer(bench, { on: "far", routerId: "192.0.2.66", address: "10.0.0.66", priority: 9 });
  bad.designated = bad.address;
  bad.becomeFull();
  bench.advance(2_000);
  good.acknowledgeAll();
  bad.acknowledgeAll();
  return { bench, good, bad };
}

function live(bench: Bench, greeting: readonly Peer[], acknowledging: readonly Peer[], ms: number): void {
  for (let left = ms; left > 0; left -= 5_000) {
    bench.advance(Math.min(5_000, left));
    for (const peer of greeting) peer.hello();
    for (const peer of acknowledging) peer.acknowledgeAll();
  }
}

function limitsTold(bench: Bench): string[] {
  return bench.events.flatMap(({ event }) => (event.type === "limit" ? [event.text] : []));
}

function madeUp(at: number): Lsa {
  return wholeLsa({ id: formatIpv4(at * 256), router: formatIpv4(0x6400_0000 + (at >> 4)) });
}

test("100,000 made-up LSAs fill no more than the limit, and the other neighbor stays Full", () => {
  const { bench, good, bad } = victim({ config: { maximumLsas: 5_000 } });
  const before = bench.router.state.size;
  for (let at = 0; at < 100_000; at += 20) {
    bad.update(...Array.from({ length: 20 }, (_, i) => madeUp(at + i)));
    if (at % 2_000 === 0) live(bench, [good, bad], [good], 100);
  }
  assert.equal(bench.router.state.size, 5_000);
  assert.equal(bench.dropped("far")["lsa-limit"], 100_000 + before - 5_000);
  assert.deepEqual(bench.neighbors(), ["192.0.2.2 Full", "192.0.2.66 Full"]);
  assert.deepEqual(limitsTold(bench), ["the databases hold 5000 LSAs; further ones are not taken"]);
  // What is there already is still kept up to date.
  bench.advance(1_000);
  bad.update(wholeLsa({ ...{ id: "0.0.1.0", router: "100.0.0.0" }, sequence: 9 }));
  assert.equal(bench.router.state.lsdb.get(madeUp(1).key)?.sequence, 9);
});

test("LSAs that are as long as can be fill no more than the limit in octets", () => {
  const { bench, bad } = victim({ config: { maximumLsas: 1_000 } });
  const long = (at: number) =>
    wholeLsa({ type: 11, id: `200.0.${at >> 8}.${at & 255}`, body: new Uint8Array(60_000) });
  for (let at = 0; at < 200; at++) bad.update(long(at));
  assert.ok(bench.router.state.octets <= 1_000 * LSA_OCTETS_ON_AVERAGE);
  assert.ok(bench.dropped("far")["lsa-limit"]! > 180);
});

test("LSAs that say to be this router's own have a limit, too", () => {
  const { bench, good, bad } = victim({ config: { maximumLsas: 1_000 } });
  for (let at = 0; at < 5_000; at++)
    bad.update(wholeLsa({ id: formatIpv4(0xc000_0000 + at * 256), router: "192.0.2.1" }));
  assert.ok(bench.router.state.size <= 1_000 + OWN_LSAS_BEYOND);
  good.acknowledgeAll();
  live(bench, [good, bad], [good], LEAVING_MS + 5_000);
  assert.ok(bench.router.state.size < 10, `${bench.router.state.size}`);
  assert.equal(good.state, "Full");
});

test("LSAs of MaxAge that nobody has cost no memory", () => {
  const { bench, good, bad } = victim();
  const before = bench.router.state.size;
  for (let at = 0; at < 20_000; at++) bad.update(madeUp(at).withAge(MAX_AGE, bench.now));
  assert.equal(bench.router.state.size, before);
  assert.equal(good.neighbor.retransmissions.size, 0);
});

test("LSAs of others that are ended by somebody else are told anew by whose they are", () => {
  const { bench, bad } = victim();
  const own = [...bench.router.state.areas.get(0)!.lsdb.lsas()].find(({ type }) => type === 1)!;
  const sent = bad.update(own.withAge(MAX_AGE, bench.now));
  const [again] = sent.filter(({ type }) => type === "update").flatMap(({ body }) => readUpdate(body, 0)!);
  assert.deepEqual([again!.sequence, again!.ageAt(0)], [own.sequence + 1, 1]);
});

test("a neighbor that never acknowledges holds up what has ended for so long only", () => {
  const { bench, good, bad } = victim();
  const lsa = wholeLsa({ router: "192.0.2.2" });
  good.update(lsa);
  bench.advance(1_100);
  good.update(lsa.withAge(MAX_AGE, bench.now));
  live(bench, [good, bad], [good], LEAVING_MS - 5_000);
  assert.ok(bench.router.state.lsdb.get(lsa.key));
  live(bench, [good, bad], [good], 10_000);
  assert.equal(bench.router.state.lsdb.get(lsa.key), undefined);
  assert.equal(bad.neighbor.retransmissions.has(lsa.key), false);
});

test("a neighbor that never comes to an end of loading holds up what has ended for so long only", () => {
  const { bench, good, bad } = victim();
  bad.hello({ neighbors: [] });
  bad.sequence = 9_000;
  bad.exchange(madeUp(1));
  assert.equal(bad.state, "Loading");
  const lsa = wholeLsa({ router: "192.0.2.2" });
  good.update(lsa);
  bench.advance(1_100);
  good.update(lsa.withAge(MAX_AGE, bench.now));
  live(bench, [good, bad], [good, bad], LEAVING_MS + 5_000);
  assert.equal(bad.state, "Loading");
  assert.equal(bench.router.state.lsdb.get(lsa.key), undefined);
});

test("lengths that are wrong are counted, and nothing of the packet is taken", () => {
  const { bench, bad } = victim();
  const before = bench.router.state.size;
  const body = writeUpdate([madeUp(1), madeUp(2)], 0, 0);
  for (const [at, value] of [
    [3, 3],
    [3, 1],
    [0, 0xff],
    [4 + 18, 0xff],
    [4 + 19, 0],
    [4 + 19, 35],
  ] as const) {
    const changed = body.slice();
    changed[at] = value;
    bad.send(UPDATE, changed);
  }
  bad.send(HELLO, new Uint8Array(19));
  assert.equal(bench.router.state.size, before);
  assert.deepEqual(bench.dropped("far"), { malformed: 7 });
});

test("headers that are wrong are counted by what is wrong", () => {
  const { bench, bad } = victim();
  const good = bad.packet(HELLO, new Uint8Array(20));
  const changed = (at: number, value: number) => {
    const bytes = good.slice();
    bytes[at] = value;
    bench.receive("far", bad.address, bytes);
  };
  changed(0, 3);
  changed(1, 0);
  changed(1, 6);
  changed(3, 200);
  changed(3, 10);
  changed(11, 9);
  changed(13, good[13]! ^ 1);
  changed(15, 1);
  bench.receive("far", parseIpv4("172.16.0.1")!, good);
  bench.receive("far", bad.address, good.subarray(0, 10));
  bench.step({ type: "raw-ip", interface: "far", packet: new Uint8Array(0) });
  bench.receive("far", parseIpv4("10.0.0.77")!, bad.packet(UPDATE, new Uint8Array(4)));
  assert.deepEqual(bench.dropped("far"), {
    version: 1,
    type: 2,
    length: 2,
    area: 1,
    checksum: 1,
    "authentication-type": 1,
    source: 1,
    short: 2,
    "unknown-neighbor": 1,
  });
});

test("more neighbors than there is room for are named, and those that are there stay", () => {
  const { bench, good, bad } = victim();
  for (let at = 0; at < MOST_NEIGHBORS + 200; at++) {
    const [high, low] = [at >> 8, at & 255];
    new Peer(bench, {
      on: "far",
      routerId: `172.20.${high}.${low}`,
      address: `10.0.${100 + high}.${low}`,
      priority: 0,
    }).hello();
  }
  assert.equal(bench.interface("far").neighbors.size, MOST_NEIGHBORS);
  assert.equal(bench.dropped("far")["neighbor-limit"], 201);
  assert.deepEqual([good.state, bad.state], ["Full", "Full"]);
  live(bench, [good, bad], [good, bad], 60_000);
  assert.deepEqual(bench.neighbors(), ["192.0.2.2 Full", "192.0.2.66 Full"]);
});

test("mismatches are remembered and told so many only", () => {
  const { bench, good, bad } = victim();
  const told = () => bench.events.filter(({ event }) => event.type === "mismatch").length;
  for (let at = 0; at < 5_000; at++) {
    const [high, low] = [at >> 8, at & 255];
    const routerId = `172.20.${high}.${low}`;
    new Peer(bench, { on: "far", routerId, address: `10.0.${100 + high}.${low}` }).hello({ mask: at });
    bad.hello({ helloInterval: at + 100 });
    if (at % 50 === 0) live(bench, [good, bad], [], 100);
  }
  assert.equal(bench.interface("far").mismatches.size, MOST_MISMATCHES);
  assert.ok(told() <= 25, `${told()} events`);
  assert.equal(bad.state, "Full");
  live(bench, [good, bad], [], 200_000);
  bad.hello({ helloInterval: 7 });
  assert.equal(bench.interface("far").mismatches.size, 1);
});

test("a neighbor that comes and goes as fast as it can is told so often only", () => {
  const { bench, good, bad } = victim();
  for (let i = 0; i < 20_000; i++) {
    bad.hello({ neighbors: [] });
    bad.hello();
  }
  const changes = bench.events.filter(({ event }) => event.type === "neighbor" || event.type === "interface");
  assert.ok(changes.length <= CHANGE_EVENTS_AT_ONCE + ADJACENCY_EVENTS_AT_ONCE + 100, `${changes.length}`);
  assert.deepEqual(limitsTold(bench), ["neighbors on far change faster than is told"]);
  assert.equal(good.state, "Full");
});

test("recorded traffic is not taken again, also not from elsewhere", () => {
  const keys = [{ id: 1, algorithm: "sha256", secret: "a secret" }] as const;
  const { bench, good, bad } = victim({ far: { authentication: { type: "cryptographic", keys } } });
  const recorded = [
    bad.packet(HELLO, new Uint8Array(20)),
    bad.packet(UPDATE, writeUpdate([madeUp(1)], bench.now, 0)),
  ];
  live(bench, [good, bad], [good, bad], 10_000);
  const before = bench.router.state.size;
  for (const packet of recorded) {
    bench.receive("far", bad.address, packet);
    bench.receive("far", parseIpv4("10.0.0.67")!, packet);
  }
  assert.deepEqual(bench.dropped("far"), { replayed: 4 });
  assert.equal(bench.router.state.size, before);
  assert.deepEqual([good.state, bad.state], ["Full", "Full"]);
});

test("what was recorded with another secret is named", () => {
  const secret = (text: string) => [{ id: 1, algorithm: "md5", secret: text }] as const;
  const { bench, bad } = victim({ far: { authentication: { type: "cryptographic", keys: secret("one") } } });
  bad.authentication = { type: "cryptographic", keys: secret("two") };
  bad.hello();
  assert.deepEqual(bench.dropped("far"), { "authentication-key": 1 });
  const [mismatch] = bench.interface("far").mismatches.values();
  assert.equal(mismatch!.text, "key 1 with another secret or algorithm");
});
