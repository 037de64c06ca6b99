import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4 } from "#base/ipv4.ts";
import { INITIAL_SEQUENCE, MAX_AGE } from "#ospf/constants.ts";
import { EXCHANGES_AT_ONCE } from "#ospf/limits.ts";
import { readDatabaseDescription, readRequests, readUpdate } from "#ospf/packets.ts";
import { Bench, type Sent } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

const INIT = { isInit: true, hasMore: true, isMaster: true };

function pair(routerId: string, config: { readonly maximumLsas?: number } = {}) {
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24" } }, config });
  return { bench, peer: new Peer(bench, { on: "eth0", routerId, address: "10.0.0.2" }) };
}

const LOWER = "192.0.2.0";
const HIGHER = "192.0.2.9";

/** The descriptions sent: "I M MS 5000" and how many LSAs. */
function described(sent: readonly Sent[]): string[] {
  return sent
    .filter(({ type }) => type === "database-description")
    .map(({ body }) => {
      const { isInit, hasMore, isMaster, sequence, lsas } = readDatabaseDescription(body, 0)!;
      const bits = [isInit && "I", hasMore && "M", isMaster && "MS"].filter(Boolean);
      return [...bits, sequence, `${lsas.length} LSAs`].join(" ");
    });
}

test("the router with the higher id leads the exchange", () => {
  const { peer } = pair(HIGHER);
  peer.hello();
  assert.deepEqual(
    described(peer.describe(INIT)),
    ["5000 1 LSAs"].map((each) => each.replace("1", "0")),
  );
  assert.equal(peer.neighbor.isMaster, false);
  const other = pair(LOWER);
  const [first] = described(other.peer.hello());
  assert.match(first!, /^I M MS \d+ 0 LSAs$/);
  const sequence = Number(first!.split(" ")[3]);
  assert.deepEqual(described(other.peer.describe({ sequence })), [`MS ${sequence + 1} 0 LSAs`]);
  assert.equal(other.peer.neighbor.isMaster, true);
});

for (const routerId of [LOWER, HIGHER])
  test(`databases of several packets are described whole, to a ${routerId === LOWER ? "lower" : "higher"} id`, () => {
    const { bench } = pair("192.0.2.1");
    const source = new Peer(bench, { on: "eth0", routerId: "192.0.2.5", address: "10.0.0.5" });
    source.becomeFull();
    const many = Array.from({ length: 400 }, (_, i) => wholeLsa({ id: `198.18.${i >> 8}.${i & 255}` }));
    for (const lsa of many) source.update(lsa);
    const peer = new Peer(bench, { on: "eth0", routerId, address: "10.0.0.2" });
    const before = bench.sent.length;
    peer.exchange(wholeLsa({ id: "203.0.113.0" }));
    const headers = bench.sent
      .slice(before)
      .filter(({ type }) => type === "database-description")
      .flatMap(({ body }) => readDatabaseDescription(body, 0)!.lsas);
    assert.equal(new Set(headers.map(({ key }) => key)).size, 401);
    assert.equal(peer.state, "Loading");
    peer.answerRequests();
    assert.equal(peer.state, "Full");
  });

test("LSAs of MaxAge are no part of the description: they are sent as updates", () => {
  const { bench, peer } = pair(HIGHER);
  const other = new Peer(bench, { on: "eth0", routerId: "192.0.2.7", address: "10.0.0.7" });
  other.becomeFull();
  const lsa = wholeLsa();
  other.update(lsa);
  peer.exchange();
  peer.acknowledgeAll();
  // It waits for the acknowledgment of the first, so it is there when the other begins.
  peer.update(lsa.withAge(MAX_AGE, bench.now));
  peer.hello({ neighbors: [] });
  peer.hello();
  assert.ok(!described(bench.sent).at(-1)!.endsWith("2 LSAs"));
  peer.sequence = 9_000;
  peer.describe(INIT);
  assert.equal(peer.neighbor.retransmissions.get(lsa.key)?.entry.lsa.ageAt(bench.now), MAX_AGE);
});

test("a slave answers a repeated description as before, a master says nothing", () => {
  const { peer } = pair(HIGHER);
  peer.hello();
  peer.describe(INIT);
  const shape = { isMaster: true, hasMore: true, sequence: 5_001 };
  const answer = described(peer.describe(shape));
  assert.equal(answer.length, 1);
  assert.deepEqual(described(peer.describe(shape)), answer);
  assert.equal(peer.state, "Exchange");
  const { peer: slave, bench } = pair(LOWER);
  slave.exchange();
  const sequence = slave.sequence;
  assert.deepEqual(described(slave.describe({ sequence })), []);
  assert.equal(slave.state, "Full");
  bench.advance(0);
});

for (const [what, changes, reason] of [
  ["a wrong sequence number", { sequence: 7, isMaster: true }, /description 7 where 5001 was due/],
  ["two masters or none", { sequence: 5_001 }, /both, or neither, lead/],
  ["a beginning in between", { ...INIT, sequence: 5_001 }, /begins the exchange again/],
  ["other options", { sequence: 5_001, isMaster: true, options: 0x02 }, /options changed/],
  [
    "an unknown type of LSA",
    { sequence: 5_001, isMaster: true, lsas: [wholeLsa({ type: 8 })] },
    /LSA of type 8/,
  ],
] as const)
  test(`SeqNumberMismatch: ${what}`, () => {
    const { bench, peer } = pair(HIGHER);
    peer.hello();
    peer.describe(INIT);
    assert.equal(peer.state, "Exchange");
    peer.describe(changes);
    const told = bench.events.flatMap(({ event }) =>
      event.type === "neighbor" && event.from === "Exchange" ? [event.reason] : [],
    );
    assert.match(told[0]!, reason);
    assert.ok(["ExStart", "Exchange"].includes(peer.state));
  });

test("a new description when all is exchanged begins the exchange again", () => {
  const { peer } = pair(HIGHER);
  peer.becomeFull();
  peer.describe({ isMaster: true, sequence: 8_888 });
  assert.equal(peer.state, "ExStart");
});

test("packets that are longer than the interface takes keep the exchange from starting, by name", () => {
  const { bench, peer } = pair(HIGHER);
  peer.hello();
  peer.describe({ ...INIT, mtu: 9_000 });
  assert.equal(peer.state, "ExStart");
  assert.deepEqual(bench.dropped("eth0"), { mtu: 1 });
  const [mismatch] = bench.interface("eth0").mismatches.values();
  assert.equal(mismatch!.text, "MTU 9000, here 1500");
  // 0 is that of a virtual link, which has none.
  peer.describe({ ...INIT, mtu: 0 });
  assert.equal(peer.state, "Exchange");
  assert.equal(bench.interface("eth0").mismatches.size, 0);
});

test("what is newer, and only that, is asked for, and again until it comes", () => {
  const { bench, peer } = pair(HIGHER);
  const [known, newer] = [wholeLsa(), wholeLsa({ id: "203.0.113.0", sequence: INITIAL_SEQUENCE + 1 })];
  const other = new Peer(bench, { on: "eth0", routerId: "192.0.2.7", address: "10.0.0.7" });
  other.becomeFull();
  other.update(known, wholeLsa({ id: "203.0.113.0" }));
  peer.exchange(known, newer);
  const asked = (sent: readonly Sent[]) =>
    sent
      .filter(({ type }) => type === "request")
      .map(({ body }) => readRequests(body)!.map(({ id }) => formatIpv4(id)));
  assert.deepEqual(asked(bench.sent), [["203.0.113.0"]]);
  assert.deepEqual(asked(bench.advance(10_000)), [["203.0.113.0"], ["203.0.113.0"]]);
  peer.answerRequests();
  assert.deepEqual(asked(bench.advance(10_000)), []);
  assert.equal(peer.state, "Full");
});

test("a request for what there is not is a BadLSReq; others are answered, each once at a time", () => {
  const { bench, peer } = pair(HIGHER);
  peer.becomeFull();
  const own = { type: 1, id: bench.router.state.routerId, advertisingRouter: bench.router.state.routerId };
  const answers = (sent: readonly Sent[]) =>
    sent.filter(({ type }) => type === "update").flatMap(({ body }) => readUpdate(body, 0)!).length;
  assert.equal(answers(peer.request(Array(100).fill(own))), 1);
  assert.equal(answers(peer.request([own])), 0);
  assert.deepEqual(bench.dropped("eth0"), { "request-again": 100 });
  bench.advance(500);
  assert.equal(answers(peer.request([own])), 1);
  peer.request([{ ...own, type: 5 }]);
  assert.equal(peer.state, "ExStart");
  assert.match(peer.neighbor.lastReason, /asks for what there is not/);
});

test("a neighbor that begins the exchange again and again is answered so often only", () => {
  const { bench, peer } = pair(HIGHER);
  peer.hello();
  for (let i = 0; i < 1_000; i++) peer.describe({ ...INIT, sequence: 10_000 + 2 * i });
  const begun = bench.events.filter(({ event }) => event.type === "neighbor" && event.to === "Exchange");
  assert.equal(begun.length, EXCHANGES_AT_ONCE);
  assert.ok(bench.dropped("eth0")["exchange-rate"]! > 900);
  bench.advance(5_000);
  peer.describe({ ...INIT, sequence: 77 });
  assert.equal(peer.state, "Exchange");
});

test("a description without end is not remembered without end", () => {
  const { bench, peer } = pair(HIGHER, { maximumLsas: 500 });
  peer.hello();
  peer.describe(INIT);
  for (let i = 0; i < 100; i++) {
    peer.sequence++;
    const lsas = Array.from({ length: 70 }, (_, at) => wholeLsa({ id: `198.${i}.${at}.0` }));
    peer.describe({ isMaster: true, hasMore: true, lsas });
  }
  assert.equal(peer.neighbor.requests.size, 500);
  assert.equal(bench.dropped("eth0")["lsa-limit"], 6_500);
});

test("a slave whose master has forgotten it begins anew", () => {
  const { bench, peer } = pair(HIGHER);
  peer.hello();
  peer.describe(INIT);
  const repeated = bench.advance(20_000);
  assert.deepEqual([described(repeated), peer.state], [["5000 0 LSAs"], "Exchange"]);
  assert.equal(repeated.find(({ type }) => type === "database-description")!.at, 1_100);
  bench.advance(2_000);
  assert.equal(peer.state, "ExStart");
});

test("what a master is not answered is repeated soon, and then every RxmtInterval", () => {
  const { bench, peer } = pair(LOWER);
  const begun = bench.now;
  peer.hello();
  const times = bench.advance(12_000).filter(({ type }) => type === "database-description");
  assert.deepEqual(
    times.map(({ at }) => at - begun),
    [1_100, 6_100, 11_100],
  );
});
