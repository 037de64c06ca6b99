import type { Ipv4 } from "#base/ipv4.ts";
import type { NextHop } from "#ospf/routes.ts";

/** The number of the set without next hops. */
export const NO_HOPS = 0;

/**
 * Sets of next hops as small numbers: equal sets have one number and one array, so that they are compared at once and
 * 10,000 destinations behind two neighbors share three arrays.
 */
export class NextHopSets {
  readonly #most: number;
  readonly #hops = new Map<string, NextHop>();
  readonly #sets: (readonly NextHop[])[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #byHops = new Map<readonly NextHop[], number>();
  /** By two numbers of sets. */
  readonly #unions = new Map<number, number>();

  /** Sets keep `most` next hops, the first in their order. */
  constructor(most: number) {
    this.#most = most;
    this.of([]);
  }

  /** How many sets there are; they never become fewer. */
  get size(): number {
    return this.#sets.length;
  }

  /** The number of a set. */
  of(hops: readonly NextHop[]): number {
    const known = this.#byHops.get(hops);
    if (known !== undefined) return known;
    const distinct = new Map(hops.map((hop) => [keyOf(hop), hop]));
    const sorted = [...distinct].sort(([, a], [, b]) => compareHops(a, b)).slice(0, this.#most);
    const key = sorted.map(([each]) => each).join(" ");
    const same = this.#byKey.get(key);
    if (same !== undefined) return same;
    const number = this.#sets.length;
    const set = Object.freeze(sorted.map(([each, hop]) => this.#interned(each, hop)));
    this.#sets.push(set);
    this.#byKey.set(key, number);
    this.#byHops.set(set, number);
    return number;
  }

  /** The set of a number, sorted; always the same array. */
  hops(set: number): readonly NextHop[] {
    return this.#sets[set]!;
  }

  union(a: number, b: number): number {
    if (a === b || b === NO_HOPS) return a;
    if (a === NO_HOPS) return b;
    const key = a < b ? a * MOST_SETS + b : b * MOST_SETS + a;
    let union = this.#unions.get(key);
    if (union === undefined) {
      union = this.of([...this.hops(a), ...this.hops(b)]);
      this.#unions.set(key, union);
    }
    return union;
  }

  #interned(key: string, hop: NextHop): NextHop {
    const known = this.#hops.get(key);
    if (known) return known;
    this.#hops.set(key, Object.freeze(hop));
    return hop;
  }
}

/** By interface, then gateway; a destination on the link itself first. */
export function compareHops(a: NextHop, b: NextHop): number {
  if (a.interface !== b.interface) return a.interface < b.interface ? -1 : 1;
  return (a.gateway ?? -1) - (b.gateway ?? -1);
}

/** Whether two lists, each sorted, hold the same next hops. */
export function sameHops(a: readonly NextHop[], b: readonly NextHop[]): boolean {
  return a === b || (a.length === b.length && a.every((hop, i) => compareHops(hop, b[i]!) === 0));
}

/** The next hop on an interface. */
export function nextHop(name: string, gateway: Ipv4 | undefined): NextHop {
  return gateway === undefined ? { interface: name } : { interface: name, gateway };
}

function keyOf(hop: NextHop): string {
  return `${hop.interface}/${hop.gateway ?? ""}`;
}

/** More than there are numbers of sets: whoever owns them begins anew long before. */
const MOST_SETS = 0x100_0000;
