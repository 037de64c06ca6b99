import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { formatIpv4, formatIpv4Prefix, parseIpv4 } from "#base/ipv4.ts";
import { parsePrefix } from "#base/prefix.ts";
import type { Host } from "#host/host.ts";
import type {
  KernelNextHop,
  KernelRoute,
  KernelRouteChange,
  KernelTable,
  RouteChange,
  RouteTableOptions,
} from "#host/routes.ts";
import { simLink } from "#sim/links.ts";
import { World } from "#sim/world.ts";

/** A machine with the interfaces va (10.1.0.1/24) and vc (10.2.0.1/24), both up, and somebody else at its console. */
export interface RoutesPlace {
  readonly host: Host;
  /** Lets things happen until `done`. */
  until(done: () => boolean | Promise<boolean>, what: string): Promise<void>;
  index(name: string): number;
  down(name: string): void;
  up(name: string): void;
  addAddress(name: string, prefix: string): void;
  removeAddress(name: string, prefix: string): void;
  removeLink(name: string): void;
  /** A route of protocol 188 by a gateway, or a blackhole, as somebody else makes it. */
  addRoute(prefix: string, metric: number, gateway?: string): void;
  removeRoute(prefix: string, metric: number): void;
}

export const OPTIONS: RouteTableOptions = { table: 254, protocol: 222, readOnly: false };

/** A table, and what it was told. */
export class Opened {
  readonly told: KernelRouteChange[] = [];
  lost = 0;
  table!: KernelTable;

  static async open(place: RoutesPlace, options: Partial<RouteTableOptions> = {}): Promise<Opened> {
    const opened = new Opened();
    opened.table = await place.host.routes.open(
      { ...OPTIONS, ...options },
      { changed: (changes) => opened.told.push(...changes), lost: () => void opened.lost++ },
    );
    return opened;
  }

  /** The routes of a protocol as text, sorted. */
  async routes(place: RoutesPlace, protocol = 222): Promise<string[]> {
    const routes = await this.table.list(protocol);
    return routes.map((route) => textOf(place, route)).sort();
  }

  /** Makes changes; what failed, as text. */
  async apply(...changes: readonly RouteChange[]): Promise<string[]> {
    const failures = await this.table.apply(changes);
    return failures.map(({ change, error }) => `${formatIpv4Prefix(change.network, change.length)} ${error}`);
  }

  /** "+ 10.9.0.0/24 …" and "- …" of what others did. */
  news(place: RoutesPlace): string[] {
    return this.told
      .splice(0)
      .map(
        ({ removed, replaced, route }) => `${removed ? "-" : replaced ? "=" : "+"} ${textOf(place, route)}`,
      );
  }
}

/** "add 10.9.0.0/24 10.1.0.2@va 10.2.0.2@vc", "… @va", "… 192.0.2.9@va!" (on link); nothing: a blackhole. Metric 20. */
export function change(place: RoutesPlace, text: string, metric = 20): RouteChange {
  const [type, prefix, ...hops] = text.split(" ");
  const [address, length] = prefix!.split("/");
  const nextHops = hops.map((hop): KernelNextHop => {
    const [, gateway, name, onLink] = /^([\d.]*)@(\w+)(!?)$/.exec(hop)!;
    const index = name!.startsWith("x") ? Number(name!.slice(1)) : place.index(name!);
    return {
      interface: index,
      ...(gateway !== "" && { gateway: parseIpv4(gateway!)! }),
      ...(onLink === "!" && { onLink: true }),
    };
  });
  const network = parseIpv4(address!)!;
  return { type: type as RouteChange["type"], network, length: Number(length), metric, nextHops };
}

function textOf(
  place: RoutesPlace,
  { network, length, metric, protocol, type, nextHops }: KernelRoute,
): string {
  const names = ["va", "vc"];
  const nameOf = (index: number): string => names.find((name) => place.index(name) === index) ?? `x${index}`;
  const hops = nextHops.map(
    ({ interface: index, gateway, onLink }) =>
      `${gateway === undefined ? "" : formatIpv4(gateway)}@${nameOf(index)}${onLink ? "!" : ""}`,
  );
  return [formatIpv4Prefix(network, length), `${protocol}/${metric}`, type, ...hops].join(" ");
}

export function simulatedRoutesPlace(): RoutesPlace {
  const world = new World({ seed: 1 });
  const host = world.addHost("10.0.0.1");
  const { links, routes } = host;
  links.remove(2);
  links.put(simLink(3, "va", ["10.1.0.1", 24]));
  links.put(simLink(4, "vc", ["10.2.0.1", 24]));
  const link = (name: string) => links.find(name)!;
  const parsed = (text: string) => parsePrefix(text)!;
  const keyOf = (text: string, metric: number) => {
    const { address, length } = parsed(text);
    return { network: parseIpv4(address.bytes.join("."))!, length, metric };
  };
  return {
    host,
    until: async (done, what) => {
      for (let passed = 0; !(await done()); passed++) {
        assert.ok(passed < 100, `never came: ${what}`);
        world.run(1);
        await sleep(0);
      }
    },
    index: (name) => links.find(name)?.index ?? -1,
    down: (name) => links.put({ ...link(name), up: false, running: false }),
    up: (name) => links.put({ ...link(name), up: true, running: true }),
    addAddress: (name, prefix) => {
      const [text, length] = prefix.split("/");
      const [address] = simLink(9, "x", [text!, Number(length)]).addresses;
      links.put({ ...link(name), addresses: [...link(name).addresses, address!] });
    },
    removeAddress: (name, prefix) => {
      const [text] = prefix.split("/");
      const addresses = link(name).addresses.filter(({ address }) => address.bytes.join(".") !== text);
      links.put({ ...link(name), addresses });
    },
    removeLink: (name) => links.remove(link(name).index),
    addRoute: (prefix, metric, gateway) => {
      const nextHops = gateway === undefined ? [] : [{ interface: 3, gateway: parseIpv4(gateway)! }];
      const type = gateway === undefined ? "blackhole" : "unicast";
      assert.equal(routes.put({ ...keyOf(prefix, metric), protocol: 188, type, nextHops }), undefined);
    },
    removeRoute: (prefix, metric) => routes.remove(keyOf(prefix, metric)),
  };
}
