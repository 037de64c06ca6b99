import { maskOf, type Ipv4 } from "#base/ipv4.ts";

/** Values by IPv4 prefix: found by the prefix itself, or all that an address lies in, the longest first. */
export class PrefixMap<Value> {
  /** By length, then by network; the network is signed, since larger numbers are slow as keys. */
  readonly #maps: (Map<number, Value> | undefined)[] = new Array<undefined>(33).fill(undefined);

  get(network: Ipv4, length: number): Value | undefined {
    return this.#maps[length]?.get(network | 0);
  }

  set(network: Ipv4, length: number, value: Value): void {
    (this.#maps[length] ??= new Map()).set(network | 0, value);
  }

  /** The values of all prefixes that hold the address. */
  *matches(address: Ipv4): Iterable<Value> {
    for (let length = 32; length >= 0; length--) {
      const value = this.#maps[length]?.get(address & maskOf(length));
      if (value !== undefined) yield value;
    }
  }
}
