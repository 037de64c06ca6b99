import type { Ipv4 } from "#base/ipv4.ts";
import type { LinkChange } from "#host/links.ts";
import { Runner } from "#machine/runner.ts";
import type { ExternalRoute } from "#ospf/config.ts";
import { OSPF_PROTOCOL } from "#ospf/constants.ts";
import type { OspfCommand, OspfEvent } from "#ospf/io.ts";
import { OspfRouter } from "#ospf/router.ts";
import { parsePrefixRule } from "#routes/prefix-list.ts";
import type { RedistributionChanges } from "#routes/redistribution.ts";
import type { LinksApi } from "#services/links-api.ts";
import type { OspfApi } from "#services/ospf-api.ts";
import type { OspfSection } from "#services/ospf-config.ts";
import { OspfLog } from "#services/ospf-log.ts";
import { routerConfig } from "#services/ospf-router-config.ts";
import { OspfViews } from "#services/ospf-view.ts";
import type { RoutesApi } from "#services/routes-api.ts";
import type { NodeHost } from "#services/service.ts";

interface Needs {
  readonly links: LinksApi;
  readonly routes: RoutesApi;
}

type Prefix = Pick<ExternalRoute, "network" | "length">;

const SOURCES = ["connected", "static", "kernel"] as const;

/** One run of the OSPF service: the router, what drives it, and those that ask it. */
export class OspfDesk implements OspfApi {
  readonly router: OspfRouter;
  readonly views: OspfViews;
  readonly #host: NodeHost;
  readonly #needs: Needs;
  readonly #log: OspfLog;
  readonly #runner: Runner<OspfCommand, OspfEvent>;
  readonly #routerId: Ipv4;
  #section: OspfSection;
  #redistribution = new AbortController();
  #spfRuns = 0;
  #spfMs: number | undefined;

  private constructor(host: NodeHost, needs: Needs, section: OspfSection, routerId: Ipv4) {
    this.#host = host;
    this.#needs = needs;
    this.#section = section;
    this.#routerId = routerId;
    this.#log = new OspfLog(host.log);
    const { clock } = host;
    const config = routerConfig(section, routerId);
    const random = host.random.fork();
    const authenticationSequence = Math.floor((clock.wallTime() - clock.now()) / 1_000);
    const recorder = host.record("ospf", { config, random: random.state(), authenticationSequence });
    this.router = new OspfRouter(config, { random, cipher: host.cipher, authenticationSequence });
    this.views = new OspfViews(this.router, clock, () => this.#spfMs);
    this.#runner = new Runner<OspfCommand, OspfEvent>(this.router, {
      clock,
      streams: host.streams,
      rawIp: { port: host.rawIp, protocol: OSPF_PROTOCOL },
      event: (event) => this.#take(event),
      failed: (error) => host.fail(error),
      observe: (now, input, outputs) => {
        this.#timeSpf(now);
        recorder?.step(now, input, outputs);
      },
    });
  }

  static start(host: NodeHost, needs: Needs, section: OspfSection, routerId: Ipv4): OspfDesk {
    const desk = new OspfDesk(host, needs, section, routerId);
    host.atStop(() => desk.#stop());
    needs.links.follow((changes) => desk.#follow(changes), host.signal);
    for (const link of needs.links.current()) desk.#runner.push({ type: "link", link });
    desk.#redistribute();
    return desk;
  }

  /** A changed section; only what it changes is done anew. */
  take(section: OspfSection): boolean {
    const before = this.#section;
    const routerId = section["router-id"] ?? this.#routerId;
    this.#section = section;
    this.#runner.push({ type: "configure", config: routerConfig(section, routerId) });
    if (JSON.stringify(before.redistribute) !== JSON.stringify(section.redistribute)) {
      this.#redistribution.abort();
      this.#redistribution = new AbortController();
      this.#redistribute();
    }
    return true;
  }

  clearNeighbors(routerId?: Ipv4): void {
    this.#runner.push(
      routerId === undefined ? { type: "clear-neighbors" } : { type: "clear-neighbors", routerId },
    );
  }

  clearProcess(): void {
    this.#runner.push({ type: "clear-process" });
  }

  #follow(changes: readonly LinkChange[]): void {
    for (const { type, link } of changes)
      this.#runner.push(type === "link" ? { type, link } : { type: "link-removed", name: link.name });
  }

  /** Routes of elsewhere become externals. Several sources of one prefix: the table tells only of the best. */
  #redistribute(): void {
    let first: ExternalRoute[] | undefined = [];
    for (const source of SOURCES)
      this.#followRoutes(source, (set, removed) => {
        if (first) for (const external of set) first.push(external);
        else this.#runner.push({ type: "externals", set, removed });
      });
    const set = first;
    first = undefined;
    // Together with what was told before: neighbors would miss for seconds what was ended and then told again.
    const stays = new Set(set.map(prefixName));
    const removed = [...this.router.originator.externals()].filter((each) => !stays.has(prefixName(each)));
    this.#runner.push({ type: "externals", set, removed });
  }

  /** Tells of a source's routes, at once and of every change. */
  #followRoutes(
    source: (typeof SOURCES)[number],
    tell: (set: readonly ExternalRoute[], removed: readonly Prefix[]) => void,
  ): void {
    const wanted = this.#section.redistribute[source];
    if (!wanted) return;
    const rules = wanted.filter.map((text) => parsePrefixRule(text)!);
    const told = new Set<string>();
    const listener = ({ set, removed }: RedistributionChanges): void => {
      const externals = set.map(({ network, length, tag }): ExternalRoute => {
        told.add(prefixName({ network, length }));
        return {
          network,
          length,
          metric: wanted.metric,
          isType2: wanted["metric-type"] === 2,
          tag: wanted.tag ?? tag,
          forwardingAddress: 0,
        };
      });
      tell(
        externals,
        removed.filter((each) => told.delete(prefixName(each))),
      );
    };
    const signal = AbortSignal.any([this.#redistribution.signal, this.#host.signal]);
    this.#needs.routes.redistributable([source], listener, { signal, rules });
  }

  /** The router knows no clock: what the step took in which it computed the shortest paths. */
  #timeSpf(began: number): void {
    const { full } = this.router.routing.runs;
    if (full === this.#spfRuns) return;
    this.#spfRuns = full;
    this.#spfMs = this.#host.clock.now() - began;
  }

  #take(event: OspfEvent): void {
    if (event.type === "routes") this.#needs.routes.setOspf(event.changes);
    else this.#log.tell(event);
  }

  /** Others learn at once that this router leaves. */
  #stop(): void {
    this.#runner.push({ type: "leave" });
    this.#runner.stop();
    this.#needs.routes.clearOspf();
  }
}

function prefixName({ network, length }: Prefix): string {
  return `${network}/${length}`;
}
