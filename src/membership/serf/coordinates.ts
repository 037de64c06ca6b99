import type { Random } from "#base/random.ts";
import type { MemberView } from "#membership/io.ts";
import type { Coordinate } from "#membership/serf/io.ts";
import type { SerfStep } from "#membership/serf/serf-step.ts";
import { distance, Vivaldi } from "#membership/serf/vivaldi.ts";
import { decodeCoordinate, encodeCoordinate } from "#wire/memberlist/serf.ts";

/** Where we are in the network of round-trip times, and where those are that answered our probes. */
export class Coordinates {
  readonly #own: string;
  readonly #step: SerfStep;
  readonly #vivaldi: Vivaldi;
  readonly #others = new Map<string, Coordinate>();

  constructor(own: string, step: SerfStep, random: Random) {
    this.#own = own;
    this.#step = step;
    this.#vivaldi = new Vivaldi(random);
  }

  /** Of a member, ourselves included; undefined while it has not answered a probe of ours. */
  of(name: string): Coordinate | undefined {
    return name === this.#own ? this.#vivaldi.coordinate : this.#others.get(name);
  }

  roundTripMs(one: string, other: string): number | undefined {
    const [from, to] = [this.of(one), this.of(other)];
    return from && to && 1_000 * distance(from, to);
  }

  ackPayload(): Uint8Array {
    const { vector, error, adjustment, height } = this.#vivaldi.coordinate;
    return encodeCoordinate({ vector, error, adjustment, height });
  }

  pinged({ name }: MemberView, roundTripMs: number, payload: Uint8Array | undefined): void {
    if (!payload || payload.length === 0) return;
    const found = decodeCoordinate(payload);
    const { vector = [], error, adjustment, height } = found ?? NOWHERE;
    const other: Coordinate = { vector, error, adjustment, height };
    if (!this.#vivaldi.update(name, other, roundTripMs / 1_000))
      return this.#step.count("bad Serf coordinate");
    this.#others.set(name, other);
  }

  forget(name: string): void {
    this.#others.delete(name);
    this.#vivaldi.forget(name);
  }
}

const NOWHERE = { vector: [], error: 0, adjustment: 0, height: 0 };
