import { maskOf, type Ipv4 } from "#base/ipv4.ts";
import type { ExternalRoute } from "#ospf/config.ts";

/**
 * Link State IDs of AS-external-LSAs: the network, or, where networks of different lengths begin alike, an address inside
 * one of them. A route keeps its id as long as it can. RFC 2328 appendix E.
 */
export class ExternalIds {
  readonly #ids = new Map<string, Ipv4>();
  readonly #routes = new Map<Ipv4, ExternalRoute>();
  /** Routes that found no id. */
  readonly #waiting = new Map<string, ExternalRoute>();

  get size(): number {
    return this.#routes.size;
  }

  get(id: Ipv4): ExternalRoute | undefined {
    return this.#routes.get(id);
  }

  ids(): Iterable<Ipv4> {
    return this.#routes.keys();
  }

  routes(): Iterable<ExternalRoute> {
    return this.#routes.values();
  }

  /** The ids whose LSAs now say something else; none when every id inside the network is taken: then it waits for one. */
  set(route: ExternalRoute): readonly Ipv4[] {
    const known = this.#ids.get(nameOf(route));
    if (known !== undefined) return [this.#assign(route, known)];
    const holder = this.#routes.get(route.network);
    if (!holder) return [this.#assign(route, route.network)];
    const free = this.#freeIn(route);
    if (free !== undefined) return [this.#assign(route, free)];
    // A host has but one address: the network that begins with it moves.
    const other = this.#freeIn(holder);
    if (other !== undefined) return [this.#assign(holder, other), this.#assign(route, route.network)];
    this.#waiting.set(nameOf(route), route);
    return [];
  }

  remove(network: Ipv4, length: number): readonly Ipv4[] {
    const name = nameOf({ network, length });
    this.#waiting.delete(name);
    const id = this.#ids.get(name);
    if (id === undefined) return [];
    this.#ids.delete(name);
    this.#routes.delete(id);
    return [id, ...[...this.#waiting.values()].flatMap((route) => this.set(route))];
  }

  #assign(route: ExternalRoute, id: Ipv4): Ipv4 {
    this.#waiting.delete(nameOf(route));
    this.#ids.set(nameOf(route), id);
    this.#routes.set(id, route);
    return id;
  }

  /** From the last address downwards. */
  #freeIn({ network, length }: ExternalRoute): Ipv4 | undefined {
    const last = (network | ~maskOf(length)) >>> 0;
    for (let id = last; id > network && id > last - MOST_TRIED; id--) if (!this.#routes.has(id)) return id;
    return undefined;
  }
}

/** As many hosts as a network of usual size has: all of them may be told, too. */
const MOST_TRIED = 1_024;

function nameOf({ network, length }: { readonly network: Ipv4; readonly length: number }): string {
  return `${network}/${length}`;
}
