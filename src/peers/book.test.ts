import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAnnouncement } from "#peers/announcement.ts";
import { PeerBook } from "#peers/book.ts";
import type { Announcement, PeerOrigin } from "#peers/io.ts";
import { DEFAULT_BOOK_LIMITS, type BookLimits } from "#peers/limits.ts";
import { announcementBy, NOW, SELF } from "#peers/testing/announcements.ts";
import { peerViews } from "#peers/view.ts";
import { whyPeers } from "#peers/why.ts";
import { systemCipher } from "#system/cipher.ts";

const HOUR = 3_600_000;

function announcementOf(key: number, more: Partial<Announcement>) {
  return announcementBy(systemCipher, key, more);
}

function bookWith(limits: Partial<BookLimits> = {}): PeerBook {
  return new PeerBook(systemCipher, { ...DEFAULT_BOOK_LIMITS, ...limits });
}

function hear(
  book: PeerBook,
  address: string,
  origin: PeerOrigin = "message",
  source = "192.0.2.1",
  now = NOW,
) {
  return book.heard({ kind: "whisper", address, origin, source }, now);
}

test("addresses are given by kind, what the operator wrote first, then by who answers for them", () => {
  const book = bookWith();
  hear(book, "192.0.2.10:1", "message");
  hear(book, "192.0.2.11:1", "broadcast");
  hear(book, "192.0.2.12:1", "directory");
  hear(book, "192.0.2.13:1", "membership");
  book.configure([{ kind: "whisper", address: "gopher.example:1" }], NOW);
  book.heard({ kind: "member", address: "192.0.2.14:1", origin: "message", source: "x" }, NOW);
  const whisper = ["gopher.example:1", "192.0.2.13:1", "192.0.2.12:1", "192.0.2.11:1", "192.0.2.10:1"];
  assert.deepEqual(book.addresses("whisper", NOW), whisper);
  assert.deepEqual(book.addresses("member", NOW), ["192.0.2.14:1"]);
  assert.deepEqual(book.addresses("mesh", NOW), []);
});

test("an address that several named is known once, with every origin", () => {
  const book = bookWith();
  hear(book, "192.0.2.10:1", "message", "192.0.2.1");
  hear(book, "192.0.2.10:1", "membership", "bob");
  hear(book, "192.0.2.10:1", "message", "192.0.2.2");
  const [peer, ...others] = peerViews(book, NOW);
  assert.deepEqual(others, []);
  assert.deepEqual(peer!.addresses[0]!.origins, [
    { origin: "message", source: "192.0.2.2" },
    { origin: "membership", source: "bob" },
  ]);
});

test("what must never be dialled is refused and counted, whoever names it", () => {
  const book = bookWith();
  const cases: readonly [string, PeerOrigin, string][] = [
    ["224.0.0.1:1", "message", "never dialled"],
    ["224.0.0.1:1", "operator", "never dialled"],
    ["[ff02::1]:1", "directory", "never dialled"],
    ["255.255.255.255:1", "message", "never dialled"],
    ["0.0.0.0:1", "membership", "never dialled"],
    ["[::]:1", "operator", "never dialled"],
    ["[::ffff:224.0.0.1]:1", "message", "never dialled"],
    ["192.0.2.7:0", "message", "port 0"],
    ["gopher.example:0", "operator", "port 0"],
    ["127.0.0.1:1", "message", "loopback"],
    ["[::1]:1", "membership", "loopback"],
    ["[::ffff:127.0.0.1]:1", "message", "loopback"],
    ["gopher.example:1", "message", "not IP:port"],
    ["[fe80::1%eth0]:1", "message", "not IP:port"],
    ["192.0.2.7", "operator", "not IP:port"],
    ["", "message", "not IP:port"],
  ];
  for (const [address, origin, reason] of cases) assert.equal(hear(book, address, origin), reason, address);
  assert.equal(book.size, 0);
  assert.deepEqual(Object.fromEntries(book.counters()), {
    "address: never dialled": 7,
    "address: port 0": 2,
    "address: loopback": 3,
    "address: not IP:port": 4,
  });
});

test("loopback that a remote names is for a node that lives on loopback itself", () => {
  const book = bookWith();
  assert.equal(hear(book, "127.0.0.1:1", "operator"), undefined);
  assert.equal(hear(book, "127.0.0.2:1"), "loopback");
  book.setOwn({ ...SELF, services: [{ kind: "whisper", address: "127.0.0.9:1" }] });
  assert.equal(hear(book, "127.0.0.2:1"), undefined);
  assert.deepEqual(book.addresses("whisper", NOW), ["127.0.0.1:1", "127.0.0.2:1"]);
  book.setOwn({ ...SELF, services: [{ kind: "whisper", address: "192.0.2.9:1" }] });
  assert.deepEqual(book.addresses("whisper", NOW), ["127.0.0.1:1"], "left loopback");
});

test("this node's own addresses are no peers", () => {
  const book = bookWith();
  hear(book, "192.0.2.9:1");
  book.setOwn({ ...SELF, services: [{ kind: "whisper", address: "192.0.2.9:1" }] });
  assert.equal(hear(book, "192.0.2.9:1"), "our own");
  assert.equal(book.size, 0);
  const { bytes } = announcementOf(0, {});
  book.setOwn({ ...SELF, publicKey: announcementOf(0, {}).announcement.publicKey });
  assert.deepEqual(book.announced(bytes, "membership", "bob", NOW), { ok: false, reason: "our own" });
});

test("one source cannot fill the book, and whom it named gets room when it has answered", () => {
  const book = bookWith();
  let taken = 0;
  for (let i = 0; i < 5_000; i++) {
    const refusal = hear(book, `198.51.${100 + (i >> 8)}.${i & 255}:1`, "message", "192.0.2.66");
    if (refusal === undefined) taken++;
    else assert.equal(refusal, "its source's share is used up");
  }
  assert.equal(taken, DEFAULT_BOOK_LIMITS.perSource);
  assert.equal(hear(book, "203.0.113.1:1", "message", "192.0.2.67"), undefined, "others still can");
  book.report("whisper", "198.51.100.1:1", { state: "linked" }, NOW);
  assert.equal(hear(book, "203.0.113.2:1", "message", "192.0.2.66"), undefined, "one has answered");
  assert.equal(hear(book, "203.0.113.3:1", "message", "192.0.2.66"), "its source's share is used up");
  assert.equal(hear(book, "203.0.113.3:1", "operator", ""), undefined, "the operator has no share");
});

test("a full book lets its worst go, and keeps what works, what is in use and what the operator named", () => {
  const book = bookWith({ addresses: 64 });
  book.configure([{ kind: "whisper", address: "192.0.2.1:1" }], NOW);
  hear(book, "192.0.2.2:1", "message", "a");
  book.report("whisper", "192.0.2.2:1", { state: "linked" }, NOW);
  hear(book, "192.0.2.3:1", "membership", "b");
  for (let i = 0; i < 3_000; i++)
    hear(book, `10.0.${i >> 8}.${i & 255}:1`, "message", `source ${i}`, NOW + i);
  assert.ok(book.size <= 64);
  assert.deepEqual(book.addresses("whisper", NOW + 3_000).slice(0, 3), [
    "192.0.2.2:1",
    "192.0.2.1:1",
    "192.0.2.3:1",
  ]);
});

test("a book full of what is in use refuses others but the operator's", () => {
  const book = bookWith({ addresses: 8 });
  for (let i = 0; i < 8; i++) {
    hear(book, `10.0.0.${i}:1`, "message", `${i}`);
    book.report("whisper", `10.0.0.${i}:1`, { state: "waiting" }, NOW);
  }
  assert.equal(hear(book, "10.0.1.1:1", "membership", "m"), "book is full");
  assert.equal(hear(book, "10.0.1.1:1", "operator", ""), undefined);
});

test("an announcement gives a node's addresses of all kinds to one key", () => {
  const book = bookWith();
  hear(book, "192.0.2.7:55555", "message", "192.0.2.1");
  const { bytes, announcement } = announcementOf(1, { name: "bob" });
  assert.ok(book.announced(bytes, "membership", "bob", NOW).ok);
  const [bob, ...others] = peerViews(book, NOW);
  assert.deepEqual(others, []);
  assert.equal(bob!.name, "bob");
  assert.equal(bob!.identity!.sequence, announcement.sequence);
  assert.deepEqual(bob!.addresses.map(({ kind, address }) => `${kind} ${address}`).sort(), [
    "member 192.0.2.7:7946",
    "whisper 192.0.2.7:55555",
  ]);
});

test("a newer announcement takes the place of the older one, whose replay is refused", () => {
  const book = bookWith();
  const first = announcementOf(1, { sequence: 5 });
  const second = announcementOf(1, {
    sequence: 6,
    services: [{ kind: "whisper", address: "192.0.2.8:55555" }],
  });
  assert.ok(book.announced(first.bytes, "membership", "bob", NOW).ok);
  assert.ok(book.announced(second.bytes, "membership", "bob", NOW).ok);
  assert.deepEqual(book.addresses("whisper", NOW), ["192.0.2.8:55555"]);
  assert.deepEqual(book.addresses("member", NOW), [], "it no longer has one");
  const replayed = book.announced(first.bytes, "directory", "http://192.0.2.1:8080", NOW);
  assert.deepEqual(replayed, { ok: false, reason: "older than one that came before" });
  const twin = announcementOf(1, { sequence: 6, name: "bib" });
  const refused = book.announced(twin.bytes, "membership", "bob", NOW);
  assert.deepEqual(refused, { ok: false, reason: "another one with the same sequence" });
  assert.ok(book.announced(second.bytes, "membership", "bob", NOW).ok, "the same again");
  assert.equal(peerViews(book, NOW).length, 1);
});

test("who claims another's address, or name, does not get it while the other is there", () => {
  const book = bookWith();
  const bob = announcementOf(1, { name: "bob" });
  const mallory = announcementOf(2, { name: "bob", services: bob.announcement.services });
  book.announced(bob.bytes, "membership", "bob", NOW);
  book.announced(mallory.bytes, "membership", "mallory", NOW);
  const [first, second] = peerViews(book, NOW);
  assert.deepEqual(first!.identity!.publicKey, bob.announcement.publicKey);
  assert.equal(first!.addresses.length, 2);
  assert.deepEqual(first!.addresses[0]!.alsoClaimedBy, [second!.identity!.fingerprint]);
  assert.deepEqual(second!.addresses, []);
  assert.equal(book.counters().get("claim: the address is another identity's"), 2);
  assert.match(whyPeers(book, "bob", NOW).join("\n"), /anyone can take a name/);
  book.gone(bob.announcement.publicKey, NOW);
  const owner = book.ownerOf(book.entry("whisper", "192.0.2.7:55555")!, NOW);
  assert.equal(owner!.source, "mallory", "free again");
});

test("a member that comes with a new key is a new identity, and the old key's place is free", () => {
  const book = bookWith();
  book.announced(announcementOf(1, {}).bytes, "membership", "bob", NOW);
  const anew = announcementOf(2, {});
  book.announced(anew.bytes, "membership", "bob", NOW);
  const owner = book.ownerOf(book.entry("whisper", "192.0.2.7:55555")!, NOW);
  assert.deepEqual(owner!.announcement.publicKey, anew.announcement.publicKey);
});

test("a node that has gone is offered no more, until it announces again", () => {
  const book = bookWith();
  const { bytes, announcement } = announcementOf(1, {});
  book.announced(bytes, "membership", "bob", NOW);
  book.gone(announcement.publicKey, NOW);
  assert.deepEqual(book.addresses("whisper", NOW), []);
  book.announced(bytes, "membership", "bob", NOW + HOUR);
  assert.deepEqual(book.addresses("whisper", NOW + HOUR), ["192.0.2.7:55555"]);
  hear(book, "192.0.2.7:55555", "message", "192.0.2.1", NOW + HOUR);
  book.gone(announcement.publicKey, NOW + HOUR);
  assert.deepEqual(book.addresses("whisper", NOW + HOUR), ["192.0.2.7:55555"], "others have named it too");
});

test("an expired announcement does not count, and its addresses go", () => {
  const book = bookWith();
  const { bytes } = announcementOf(1, { expires: NOW / 1_000 + 3_600 });
  book.announced(bytes, "membership", "bob", NOW);
  const later = NOW + HOUR + 301_000;
  assert.equal(peerViews(book, later)[0]!.identity, undefined, "the address is nobody's now");
  assert.deepEqual(book.announced(bytes, "membership", "bob", later), { ok: false, reason: "expired" });
  book.expire(later + HOUR);
  assert.deepEqual(peerViews(book, later + HOUR), []);
});

test("one source cannot announce thousands of identities", () => {
  const book = bookWith({ perSource: 4 });
  const from = (i: number) =>
    announcementOf(i, { services: [{ kind: "whisper", address: `192.0.2.${i}:1` }] }).bytes;
  const readings = Array.from({ length: 8 }, (_, i) => book.announced(from(i + 1), "directory", "d", NOW));
  assert.deepEqual(
    readings.map(({ ok }) => ok),
    [true, true, true, true, false, false, false, false],
  );
  assert.deepEqual(readings[7], { ok: false, reason: "its source's share is used up" });
  assert.ok(book.announced(from(9), "directory", "another", NOW).ok);
});

test("a broken announcement is counted by reason and changes nothing", () => {
  const book = bookWith();
  const { bytes } = announcementOf(1, {});
  bytes[bytes.length - 1]! ^= 1;
  assert.equal(book.announced(bytes, "membership", "bob", NOW).ok, false);
  assert.equal(book.announced(new Uint8Array(), "membership", "bob", NOW).ok, false);
  assert.equal(book.counters().get("announcement: wrong signature"), 1);
  assert.equal(book.size, 0);
});

test("an announcement does not bring in addresses that are not dialled", () => {
  const book = bookWith();
  const services: Announcement["services"] = [
    { kind: "whisper", address: "127.0.0.1:22" },
    { kind: "whisper", address: "224.0.0.1:1" },
    { kind: "member", address: "192.0.2.7:0" },
    { kind: "member", address: "192.0.2.7:7946" },
  ];
  assert.ok(book.announced(announcementOf(1, { services }).bytes, "membership", "bob", NOW).ok);
  assert.deepEqual(
    peerViews(book, NOW).flatMap((peer) => peer.addresses.map((each) => each.address)),
    ["192.0.2.7:7946"],
  );
});

test("an address that failed rests, each time longer, and what works comes first", () => {
  const book = bookWith();
  hear(book, "192.0.2.1:1");
  hear(book, "192.0.2.2:1");
  book.report("whisper", "192.0.2.2:1", { state: "linked" }, NOW);
  book.report("whisper", "192.0.2.1:1", { state: "lost", reason: "refused" }, NOW);
  assert.deepEqual(book.addresses("whisper", NOW), ["192.0.2.2:1"]);
  assert.deepEqual(book.addresses("whisper", NOW + 30_000), ["192.0.2.2:1", "192.0.2.1:1"]);
  for (let i = 0; i < 20; i++) {
    book.report("whisper", "192.0.2.1:1", { state: "dialling" }, NOW + 30_000);
    book.report("whisper", "192.0.2.1:1", { state: "lost", reason: "refused" }, NOW + 30_000);
  }
  assert.deepEqual(book.addresses("whisper", NOW + 30_000 + 599_999), ["192.0.2.2:1"]);
  assert.equal(book.addresses("whisper", NOW + 30_000 + 600_000).length, 2, "ten minutes at most");
  assert.equal(book.addresses("whisper", NOW - HOUR).length, 2, "the clock was set back");
  book.configure([{ kind: "whisper", address: "192.0.2.1:1" }], NOW + 30_000);
  assert.equal(book.addresses("whisper", NOW + 30_000).length, 2, "what the operator wrote is always tried");
});

test("what nobody names any more is forgotten: soon when it never answered, late when it did", () => {
  const book = bookWith();
  hear(book, "192.0.2.1:1");
  hear(book, "192.0.2.2:1");
  hear(book, "192.0.2.3:1");
  book.configure([{ kind: "whisper", address: "192.0.2.4:1" }], NOW);
  book.report("whisper", "192.0.2.2:1", { state: "linked" }, NOW);
  book.report("whisper", "192.0.2.2:1", { state: "lost", reason: "closed" }, NOW);
  book.report("whisper", "192.0.2.3:1", { state: "waiting", reason: "refused" }, NOW);
  const known = (at: number) => {
    book.expire(at);
    return Array.from(book.entries(), ({ address }) => address).sort();
  };
  assert.deepEqual(known(NOW + HOUR - 1), ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1"]);
  assert.deepEqual(known(NOW + HOUR), ["192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1"]);
  book.forgetReports("whisper", NOW);
  assert.deepEqual(known(NOW + HOUR), ["192.0.2.2:1", "192.0.2.4:1"]);
  assert.deepEqual(known(NOW + 7 * 24 * HOUR), ["192.0.2.4:1"]);
});

test("after the clock was set back, what is old still grows old", () => {
  const book = bookWith();
  hear(book, "192.0.2.1:1");
  const { bytes } = announcementOf(1, {});
  book.announced(bytes, "membership", "bob", NOW);
  const back = NOW - 30 * 24 * HOUR;
  book.expire(back);
  assert.equal(book.entry("whisper", "192.0.2.1:1")!.lastHeard, back);
  assert.ok(book.addresses("whisper", back).includes("192.0.2.7:55555"));
  book.expire(back + HOUR);
  assert.equal(book.entry("whisper", "192.0.2.1:1"), undefined);
});

test("configured addresses that the configuration no longer names are forgotten, unless others know them", () => {
  const book = bookWith();
  const peers = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"].map(
    (address) => ({ kind: "whisper", address }) as const,
  );
  book.configure(peers, NOW);
  hear(book, "192.0.2.2:1");
  book.report("whisper", "192.0.2.3:1", { state: "linked" }, NOW);
  book.configure([], NOW);
  assert.deepEqual(book.addresses("whisper", NOW), ["192.0.2.3:1", "192.0.2.2:1"]);
});

test("show why says what is known of a peer, by any of its names", () => {
  const book = bookWith();
  const { bytes } = announcementOf(1, { name: "bob", sequence: 12, lobby: true });
  book.announced(bytes, "membership", "bob", NOW);
  book.configure([{ kind: "whisper", address: "192.0.2.7:55555" }], NOW);
  book.report("whisper", "192.0.2.7:55555", { state: "linked", since: NOW - 300_000 }, NOW);
  book.report("member", "192.0.2.7:7946", { state: "lost", reason: "no answer" }, NOW);
  const { fingerprint } = peerViews(book, NOW)[0]!.identity!;
  const lines = [
    `bob is ${fingerprint}: announcement 12, valid for 1d more, from membership (bob).`,
    "It is present in the lobby.",
    "whisper 192.0.2.7:55555: linked for 5m, known from membership (bob), configuration; score 120.",
    "member 192.0.2.7:7946: lost (no answer), known from membership (bob); score 30.",
    "Its last failure, 0ms ago: no answer; it is left alone for 30s more.",
  ];
  for (const text of ["bob", fingerprint, fingerprint.replaceAll("-", "").toUpperCase(), "192.0.2.7:7946"])
    assert.deepEqual(whyPeers(book, text, NOW), lines, text);
  assert.deepEqual(whyPeers(book, "alice", NOW), []);
  assert.deepEqual(whyPeers(book, "", NOW), []);
});

test("the signature is over what was sent: a name cannot be exchanged", () => {
  const { announcement, bytes } = announcementOf(1, { name: "bob" });
  const forged = encodeAnnouncement({ ...announcement, name: "eve" }, () => bytes.slice(-64));
  assert.deepEqual(bookWith().announced(forged, "membership", "bob", NOW), {
    ok: false,
    reason: "wrong signature",
  });
});
