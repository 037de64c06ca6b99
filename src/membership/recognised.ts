import type { Member } from "#membership/member.ts";

/** Slots for each member: each is the subject of a few messages at a time. */
const SLOTS_PER_MEMBER = 4;
const LEAST_SLOTS = 64;

/**
 * News that were applied already. Gossip brings every message many times; of one that comes again nothing is read while
 * what it is about is as it was after the first time. A message is known by 64 bits of a hash that differs between nodes.
 */
export class Recognised {
  readonly #seed: number;
  #low = new Uint32Array(LEAST_SLOTS);
  #high = new Uint32Array(LEAST_SLOTS);
  #revisions = new Uint32Array(LEAST_SLOTS);
  #members: (Member | undefined)[] = [];
  /** Of the message that was asked for last. */
  #a = 0;
  #b = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Whether this very message would change nothing; it is also the one that `remember` means. */
  has(bytes: Uint8Array): boolean {
    let a = this.#seed ^ 0x811c_9dc5;
    let b = this.#seed ^ 0x9e37_79b9;
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x0100_0193);
      b = Math.imul(b, 0x85eb_ca6b) + (a ^ (b >>> 15));
    }
    this.#a = a >>> 0;
    this.#b = b >>> 0;
    const slot = this.#a & (this.#low.length - 1);
    if (this.#low[slot] !== this.#a || this.#high[slot] !== this.#b) return false;
    const member = this.#members[slot];
    return member !== undefined && member.revision === this.#revisions[slot];
  }

  /** The message was applied; repeating it changes nothing until the member changes. */
  remember(member: Member, members: number): void {
    if (members * SLOTS_PER_MEMBER > 2 * this.#low.length) this.#grow(members);
    const slot = this.#a & (this.#low.length - 1);
    this.#low[slot] = this.#a;
    this.#high[slot] = this.#b;
    this.#revisions[slot] = member.revision;
    this.#members[slot] = member;
  }

  #grow(members: number): void {
    const slots = 2 ** Math.ceil(Math.log2(members * SLOTS_PER_MEMBER));
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#revisions = new Uint32Array(slots);
    this.#members = [];
  }
}
