/** Time. Only drivers see it: a core is told `now`. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Milliseconds since the Unix epoch, as the machine believes. */
  wallTime(): number;
  /** Calls `run` once when `now()` has reached `at` (at once when it has passed); the answer cancels it. */
  at(at: number, run: () => void): () => void;
}
