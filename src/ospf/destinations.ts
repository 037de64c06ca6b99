import type { Ipv4 } from "#base/ipv4.ts";
import type { External, Summary } from "#ospf/advertised.ts";
import { PrefixMap } from "#ospf/prefix-map.ts";
import type { OspfRoute } from "#ospf/routes.ts";

/** A network that some LSA names or has named, and what is known of it. */
export interface Destination {
  readonly network: Ipv4;
  readonly length: number;
  /** Where trees keep what they found out about it. */
  readonly slot: number;
  /** Summary-LSAs that name it, of all areas. */
  summaries: readonly Summary[];
  /** AS-external-LSAs that name it. */
  externals: readonly External[];
  /** Best path inside the autonomous system, connected networks included. */
  internal: OspfRoute | undefined;
  /** The route in the table. */
  route: OspfRoute | undefined;
  /** What has to be computed again. */
  pending: "nothing" | "external" | "all";
}

/** All destinations, each found once when an LSA is read and by its slot from then on. */
export class Destinations {
  readonly all: Destination[] = [];
  readonly #byPrefix = new PrefixMap<Destination>();
  readonly #pending: Destination[] = [];

  find(network: Ipv4, length: number): Destination | undefined {
    return this.#byPrefix.get(network, length);
  }

  /** Made when it is new; `network` has no bits beyond its length. */
  of(network: Ipv4, length: number): Destination {
    const known = this.#byPrefix.get(network, length);
    if (known) return known;
    const destination: Destination = {
      network,
      length,
      slot: this.all.length,
      summaries: NONE,
      externals: NONE,
      internal: undefined,
      route: undefined,
      pending: "nothing",
    };
    this.all.push(destination);
    this.#byPrefix.set(network, length, destination);
    return destination;
  }

  /** Those that an address lies in, the longest first. RFC 2328 11.1. */
  matches(address: Ipv4): Iterable<Destination> {
    return this.#byPrefix.matches(address);
  }

  /** Has its route computed again: only from externals, or all of it. */
  mark(destination: Destination, what: "external" | "all"): void {
    if (destination.pending === "nothing") this.#pending.push(destination);
    if (destination.pending !== "all") destination.pending = what;
  }

  /** Those that are marked, until `done`. What is marked meanwhile comes at the end. */
  get pending(): readonly Destination[] {
    return this.#pending;
  }

  done(): void {
    for (const destination of this.#pending) destination.pending = "nothing";
    this.#pending.length = 0;
  }
}

/** Most destinations have neither summaries nor externals. */
const NONE: readonly never[] = [];
