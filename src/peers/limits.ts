/** Every bound of the book, so that nobody can make it grow without end. A test may set others. */
export interface BookLimits {
  /** Addresses of all kinds, and identities. */
  readonly addresses: number;
  readonly identities: number;
  /** Addresses, and identities, known only from one source that have never answered: a stranger must not fill the book. */
  readonly perSource: number;
  /** Identities that claim one address; the first in force has it. */
  readonly claims: number;
  /** Characters of a name and of what a source is called; the rest is cut. */
  readonly nameLength: number;
  /** An address is forgotten when so long nobody named it and no service knew it, if it never answered … */
  readonly unprovenAgeMs: number;
  /** … and if it once did. */
  readonly provenAgeMs: number;
  /** An announcement is forgotten so long after it has expired or its node has gone. */
  readonly endedAgeMs: number;
  /** After a service has given an address up it is offered again after a pause, which doubles from the first to the longest. */
  readonly restFirstMs: number;
  readonly restLongestMs: number;
  /** Of each, the best so many are saved. */
  readonly saved: number;
}

export const DEFAULT_BOOK_LIMITS: BookLimits = {
  addresses: 8_192,
  identities: 4_096,
  perSource: 256,
  claims: 4,
  nameLength: 64,
  unprovenAgeMs: 60 * 60_000,
  provenAgeMs: 7 * 24 * 60 * 60_000,
  endedAgeMs: 60 * 60_000,
  restFirstMs: 30_000,
  restLongestMs: 10 * 60_000,
  saved: 1_024,
};
