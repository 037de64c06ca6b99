import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { loadBook, saveBook } from "#peers/book-file.ts";
import { PeerBook } from "#peers/book.ts";
import type { Announcement } from "#peers/io.ts";
import { DEFAULT_BOOK_LIMITS } from "#peers/limits.ts";
import { announcementBy, NOW, SELF } from "#peers/testing/announcements.ts";
import { peerViews } from "#peers/view.ts";
import { systemCipher } from "#system/cipher.ts";

const HOUR = 3_600_000;

function announcementOf(key: number, more: Partial<Announcement>) {
  return announcementBy(systemCipher, key, more);
}

function filled(): PeerBook {
  const book = new PeerBook(systemCipher);
  book.setOwn({ ...SELF, services: [{ kind: "whisper", address: "127.0.0.9:1" }] });
  book.configure([{ kind: "whisper", address: "gopher.example:1" }], NOW);
  book.announced(announcementOf(1, { name: "bob", sequence: 7 }).bytes, "membership", "bob", NOW);
  book.heard(
    { kind: "whisper", address: "127.0.0.1:1", origin: "message", source: "127.0.0.2", name: "al" },
    NOW,
  );
  book.heard({ kind: "mesh", address: "[2001:db8::1]:8083", origin: "operator", source: "" }, NOW);
  book.report("whisper", "127.0.0.1:1", { state: "linked" }, NOW);
  book.report("member", "192.0.2.7:7946", { state: "lost", reason: "no answer" }, NOW);
  return book;
}

function reloaded(book: PeerBook, now = NOW): PeerBook {
  const next = new PeerBook(systemCipher);
  assert.equal(loadBook(next, saveBook(book, now), now), undefined);
  return next;
}

test("a book is saved and loaded with everything but the configuration's and what services said", () => {
  const book = filled();
  const next = reloaded(book);
  // As after the start of the services: loopback counts again.
  next.setOwn({ ...SELF, services: [{ kind: "whisper", address: "127.0.0.9:1" }] });
  assert.deepEqual(next.addresses("whisper", NOW), ["127.0.0.1:1", "192.0.2.7:55555"]);
  assert.deepEqual(next.addresses("mesh", NOW), ["[2001:db8::1]:8083"]);
  assert.deepEqual(next.addresses("member", NOW), [], "it failed a moment ago");
  const bob = peerViews(next, NOW).find(({ name }) => name === "bob")!;
  assert.equal(bob.identity!.sequence, 7);
  assert.equal(bob.addresses.length, 2);
  next.configure([{ kind: "whisper", address: "gopher.example:1" }], NOW);
  next.forgetReports("whisper", NOW);
  book.forgetReports("whisper", NOW);
  book.forgetReports("member", NOW);
  assert.equal(decodeUtf8(saveBook(next, NOW)), decodeUtf8(saveBook(book, NOW)));
});

test("what was announced before cannot be replayed after a restart", () => {
  const next = reloaded(filled());
  const replayed = next.announced(announcementOf(1, { sequence: 6 }).bytes, "membership", "bob", NOW);
  assert.deepEqual(replayed, { ok: false, reason: "older than one that came before" });
});

test("of a large book the best are saved", () => {
  const book = new PeerBook(systemCipher);
  for (let i = 0; i < 4_000; i++)
    book.heard(
      { kind: "whisper", address: `10.0.${i >> 8}.${i & 255}:1`, origin: "message", source: `${i}` },
      NOW,
    );
  book.heard({ kind: "whisper", address: "192.0.2.1:1", origin: "membership", source: "bob" }, NOW);
  const next = reloaded(book);
  assert.equal(next.size, DEFAULT_BOOK_LIMITS.saved);
  assert.equal(next.addresses("whisper", NOW)[0], "192.0.2.1:1");
});

test("times from after a clock that was set back do not last", () => {
  const next = reloaded(filled(), NOW);
  const early = new PeerBook(systemCipher);
  loadBook(early, saveBook(next, NOW), NOW - 48 * HOUR);
  for (const { lastHeard, lastGood = 0, lastFailure = 0 } of early.entries())
    assert.ok(Math.max(lastHeard, lastGood, lastFailure) <= NOW - 48 * HOUR);
});

test("a file that is none of ours, cut or of a newer version is refused with a reason", () => {
  const whole = saveBook(filled(), NOW);
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(), "it is no JSON"],
    [whole.subarray(0, whole.length / 2), "it is no JSON"],
    [encodeUtf8("[]"), "it is of another version, or no peer book"],
    [encodeUtf8("null"), "it is of another version, or no peer book"],
    [encodeUtf8('{"version":2,"addresses":[],"identities":[]}'), "it is of another version, or no peer book"],
    [encodeUtf8('{"version":1}'), "it has no addresses"],
  ];
  for (const [bytes, reason] of cases) {
    const book = new PeerBook(systemCipher);
    assert.equal(loadBook(book, bytes, NOW), reason);
    assert.equal(book.size, 0);
  }
});

test("what is wrong in a file is passed over, and the rest is used", () => {
  const good = { kind: "whisper", address: "192.0.2.1:1", origins: [["message", "x"]] };
  const addresses = [
    null,
    1,
    { ...good, kind: "smtp" },
    { ...good, address: "224.0.0.1:1" },
    { ...good, address: 7 },
    { ...good, origins: [["configuration", ""]] },
    { ...good, origins: "message" },
    { ...good, origins: [[], ["gossip", ""]] },
    { ...good, failures: -1, lastGood: "yes", lastHeard: null, name: {}, lastFailure: 1e300 },
  ];
  const { bytes } = announcementOf(1, {});
  const hex = Buffer.from(bytes).toString("hex");
  const forged = Buffer.from(bytes.map((byte, i) => (i === 50 ? byte ^ 1 : byte))).toString("hex");
  const identities = [
    { bytes: forged, origin: "membership", source: "m" },
    { bytes: "zz" },
    7,
    { bytes: hex, origin: "x" },
  ];
  const book = new PeerBook(systemCipher);
  assert.equal(
    loadBook(book, encodeUtf8(JSON.stringify({ version: 1, addresses, identities })), NOW),
    undefined,
  );
  assert.deepEqual(
    Array.from(book.entries(), ({ address }) => address),
    ["192.0.2.1:1"],
  );
  assert.deepEqual([...book.identities()], []);
  assert.equal(book.counters().get("announcement: wrong signature"), 1);
});

test("no JSON makes the book throw or grow beyond what it saves", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      (a, b) => {
        const book = new PeerBook(systemCipher);
        loadBook(book, encodeUtf8(JSON.stringify({ version: 1, addresses: a, identities: b })), NOW);
        assert.ok(book.size <= 5);
      },
    ),
  );
});
