/** A broken promise inside Parley itself: never caused by input; the service that meets one is restarted. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** Throws InvariantError when `condition` does not hold; `message` says which promise was broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
