import type { Link, LinkChange } from "#host/links.ts";

/** The API of the running links service. */
export interface LinksApi {
  /** All interfaces by index, with counters of now. */
  interfaces(): Promise<readonly Link[]>;
  /** As they are known at this moment; the counters may be old. */
  current(): readonly Link[];
  /** Calls `listener` with every change, until `signal` aborts. */
  follow(listener: (changes: readonly LinkChange[]) => void, signal: AbortSignal): void;
}
