import type { Cipher } from "#base/cipher.ts";
import { encodeAnnouncement } from "#peers/announcement.ts";
import type { Announcement } from "#peers/io.ts";

/** ms since the Unix epoch. */
export const NOW = 1_763_700_000_000;

/** What the node of a test says of itself: nothing yet. */
export const SELF: Announcement = {
  publicKey: new Uint8Array(32),
  name: "self",
  sequence: 1,
  expires: NOW / 1_000 + 86_400,
  services: [],
  lobby: false,
};

/** A signed announcement by the `key`th key, of a node with whisper and membership unless `more` says otherwise. */
export function announcementBy(
  cipher: Cipher,
  key: number,
  more: Partial<Announcement>,
): { readonly announcement: Announcement; readonly bytes: Uint8Array } {
  const seed = new Uint8Array(32).fill(key & 255);
  seed[1] = key >> 8;
  const announcement: Announcement = {
    publicKey: new Uint8Array(cipher.publicKey(seed)),
    name: `node ${key}`,
    sequence: 1,
    expires: NOW / 1_000 + 86_400,
    services: [
      { kind: "whisper", address: "192.0.2.7:55555" },
      { kind: "member", address: "192.0.2.7:7946" },
    ],
    lobby: false,
    ...more,
  };
  return { announcement, bytes: encodeAnnouncement(announcement, (content) => cipher.sign(seed, content)) };
}
