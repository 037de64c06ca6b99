import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { peersConfig } from "#services/peers-config.ts";
import { PeersBench, type PeersNode } from "#services/testing/peers-bench.ts";

const BOOK = "/data/peers.json";

/** States of whisper's peers, by address. */
function linksOf(node: PeersNode): Record<string, string> {
  return Object.fromEntries(node.whisper.peers().map(({ address, state }) => [address, state]));
}

function messageOf(wrong: readonly string[]): string {
  const { error } = peersConfig.safeParse(wrong);
  return error?.issues.map(({ message }) => message).join() ?? "fine";
}

test("configured peers have a kind; whisper's need not say it", () => {
  const written = [
    "192.0.2.1:1",
    "whisper://192.0.2.2:1",
    "member://gopher.example:7946",
    "mesh://[::1]:8083",
  ];
  const parsed = peersConfig.parse(written);
  assert.deepEqual(parsed, [
    { kind: "whisper", address: "192.0.2.1:1" },
    { kind: "whisper", address: "192.0.2.2:1" },
    { kind: "member", address: "gopher.example:7946" },
    { kind: "mesh", address: "[::1]:8083" },
  ]);
  assert.deepEqual(peersConfig.encode(parsed), ["192.0.2.1:1", "192.0.2.2:1", ...written.slice(2)]);
  assert.match(messageOf(["smtp://192.0.2.1:1"]), /unknown kind "smtp"; write whisper:\/\/, member:\/\//);
  assert.match(messageOf(["192.0.2.1"]), /expected a host or an IP address, and a port; write/);
  for (const never of ["192.0.2.1:0", "224.0.0.1:1", "member://255.255.255.255:1", "[::]:1"])
    assert.match(messageOf([never]), /is never dialled; write a unicast address and a port above 0/);
});

test("what whisper learns is in the book with its origin and state", async () => {
  const bench = new PeersBench();
  const [a, b, c] = [bench.add(), bench.add(), bench.add()];
  await a.start();
  await b.start([a.address]);
  await c.start([b.address]);
  await bench.pass(5_000);
  assert.deepEqual(linksOf(c), { [a.address]: "linked", [b.address]: "linked" });
  const told = c.peers.list().map(({ name, addresses }) => {
    const [first] = addresses;
    return [name, first!.address, first!.origins.map(({ origin }) => origin).join(), first!.report!.state];
  });
  assert.deepEqual(told, [
    ["n2", b.address, "configuration", "linked"],
    ["n1", a.address, "message", "linked"],
  ]);
  assert.match(c.peers.why(a.address).join("\n"), /whisper 10\.8\.0\.1:55555: linked for \d/);
  await a.stop();
  await bench.pass(2_000);
  assert.match(c.peers.why(a.address).join("\n"), /waiting|dialling/);
});

test("a peer of the book that then dials this node has named itself", async () => {
  const bench = new PeersBench();
  const [a, b] = [bench.add(), bench.add()];
  await a.start();
  await b.start();
  b.peers.heard({ kind: "whisper", address: a.address, origin: "directory", source: "http://192.0.2.1" });
  await bench.pass(5_000);
  assert.deepEqual(linksOf(b), { [a.address]: "linked" });
  a.peers.heard({ kind: "whisper", address: b.address, origin: "directory", source: "http://192.0.2.1" });
  await bench.pass(5_000);
  const origins = b.peers.list()[0]!.addresses[0]!.origins;
  assert.deepEqual(origins, [
    { origin: "directory", source: "http://192.0.2.1" },
    { origin: "message", source: a.address },
  ]);
});

test("an announced address is dialled, and left when its node has gone", async () => {
  const bench = new PeersBench();
  const [a, b] = [bench.add(), bench.add()];
  await a.start();
  await b.start();
  await bench.pass(2_000);
  assert.deepEqual(linksOf(b), {});
  assert.ok(b.peers.announced(a.identity.announcement(), "membership", "n1").ok);
  await bench.pass(3_000);
  assert.deepEqual(linksOf(b), { [a.address]: "linked" });
  const [peer] = b.peers.list();
  assert.deepEqual([peer!.name, peer!.identity!.fingerprint], ["n1", a.identity.fingerprint]);
  await a.stop();
  b.peers.gone(peer!.identity!.publicKey);
  await bench.pass(10_000);
  assert.notDeepEqual(linksOf(b), { [a.address]: "linked" });
});

test("a book survives a restart: what was linked is dialled again without being configured", async () => {
  const bench = new PeersBench();
  const [a, b] = [bench.add(), bench.add()];
  await a.start();
  await b.start([a.address]);
  b.peers.announced(a.identity.announcement(), "membership", "n1");
  await bench.pass(5_000);
  await b.stop();
  await b.start();
  await bench.pass(3_000);
  assert.deepEqual(linksOf(b), { [a.address]: "linked" });
  assert.equal(b.peers.list()[0]!.identity!.fingerprint, a.identity.fingerprint);
});

test("changes are saved a little later, once", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  let writes = 0;
  const files = {
    read: node.files.read.bind(node.files),
    write: async (path: string, content: Uint8Array) => {
      if (path === BOOK) writes++;
      await node.files.write(path, content);
    },
  };
  await node.start([], files);
  await bench.pass(15_000);
  const quiet = writes;
  for (let i = 1; i < 50; i++)
    node.peers.heard({ kind: "member", address: `192.0.2.${i}:7946`, origin: "directory", source: "d" });
  await bench.pass(30_000);
  assert.equal(writes, quiet + 1);
  assert.match(decodeUtf8(node.files.contents.get(BOOK)!), /192\.0\.2\.49:7946/);
  await bench.pass(60_000);
  assert.equal(writes, quiet + 1, "nothing is new");
});

test("a damaged book costs what it knew and a warning", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  node.files.contents.set(BOOK, encodeUtf8("{"));
  await node.start();
  assert.deepEqual(node.warnings(), [`${BOOK} is not used: it is no JSON; the book begins anew`]);
  assert.deepEqual(node.peers.list(), []);
});

test("a book that cannot be saved is warned of once, and all else goes on", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  const files = {
    read: node.files.read.bind(node.files),
    write: async (path: string, content: Uint8Array) => {
      if (path === BOOK) throw new OperatorError(`cannot write ${path}: EROFS`, "make room");
      await node.files.write(path, content);
    },
  };
  await node.start([], files);
  for (let i = 1; i < 4; i++) {
    node.peers.heard({ kind: "member", address: `192.0.2.${i}:7946`, origin: "directory", source: "d" });
    await bench.pass(20_000);
  }
  assert.deepEqual(node.warnings(), [`the peer book is not saved: cannot write ${BOOK}: EROFS; make room`]);
  assert.equal(node.peers.addresses("member").length, 3);
});

test("who follows is told once of several changes, and of a new configuration", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  await bench.pass(2_000);
  let told = 0;
  node.peers.follow(() => told++, new AbortController().signal);
  for (let i = 1; i < 9; i++)
    node.peers.heard({ kind: "mesh", address: `192.0.2.${i}:1`, origin: "directory", source: "d" });
  await bench.pass(10);
  assert.equal(told, 1);
  await node.reconfigure(["192.0.2.77:1", "member://192.0.2.78:1"]);
  await bench.pass(10);
  assert.equal(told, 2);
  assert.deepEqual(node.peers.configured("whisper"), ["192.0.2.77:1"]);
  assert.deepEqual(node.peers.configured("member"), ["192.0.2.78:1"]);
  await bench.pass(2_000);
  assert.ok("192.0.2.77:1" in linksOf(node), "whisper has taken it");
});

test("thousands of addresses from one remote cost a known number of dials", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  for (let i = 0; i < 4_000; i++) {
    const address = `198.51.${i >> 8}.${i & 255}:1`;
    node.peers.heard({ kind: "whisper", address, origin: "message", source: "192.0.2.66" });
  }
  assert.equal(node.peers.addresses("whisper").length, 256);
  assert.equal(node.peers.counters().get("address: its source's share is used up"), 3_744);
  await bench.pass(5_000);
  assert.ok(node.whisper.peers().length <= 256);
});

test("what a remote names of loopback, groups and port 0 is never dialled", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  for (const address of ["127.0.0.1:22", "224.0.0.1:1", "192.0.2.1:0", "255.255.255.255:1", "[::1]:22"])
    node.peers.heard({ kind: "whisper", address, origin: "directory", source: "d" });
  await bench.pass(3_000);
  assert.deepEqual(node.whisper.peers(), []);
  assert.equal(
    [...node.peers.counters().values()].reduce((sum, count) => sum + count),
    5,
  );
});

test("a peer that whisper has given up rests in the book, and is tried again later", async () => {
  const bench = new PeersBench();
  const node = bench.add();
  await node.start();
  node.peers.heard({ kind: "whisper", address: "10.8.0.99:1", origin: "directory", source: "d" });
  await bench.pass(60_000);
  assert.deepEqual(linksOf(node), {}, "given up");
  const [peer] = node.peers.list();
  assert.equal(peer!.addresses[0]!.report!.state, "lost");
  assert.ok(peer!.addresses[0]!.failures > 0);
  assert.deepEqual(node.peers.addresses("whisper"), []);
  await bench.pass(11 * 60_000);
  assert.ok(node.log.since(0).filter(({ text }) => text.startsWith("cannot reach 10.8.0.99:1")).length > 1);
});
