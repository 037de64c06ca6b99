/** What a directory takes from outside at most; each beside its reason. */
export const DIRECTORY_LIMITS = {
  /** Bytes of a request's body: seven fields, or JSON with an announcement of a memberlist's metadata twice over in hex. */
  bodyBytes: 4_096,
  /** Characters of an ID: a UUID has 36, a key in hex 64. */
  idLength: 128,
  /** Characters of a name: a host's name with a UUID behind it, as the original's clients make it. */
  nameLength: 128,
  /** Characters of an address: IPv6 with a zone. */
  ipLength: 64,
  /** Characters of a protocol, a status, a timestamp. */
  wordLength: 24,
  /** Bytes of an announcement, as in memberlist's metadata. */
  announcementBytes: 512,
  /** Peers at most: what a list of 10 MB holds, which every answer of the original's API is. */
  peers: 50_000,
  /** Peers in one answer of the JSON API when the client does not say. */
  listed: 100,
  /** Peers in one answer of the JSON API, and of any answer that a client takes: more than it can ever dial. */
  taken: 1_000,
  /** Bytes of an answer that a client reads. */
  answerBytes: 16_000_000,
} as const;
