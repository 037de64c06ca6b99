import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, parseIpv4 } from "#base/ipv4.ts";
import { INITIAL_SEQUENCE, MAX_AGE, MAX_SEQUENCE } from "#ospf/constants.ts";
import { makeLsa, networkBody, routerBody } from "#ospf/lsa-bodies.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { lsaKey } from "#ospf/lsa.ts";
import { readUpdate } from "#ospf/packets.ts";
import { Bench, type Sent } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

const OWN = parseIpv4("192.0.2.1")!;
const ROUTER_KEY = lsaKey(1, OWN, OWN);

function pair() {
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24" } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  live(bench, [peer], 30_000);
  return { bench, peer, own: () => bench.router.state.areas.get(0)!.lsdb.get(ROUTER_KEY)! };
}

/** Time passes in which peers greet and acknowledge; the updates that were sent. */
function live(bench: Bench, peers: readonly Peer[], ms: number): Lsa[] {
  const sent: Sent[] = [];
  for (let left = ms; left > 0; left -= 100) {
    sent.push(...bench.advance(Math.min(100, left)));
    for (const peer of peers) {
      if (bench.now - peer.neighbor.heardAt >= 5_000) peer.hello();
      peer.acknowledgeAll();
    }
  }
  return updatesIn(sent);
}

function updatesIn(sent: readonly Sent[]): Lsa[] {
  return sent.filter(({ type }) => type === "update").flatMap(({ body, at }) => readUpdate(body, at)!);
}

function external(at: number, metric = 20) {
  const network = (parseIpv4("198.18.0.0")! + at * 256) >>> 0;
  return { network, length: 24, metric, isType2: true, tag: 0, forwardingAddress: 0 };
}

test("an LSA is told anew when it is half an hour old", () => {
  const { bench, peer, own } = pair();
  const { sequence, at } = own();
  live(bench, [peer], 1_800_000 - (bench.now - at) - 200);
  assert.equal(own().sequence, sequence);
  live(bench, [peer], 400);
  assert.equal(own().sequence, sequence + 1);
  assert.ok(own().ageAt(bench.now) <= 1);
});

test("changes are told at once, then ever less often while they storm, then at once again", () => {
  const { bench, peer } = pair();
  const times: number[] = [];
  const change = (metric: number) =>
    updatesIn(bench.step({ type: "externals", set: [external(0, metric)], removed: [] }));
  const until = bench.now + 40_000;
  const start = bench.now;
  for (let metric = 1; bench.now < until; metric++) {
    for (const lsa of [...change(metric), ...live(bench, [peer], 100)])
      if (lsa.type === 5) times.push(bench.now - start);
  }
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  assert.ok(times[0]! <= 100);
  assert.deepEqual(
    gaps.slice(0, 6).map((gap) => Math.round(gap / 500) / 2),
    [1, 2, 4, 5, 5, 5],
  );
  live(bench, [peer], 20_000);
  assert.equal(change(9_999).length, 1);
});

test("what is told no longer leaves with MaxAge, and goes on where it was when it comes back", () => {
  const { bench, peer } = pair();
  bench.step({ type: "externals", set: [external(0)], removed: [] });
  live(bench, [peer], 5_000);
  const network = parseIpv4("198.18.0.0")!;
  const [gone] = updatesIn(bench.step({ type: "externals", set: [], removed: [{ network, length: 24 }] }));
  peer.acknowledgeAll();
  assert.deepEqual([gone!.ageAt(bench.now), gone!.sequence], [MAX_AGE, INITIAL_SEQUENCE]);
  assert.equal(bench.router.state.lsdb.size, 0);
  bench.step({ type: "externals", set: [external(0)], removed: [] });
  const [back] = live(bench, [peer], 5_000);
  assert.equal(back!.sequence, INITIAL_SEQUENCE + 1);
});

test("the last sequence number is followed by the first, once the LSA has left everywhere", () => {
  const { bench, peer, own } = pair();
  const last = makeLsa(own(), { options: 2, sequence: MAX_SEQUENCE, body: own().bytes.slice(20) }, bench.now);
  const sent = updatesIn([...peer.update(last), ...bench.advance(100)]);
  assert.deepEqual(
    sent.map((lsa) => [lsa.ageAt(bench.now), lsa.sequence]),
    [[MAX_AGE, MAX_SEQUENCE]],
  );
  assert.deepEqual(updatesIn(bench.advance(1_000)), []);
  peer.acknowledgeAll();
  const [first] = updatesIn(bench.advance(100));
  assert.deepEqual([first!.sequence, first!.ageAt(bench.now)], [INITIAL_SEQUENCE, 1]);
  assert.equal(own().sequence, INITIAL_SEQUENCE);
});

function atTheEnd(bench: Bench, metric: number): Lsa {
  const body = routerBody([{ type: 3, id: 0, data: 0, metric }], false);
  const identity = { type: 1, id: OWN, advertisingRouter: OWN };
  return makeLsa(identity, { options: 2, sequence: MAX_SEQUENCE, body }, bench.now);
}

test("the highest sequence number holds up an LSA only as long as it comes", () => {
  const { bench, peer, own } = pair();
  const { length } = own();
  for (let metric = 0; metric < 20; metric++) {
    peer.update(atTheEnd(bench, metric));
    live(bench, [peer], 100);
  }
  live(bench, [peer], 10_000);
  assert.ok(own().sequence < INITIAL_SEQUENCE + 10, `${own().sequence}`);
  assert.deepEqual([own().length, own().ageAt(bench.now) < 20], [length, true]);
});

test("what is ended before a neighbor takes the next instance is sent to it once more then", () => {
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24" } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  const delivered = peer.neighbor.delivered.get(ROUTER_KEY)!;
  const sent = [...peer.update(atTheEnd(bench, 1)), ...bench.advance(2_000)];
  const ended = sent.filter(({ type, body }) => {
    return type === "update" && readUpdate(body, 0)!.some(({ sequence }) => sequence === MAX_SEQUENCE);
  });
  assert.equal(ended.length, 2);
  assert.equal(ended[1]!.at, delivered + 1_050);
});

test("a newer instance of an own LSA is outdone at once", () => {
  const { bench, peer, own } = pair();
  const stale = wholeLsa({ type: 1, id: "192.0.2.1", router: "192.0.2.1", sequence: 500, now: bench.now });
  const [answer] = updatesIn(peer.update(stale));
  assert.equal(answer!.sequence, 501);
  assert.equal(own().length, answer!.length);
});

test("two routers of one id do not outdo each other without end", () => {
  const { bench, peer, own } = pair();
  const start = bench.now;
  let answers = 0;
  while (bench.now < start + 30_000) {
    const lsa = wholeLsa({ type: 1, id: "192.0.2.1", router: "192.0.2.1", sequence: own().sequence + 1 });
    answers += updatesIn(peer.update(lsa)).length;
    answers += live(bench, [peer], 10).length;
  }
  assert.ok(answers >= 5 && answers <= 14, `${answers} in 30 s`);
});

test("an LSA of an earlier life that is told no longer is ended", () => {
  const { bench, peer } = pair();
  const sent = updatesIn(peer.update(wholeLsa({ router: "192.0.2.1", sequence: 7 })));
  assert.deepEqual(
    sent.map((lsa) => [lsa.ageAt(bench.now), lsa.sequence]),
    [[MAX_AGE, 7]],
  );
  peer.acknowledgeAll();
  assert.equal(bench.router.state.lsdb.size, 0);
});

test("the network-LSA of an earlier router id is ended (RFC 2328 13.4)", () => {
  const { bench, peer } = pair();
  const identity = { type: 2, id: parseIpv4("10.0.0.1")!, advertisingRouter: parseIpv4("192.0.2.99")! };
  const body = networkBody(0xffff_ff00, [identity.advertisingRouter]);
  const sent = updatesIn(peer.update(makeLsa(identity, { options: 2, sequence: 5, body }, bench.now)));
  assert.deepEqual(
    sent.map((lsa) => [formatIpv4(lsa.advertisingRouter), lsa.ageAt(bench.now)]),
    [["192.0.2.99", MAX_AGE]],
  );
});

test("who is no longer the designated router ends its network-LSA", () => {
  const bench = new Bench({
    interfaces: { lan: { address: "10.0.0.1/24", config: { type: "broadcast", deadInterval: 4 } } },
  });
  const peer = new Peer(bench, { on: "lan", routerId: "192.0.2.9", address: "10.0.0.9", priority: 0 });
  peer.hello();
  bench.advance(3_999);
  peer.hello();
  bench.advance(100);
  assert.equal(bench.interface("lan").state, "DR");
  peer.designated = bench.interface("lan").address;
  peer.becomeFull();
  bench.advance(2_000);
  peer.hello();
  peer.acknowledgeAll();
  const { lsdb } = bench.router.state.areas.get(0)!;
  assert.equal(lsdb.countOf(2), 1);
  const network = [...lsdb.lsas()].find(({ type }) => type === 2)!;
  assert.deepEqual([...network.bytes.subarray(24)], [192, 0, 2, 1, 192, 0, 2, 9]);
  const area = bench.config.areas[0]!;
  const interfaces = area.interfaces.map((each) => ({ ...each, priority: 0 }));
  bench.step({ type: "configure", config: { ...bench.config, areas: [{ ...area, interfaces }] } });
  bench.advance(1_500);
  assert.equal(bench.interface("lan").state, "DROther");
  assert.equal([...lsdb.lsas()].find(({ type }) => type === 2)?.ageAt(bench.now) ?? MAX_AGE, MAX_AGE);
});

test("many externals go in steps that peers can take, and all of them go", () => {
  const { bench, peer } = pair();
  bench.step({ type: "externals", set: Array.from({ length: 2_000 }, (_, i) => external(i)), removed: [] });
  bench.advance(5);
  const perStep = new Map<number, number>();
  const from = bench.sent.length;
  bench.advance(100);
  for (const { type, at, body } of bench.sent.slice(from))
    if (type === "update") perStep.set(at, (perStep.get(at) ?? 0) + readUpdate(body, at)!.length);
  assert.ok(Math.max(...perStep.values()) <= 400);
  assert.equal(bench.router.state.lsdb.size, 2_000);
  peer.acknowledgeAll();
  assert.equal(peer.neighbor.retransmissions.size, 0);
});

test("taking leave ends all that was told", () => {
  const { bench, peer } = pair();
  bench.step({ type: "externals", set: [external(0)], removed: [] });
  live(bench, [peer], 2_000);
  const sent = bench.step({ type: "leave" });
  assert.deepEqual(
    updatesIn(sent).map((lsa) => [lsa.type, lsa.ageAt(bench.now)]),
    [
      [1, MAX_AGE],
      [5, MAX_AGE],
    ],
  );
  assert.deepEqual(bench.step({ type: "wake" }), []);
  assert.equal(bench.router.wakeAt, Infinity);
});

test("another router of this router's id, some routers away, is named where its LSAs come from", () => {
  const { bench, peer, own } = pair();
  const [mismatches] = [bench.interface("eth0").mismatches];
  const another = () =>
    makeLsa(own(), { options: 2, sequence: own().sequence + 1, body: routerBody([], true) }, bench.now);
  // Once may be what this router told before it was started again.
  peer.update(another());
  assert.equal(mismatches.size, 0);
  live(bench, [peer], 2_000);
  peer.update(another());
  peer.hello();
  const [mismatch] = [...mismatches.values()];
  assert.equal(mismatch!.address, peer.address);
  assert.match(mismatch!.text, /duplicate router id 192\.0\.2\.1$/);
  assert.equal(peer.state, "Full");
});
