import type { Prefix } from "#base/prefix.ts";
import { isTrusted, sourceKey } from "#directory/source.ts";

export interface RateLimits {
  /** Requests per second and source that are served for ever. */
  readonly rate: number;
  /** Requests of a source at once. */
  readonly burst: number;
  /** Whoever comes from these is not limited. */
  readonly trusted: readonly Prefix[];
}

/** How many requests each address may make: a bucket that fills at `rate`, and holds `burst`. */
export class RateLimiter {
  readonly #limits: RateLimits;
  /** By source, the one that asked last at the end. */
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** How many sources are remembered. */
  get sources(): number {
    return this.#buckets.size;
  }

  /** Takes one request of `source` at `now` (ms, monotonic); 0, or the seconds after which it may ask again. */
  take(source: string, now: number): number {
    const { rate, burst, trusted } = this.#limits;
    if (isTrusted(source, trusted)) return 0;
    const key = sourceKey(source);
    const bucket = this.#buckets.get(key);
    const left = bucket ? Math.min(burst, bucket.left + ((now - bucket.at) * rate) / 1_000) : burst;
    const after = left >= 1 ? left - 1 : left;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: after, at: now });
    if (this.#buckets.size > MOST_SOURCES) this.#buckets.delete(this.#buckets.keys().next().value!);
    return left >= 1 ? 0 : Math.ceil((1 - left) / rate);
  }
}

/** Half a megabyte. The one that asked longest ago is forgotten, and by then its bucket is full again, or nearly. */
const MOST_SOURCES = 8_192;
