import { parseAddress } from "#base/address.ts";
import type { InterfaceAddress, Link, LinkChange, LinkMonitor, Links } from "#host/links.ts";
import type { Scheduler } from "#sim/scheduler.ts";

/** The interfaces of one simulated machine, which a test changes as an operator would. */
export class SimLinks implements Links {
  readonly #scheduler: Scheduler;
  readonly #links = new Map<number, Link>();
  readonly #watchers = new Set<(changes: readonly LinkChange[]) => void>();
  readonly #observers: ((change: LinkChange) => void)[] = [];

  /** Has "lo", and "eth0" with the address `host`/24. */
  constructor(scheduler: Scheduler, host: string) {
    this.#scheduler = scheduler;
    this.#links.set(1, simLink(1, "lo", ["127.0.0.1", 8]));
    // Locally administered, and another one on each machine.
    const hardwareAddress = Uint8Array.of(2, 0, ...parseAddress(host)!.bytes.subarray(-4));
    this.#links.set(2, { ...simLink(2, "eth0", [host, 24]), hardwareAddress });
  }

  /** Adds an interface or changes the one of that index. */
  put(link: Link): void {
    this.#links.set(link.index, link);
    this.#announce({ type: "link", link });
  }

  remove(index: number): void {
    const link = this.#links.get(index);
    if (!link) return;
    this.#links.delete(index);
    this.#announce({ type: "removed", link });
  }

  /** All of this moment. */
  now(): readonly Link[] {
    return this.#sorted();
  }

  /** For what the machine's kernel does with a change: told at once, before those who watch. */
  observe(observer: (change: LinkChange) => void): void {
    this.#observers.push(observer);
  }

  find(name: string): Link | undefined {
    return this.#sorted().find((link) => link.name === name);
  }

  addresses(): readonly InterfaceAddress[] {
    const up = this.#sorted().filter(({ up }) => up);
    return up.flatMap(({ name, addresses }) =>
      addresses.map(({ address }) => ({ interface: name, address })),
    );
  }

  async watch(changed: (changes: readonly LinkChange[]) => void): Promise<LinkMonitor> {
    this.#watchers.add(changed);
    return {
      links: () => this.#sorted(),
      refresh: async () => {},
      close: () => void this.#watchers.delete(changed),
    };
  }

  #announce(change: LinkChange): void {
    for (const observer of this.#observers) observer(change);
    // Whoever begins to watch after it sees it in the list.
    const watchers = [...this.#watchers];
    this.#scheduler.at(this.#scheduler.now, () => {
      for (const changed of watchers) if (this.#watchers.has(changed)) changed([change]);
    });
  }

  #sorted(): Link[] {
    return [...this.#links.values()].sort((a, b) => a.index - b.index);
  }
}

/** An Ethernet link (or, as "lo", loopback) that is up, with one IPv4 address. */
export function simLink(index: number, name: string, address: readonly [text: string, length: number]): Link {
  const isLoopback = name === "lo";
  const [text, prefixLength] = address;
  return {
    index,
    name,
    mtu: isLoopback ? 65_536 : 1_500,
    up: true,
    running: true,
    operState: isLoopback ? "unknown" : "up",
    flags: isLoopback ? ["LOOPBACK", "UP", "LOWER_UP"] : ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    medium: isLoopback ? "loopback" : "ether",
    hardwareAddress: Uint8Array.of(2, 0, 0, 0, index >> 8, index & 255),
    hardwareBroadcast: new Uint8Array(6).fill(255),
    addresses: [
      { address: parseAddress(text)!, prefixLength, scope: isLoopback ? "host" : "global", flags: [] },
    ],
    counters: undefined,
  };
}
