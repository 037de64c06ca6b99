import assert from "node:assert/strict";
import { test } from "node:test";
import type { Registration } from "#directory/registration.ts";
import { configure, expire, join, leave, reached, refill, reset, unreachable } from "#directory/rules.ts";
import type { Decision } from "#directory/rules.ts";
import { DirectoryTable } from "#directory/table.ts";

function peer(id: string, changes: Partial<Registration> = {}): Registration {
  return {
    id,
    name: id,
    ip: "127.0.0.1",
    port: "22365",
    protocol: "tcp",
    status: "0",
    timestamp: "100",
    expires: 1_000,
    source: "127.0.0.1",
    renews: false,
    ...changes,
  };
}

function signed(publicKey: string, sequence: number): Partial<Registration> {
  return { signed: { publicKey, sequence, announcement: "00" } };
}

/** A table of two, and what was made of it: "added alice", …. */
function tableOfTwo() {
  const table = new DirectoryTable({ maxPeers: 2, minRefillCandidates: 2 });
  const does = ({ changes, outcome }: Decision): string => {
    for (const change of changes) table.apply(change);
    return `${outcome}: ${table.ids.join(" ")}`;
  };
  return { table, does };
}

test("join adds while there is room, and after that only takes what is new of those who are there", () => {
  const { table, does } = tableOfTwo();
  assert.equal(does(join(table, peer("alice"))), "added: alice");
  assert.equal(does(join(table, peer("bob"))), "added: alice bob");
  assert.equal(does(join(table, peer("carol"))), "full: alice bob");
  assert.equal(does(join(table, peer("bob", { port: "22366" }))), "renewed: alice bob");
  assert.equal(table.peers.get("bob")?.port, "22366");
});

test("refill adds while there is room, and then puts an older candidate into the place of the youngest", () => {
  const { table, does } = tableOfTwo();
  assert.equal(does(refill(table, peer("alice", { timestamp: "10" }))), "added: alice");
  assert.equal(does(refill(table, peer("bob", { timestamp: "20" }))), "added: alice bob");
  assert.equal(does(refill(table, peer("carol", { timestamp: "30" }))), "full: alice bob");
  assert.equal(does(refill(table, peer("dave", { timestamp: "20" }))), "full: alice bob");
  assert.equal(does(refill(table, peer("erin", { timestamp: "9" }))), "replaced: alice erin");
  assert.equal(does(refill(table, peer("alice", { timestamp: "99" }))), "renewed: alice erin");
  assert.equal(does(refill(table, peer("frank", { timestamp: "now" }))), "full: alice erin");
});

test("a table without room takes nobody", () => {
  const { table, does } = tableOfTwo();
  does(configure({ maxPeers: 0, minRefillCandidates: 0 }));
  assert.equal(does(join(table, peer("alice"))), "full: ");
  assert.equal(does(refill(table, peer("alice"))), "full: ");
});

test("fewer places than peers remove nobody, and there is room again when enough have left", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("alice")));
  does(join(table, peer("bob")));
  assert.equal(does(configure({ maxPeers: 1, minRefillCandidates: 1 })), "configured: alice bob");
  assert.equal(does(leave(table, "bob", undefined)), "removed: alice");
  assert.equal(does(join(table, peer("carol"))), "full: alice");
  assert.equal(does(leave(table, "nobody", undefined)), "unchanged: alice");
  assert.equal(does(reset(table)), "reset: ");
  assert.deepEqual(table.settings, { maxPeers: 1, minRefillCandidates: 1 });
});

test("one source has its share, its renewals go on, and what leaves makes room", () => {
  const table = new DirectoryTable({ maxPeers: 10, minRefillCandidates: 2 });
  const does = ({ changes, outcome }: Decision): string => {
    for (const change of changes) table.apply(change);
    return outcome;
  };
  const from = (id: string, source: string) => peer(id, { source });
  assert.equal(does(join(table, from("a", "192.0.2.1"), 2)), "added");
  assert.equal(does(refill(table, from("b", "192.0.2.1"), 2)), "added");
  assert.equal(does(join(table, from("c", "192.0.2.1"), 2)), "crowded");
  assert.equal(does(refill(table, from("c", "192.0.2.1"), 2)), "crowded");
  assert.equal(does(join(table, from("c", "192.0.2.2"), 2)), "added");
  assert.equal(does(join(table, from("b", "192.0.2.1"), 2)), "renewed");
  assert.equal(does(join(table, from("d", "2001:db8::1"), 1)), "added");
  assert.equal(does(join(table, from("e", "2001:db8::ffff"), 1)), "crowded", "one /64 is one source");
  does(leave(table, "a", undefined));
  assert.equal(does(join(table, from("f", "192.0.2.1"), 2)), "added");
  does(reset(table));
  assert.equal(table.countOf("192.0.2.1"), 0);
});

test("without a key nobody puts out those who have one, however old he says that he is", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("alice", { timestamp: "50", ...signed("aa", 1) })));
  does(join(table, peer("bob", { timestamp: "40" })));
  assert.equal(does(refill(table, peer("mallory", { timestamp: "1" }))), "replaced: alice mallory");
  assert.equal(does(refill(table, peer("trudy", { timestamp: "0" }))), "replaced: alice trudy");
  const carol = peer("carol", { timestamp: "30", ...signed("cc", 1) });
  assert.equal(does(refill(table, carol)), "replaced: carol trudy");
});

test("an announcement that is sent again from elsewhere keeps what stands beside it", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("alice", signed("aa", 7))));
  const again = { ...signed("aa", 7), timestamp: "999", source: "198.51.100.1", expires: 2_000 };
  assert.equal(does(join(table, peer("alice", again))), "renewed: alice");
  const { timestamp, source, expires } = table.peers.get("alice")!;
  assert.deepEqual([timestamp, source, expires], ["100", "127.0.0.1", 2_000]);
  does(join(table, peer("alice", { ...signed("aa", 7), timestamp: "99" })));
  assert.equal(
    table.peers.get("alice")!.timestamp,
    "99",
    "from the address that it names it is the node itself",
  );
});

test("a signed registration changes and goes only by its key, and takes the place of one without", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("alice")));
  assert.equal(does(join(table, peer("alice", signed("aa", 7)))), "renewed: alice");
  assert.equal(does(join(table, peer("alice", { port: "1" }))), "refused: alice");
  assert.equal(does(join(table, peer("alice", { port: "1", ...signed("bb", 9) }))), "refused: alice");
  assert.equal(does(refill(table, peer("alice", { port: "1", ...signed("aa", 6) }))), "refused: alice");
  assert.equal(table.peers.get("alice")?.port, "22365");
  assert.equal(does(leave(table, "alice", undefined)), "refused: alice");
  assert.equal(does(leave(table, "alice", "bb")), "refused: alice");
  assert.equal(does(join(table, peer("alice", { port: "1", ...signed("aa", 7) }))), "renewed: alice");
  assert.equal(does(leave(table, "alice", "aa")), "removed: ");
});

test("who does not renew is forgotten at his time, not before", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("alice", { expires: 1_000 })));
  does(join(table, peer("bob", { expires: 2_000 })));
  assert.equal(does(expire(table, 999)), "unchanged: alice bob");
  does(join(table, peer("alice", { expires: 3_000 })));
  assert.equal(does(expire(table, 1_000)), "unchanged: alice bob");
  assert.equal(does(expire(table, 2_000)), "removed: alice");
  assert.equal(does(expire(table, 3_000)), "removed: ");
});

test("a peer that was reached stays longer, and one that was not goes unless it has come again meanwhile", () => {
  const { table, does } = tableOfTwo();
  const alice = peer("alice", { expires: 1_000 });
  does(join(table, alice));
  assert.equal(does(reached(table, alice, 5_000)), "renewed: alice");
  assert.equal(table.peers.get("alice")?.expires, 5_000);
  assert.equal(does(unreachable(table, alice)), "unchanged: alice");
  assert.equal(does(unreachable(table, table.peers.get("alice")!)), "removed: ");
  const renewing = peer("bob", { renews: true });
  does(join(table, renewing));
  assert.equal(does(reached(table, renewing, 5_000)), "unchanged: bob");
});

test("the list is as the original writes it, whatever order the peers came in", () => {
  const { table, does } = tableOfTwo();
  const none = '{"Config":{"maxpeers":2,"minrefillcandidates":2,"numpeers":0},"Peers":{}}';
  assert.equal(table.list(), none);
  does(join(table, peer("b", { ip: "10.0.0.2", timestamp: "1557509977" })));
  does(join(table, peer('a"\\é', { ip: "10.0.0.1", status: "" })));
  assert.equal(
    table.list(),
    '{"Config":{"maxpeers":2,"minrefillcandidates":2,"numpeers":2},"Peers":{' +
      '"a\\"\\\\é":{"id":"a\\"\\\\é","name":"a\\"\\\\é","ip":"10.0.0.1","port":"22365","protocol":"tcp","status":"","timestamp":"100"},' +
      '"b":{"id":"b","name":"b","ip":"10.0.0.2","port":"22365","protocol":"tcp","status":"0","timestamp":"1557509977"}}}',
  );
  does(reset(table));
  assert.equal(table.list(), none);
});

test("a table is the same when the store tells it all again, and damage in the store is passed over", () => {
  const { table, does } = tableOfTwo();
  does(join(table, peer("__proto__", signed("aa", 3))));
  does(join(table, peer("constructor")));
  does(configure({ maxPeers: 9, minRefillCandidates: 3 }));
  const again = new DirectoryTable({ maxPeers: 1, minRefillCandidates: 1 });
  for (const id of table.ids) {
    const key = `peer-${Buffer.from(id).toString("hex")}`;
    again.apply({ key, value: table.valueAt(key) });
  }
  again.apply({ key: "settings", value: table.valueAt("settings") });
  again.apply({ key: "peer-61", value: "{}" });
  again.apply({ key: "peer-61", value: '"' });
  again.apply({ key: "peer-61", value: JSON.stringify(peer("b")) });
  again.apply({ key: "peer-zz", value: "{}" });
  again.apply({ key: "others", value: "{}" });
  assert.equal(again.list(), table.list());
  assert.equal(again.damaged, 3);
  assert.deepEqual(
    [...again.peers.values()],
    [...table.peers.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
});
