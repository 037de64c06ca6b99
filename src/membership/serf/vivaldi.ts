import type { Random } from "#base/random.ts";
import type { Coordinate } from "#membership/serf/io.ts";

/*
 * Network coordinates as Serf computes them, so that those of its nodes and ours fit together: Vivaldi (Dabek and others,
 * SIGCOMM 2004) with a height, a median over the last times of each node (Ledlie and others, NSDI 2007), an adjustment
 * over recent observations (Lee and others, Transactions on Networking 2010) and gravity against drift. Seconds throughout.
 */

const DIMENSIONS = 8;
/** The error of who has observed nothing, and the largest. */
const MOST_ERROR = 1.5;
/** How much one observation may change the error, and the place. */
const ERROR_FACTOR = 0.25;
const PLACE_FACTOR = 0.25;
const ADJUSTMENT_WINDOW = 20;
const LEAST_HEIGHT = 10e-6;
const MEDIAN_OF = 3;
const GRAVITY_RHO = 150;
/** Below it two places are the same, and a time is none. */
const ZERO = 1e-6;
/** A longer time is no measurement. */
const LONGEST_SECONDS = 10;
/** Beyond it lies nothing that a network connects; Serf has no bound. */
const FARTHEST_SECONDS = 3_600;

const ORIGIN: Coordinate = {
  vector: new Array<number>(DIMENSIONS).fill(0),
  error: MOST_ERROR,
  adjustment: 0,
  height: LEAST_HEIGHT,
};

/** The round-trip time of two places, seconds. */
export function distance(one: Coordinate, other: Coordinate): number {
  const raw = rawDistance(one, other);
  const adjusted = raw + one.adjustment + other.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

/** Whether a node of a network can be there. */
export function isPlausible({ vector, error, adjustment, height }: Coordinate): boolean {
  const isNear = (value: number): boolean => Math.abs(value) <= FARTHEST_SECONDS;
  if (vector.length !== DIMENSIONS || !vector.every(isNear)) return false;
  return isNear(adjustment) && height >= 0 && isNear(height) && error >= 0 && error <= FARTHEST_SECONDS;
}

/** Our own place, moved by each time that was measured. */
export class Vivaldi {
  readonly #random: Random;
  readonly #times = new Map<string, number[]>();
  readonly #adjustments = new Array<number>(ADJUSTMENT_WINDOW).fill(0);
  #at = 0;
  #own = ORIGIN;

  constructor(random: Random) {
    this.#random = random;
  }

  get coordinate(): Coordinate {
    return this.#own;
  }

  /** A round trip to a node, which is at `other`, took so many seconds; false when that cannot be. */
  update(node: string, other: Coordinate, seconds: number): boolean {
    if (!isPlausible(other) || !(seconds >= 0 && seconds <= LONGEST_SECONDS)) return false;
    const time = this.#median(node, seconds);
    this.#move(other, time);
    this.#adjust(other, time);
    const pull = -((distance(ORIGIN, this.#own) / GRAVITY_RHO) ** 2);
    this.#own = this.#pushed(pull, ORIGIN);
    if (!isPlausible(this.#own)) this.#own = ORIGIN;
    return true;
  }

  forget(node: string): void {
    this.#times.delete(node);
  }

  #median(node: string, seconds: number): number {
    const times = [...(this.#times.get(node) ?? []), seconds].slice(-MEDIAN_OF);
    this.#times.set(node, times);
    return times.toSorted((a, b) => a - b)[times.length >> 1]!;
  }

  #move(other: Coordinate, seconds: number): void {
    const own = this.#own;
    const far = distance(own, other);
    const time = Math.max(seconds, ZERO);
    const wrongness = Math.abs(far - time) / time;
    const weight = own.error / Math.max(own.error + other.error, ZERO);
    const share = ERROR_FACTOR * weight;
    const error = Math.min(MOST_ERROR, share * wrongness + own.error * (1 - share));
    this.#own = { ...own, error };
    this.#own = this.#pushed(PLACE_FACTOR * weight * (time - far), other);
  }

  #adjust(other: Coordinate, seconds: number): void {
    this.#adjustments[this.#at] = seconds - rawDistance(this.#own, other);
    this.#at = (this.#at + 1) % ADJUSTMENT_WINDOW;
    const sum = this.#adjustments.reduce((a, b) => a + b, 0);
    this.#own = { ...this.#own, adjustment: sum / (2 * ADJUSTMENT_WINDOW) };
  }

  /** Our place after a force from another one; a negative one pulls. */
  #pushed(force: number, other: Coordinate): Coordinate {
    const own = this.#own;
    const { unit, length } = this.#direction(own.vector, other.vector);
    const vector = own.vector.map((each, i) => each + unit[i]! * force);
    if (length <= ZERO) return { ...own, vector };
    const height = Math.max(LEAST_HEIGHT, own.height + (force * (own.height + other.height)) / length);
    return { ...own, vector, height };
  }

  /** Away from `other`, in a random direction when both are in one place. */
  #direction(own: readonly number[], other: readonly number[]): { unit: readonly number[]; length: number } {
    const away = own.map((each, i) => each - other[i]!);
    const length = magnitude(away);
    if (length > ZERO) return { unit: away.map((each) => each / length), length };
    const chance = own.map(() => this.#random.float() - 0.5);
    const size = magnitude(chance);
    if (size > ZERO) return { unit: chance.map((each) => each / size), length: 0 };
    return { unit: own.map((_, i) => (i === 0 ? 1 : 0)), length: 0 };
  }
}

function rawDistance(one: Coordinate, other: Coordinate): number {
  return magnitude(one.vector.map((each, i) => each - other.vector[i]!)) + one.height + other.height;
}

function magnitude(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, each) => sum + each * each, 0));
}
