/**
 * How well this node itself is, 0 (well) to the maximum less one: whoever loses answers should suspect itself first
 * (Lifeguard, local health multiplier). It stretches the time that a probe may take.
 */
export class Health {
  readonly #maximum: number;
  #score = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get score(): number {
    return this.#score;
  }

  /** Well: -1; a probe failed and nacks were missing, or we had to refute: more. */
  change(by: number): void {
    this.#score = Math.min(this.#maximum - 1, Math.max(0, this.#score + by));
  }

  scale(ms: number): number {
    return ms * (this.#score + 1);
  }
}
