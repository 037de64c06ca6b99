import { formatIpv4Prefix, fromAddress, type Ipv4 } from "#base/ipv4.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { Link } from "#host/links.ts";
import type { KernelRouteChange, KernelTable, RouteFailure } from "#host/routes.ts";
import type { OspfRoute, RouteChanges } from "#ospf/routes.ts";
import type { LocalInterface } from "#routes/interfaces.ts";
import type { PrefixRule } from "#routes/prefix-list.ts";
import type { RedistributedSource, RedistributionChanges, Subscription } from "#routes/redistribution.ts";
import { keyOf, type Route } from "#routes/route.ts";
import { Routing, type OspfOffer } from "#routes/routing.ts";
import type { StaticRoute } from "#routes/static-routes.ts";
import type { LinksApi } from "#services/links-api.ts";
import type { RoutePrefix, RouteQuery, RoutesApi, RouteStatus } from "#services/routes-api.ts";
import type { RoutesConfig } from "#services/routes-config.ts";
import { routesIn, statusesOf } from "#services/routes-view.ts";
import type { NodeHost } from "#services/service.ts";

/**
 * Drives the routing table: tells it of interfaces, kernel and protocols, and carries out what the kernel is to have, one
 * portion after the other. The kernel drops routes without a word when interfaces fail, so whenever that may have happened
 * its table is listed, soon and once more when all is quiet.
 */
export class RoutesDesk implements RoutesApi {
  readonly #host: NodeHost;
  readonly #links: LinksApi;
  readonly #routing: Routing;
  #config: RoutesConfig;
  #kernel!: KernelTable;
  /** What others did while the kernel was being asked for everything. */
  #meanwhile: KernelRouteChange[] | undefined;
  #mustList = false;
  #working: Promise<void> | undefined;
  #stopping = false;
  #cancelList: (() => void) | undefined;
  #cancelCheck: () => void = () => {};
  #cancelRetry: () => void = () => {};
  #lastComplaint = "";

  private constructor(host: NodeHost, links: LinksApi, config: RoutesConfig) {
    this.#host = host;
    this.#links = links;
    this.#config = config;
    const { metric, protocol, install, distance } = config;
    this.#routing = new Routing({ metric, protocol, install, distances: distance });
  }

  /** Resolves when the kernel has what is known by now. Rejects with an OperatorError where that is not permitted. */
  static async start(host: NodeHost, links: LinksApi, config: RoutesConfig): Promise<RoutesDesk> {
    const desk = new RoutesDesk(host, links, config);
    const { table, protocol, install } = config;
    desk.#kernel = await host.routes.open(
      { table, protocol, readOnly: !install },
      { changed: (changes) => desk.#kernelChanged(changes), lost: () => desk.#checkSoon() },
    );
    host.atStop(() => desk.#stop());
    desk.#setInterfaces();
    desk.#routing.setStatics(staticsOf(config), desk.#now());
    links.follow(() => desk.#linksChanged(), host.signal);
    desk.#retryLater();
    await desk.#listNow();
    await desk.settled();
    return desk;
  }

  /** Takes a new configuration in place where that is possible. */
  take(config: RoutesConfig): boolean {
    const { install, protocol, metric, table } = this.#config;
    const isSame = install === config.install && table === config.table;
    if (!isSame || protocol !== config.protocol || metric !== config.metric) return false;
    this.#config = config;
    this.#routing.setDistances(config.distance, this.#now());
    this.#routing.setStatics(staticsOf(config), this.#now());
    this.#work();
    return true;
  }

  setOspf({ set, removed }: RouteChanges): void {
    this.#routing.changeOspf(offersOf(set), removed, this.#now());
    this.#work();
  }

  clearOspf(): void {
    this.#routing.clearOspf(this.#now());
    this.#work();
  }

  redistributable(
    sources: readonly RedistributedSource[],
    listener: (changes: RedistributionChanges) => void,
    { signal, rules = [] }: { readonly signal: AbortSignal; readonly rules?: readonly PrefixRule[] },
  ): void {
    if (signal.aborted) return;
    const subscription: Subscription = { sources, rules, listener };
    signal.addEventListener("abort", () => this.#routing.unsubscribe(subscription), { once: true });
    this.#routing.subscribe(subscription);
  }

  routes(query: RouteQuery): Iterable<RouteStatus> {
    return routesIn(this.#routing, query);
  }

  lookup(address: Ipv4): readonly RouteStatus[] {
    return this.#shown(this.#routing.table.lookup(address));
  }

  at(prefix: RoutePrefix): readonly RouteStatus[] {
    return this.#shown(this.#routing.table.at(keyOf(prefix)));
  }

  async settled(): Promise<void> {
    this.#work();
    while (this.#working) await this.#working;
  }

  #shown(routes: readonly Route[]): readonly RouteStatus[] {
    return statusesOf(routes, this.#routing.installation);
  }

  #now(): number {
    return this.#host.clock.wallTime();
  }

  #setInterfaces(): void {
    this.#routing.setInterfaces(this.#links.current().map(localInterface), this.#now());
  }

  #linksChanged(): void {
    this.#setInterfaces();
    this.#work();
    this.#checkSoon();
  }

  /** Looks what the kernel has, soon and once more when all is quiet. */
  #checkSoon(): void {
    if (this.#stopping) return;
    const { clock } = this.#host;
    this.#cancelList ??= clock.at(clock.now() + LIST_SOON_MS, () => {
      this.#cancelList = undefined;
      this.#check();
    });
    // What the kernel announces may come before it has dropped what it is about to drop.
    this.#cancelCheck();
    this.#cancelCheck = clock.at(clock.now() + QUIET_MS, () => this.#check());
  }

  /** What was refused may be possible now, and what was there may be gone. */
  #check(): void {
    this.#routing.installation.retry();
    this.#list();
  }

  #kernelChanged(changes: readonly KernelRouteChange[]): void {
    if (this.#meanwhile) this.#meanwhile.push(...changes);
    else this.#takeChanges(changes);
  }

  #takeChanges(changes: readonly KernelRouteChange[]): void {
    // Somebody who removes ours again and again shall not keep us busy: they return after a pause.
    if (this.#routing.changeKernel(changes, this.#now())) this.#checkSoon();
    this.#work();
  }

  #list(): void {
    this.#mustList = true;
    this.#work();
  }

  #retryLater(): void {
    const { clock } = this.#host;
    this.#cancelRetry = clock.at(clock.now() + RETRY_MS, () => {
      this.#routing.installation.retry();
      this.#work();
      this.#retryLater();
    });
  }

  /** Sees to it that what is to be done is being done. */
  #work(): void {
    if (this.#stopping || this.#working || !this.#hasWork()) return;
    this.#working = this.#workOff().finally(() => {
      this.#working = undefined;
      // What came in between.
      this.#work();
    });
  }

  #hasWork(): boolean {
    return this.#mustList || (this.#config.install && this.#routing.installation.hasChanges);
  }

  async #workOff(): Promise<void> {
    try {
      while (this.#hasWork() && !this.#stopping) {
        if (this.#mustList) await this.#listNow();
        else await this.#applySome();
      }
    } catch (error) {
      this.#routing.installation.forget();
      if (this.#stopping) return;
      if (error instanceof OperatorError) {
        this.#stopping = true;
        return this.#host.fail(error);
      }
      this.#host.log.publish("warn", `the kernel's routes: ${explain(error)}; trying again`);
      await new Promise<void>((resolve) => {
        const { clock, signal } = this.#host;
        clock.at(clock.now() + TROUBLE_MS, resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      this.#mustList = true;
    }
  }

  async #listNow(): Promise<void> {
    this.#mustList = false;
    const meanwhile: KernelRouteChange[] = (this.#meanwhile = []);
    try {
      const routes = await this.#kernel.list();
      if (!this.#stopping) this.#routing.setKernel(routes, this.#now());
    } finally {
      this.#meanwhile = undefined;
      if (meanwhile.length > 0) this.#takeChanges(meanwhile);
    }
  }

  async #applySome(): Promise<void> {
    const { installation } = this.#routing;
    const failures = await this.#kernel.apply(installation.take(PORTION));
    if (installation.applied(failures)) this.#mustList = true;
    this.#complain(failures);
  }

  /** One line, and not the same one again and again. */
  #complain(failures: readonly RouteFailure[]): void {
    const refused = failures.filter(({ change, error }) => change.type !== "remove" && error !== "ENOENT");
    if (refused.length === 0) return;
    const some = refused.slice(0, MOST_NAMED).map(({ change, error }) => {
      return `${formatIpv4Prefix(change.network, change.length)} (${error})`;
    });
    const more = refused.length > some.length ? ` and ${refused.length - some.length} more` : "";
    const text = `the kernel refused routes: ${some.join(", ")}${more}`;
    if (text === this.#lastComplaint) return;
    this.#lastComplaint = text;
    this.#host.log.publish("warn", text);
  }

  /** Takes all of our routes out of the kernel. */
  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelList?.();
    this.#cancelCheck();
    this.#cancelRetry();
    await this.#working;
    const { installation } = this.#routing;
    try {
      installation.wantNothing();
      while (this.#config.install && installation.hasChanges)
        installation.applied(await this.#kernel.apply(installation.take(PORTION)));
    } finally {
      this.#kernel.close();
    }
  }
}

function staticsOf({ static: routes, distance }: RoutesConfig): StaticRoute[] {
  return routes.map(({ prefix, via, interface: name, distance: own, tag }) => ({
    ...prefix,
    ...(via !== undefined && { via }),
    ...(name !== undefined && { interface: name }),
    distance: own ?? distance.static,
    tag,
  }));
}

/** One after the other: all together they would outlive the collector's nursery. */
function* offersOf(routes: readonly OspfRoute[]): Generator<OspfOffer> {
  for (const { network, length, pathType, cost, type2Cost, tag, nextHops, isConnected } of routes) {
    const metric = pathType === "external-2" ? type2Cost : cost;
    yield { network, length, metric, tag, nextHops, isConnected };
  }
}

function localInterface({ name, index, up, running, addresses }: Link): LocalInterface {
  return {
    name,
    index,
    up,
    running,
    addresses: addresses.flatMap(({ address, peer, prefixLength: length }) => {
      const base = fromAddress(peer ?? address);
      return base === undefined ? [] : [{ base, length }];
    }),
  };
}

/** Changes between which others' wishes are heard; some milliseconds of the kernel's time. */
const PORTION = 1_024;
/** Routing protocols react to a change of the interfaces first: listing many routes takes tens of milliseconds. */
const LIST_SOON_MS = 30;
const QUIET_MS = 300;
/** The kernel may take later what it refused: a gateway that was not reachable. */
const RETRY_MS = 10_000;
const TROUBLE_MS = 1_000;
const MOST_NAMED = 5;
