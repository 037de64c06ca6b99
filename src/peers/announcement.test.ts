import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeUtf8 } from "#base/utf8.ts";
import {
  announcedName,
  CLOCK_TOLERANCE_SECONDS,
  encodeAnnouncement,
  isAnnounceable,
  MOST_NAME_BYTES,
  MOST_SERVICES,
  readAnnouncement,
} from "#peers/announcement.ts";
import type { Announcement } from "#peers/io.ts";
import { systemCipher } from "#system/cipher.ts";

const SEED = new Uint8Array(32).fill(7);
const KEY = new Uint8Array(systemCipher.publicKey(SEED));
const NOW = 1_763_700_000;

const BOB: Announcement = {
  publicKey: KEY,
  name: "bob",
  sequence: 1_763_700_000_123,
  expires: NOW + 86_400,
  services: [
    { kind: "whisper", address: "192.0.2.7:55555" },
    { kind: "member", address: "192.0.2.7:7946" },
    { kind: "mesh", address: "[2001:db8::7]:8083" },
  ],
  lobby: true,
};

function signed(announcement: Announcement, seed = SEED): Uint8Array {
  return encodeAnnouncement(announcement, (content) => systemCipher.sign(seed, content));
}

function reasonOf(bytes: Uint8Array, now = NOW): string {
  const reading = readAnnouncement(bytes, systemCipher, now);
  return reading.ok ? "fine" : reading.reason;
}

test("what is announced is read back, in few bytes", () => {
  const bytes = signed(BOB);
  const reading = readAnnouncement(bytes, systemCipher, NOW);
  assert.deepEqual(reading, { ok: true, announcement: BOB });
  assert.equal(bytes.length, 3 + 32 + 6 + 5 + 1 + 1 + 3 + 1 + 8 + 8 + 20 + 64);
  const longest = signed({
    ...BOB,
    name: "x".repeat(MOST_NAME_BYTES),
    services: BOB.services.map((each) => ({ ...each, address: "[2001:db8::7]:1" })),
  });
  assert.ok(longest.length < 300, `${longest.length} bytes`);
});

/** Objects as any others, which deepEqual takes for equal. */
const PLAIN = { noNullPrototype: true };

const announcements = fc.record(
  {
    publicKey: fc.constant(KEY),
    name: fc.string({ unit: "grapheme", maxLength: 16 }).map(announcedName),
    sequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    expires: fc.integer({ min: NOW, max: 2 ** 40 - 1 }),
    services: fc.array(
      fc.record(
        {
          kind: fc.constantFrom("whisper", "member", "mesh"),
          address: fc.oneof(
            fc.tuple(fc.ipV4(), fc.nat(65_535)).map(([host, port]) => `${host}:${port}`),
            fc.nat(65_535).map((port) => `[2001:db8::${((port % 65_535) + 1).toString(16)}]:${port}`),
          ),
        },
        PLAIN,
      ),
      { maxLength: MOST_SERVICES },
    ),
    lobby: fc.boolean(),
  },
  PLAIN,
) satisfies fc.Arbitrary<Announcement>;

test("any announcement is read back as it was", () => {
  fc.assert(
    fc.property(announcements, (announcement) => {
      const reading = readAnnouncement(signed(announcement), systemCipher, NOW);
      assert.deepEqual(reading, { ok: true, announcement });
    }),
    { numRuns: 300 },
  );
});

test("an announcement that was cut anywhere, or is longer, does not count", () => {
  const bytes = signed(BOB);
  for (let length = 0; length < bytes.length; length++)
    assert.notEqual(reasonOf(bytes.subarray(0, length)), "fine", `${length} bytes`);
  assert.notEqual(reasonOf(Uint8Array.of(...bytes, 0)), "fine");
  assert.equal(reasonOf(new Uint8Array(513)), "longer than an announcement can be");
  assert.equal(reasonOf(bytes.subarray(0, 80)), "truncated");
});

test("an announcement in which one bit is another does not count", () => {
  const bytes = signed(BOB);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const other = bytes.slice();
    other[bit >> 3]! ^= 1 << (bit & 7);
    assert.notEqual(reasonOf(other), "fine", `bit ${bit}`);
  }
});

test("any bytes are read without throwing, and refused", () => {
  const head = [...signed(BOB).subarray(0, 3)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, withHead) => {
      assert.notEqual(reasonOf(withHead ? Uint8Array.of(...head, ...bytes) : bytes), "fine");
    }),
    { numRuns: 2_000 },
  );
});

test("a signature by another key, or for another purpose, is wrong", () => {
  assert.equal(reasonOf(signed(BOB, new Uint8Array(32).fill(8))), "wrong signature");
  const bytes = signed(BOB);
  const undeclared = encodeAnnouncement(BOB, () => systemCipher.sign(SEED, bytes.subarray(0, -64)));
  assert.equal(reasonOf(undeclared), "wrong signature");
});

test("an announcement counts until it expires, by a clock that is about right", () => {
  const bytes = signed(BOB);
  assert.equal(reasonOf(bytes, BOB.expires + CLOCK_TOLERANCE_SECONDS), "fine");
  assert.equal(reasonOf(bytes, BOB.expires + CLOCK_TOLERANCE_SECONDS + 1), "expired");
  assert.equal(reasonOf(bytes, 0), "fine");
});

test("a service of a kind that this version does not know is passed over", () => {
  const bytes = encodeAnnouncement(BOB, (content) => {
    // The first service's kind follows the count, which follows the name; DOMAIN comes before what is signed.
    const at = content.length - 8 - 8 - 20;
    assert.equal(content[at], 1);
    content[at] = 77;
    return systemCipher.sign(SEED, content);
  });
  const at = bytes.length - 64 - 8 - 8 - 20;
  bytes[at] = 77;
  const reading = readAnnouncement(bytes, systemCipher, NOW);
  assert.ok(reading.ok);
  assert.deepEqual(reading.announcement.services, BOB.services.slice(1));
});

test("what no announcement can hold is a mistake of ours", () => {
  const wrong: Partial<Announcement>[] = [
    { publicKey: KEY.subarray(1) },
    { name: "ü".repeat(MOST_NAME_BYTES / 2 + 1) },
    { sequence: -1 },
    { sequence: 2 ** 48 },
    { expires: 0.5 },
    { services: Array.from({ length: MOST_SERVICES + 1 }, () => BOB.services[0]!) },
    { services: [{ kind: "whisper", address: "gopher.example:55555" }] },
    { services: [{ kind: "whisper", address: "[fe80::1%eth0]:55555" }] },
  ];
  for (const each of wrong)
    assert.throws(() => signed({ ...BOB, ...each }), RangeError, JSON.stringify(each));
});

test("a name that is too long is cut between characters, and addresses without a place in it are known", () => {
  assert.equal(announcedName("bob"), "bob");
  const cut = announcedName("ü🦫".repeat(20));
  assert.equal(cut, "ü🦫".repeat(10) + "ü");
  assert.ok(encodeUtf8(cut).length <= MOST_NAME_BYTES);
  assert.deepEqual(
    ["192.0.2.7:1", "[2001:db8::7]:1", "gopher.example:1", "[fe80::1%eth0]:1", "192.0.2.7", ""].map(
      isAnnounceable,
    ),
    [true, true, false, false, false, false],
  );
});

test("a name that is no UTF-8 is refused, also when it is signed", () => {
  const bytes = signed(BOB);
  const end = bytes.length - 64;
  bytes[48] = 0xff; // its first letter
  const domain = encodeUtf8("parley announcement\0");
  bytes.set(systemCipher.sign(SEED, Buffer.concat([domain, bytes.subarray(0, end)])), end);
  assert.equal(reasonOf(bytes), "a name that is no UTF-8");
});
