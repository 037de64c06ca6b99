import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "#base/utf8.ts";
import { readListing } from "#directory/client-answer.ts";
import { toHex } from "#base/hex.ts";
import { RateLimiter } from "#directory/rate-limiter.ts";
import { parsePrefix } from "#base/prefix.ts";
import { isRefusal, leaveStatement, readRequest, type RequestRules } from "#directory/request.ts";
import { Liveness } from "#directory/liveness.ts";
import { DirectoryTable } from "#directory/table.ts";
import { encodeRegistration, idOf, keyOf, type Registration } from "#directory/registration.ts";

const NOW = 1_000_000_000_000;
const KEY = new Uint8Array(32).fill(7);

/** "Signed" is what starts with 1. */
const RULES: RequestRules = {
  expiryMs: 60_000,
  unrenewedMs: 3_600_000,
  verify: (key, data, signature) => key[0] === 7 && signature[0] === data.length % 251,
  readAnnouncement: (bytes) =>
    bytes[0] === 1
      ? {
          publicKey: KEY,
          fingerprint: "a",
          name: "alice",
          sequence: 3,
          expires: NOW / 1_000 + 10,
          services: [{ kind: "member", address: "192.0.2.1:7946" }],
        }
      : undefined,
};

function read(path: string, body: string | object, method = "POST") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = { method, path, query: "limit=7", body: encodeUtf8(text), source: "198.51.100.1" };
  const found = readRequest(request, RULES, NOW);
  return isRefusal(found) ? `${found.status} ${found.reason}` : found;
}

const PEER = {
  id: "a",
  name: "alice",
  ip: "192.0.2.1",
  port: "7946",
  protocol: "tcp",
  status: "0",
  timestamp: "5",
};

test("the original's words become a registration that does not renew", () => {
  const found = read("/join", "a alice 192.0.2.1 7946 tcp 0 5");
  const peer = { ...PEER, expires: NOW + 3_600_000, source: "198.51.100.1", renews: false };
  assert.deepEqual(found, { type: "join", isOriginal: true, listed: Infinity, peer });
  assert.deepEqual(read("/join", "a alice 192.0.2.1 7946 tcp 0 5\n"), found, "curl --data-binary @file");
  assert.deepEqual(read("/join", "a alice 192.0.2.1 7946 tcp 0 5 and more"), found);
});

test("JSON becomes one that renews, and with an announcement one of its key", () => {
  const peer = { ...PEER, expires: NOW + 60_000, source: "198.51.100.1", renews: true };
  assert.deepEqual(read("/v1/join", PEER), { type: "join", isOriginal: false, listed: 100, peer });
  const signed = { publicKey: toHex(KEY), sequence: 3, announcement: "01ab" };
  assert.deepEqual(read("/v1/refill", { ...PEER, announcement: "01AB", limit: 3 }), {
    type: "refill",
    isOriginal: false,
    listed: 3,
    peer: { ...peer, expires: NOW + 10_000, signed },
  });
  assert.equal(read("/v1/join", { ...PEER, announcement: "02" }), "403 signature");
  assert.equal(read("/v1/join", { ...PEER, announcement: "0" }), "403 signature");
  assert.equal(read("/v1/join", { ...PEER, announcement: "01".repeat(600) }), "403 signature");
  assert.equal(read("/v1/join", { ...PEER, port: "1", announcement: "01" }), "403 signature");
});

test("an announcement that somebody else sends gives him neither another id, nor its key another name or service", () => {
  assert.equal(read("/v1/join", { ...PEER, id: "mallory", announcement: "01" }), "403 signature");
  assert.equal(read("/v1/join", { ...PEER, protocol: "whisper", announcement: "01" }), "403 signature");
  const found = read("/v1/join", { ...PEER, name: "mallory", announcement: "01" });
  assert.ok(typeof found === "object" && found.type === "join");
  assert.equal(found.peer.name, "alice");
});

test("halves of characters are refused: the store would keep another id than the list has", () => {
  assert.equal(read("/v1/join", '{"id":"\\ud800a","ip":"192.0.2.1","port":"1"}'), "400 field");
  assert.equal(read("/v1/join", '{"id":"a","name":"\\udc00","ip":"192.0.2.1","port":"1"}'), "400 field");
  const whole = read("/v1/join", '{"id":"\\ud83d\\ude00","ip":"192.0.2.1","port":"1"}');
  assert.ok(typeof whole === "object" && whole.type === "join");
  assert.equal(idOf(keyOf(whole.peer.id)), whole.peer.id);
});

test("whoever leaves with a key proves it, for this id and a short time", () => {
  const until = NOW / 1_000 + 60;
  const proof = (id: string, end: number) => toHex(Uint8Array.of(leaveStatement(id, end).length % 251));
  const body = { id: "a", publicKey: toHex(KEY), until, signature: proof("a", until) };
  const leaving = { type: "leave", isOriginal: false, id: "a", publicKey: toHex(KEY) };
  assert.deepEqual(read("/v1/leave", body), leaving);
  assert.equal(read("/v1/leave", { ...body, id: "bob" }), "403 signature");
  assert.equal(read("/v1/leave", { ...body, until: NOW / 1_000 - 1 }), "403 signature");
  assert.equal(read("/v1/leave", { ...body, until: NOW / 1_000 + 601 }), "403 signature");
  assert.equal(read("/v1/leave", { ...body, publicKey: 7 }), "403 signature");
  assert.deepEqual(read("/v1/leave", { id: "a" }), { ...leaving, publicKey: undefined });
  assert.equal(read("/v1/leave", {}), "400 field");
});

test("methods, paths and settings that are none are refused", () => {
  assert.equal(read("/v1/join", PEER, "GET"), "405 method");
  assert.equal(read("/join", "", "DELETE"), "405 method");
  assert.equal(read("/JOIN", ""), "404 path");
  assert.equal(read("//join", ""), "404 path");
  assert.deepEqual(read("/v1/list", "", "GET"), { type: "list", isOriginal: false, listed: 7 });
  assert.deepEqual(read("/config", "3 1"), {
    type: "config",
    isOriginal: true,
    settings: { maxPeers: 3, minRefillCandidates: 1 },
  });
  assert.equal(read("/config", "-3 1"), "400 settings");
  const body = encodeUtf8(`${"\0".repeat(4_000)} 1`);
  const refusal = readRequest({ method: "POST", path: "/config", query: "", body, source: "" }, RULES, NOW);
  assert.ok(isRefusal(refusal) && refusal.text.length < 200, "a refusal does not say all of it again");
  assert.equal(read("/config", "100000000 1"), "400 settings");
  assert.equal(read("/v1/config", { maxPeers: 1.5, minRefillCandidates: 1 }), "400 settings");
});

test("a source has its burst and then its rate, those that are trusted all they want, and memory is bounded", () => {
  const limiter = new RateLimiter({ rate: 2, burst: 3, trusted: [parsePrefix("10.0.0.0/8")!] });
  const takes = (source: string, now: number) => limiter.take(source, now);
  assert.deepEqual(
    [0, 0, 0, 0].map((at) => takes("192.0.2.1", at)),
    [0, 0, 0, 1],
  );
  assert.deepEqual([takes("192.0.2.1", 500), takes("192.0.2.1", 500)], [0, 1]);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => takes("10.1.2.3", 0)),
    [0, 0, 0, 0],
  );
  assert.deepEqual(
    [1, 2, 3, 4].map((i) => takes(`2001:db8::${i}`, 0)),
    [0, 0, 0, 1],
    "one /64 is one source",
  );
  for (let i = 0; i < 20_000; i++) takes(`172.16.${i >> 8}.${i & 255}`, 1_000);
  assert.equal(limiter.sources, 8_192);
});

test("a server that reaches nobody blames itself, one that misses some removes them", () => {
  const table = new DirectoryTable({ maxPeers: 100, minRefillCandidates: 1 });
  const peers = Array.from({ length: 30 }, (_, i): Registration => {
    const ip = `192.0.2.${i}`;
    return { ...PEER, id: `p${i}`, ip, source: ip, expires: Infinity, renews: false };
  });
  for (const peer of peers)
    table.apply({ key: keyOf(peer.id), value: encodeRegistration({ ...peer, expires: 1e15 }) });
  const round = (liveness: Liveness, now: number, isReached: (i: number) => boolean) => {
    const due = liveness.due(table, now);
    return due
      .map((peer) => liveness.took(peer, isReached(Number(peer.id.slice(1))), now))
      .filter(({ isGone }) => isGone);
  };
  const cutOff = new Liveness(1_000);
  const partly = new Liveness(1_000);
  assert.deepEqual([cutOff.due(table, 0), partly.due(table, 0)], [[], []]);
  for (const now of [1_000, 2_000]) {
    assert.equal(round(cutOff, now, () => false).length, 0);
    assert.equal(round(partly, now, (i) => i >= 5).length, 0);
  }
  assert.equal(round(cutOff, 3_000, () => false).length, 0);
  assert.equal(round(partly, 3_000, (i) => i >= 5).length, 5);
});

test("with more peers than dials at a time everybody gets his turn", () => {
  const table = new DirectoryTable({ maxPeers: 100, minRefillCandidates: 1 });
  for (let i = 0; i < 100; i++) {
    const ip = `192.0.2.${i}`;
    const peer = { ...PEER, id: `p${i}`, ip, source: ip, expires: 1e15, renews: false };
    table.apply({ key: keyOf(peer.id), value: encodeRegistration(peer) });
  }
  const liveness = new Liveness(1_000);
  assert.deepEqual(liveness.due(table, 0), []);
  const dialled = new Set<string>();
  // Each round takes so long that those of the first one are due again.
  for (let now = 1_000; now <= 4_000; now += 1_000) {
    for (const peer of liveness.due(table, now)) {
      dialled.add(peer.id);
      liveness.took(peer, true, now);
    }
  }
  assert.equal(dialled.size, 100);
});

test("a listing is taken from either API, and of a hostile one only what is sound", () => {
  const original = readListing(
    JSON.stringify({
      Config: { maxpeers: 2, numpeers: 9 },
      Peers: {
        x: { ...PEER, id: "x" },
        y: { ip: "999.1.1.1", port: "1", protocol: "tcp" },
        z: { ip: "192.0.2.1", port: "99999", protocol: "tcp" },
        w: { ip: "192.0.2.1", port: "1", protocol: "gopher" },
        v: null,
        u: { ip: "::ffff:192.0.2.7", port: "1", protocol: "UDP", name: 7, announcement: "zz" },
      },
    }),
  )!;
  assert.deepEqual(
    [original.settings, original.numPeers, original.unusable],
    [{ maxPeers: 2, minRefillCandidates: 0 }, 9, 4],
  );
  assert.deepEqual(
    original.peers.map(({ id, kind, address }) => `${id} ${kind} ${address}`),
    ["x member 192.0.2.1:7946", " member 192.0.2.7:1"],
  );
  const many = Array.from({ length: 5_000 }, (_, i) => ({ ...PEER, id: `${i}` }));
  assert.equal(readListing(JSON.stringify({ config: { maxPeers: 1 }, peers: many }))!.peers.length, 1_000);
  for (const odd of [2.5, -1, 1e300, "3", null, 2 ** 32]) {
    const config = { maxPeers: odd, minRefillCandidates: odd, numPeers: odd };
    const { settings, numPeers, expires, expiresIn } = readListing(
      JSON.stringify({ config, peers: [], expires: odd, expiresIn: odd }),
    )!;
    assert.deepEqual(
      [settings, numPeers, expires, expiresIn],
      [{ maxPeers: 0, minRefillCandidates: 0 }, 0, undefined, undefined],
    );
  }
  for (const text of ["", "7", '{"peers":[]}', '{"config":{},"peers":7}'])
    assert.equal(readListing(text), undefined);
});
