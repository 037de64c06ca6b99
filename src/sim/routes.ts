import { formatIpv4Prefix, fromAddress, maskOf, type Ipv4 } from "#base/ipv4.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Link, LinkChange } from "#host/links.ts";
import type {
  KernelNextHop,
  KernelRoute,
  KernelRouteChange,
  KernelTable,
  RouteChange,
  RouteFailure,
  RouteHandlers,
  Routes,
  RouteTableOptions,
} from "#host/routes.ts";
import type { SimLinks } from "#sim/links.ts";
import type { Scheduler } from "#sim/scheduler.ts";

/**
 * The routing tables of one simulated machine, with the manners of Linux: what its interfaces take with them goes without
 * a word, and what is refused is refused for the same reasons.
 */
export class SimRoutes implements Routes {
  readonly #scheduler: Scheduler;
  readonly #links: SimLinks;
  readonly #tables = new Map<number, SimTable>();
  readonly #opened = new Set<OpenedTable>();
  /** Interfaces that went down or lost their last address: next hops by them are dead until they are back. */
  readonly #dead = new Set<number>();
  /** Addresses that each interface had last. */
  readonly #had = new Map<number, { readonly up: boolean; readonly addresses: number }>();
  /** Set: changing is not permitted, as without CAP_NET_ADMIN. */
  isForbidden = false;
  /** How many routes each `apply` was given. */
  readonly applied: number[] = [];

  constructor(scheduler: Scheduler, links: SimLinks) {
    this.#scheduler = scheduler;
    this.#links = links;
    for (const link of links.now()) this.#had.set(link.index, stateOf(link));
    links.observe((change) => this.#linkChanged(change));
  }

  async open(options: RouteTableOptions, handlers: RouteHandlers): Promise<KernelTable> {
    if (!options.readOnly && this.isForbidden) throw notPermitted();
    const opened: OpenedTable = { options, handlers };
    this.#opened.add(opened);
    return {
      list: async (protocol = 0) =>
        this.routes(options.table).filter((route) => protocol === 0 || route.protocol === protocol),
      apply: async (changes) => this.#apply(opened, changes),
      close: () => void this.#opened.delete(opened),
    };
  }

  /** What is in a table now, in no order that counts. */
  routes(table = MAIN): readonly KernelRoute[] {
    return [...(this.#tables.get(table)?.values() ?? [])].flat();
  }

  /** Somebody else adds a route, as `ip route append` does. Returns the system's word for why not. */
  put(route: KernelRoute, table = MAIN): string | undefined {
    const error = this.#problemOf(route);
    if (error !== undefined) return error;
    const same = this.#at(table, route);
    same.push(route);
    same.sort((a, b) => a.metric - b.metric);
    this.#announce(table, { removed: false, replaced: false, route });
    return undefined;
  }

  /** Somebody else takes a route away, whoever's it is. */
  remove(route: Pick<KernelRoute, "network" | "length" | "metric">, table = MAIN): void {
    const same = this.#at(table, route);
    const at = same.findIndex(({ metric }) => metric === route.metric);
    if (at < 0) return;
    const [removed] = same.splice(at, 1);
    this.#tidy(table, route);
    this.#announce(table, { removed: true, replaced: false, route: removed! });
  }

  /** Announcements are lost, as when nobody reads them for too long. */
  lose(): void {
    for (const opened of this.#opened) {
      this.#scheduler.at(this.#scheduler.now, () => {
        if (this.#opened.has(opened)) opened.handlers.lost();
      });
    }
  }

  #apply(opened: OpenedTable, changes: readonly RouteChange[]): readonly RouteFailure[] {
    if (this.isForbidden) throw notPermitted();
    this.applied.push(changes.length);
    return changes.flatMap((change) => {
      const error = this.#change(opened, change);
      return error === undefined ? [] : [{ change, error }];
    });
  }

  #change(opened: OpenedTable, change: RouteChange): string | undefined {
    const { table, protocol } = opened.options;
    const { network, length, metric, nextHops } = change;
    const same = this.#at(table, change);
    if (change.type === "remove") {
      const at = same.findIndex((route) => route.metric === metric && route.protocol === protocol);
      if (at < 0) return "ESRCH";
      const [route] = same.splice(at, 1);
      this.#tidy(table, change);
      this.#announce(table, { removed: true, replaced: false, route: route! }, opened);
      return undefined;
    }
    const error = this.#problemOf(change);
    if (error !== undefined) return error;
    const type = nextHops.length === 0 ? "blackhole" : "unicast";
    const route: KernelRoute = { network, length, metric, protocol, type, nextHops };
    const at = same.findIndex((other) => other.metric === metric);
    if (change.type === "add" && at >= 0) return "EEXIST";
    if (change.type === "change" && at < 0) return "ENOENT";
    // Whose the old one was is of no account.
    if (at >= 0) same[at] = route;
    else same.push(route);
    same.sort((a, b) => a.metric - b.metric);
    this.#announce(table, { removed: false, replaced: at >= 0, route }, opened);
    return undefined;
  }

  #problemOf({ network, length, nextHops }: Pick<KernelRoute, "network" | "length" | "nextHops">) {
    if ((network & maskOf(length)) >>> 0 !== network) return "EINVAL";
    for (const nextHop of nextHops) {
      const link = this.#links.now().find(({ index }) => index === nextHop.interface);
      if (nextHop.gateway === undefined || nextHop.onLink) {
        if (!link) return "ENODEV";
        if (!link.up) return "ENETDOWN";
      } else if (!link?.up || !isOnLink(link, nextHop.gateway)) return "ENETUNREACH";
    }
    return undefined;
  }

  #linkChanged({ type, link }: LinkChange): void {
    const before = this.#had.get(link.index);
    if (type === "removed") {
      this.#had.delete(link.index);
      this.#dead.delete(link.index);
      this.lose();
      // One leg that is gone for good takes the whole route along.
      return this.#drop((nextHops) => nextHops.some((nextHop) => nextHop.interface === link.index));
    }
    const now = stateOf(link);
    this.#had.set(link.index, now);
    const isLost = before && ((before.up && !now.up) || (before.addresses > 0 && now.addresses === 0));
    if (!isLost) {
      if (now.up && now.addresses > 0) this.#dead.delete(link.index);
      return;
    }
    this.#dead.add(link.index);
    this.lose();
    this.#drop((nextHops) => nextHops.every((nextHop) => this.#dead.has(nextHop.interface)));
  }

  /** Without a word, as the kernel does it. */
  #drop(isGone: (nextHops: readonly KernelNextHop[]) => boolean): void {
    for (const table of this.#tables.values()) {
      for (const [key, routes] of table) {
        const left = routes.filter(({ nextHops }) => nextHops.length === 0 || !isGone(nextHops));
        if (left.length === 0) table.delete(key);
        else table.set(key, left);
      }
    }
  }

  #at(table: number, { network, length }: Pick<KernelRoute, "network" | "length">): KernelRoute[] {
    const routes: SimTable = this.#tables.get(table) ?? new Map<string, KernelRoute[]>();
    this.#tables.set(table, routes);
    const key = formatIpv4Prefix(network, length);
    const same = routes.get(key) ?? [];
    routes.set(key, same);
    return same;
  }

  #tidy(table: number, { network, length }: Pick<KernelRoute, "network" | "length">): void {
    const key = formatIpv4Prefix(network, length);
    if (this.#tables.get(table)?.get(key)?.length === 0) this.#tables.get(table)!.delete(key);
  }

  #announce(table: number, change: KernelRouteChange, writer?: OpenedTable): void {
    for (const opened of this.#opened) {
      if (opened === writer || opened.options.table !== table) continue;
      this.#scheduler.at(this.#scheduler.now, () => {
        if (this.#opened.has(opened)) opened.handlers.changed([change]);
      });
    }
  }
}

type SimTable = Map<string, KernelRoute[]>;

interface OpenedTable {
  readonly options: RouteTableOptions;
  readonly handlers: RouteHandlers;
}

function stateOf({ up, addresses }: Link) {
  return { up, addresses: addresses.filter(({ address }) => address.bytes.length === 4).length };
}

function isOnLink({ addresses }: Link, gateway: Ipv4): boolean {
  return addresses.some(({ address, peer, prefixLength }) => {
    const base = fromAddress(peer ?? address);
    return base !== undefined && ((base ^ gateway) & maskOf(prefixLength)) === 0;
  });
}

function notPermitted(): OperatorError {
  return new OperatorError("cannot change routes: this needs the capability CAP_NET_ADMIN", "grant it");
}

const MAIN = 254;
