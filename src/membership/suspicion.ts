import type { MembershipProfile } from "#membership/profiles.ts";

/**
 * Why a member is suspected and until when: the more members say so independently, the sooner it counts as failed
 * (Lifeguard, dynamic suspicion). All times are ms.
 */
export class Suspicion {
  readonly #started: number;
  readonly #minimumMs: number;
  readonly #maximumMs: number;
  /** Confirmations after which the time is the shortest. */
  readonly #wanted: number;
  readonly #accusers: Set<string>;

  /** `known`: members in the table, with the dead that are not forgotten. */
  constructor(profile: MembershipProfile, known: number, from: string, now: number) {
    const { suspicionMultiplier, suspicionMaximumMultiplier } = profile;
    const wanted = suspicionMultiplier - 2;
    this.#wanted = known - 2 < wanted ? 0 : wanted;
    this.#minimumMs = shortestSuspicionMs(profile, known);
    this.#maximumMs = suspicionMaximumMultiplier * this.#minimumMs;
    this.#started = now;
    this.#accusers = new Set([from]);
  }

  /** Another accusation; false when it changes nothing. */
  confirm(from: string): boolean {
    if (this.confirmations >= this.#wanted || this.#accusers.has(from)) return false;
    this.#accusers.add(from);
    return true;
  }

  /** Accusers besides the first. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  get accusers(): readonly string[] {
    return [...this.#accusers];
  }

  /** When the member counts as failed, unless it objects. */
  get deadline(): number {
    if (this.#wanted === 0) return this.#started + this.#minimumMs;
    const share = Math.log(this.confirmations + 1) / Math.log(this.#wanted + 1);
    const timeout = Math.floor(this.#maximumMs - share * (this.#maximumMs - this.#minimumMs));
    return this.#started + Math.max(this.#minimumMs, timeout);
  }
}

/** The time to object that every member gets; it grows with the cluster, because news take longer there. */
export function shortestSuspicionMs(
  { suspicionMultiplier, probeIntervalMs }: MembershipProfile,
  known: number,
): number {
  const scale = Math.max(1, Math.log10(Math.max(1, known)));
  return (suspicionMultiplier * Math.trunc(scale * 1_000) * probeIntervalMs) / 1_000;
}
