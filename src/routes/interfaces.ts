import { maskOf, type Ipv4 } from "#base/ipv4.ts";
import { keyOf, type NextHop, type PrefixKey } from "#routes/route.ts";

/** An interface of this machine, as far as routes care. */
export interface LocalInterface {
  readonly name: string;
  readonly index: number;
  /** The operator wants it up; the kernel takes no route by one that is not. */
  readonly up: boolean;
  /** It can carry packets. */
  readonly running: boolean;
  readonly addresses: readonly LocalAddress[];
}

export interface LocalAddress {
  /** What of the other end's network it names: the peer of a point-to-point link, or the address itself. */
  readonly base: Ipv4;
  readonly length: number;
}

/** What the interfaces mean for routes: which networks are connected, and which gateways are on which link. */
export class Interfaces {
  #byName = new Map<string, LocalInterface>();
  #byIndex = new Map<number, LocalInterface>();

  set(interfaces: readonly LocalInterface[]): void {
    this.#byName = new Map(interfaces.map((each) => [each.name, each]));
    this.#byIndex = new Map(interfaces.map((each) => [each.index, each]));
  }

  get(name: string): LocalInterface | undefined {
    return this.#byName.get(name);
  }

  isRunning(name: string): boolean {
    return this.#byName.get(name)?.running ?? false;
  }

  /** Its name; for one that is not known, something that is no name. */
  nameOf(index: number): string {
    return this.#byIndex.get(index)?.name ?? `#${index}`;
  }

  /** Whether an address of the interface says that the gateway is on its link. */
  isOnLink(name: string, gateway: Ipv4): boolean {
    return this.#byName.get(name)?.addresses.some((address) => holds(address, gateway)) ?? false;
  }

  /** The running interface whose addresses name the gateway's network most closely. */
  towards(gateway: Ipv4): string | undefined {
    let [found, longest]: [string | undefined, number] = [undefined, -1];
    for (const { name, running, addresses } of this.#byName.values()) {
      if (!running) continue;
      for (const address of addresses)
        if (address.length > longest && holds(address, gateway)) [found, longest] = [name, address.length];
    }
    return found;
  }

  /** The networks of the addresses of running interfaces; 127.0.0.0/8 is every machine's own. */
  connected(): ReadonlyMap<PrefixKey, readonly NextHop[]> {
    const networks = new Map<PrefixKey, NextHop[]>();
    for (const { name, running, addresses } of this.#byName.values()) {
      if (!running) continue;
      for (const { base, length } of addresses) {
        const network = (base & maskOf(length)) >>> 0;
        if (network >>> 24 === LOOPBACK) continue;
        const key = keyOf({ network, length });
        const nextHops = networks.get(key) ?? [];
        if (!nextHops.some((hop) => hop.interface === name)) nextHops.push({ interface: name });
        networks.set(key, nextHops);
      }
    }
    return networks;
  }
}

function holds({ base, length }: LocalAddress, address: Ipv4): boolean {
  return ((base ^ address) & maskOf(length)) === 0;
}

const LOOPBACK = 127;
