import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNamedEndpoint } from "#base/endpoint.ts";
import { DEFAULT_LIMITS, type WhisperLimits } from "#whisper/limits.ts";
import type { Origin, Peer } from "#whisper/peer.ts";
import { PeerTable } from "#whisper/peer-table.ts";

const at = (text: string) => parseNamedEndpoint(text)!;

function table(own = "10.0.0.1:1", limits: Partial<WhisperLimits> = {}) {
  const peers = new PeerTable(at(own), { ...DEFAULT_LIMITS, ...limits });
  const admit = (address: string, origin: Origin = "named", source = "10.0.0.9", now = 0) =>
    peers.admit(at(address), origin, source, now);
  return { peers, admit };
}

const isPeer = (answer: unknown): answer is Peer => typeof answer === "object";

test("an address that must never be dialled is refused with the reason", () => {
  const { admit } = table();
  assert.equal(admit("10.0.0.1:1"), "own address");
  assert.equal(admit("10.0.0.2:0"), "port 0");
  for (const host of ["224.0.0.1", "255.255.255.255", "0.0.0.0", "[ff02::1]", "[::]"])
    assert.equal(admit(`${host}:5`, "configured"), "never dialled", host);
  // A remote could make us knock at our own services.
  assert.equal(admit("127.0.0.1:22"), "loopback");
  assert.equal(admit("[::1]:22", "incoming"), "loopback");
  assert.ok(isPeer(admit("127.0.0.1:5", "configured")));
  assert.ok(isPeer(table("127.0.0.1:1").admit("127.0.0.1:5")), "a node on loopback has its peers there");
});

test("one remote can name only so many addresses until they have answered", () => {
  const { peers, admit } = table("10.0.0.1:1", { unprovenPerSource: 2 });
  const first = admit("10.0.1.1:5");
  admit("10.0.1.2:5");
  assert.equal(admit("10.0.1.3:5"), "source's share is used up");
  assert.ok(isPeer(admit("10.0.1.3:5", "named", "10.0.0.8")), "another source has its own share");
  assert.ok(isPeer(admit("10.0.1.4:5", "operator")), "the operator has no share");
  assert.equal(admit("10.0.1.1:5"), first, "a known address costs nothing");
  assert.ok(isPeer(first));
  peers.prove(first);
  assert.ok(isPeer(admit("10.0.1.5:5")), "what has answered is no longer charged");
  assert.equal(admit("10.0.1.6:5"), "source's share is used up");
  peers.forget(peers.get("10.0.1.2:5")!);
  assert.ok(isPeer(admit("10.0.1.6:5")), "nor is what was forgotten");
});

test("a full book makes room by the address heard of longest ago that never answered", () => {
  const { peers, admit } = table("10.0.0.1:1", { knownPeers: 3 });
  const proven = admit("10.0.1.1:5", "named", "a", 0);
  assert.ok(isPeer(proven));
  peers.prove(proven);
  admit("10.0.1.2:5", "named", "a", 1);
  admit("10.0.1.3:5", "named", "a", 2);
  admit("10.0.1.2:5", "named", "b", 3); // heard of again
  assert.ok(isPeer(admit("10.0.1.4:5", "named", "a", 4)));
  assert.equal(peers.get("10.0.1.3:5"), undefined);
  assert.equal(peers.size, 3);
  for (const peer of [...peers.values()]) peers.prove(peer);
  assert.equal(admit("10.0.1.5:5"), "book is full");
  assert.ok(isPeer(admit("10.0.1.6:5", "operator")), "but never for the operator");
});

test("who answers for an address only rises, until the configuration changes", () => {
  const { peers, admit } = table("10.0.0.1:1", { unprovenPerSource: 1 });
  const peer = admit("10.0.1.1:5");
  assert.ok(isPeer(peer));
  admit("10.0.1.1:5", "configured");
  admit("10.0.1.1:5", "named");
  assert.equal(peer.origin, "configured");
  assert.ok(isPeer(admit("10.0.1.2:5")), "its share is free again");
  peers.demote(peer);
  assert.equal(peer.origin, "named");
  assert.equal(admit("10.0.1.3:5"), "source's share is used up");
});

test("a host name is found under the address that answered for it, the last one", () => {
  const { peers, admit } = table();
  const peer = admit("gopher.example:5", "configured");
  assert.ok(isPeer(peer));
  peers.alias(peer, at("10.0.1.1:5"));
  assert.equal(peers.get("10.0.1.1:5"), peer);
  peers.alias(peer, at("10.0.1.2:5"));
  assert.equal(peers.get("10.0.1.1:5"), undefined);
  assert.equal(peers.get("10.0.1.2:5"), peer);
  peers.forget(peer);
  assert.equal(peers.get("10.0.1.2:5"), undefined);
  assert.equal(peers.size, 0);
});

test("states are counted", () => {
  const { peers, admit } = table();
  const peer = admit("10.0.1.1:5");
  assert.ok(isPeer(peer));
  peers.setState(peer, "due");
  peers.setState(peer, "linked");
  assert.deepEqual(peers.counts, { known: 0, due: 0, dialling: 0, linked: 1, waiting: 0, held: 0 });
  peers.forget(peer);
  assert.equal(peers.counts.linked, 0);
});
