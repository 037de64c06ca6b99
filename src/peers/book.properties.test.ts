import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadBook, saveBook } from "#peers/book-file.ts";
import { PeerBook } from "#peers/book.ts";
import type { PeerKind, PeerOrigin, PeerReport } from "#peers/io.ts";
import { DEFAULT_BOOK_LIMITS, type BookLimits } from "#peers/limits.ts";
import { announcementBy, NOW } from "#peers/testing/announcements.ts";
import { peerViews } from "#peers/view.ts";
import { whyPeers } from "#peers/why.ts";
import { systemCipher } from "#system/cipher.ts";

/** Small, so that every bound is reached. */
const LIMITS: BookLimits = {
  ...DEFAULT_BOOK_LIMITS,
  addresses: 12,
  identities: 4,
  perSource: 3,
  claims: 2,
  saved: 8,
};

const kinds = fc.constantFrom<PeerKind>("whisper", "member", "mesh");
const origins = fc.constantFrom<PeerOrigin>("operator", "broadcast", "directory", "membership", "message");
const addresses = fc.oneof(
  fc.nat(30).map((i) => `192.0.2.${i}:1`),
  fc.constantFrom(
    "127.0.0.1:1",
    "224.0.0.1:1",
    "192.0.2.1:0",
    "gopher.example:1",
    "nonsense",
    "[2001:db8::1]:1",
  ),
);
const sources = fc.constantFrom("a", "b", "c");
const states = fc.constantFrom<PeerReport["state"]>("linked", "dialling", "waiting", "known", "held", "lost");

/** Signing costs time: the few announcements that all runs choose from. */
const ANNOUNCEMENTS = Array.from({ length: 24 }, (_, i) => {
  const services = [0, 1].map((j) => ({ kind: "whisper", address: `192.0.2.${(i * 3 + j) % 9}:1` }) as const);
  const expires = NOW / 1_000 + (i % 5) * 1_000;
  return announcementBy(systemCipher, i % 6, { sequence: i >> 2, name: `n${i % 4}`, services, expires })
    .bytes;
});

const actions = fc.oneof(
  fc.record({
    do: fc.constant("hear" as const),
    kind: kinds,
    address: addresses,
    origin: origins,
    source: sources,
  }),
  fc.record({
    do: fc.constant("announce" as const),
    bytes: fc.constantFrom(...ANNOUNCEMENTS),
    origin: origins,
    source: sources,
    damage: fc.option(fc.nat(200), { freq: 8 }),
  }),
  fc.record({ do: fc.constant("report" as const), kind: kinds, address: addresses, state: states }),
  fc.record({ do: fc.constant("gone" as const), bytes: fc.constantFrom(...ANNOUNCEMENTS) }),
  fc.record({ do: fc.constant("configure" as const), addresses: fc.array(addresses, { maxLength: 3 }) }),
  fc.record({ do: fc.constant("forget" as const), kind: kinds }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: -5_000_000, max: 90_000_000 }) }),
  fc.record({ do: fc.constant("restart" as const) }),
);

/** What must hold whatever has happened. */
function check(book: PeerBook, now: number, byOperator: number): void {
  assert.ok(book.size <= LIMITS.addresses + byOperator, "addresses");
  assert.ok([...book.identities()].length <= LIMITS.identities, "identities");
  const unproven = new Map<string, number>();
  for (const entry of book.entries()) {
    assert.ok(entry.claims.length <= LIMITS.claims, "claims");
    for (const key of entry.claims)
      assert.ok(
        [...book.identities()].some((identity) => identity.key === key),
        "a claim of nobody",
      );
    if (entry.chargedTo !== undefined)
      unproven.set(entry.chargedTo, (unproven.get(entry.chargedTo) ?? 0) + 1);
  }
  for (const [source, count] of unproven)
    assert.ok(count <= LIMITS.perSource + byOperator, `share of ${source}`);
  const told = peerViews(book, now).flatMap((peer) =>
    peer.addresses.map((each) => `${each.kind} ${each.address}`),
  );
  assert.equal(told.length, book.size, "each address is told of once");
  assert.equal(new Set(told).size, told.length);
  for (const kind of ["whisper", "member", "mesh"] as const) {
    const scores = book.addresses(kind, now).map((address) => book.score(book.entry(kind, address)!, now));
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
      "the best come first",
    );
    for (const address of book.addresses(kind, now)) assert.doesNotMatch(address, /^224\.|:0$|nonsense/);
  }
  for (const name of ["n1", "192.0.2.1:1"]) whyPeers(book, name, now);
}

test("whatever happens, the book keeps its bounds and its order", () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 60 }), (steps) => {
      let book = new PeerBook(systemCipher, LIMITS);
      let now = NOW;
      let byOperator = 0;
      const sequences = new Map<string, number>();
      for (const step of steps) {
        if (step.do === "hear") {
          if (step.origin === "operator") byOperator++;
          book.heard(step, now);
        } else if (step.do === "announce") {
          const bytes = step.bytes.slice();
          if (step.damage !== null) bytes[step.damage % bytes.length]! ^= 1;
          if (step.origin === "operator") byOperator += 2;
          const reading = book.announced(bytes, step.origin, step.source, now);
          if (step.damage !== null) assert.ok(!reading.ok);
        } else if (step.do === "report") {
          book.report(step.kind, step.address, { state: step.state, reason: "because" }, now);
        } else if (step.do === "gone") book.gone(step.bytes.subarray(3, 35), now);
        else if (step.do === "configure") {
          byOperator += step.addresses.length;
          book.configure(
            step.addresses.map((address) => ({ kind: "whisper", address })),
            now,
          );
        } else if (step.do === "forget") book.forgetReports(step.kind, now);
        else if (step.do === "wait") {
          now += step.ms;
          book.expire(now);
          sequences.clear();
        } else {
          const next = new PeerBook(systemCipher, LIMITS);
          assert.equal(loadBook(next, saveBook(book, now), now), undefined);
          book = next;
          sequences.clear();
        }
        for (const { key, announcement } of book.identities()) {
          assert.ok(announcement.sequence >= (sequences.get(key) ?? 0), "an older announcement came back");
          sequences.set(key, announcement.sequence);
        }
        check(book, now, byOperator);
      }
    }),
    { numRuns: 400 },
  );
});
