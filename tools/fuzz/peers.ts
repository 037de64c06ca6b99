import type { Cipher } from "#base/cipher.ts";
import { seededRandom, type Random } from "#base/random.ts";
import { encodeAnnouncement, MOST_SERVICES, readAnnouncement } from "#peers/announcement.ts";
import { loadBook, saveBook } from "#peers/book-file.ts";
import { PeerBook } from "#peers/book.ts";
import { dialable } from "#peers/dialable.ts";
import type { Announcement, PeerKind } from "#peers/io.ts";
import { DEFAULT_BOOK_LIMITS } from "#peers/limits.ts";
import { peerViews } from "#peers/view.ts";
import { whyPeers } from "#peers/why.ts";
import { simCipher } from "#sim/cipher.ts";
import { systemCipher } from "#system/cipher.ts";
import { must, type Target } from "./target.ts";

/** ms since the Unix epoch. */
const NOW = 1_763_700_000_000;
const KINDS: readonly PeerKind[] = ["whisper", "member", "mesh"];
const SIGNATURE = 64;

/** Believes every signature, so that mutated content is looked at too. */
const CREDULOUS: Cipher = { ...simCipher(seededRandom("fuzz")), verify: () => true };

/** Signed announcements: by themselves, and in a book. */
export function announcementTarget(): Target {
  return {
    name: "announcement",
    longest: 600,
    seeds: () => [encoded(announcement(seededRandom(1))), new Uint8Array(0)],
    make: (random) => encoded(announcement(random)),
    run(input) {
      const real = readAnnouncement(input, systemCipher, NOW / 1_000);
      const found = readAnnouncement(input, CREDULOUS, NOW / 1_000);
      must(!real.ok || found.ok, "a true signature makes the difference to the worse");
      const book = new PeerBook(CREDULOUS);
      const taken = book.announced(input, "membership", "m", NOW);
      must(taken.ok === found.ok, "the book thinks otherwise", taken, found);
      checkBook(book);
      if (!found.ok) return found.reason;
      const { services } = found.announcement;
      must(services.length <= MOST_SERVICES, "more services than there can be", services);
      const again = encodeAnnouncement(found.announcement, () => input.slice(-SIGNATURE));
      const reread = readAnnouncement(again, CREDULOUS, NOW / 1_000);
      must(reread.ok, "what was read cannot be written", again);
      must(
        JSON.stringify(reread.announcement) === JSON.stringify(found.announcement),
        "what was read is written differently",
        again,
      );
      must(book.announced(input, "membership", "m", NOW).ok, "the same again is refused");
      return `${services.length} ${book.size} ${real.ok}`;
    },
  };
}

/** The file in which a book is kept. */
export function peerBookTarget(): Target {
  return {
    name: "peer-book",
    longest: 8_192,
    seeds: () => [
      saved(seededRandom(1)),
      new TextEncoder().encode('{"version":1,"addresses":[],"identities":[]}'),
    ],
    make: saved,
    run(input) {
      const book = new PeerBook(CREDULOUS);
      const problem = loadBook(book, input, NOW);
      must(problem === undefined || book.size === 0, "a refused file left something", problem);
      checkBook(book);
      const first = saveBook(book, NOW);
      const next = new PeerBook(CREDULOUS);
      must(loadBook(next, first, NOW) === undefined, "what was saved cannot be loaded", first);
      must(next.size === book.size, "what was saved is not all there", next.size, book.size);
      book.expire(NOW + DEFAULT_BOOK_LIMITS.provenAgeMs);
      checkBook(book);
      return (
        problem ??
        `${Math.min(book.size, 8)} ${[...book.identities()].length} ${[...book.counters().keys()].join()}`
      );
    },
  };
}

function checkBook(book: PeerBook): void {
  must(book.size <= DEFAULT_BOOK_LIMITS.saved, "more than was saved", book.size);
  for (const { kind, address } of book.entries())
    must(
      typeof dialable(address, "operator", true) !== "string",
      "an address that is never dialled",
      kind,
      address,
    );
  for (const kind of KINDS) {
    for (const address of book.addresses(kind, NOW)) {
      const origins = [...book.entry(kind, address)!.origins.keys()];
      const isRemote = !origins.some((origin) => origin === "operator" || origin === "configuration");
      if (isRemote)
        must(typeof dialable(address, "message", false) !== "string", "what a remote may not name", address);
    }
  }
  for (const { name, addresses } of peerViews(book, NOW)) {
    whyPeers(book, name, NOW);
    if (addresses[0])
      must(whyPeers(book, addresses[0].address, NOW).length > 0, "nothing is known of a peer", name);
  }
}

function announcement(random: Random): { readonly seed: Uint8Array; readonly announcement: Announcement } {
  const seed = Uint8Array.from({ length: 32 }, () => random.below(256));
  const services = Array.from({ length: random.below(MOST_SERVICES + 1) }, () => ({
    kind: KINDS[random.below(3)]!,
    address:
      random.below(2) === 0
        ? `192.0.2.${random.below(256)}:${random.below(65_536)}`
        : `[2001:db8::${1 + random.below(9)}]:1`,
  }));
  return {
    seed,
    announcement: {
      publicKey: new Uint8Array(systemCipher.publicKey(seed)),
      name: "ünï".slice(0, random.below(4)),
      sequence: random.next(),
      expires: NOW / 1_000 + random.below(86_400),
      services,
      lobby: random.below(2) === 0,
    },
  };
}

function encoded({ seed, announcement: content }: ReturnType<typeof announcement>): Uint8Array {
  return encodeAnnouncement(content, (bytes) => systemCipher.sign(seed, bytes));
}

function saved(random: Random): Uint8Array {
  const book = new PeerBook(CREDULOUS);
  for (let i = random.below(4); i > 0; i--) {
    book.announced(encoded(announcement(random)), "membership", `m${i}`, NOW);
    book.heard({ kind: KINDS[i % 3]!, address: `192.0.2.${i}:${i}`, origin: "message", source: `${i}` }, NOW);
    book.heard({ kind: "mesh", address: `host${i}.example:1`, origin: "operator", source: "" }, NOW);
  }
  return saveBook(book, NOW);
}
