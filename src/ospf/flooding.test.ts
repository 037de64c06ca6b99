import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4 } from "#base/ipv4.ts";
import { INITIAL_SEQUENCE, MAX_AGE, MAX_SEQUENCE } from "#ospf/constants.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { readAcknowledgment, readUpdate } from "#ospf/packets.ts";
import { Bench, type Sent } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { externalOf, wholeLsa } from "#ospf/testing/whole-lsas.ts";

/** Headers of LSAs in the acknowledgments or updates that were sent: "eth0 224.0.0.5 198.51.100.0 -2147483647". */
function told(sent: readonly Sent[], type: "acknowledgment" | "update"): string[] {
  return sent
    .filter((each) => each.type === type)
    .flatMap(({ interface: name, to, body, at }) =>
      (type === "update" ? readUpdate(body, at)! : readAcknowledgment(body, at)!).map(
        ({ id, sequence }) => `${name} ${to} ${formatIpv4(id)} +${sequence - INITIAL_SEQUENCE}`,
      ),
    );
}

/** A router with two Full neighbors on point-to-point links. */
function chain() {
  const bench = new Bench({
    interfaces: { left: { address: "10.0.1.1/24" }, right: { address: "10.0.2.1/24" } },
  });
  const left = new Peer(bench, { on: "left", routerId: "192.0.2.2", address: "10.0.1.2" });
  const right = new Peer(bench, { on: "right", routerId: "192.0.2.3", address: "10.0.2.3" });
  for (const peer of [left, right]) peer.becomeFull();
  for (const peer of [left, right]) peer.acknowledgeAll();
  bench.advance(1_500);
  for (const peer of [left, right]) peer.acknowledgeAll();
  const { lsdb } = bench.router.state;
  return { bench, left, right, lsdb };
}

type Role = "DR" | "Backup" | "DROther";

/** A router with that role on a broadcast network, with the other two of its roles as Full neighbors. */
function lan(role: Role) {
  const priority = { DR: 30, Backup: 20, DROther: 0 }[role];
  const bench = new Bench({
    routerId: "192.0.2.10",
    interfaces: {
      lan: { address: "10.0.0.10/24", config: { type: "broadcast", priority } },
      far: { address: "10.9.0.1/24" },
    },
  });
  const others = (["DR", "Backup", "DROther"] as const).filter((each) => each !== role || each === "DROther");
  const addressOf = { DR: "10.0.0.1", Backup: "10.0.0.2", DROther: "10.0.0.3" };
  const own = bench.interface("lan").address;
  const peers = new Map<Role, Peer>();
  for (const other of others)
    peers.set(
      other,
      new Peer(bench, {
        on: "lan",
        routerId: addressOf[other].replace("10.0.0", "192.0.2"),
        address: addressOf[other],
        priority: { DR: 30, Backup: 20, DROther: 0 }[other],
      }),
    );
  const claim = () => {
    for (const peer of peers.values()) {
      peer.designated = role === "DR" ? own : peers.get("DR")!.address;
      peer.backup = role === "Backup" ? own : peers.get("Backup")!.address;
    }
  };
  const greet = () => peers.forEach((peer) => peer.hello());
  if (role !== "DR") claim();
  greet();
  bench.advance(bench.interface("lan").config.deadInterval * 1_000 - 1);
  greet();
  bench.advance(100);
  claim();
  greet();
  assert.equal(bench.interface("lan").state, role);
  for (const [other, peer] of peers) if (role !== "DROther" || other !== "DROther") peer.becomeFull();
  for (const peer of peers.values()) if (peer.state === "Full") peer.acknowledgeAll();
  bench.advance(1_500);
  for (const peer of peers.values()) if (peer.state === "Full") peer.acknowledgeAll();
  const far = new Peer(bench, { on: "far", routerId: "192.0.2.99", address: "10.9.0.9" });
  return { bench, peers, far };
}

test("step 1: a wrong checksum is dropped without an acknowledgment, the rest of the packet counts", () => {
  const { bench, left, lsdb } = chain();
  const bad = wholeLsa({ id: "203.0.113.0" });
  bad.bytes[30]! ^= 1;
  const good = wholeLsa();
  left.update(bad, good);
  assert.deepEqual([lsdb.get(bad.key), lsdb.get(good.key)?.sequence], [undefined, good.sequence]);
  assert.deepEqual(told(bench.advance(1_000), "acknowledgment"), ["left 224.0.0.5 198.51.100.0 +0"]);
  assert.deepEqual(bench.dropped("left"), { "lsa-checksum": 1 });
});

test("step 2: an unknown type is dropped; so are the reserved sequence number and what is malformed", () => {
  const { bench, left, lsdb } = chain();
  left.update(
    wholeLsa({ type: 8 }),
    wholeLsa({ sequence: -0x8000_0000 }),
    wholeLsa({ body: new Uint8Array(7) }),
    wholeLsa({ type: 2, body: Uint8Array.of(255, 0, 255, 0) }),
  );
  assert.equal(lsdb.size, 0);
  assert.deepEqual(told(bench.advance(1_000), "acknowledgment"), []);
  assert.deepEqual(bench.dropped("left"), { "lsa-type": 1, "lsa-sequence": 1, "lsa-malformed": 2 });
});

test("step 4: an LSA of MaxAge without a copy is acknowledged at once and dropped", () => {
  const { left, right, lsdb } = chain();
  const gone = wholeLsa({ age: MAX_AGE });
  assert.deepEqual(told(left.update(gone), "acknowledgment"), ["left 224.0.0.5 198.51.100.0 +0"]);
  assert.equal(lsdb.size, 0);
  assert.equal(right.neighbor.retransmissions.size, 0);
});

test("step 4: while a neighbor is loading it is installed and flooded, and leaves when all is acknowledged", () => {
  const { bench, left, right, lsdb } = chain();
  right.hello({ neighbors: [] });
  right.exchange(wholeLsa({ id: "203.0.113.0" }));
  assert.equal(right.state, "Loading");
  const gone = wholeLsa({ age: MAX_AGE });
  assert.deepEqual(told(left.update(gone), "update"), ["right 224.0.0.5 198.51.100.0 +0"]);
  right.acknowledge(gone);
  assert.equal(lsdb.size, 1);
  right.answerRequests();
  assert.equal(right.state, "Full");
  assert.deepEqual(
    [...lsdb.lsas()].map(({ id }) => formatIpv4(id)),
    ["203.0.113.0"],
  );
  bench.advance(1_000);
});

test("step 5: what is newer is installed, flooded to all others and acknowledged a little later", () => {
  const { bench, left, right, lsdb } = chain();
  const first = wholeLsa();
  assert.deepEqual(told(left.update(first), "update"), ["right 224.0.0.5 198.51.100.0 +0"]);
  assert.deepEqual([...right.neighbor.retransmissions.keys()], [first.key]);
  assert.deepEqual(told(bench.advance(199), "acknowledgment"), []);
  assert.deepEqual(told(bench.advance(1), "acknowledgment"), ["left 224.0.0.5 198.51.100.0 +0"]);
  const second = wholeLsa({ sequence: INITIAL_SEQUENCE + 1 });
  left.update(second);
  assert.equal(lsdb.get(first.key)?.sequence, second.sequence);
  assert.equal(right.neighbor.retransmissions.get(first.key)?.entry.lsa.sequence, second.sequence);
});

test("step 5a: instances that come too fast are dropped without an acknowledgment", () => {
  const { bench, left, lsdb } = chain();
  const instance = (at: number) => wholeLsa({ sequence: INITIAL_SEQUENCE + at, body: externalOf(at) });
  for (let at = 0; at < 8; at++) left.update(instance(at));
  const kept = lsdb.get(instance(0).key)!.sequence - INITIAL_SEQUENCE;
  assert.equal(kept, 4);
  assert.deepEqual(bench.dropped("left"), { "lsa-arrival": 3 });
  assert.deepEqual(told(bench.advance(900), "acknowledgment"), ["left 224.0.0.5 198.51.100.0 +4"]);
  left.update(instance(7));
  assert.equal(lsdb.get(instance(0).key)!.sequence - INITIAL_SEQUENCE, 4);
  bench.advance(100);
  left.update(instance(7));
  assert.equal(lsdb.get(instance(0).key)!.sequence - INITIAL_SEQUENCE, 7);
});

test("step 6: an LSA that was asked for and is no newer than the copy is a BadLSReq; the rest does not count", () => {
  const { bench, left, right, lsdb } = chain();
  const old = wholeLsa();
  left.update(old);
  right.acknowledge(old);
  left.hello({ neighbors: [] });
  left.exchange(wholeLsa({ sequence: INITIAL_SEQUENCE + 5 }));
  assert.equal(left.state, "Loading");
  left.update(old, wholeLsa({ id: "203.0.113.0" }));
  assert.equal(left.state, "ExStart");
  assert.equal(lsdb.size, 1);
  assert.match(left.neighbor.lastReason, /older LSA than it described/);
  bench.advance(0);
});

test("step 7: a duplicate is acknowledged at once, unless it is as good as an acknowledgment", () => {
  const { bench, left, right } = chain();
  const lsa = wholeLsa();
  left.update(lsa);
  bench.advance(200);
  assert.deepEqual(told(left.update(lsa), "acknowledgment"), ["left 224.0.0.5 198.51.100.0 +0"]);
  assert.equal(right.neighbor.retransmissions.size, 1);
  assert.deepEqual(told(right.update(lsa), "acknowledgment"), []);
  assert.equal(right.neighbor.retransmissions.size, 0);
  assert.deepEqual(told(bench.advance(2_000), "acknowledgment"), []);
  assert.deepEqual(told(bench.advance(9_000), "update"), [], "nothing is sent again");
});

test("step 8: what is older is answered with the newer one, at most once in MinLSArrival", () => {
  const { bench, left } = chain();
  const [old, newer] = [wholeLsa(), wholeLsa({ sequence: INITIAL_SEQUENCE + 1 })];
  left.update(newer);
  bench.advance(1_000);
  const answer = ["left 224.0.0.5 198.51.100.0 +1"];
  assert.deepEqual(told(left.update(old), "update"), answer);
  assert.deepEqual(left.neighbor.retransmissions.size, 0);
  assert.deepEqual(told(left.update(old), "update"), []);
  bench.advance(999);
  assert.deepEqual(told(left.update(old), "update"), []);
  bench.advance(1);
  assert.deepEqual(told(left.update(old), "update"), answer);
  assert.deepEqual(told(bench.advance(1_000), "acknowledgment"), []);
});

test("step 8: nothing answers what is older than the last sequence number on its way out", () => {
  const { bench, left, right } = chain();
  const last = wholeLsa({ sequence: MAX_SEQUENCE });
  left.update(last);
  bench.advance(1_000);
  left.update(last.withAge(MAX_AGE, bench.now));
  assert.equal(right.neighbor.retransmissions.size, 1);
  assert.deepEqual(told(left.update(wholeLsa()), "update"), []);
});

// RFC 2328 table 19, by the state of the interface; what comes back out of it, to whom, and the acknowledgment.
const TABLE: readonly (readonly [Role, Role, string, readonly string[], readonly string[]])[] = [
  ["DR", "DROther", "is flooded back out", ["lan 224.0.0.5 198.51.100.0 +0"], []],
  ["DR", "Backup", "does not go back to where it comes from", [], ["lan 224.0.0.5 198.51.100.0 +0"]],
  ["Backup", "DR", "is acknowledged to the DR", [], ["lan 224.0.0.5 198.51.100.0 +0"]],
  ["Backup", "DROther", "is left to the DR", [], []],
  ["DROther", "DR", "is acknowledged", [], ["lan 224.0.0.6 198.51.100.0 +0"]],
  ["DROther", "Backup", "is acknowledged", [], ["lan 224.0.0.6 198.51.100.0 +0"]],
];
for (const [role, from, what, updates, acknowledgments] of TABLE)
  test(`table 19: to a ${role}, an LSA of the ${from} ${what}`, () => {
    const { bench, peers, far } = lan(role);
    far.becomeFull();
    const sent = [...peers.get(from)!.update(wholeLsa()), ...bench.advance(1_000)];
    const onLan = sent.filter(({ interface: name }) => name === "lan");
    assert.deepEqual(told(onLan, "update"), updates);
    assert.deepEqual(told(onLan, "acknowledgment"), acknowledgments);
    assert.deepEqual(
      told(sent, "update").filter((each) => each.startsWith("far")),
      ["far 224.0.0.5 198.51.100.0 +0"],
    );
  });

for (const [role, expected] of [
  ["DR", "224.0.0.5"],
  ["Backup", "224.0.0.5"],
  ["DROther", "224.0.0.6"],
] as const)
  test(`table 19: a ${role} floods what comes from elsewhere to ${expected}`, () => {
    const { far } = lan(role);
    far.becomeFull();
    assert.deepEqual(told(far.update(wholeLsa()), "update"), [`lan ${expected} 198.51.100.0 +0`]);
  });

for (const [role, from, expected] of [
  ["Backup", "DR", ["lan 224.0.0.5 198.51.100.0 +0"]],
  ["Backup", "DROther", []],
  ["DR", "DROther", []],
] as const)
  test(`table 19: a ${role} takes the same LSA from the ${from} for an acknowledgment`, () => {
    const { bench, peers, far } = lan(role);
    far.becomeFull();
    far.update(wholeLsa());
    const peer = peers.get(from)!;
    assert.equal(peer.neighbor.retransmissions.has(wholeLsa().key), true);
    const sent = peer.update(wholeLsa());
    assert.equal(peer.neighbor.retransmissions.has(wholeLsa().key), false);
    const onLan = [...sent, ...bench.advance(1_000)].filter(({ interface: name }) => name === "lan");
    assert.deepEqual(told(onLan, "acknowledgment"), expected);
  });

test("acknowledgments name an instance: that of another one changes nothing", () => {
  const { left, right } = chain();
  const lsa = wholeLsa({ sequence: INITIAL_SEQUENCE + 1 });
  left.update(lsa);
  right.acknowledge(wholeLsa());
  right.acknowledge(wholeLsa({ sequence: INITIAL_SEQUENCE + 2 }));
  assert.equal(right.neighbor.retransmissions.size, 1);
  right.acknowledge(lsa);
  assert.equal(right.neighbor.retransmissions.size, 0);
});

test("what is not acknowledged is sent again to that neighbor, once in each RxmtInterval, a little older", () => {
  const { bench, left, right } = chain();
  left.update(wholeLsa({ now: bench.now }));
  const again = bench.advance(16_000).filter(({ type }) => type === "update");
  assert.deepEqual(told(again, "update"), Array(3).fill("right 224.0.0.5 198.51.100.0 +0"));
  assert.deepEqual(
    again.map(({ body }) => (body[4]! << 8) | body[5]!),
    [6, 11, 16],
  );
  right.acknowledgeAll();
  assert.deepEqual(told(bench.advance(20_000), "update"), []);
});

test("an LSA reaches MaxAge after an hour, is flooded so, and leaves when it is acknowledged", () => {
  const { bench, left, right, lsdb } = chain();
  left.update(wholeLsa({ age: 3_500, now: bench.now }));
  right.acknowledgeAll();
  const keepAlive = (ms: number) => {
    const sent: Sent[] = [];
    for (let left_ = ms; left_ > 0; left_ -= 10_000) {
      sent.push(...bench.advance(Math.min(left_, 10_000)));
      left.hello();
      right.hello();
    }
    return sent;
  };
  assert.deepEqual(told(keepAlive(99_000), "update"), []);
  const sent = told(keepAlive(2_000), "update");
  assert.deepEqual(sent.sort(), ["left 224.0.0.5 198.51.100.0 +0", "right 224.0.0.5 198.51.100.0 +0"]);
  assert.equal(lsdb.size, 1);
  left.acknowledgeAll();
  right.acknowledgeAll();
  assert.equal(lsdb.size, 0);
});

test("an LSA that a neighbor waits for is not flooded to it when the neighbor has a newer one", () => {
  const { left, right } = chain();
  right.hello({ neighbors: [] });
  const [old, newer] = [wholeLsa(), wholeLsa({ sequence: INITIAL_SEQUENCE + 5 })];
  right.exchange(newer);
  assert.deepEqual([...right.neighbor.requests.keys()], [newer.key]);
  left.update(old);
  assert.equal(right.neighbor.retransmissions.has(old.key), false);
  assert.deepEqual([...right.neighbor.requests.keys()], [newer.key]);
});

test("the same LSA from elsewhere answers a request, and ends the loading", () => {
  const { bench, left, right } = chain();
  right.hello({ neighbors: [] });
  right.exchange(wholeLsa());
  assert.equal(right.state, "Loading");
  left.update(wholeLsa());
  bench.advance(10);
  assert.equal(right.state, "Full");
  assert.equal(right.neighbor.retransmissions.has(wholeLsa().key), false);
});

test("an LSA that can never be taken does not keep a neighbor from Full", () => {
  const { bench, right } = chain();
  right.hello({ neighbors: [] });
  const malformed = wholeLsa({ body: new Uint8Array(7) });
  right.exchange(malformed);
  right.update(malformed);
  bench.advance(10);
  assert.equal(right.state, "Full");
});

test("opaque LSAs stay within their scope, and go to those only that take them", () => {
  const bench = new Bench({
    interfaces: {
      left: { address: "10.0.1.1/24" },
      right: { address: "10.0.2.1/24" },
      deaf: { address: "10.0.3.1/24" },
    },
  });
  const left = new Peer(bench, { on: "left", routerId: "192.0.2.2", address: "10.0.1.2" });
  const right = new Peer(bench, { on: "right", routerId: "192.0.2.3", address: "10.0.2.3" });
  const deaf = new Peer(bench, { on: "deaf", routerId: "192.0.2.4", address: "10.0.3.4", options: 2 });
  for (const peer of [left, right, deaf]) peer.becomeFull();
  const opaque = (type: number) => wholeLsa({ type, id: `200.0.0.${type}`, body: new Uint8Array(8) });
  const sent = left.update(opaque(9), opaque(10), opaque(11));
  assert.deepEqual(told(sent, "update"), ["right 224.0.0.5 200.0.0.10 +0", "right 224.0.0.5 200.0.0.11 +0"]);
  const { state } = bench.router;
  assert.deepEqual(
    [bench.interface("left").lsdb, state.areas.get(0)!.lsdb, state.lsdb].map(
      ({ countOf }, i) => [countOf, i].length,
    ),
    [2, 2, 2],
  );
  assert.ok(bench.interface("left").lsdb.get(opaque(9).key));
  assert.ok(state.areas.get(0)!.lsdb.get(opaque(10).key));
  assert.ok(state.lsdb.get(opaque(11).key));
  assert.equal(deaf.neighbor.retransmissions.has(opaque(10).key), false);
});

test("a link-local LSA that says to be this router's own is ended on its link only", () => {
  const { bench, left, right } = chain();
  const own = wholeLsa({ type: 9, id: "200.0.0.1", router: "192.0.2.1", body: new Uint8Array(8) });
  const sent = [...left.update(own), ...bench.advance(100)];
  const updates = sent.filter(({ type }) => type === "update");
  assert.deepEqual(
    updates.map(({ interface: name, body }) => [name, readUpdate(body, 0)![0]!.ageAt(0)]),
    [["left", MAX_AGE]],
  );
  assert.equal(right.neighbor.retransmissions.size, 0);
  left.acknowledgeAll();
  assert.equal(bench.interface("left").lsdb.size, 0);
});

test("without opaque LSAs they are not taken", () => {
  const bench = new Bench({ interfaces: { left: { address: "10.0.1.1/24" } }, config: { opaque: false } });
  const left = new Peer(bench, { on: "left", routerId: "192.0.2.2", address: "10.0.1.2" });
  left.becomeFull();
  left.update(wholeLsa({ type: 10, body: new Uint8Array(8) }));
  assert.deepEqual(bench.dropped("left"), { "lsa-type": 1 });
});

test("a neighbor below Exchange is not listened to", () => {
  const bench = new Bench({ interfaces: { left: { address: "10.0.1.1/24" } } });
  const left = new Peer(bench, { on: "left", routerId: "192.0.2.2", address: "10.0.1.2" });
  left.hello();
  left.update(wholeLsa());
  assert.deepEqual([left.state, bench.router.state.lsdb.size], ["ExStart", 0]);
  assert.deepEqual(bench.dropped("left"), { "neighbor-state": 1 });
});

test("an LSA that has just left is not brought back by a packet that was overtaken", () => {
  const { bench, left, right, lsdb } = chain();
  const lsa = wholeLsa();
  left.update(lsa);
  right.acknowledgeAll();
  left.update(lsa.withAge(MAX_AGE, bench.now));
  right.acknowledgeAll();
  assert.equal(lsdb.size, 0);
  left.update(lsa);
  assert.equal(lsdb.size, 0);
  // One that comes again later is somebody's who means it.
  bench.advance(1_000);
  left.update(lsa);
  assert.equal(lsdb.size, 1);
});

test("long lists go in several packets, each no longer than the interface takes", () => {
  const { bench, left, right } = chain();
  const many: Lsa[] = Array.from({ length: 300 }, (_, i) => wholeLsa({ id: `198.18.${i >> 8}.${i & 255}` }));
  const sent = many.flatMap((lsa) => left.update(lsa));
  const all = [...sent, ...bench.advance(1_000)];
  assert.equal(told(all, "acknowledgment").length, 300);
  const again = bench.advance(6_000).filter(({ type }) => type === "update");
  assert.equal(told(again, "update").length, 300);
  assert.ok(again.every(({ payload }) => payload.length + 20 <= 1_500));
  assert.ok(again.length <= 8, `${again.length} packets`);
  right.acknowledge(...many);
  assert.equal(right.neighbor.retransmissions.size, 0);
});
