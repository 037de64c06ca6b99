/** The highest time: a clock that was driven there stays. Above it numbers are no longer exact. */
export const LAST_TIME = Number.MAX_SAFE_INTEGER - 1;
/** Nobody is so far ahead: more than any cluster has ever said. Or one packet would drive all clocks to their end. */
const MOST_AHEAD = 2 ** 32;

/** A Lamport clock: what happens after a message was heard has a higher time than the message. It begins at 1, as Serf's. */
export class LamportClock {
  #time = 1;

  /** The time of the next message. */
  get time(): number {
    return this.#time;
  }

  /** The time for a message; it is not given again. */
  next(): number {
    const time = this.#time;
    this.witness(time);
    return time;
  }

  /** A message of this time was heard. */
  witness(time: number): void {
    if (time >= this.#time) this.#time = Math.min(LAST_TIME, time + 1);
  }

  /** A time on the wire; undefined for one that is too far ahead to be true. */
  read(ltime: bigint): number | undefined {
    return ltime <= BigInt(Math.min(LAST_TIME, this.#time + MOST_AHEAD)) ? Number(ltime) : undefined;
  }
}
