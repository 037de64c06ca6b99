import type { Ipv4 } from "#base/ipv4.ts";
import type { AttachedLink } from "#ospf/attached-links.ts";
import { Backoff } from "#ospf/backoff.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { PARTIAL_DELAY_MS } from "#ospf/limits.ts";
import { RouteCalculator, type RouteCalculatorOptions } from "#ospf/route-calculator.ts";
import type { Area, RouterState } from "#ospf/state.ts";

/** Computes the routes anew when LSAs have changed, and tells what changed. */
export class Routing {
  readonly #state: RouterState;
  readonly #backoff = new Backoff();
  readonly #calculator: RouteCalculator;
  readonly #attached = new Set<Area>();
  /** When the routes were computed last, ms; -Infinity: never. */
  ranAt = -Infinity;
  /** When the shortest paths are due, ms; Infinity: they are not. */
  #fullAt = Infinity;
  /** How often, of how much. */
  readonly runs = { full: 0, partial: 0, nothing: 0 };

  constructor(state: RouterState) {
    this.#state = state;
    this.#calculator = new RouteCalculator(this.#options());
  }

  get calculator(): RouteCalculator {
    return this.#calculator;
  }

  get backoff(): Backoff {
    return this.#backoff;
  }

  lsaChanged(area: Area | undefined, before: Lsa | undefined, after: Lsa | undefined): void {
    const needed = this.#calculator.lsaChanged(area?.id, before, after);
    if (needed === "full") this.#schedule();
    // Single routes cost next to nothing; they wait only for others that come in the same moment, or for the rest.
    else if (needed === "partial" && this.#fullAt === Infinity)
      this.#runBy(this.#state.now + PARTIAL_DELAY_MS);
  }

  /** A new area; before any of its LSAs. */
  areaAdded({ id }: Area): void {
    this.#calculator.attach(id, []);
  }

  /** The ways out of this router into an area may have changed. */
  attached(area: Area): void {
    this.#attached.add(area);
    this.#schedule();
  }

  forgetArea(id: Ipv4): void {
    this.#calculator.removeArea(id);
    this.#schedule();
  }

  /** A limit or an option of the computation changed. */
  reconfigured(): void {
    this.#calculator.configure(this.#options());
    this.#schedule();
  }

  run(): void {
    const { now } = this.#state;
    for (const area of this.#attached)
      if (this.#state.areas.has(area.id)) this.#calculator.attach(area.id, this.#attachments(area));
    this.#attached.clear();
    const { ran, changes } = this.#calculator.run(now);
    this.#fullAt = Infinity;
    this.runs[ran]++;
    this.ranAt = now;
    if (changes.set.length > 0 || changes.removed.length > 0) this.#state.event({ type: "routes", changes });
  }

  #options(): RouteCalculatorOptions {
    const { routerId, maximumPaths, rfc1583Compatible } = this.#state.config;
    return { routerId, maximumPaths, rfc1583Compatible };
  }

  #schedule(): void {
    const { now, config } = this.#state;
    const { shortDelayMs } = config.timers.spf;
    // The delay is that of the first change; RFC 8405 counts every one.
    const delay = this.#backoff.changed(now, config.timers.spf);
    // Where it is long it lies between two computations: what changes seldom does not wait for those that storm elsewhere.
    const at = delay <= shortDelayMs ? now + delay : Math.max(now + shortDelayMs, this.ranAt + delay);
    this.#fullAt = Math.min(this.#fullAt, at);
    this.#runBy(this.#fullAt);
  }

  #runBy(at: number): void {
    const { timers } = this.#state;
    const set = timers.when("spf");
    if (set === undefined || set > at) timers.set("spf", at);
  }

  #attachments(area: Area): AttachedLink[] {
    return this.#state
      .interfacesOf(area)
      .filter(({ state }) => state !== "Down")
      .flatMap((each) => {
        const { name, address, mask, link } = each;
        const neighbors = new Map(each.fullNeighbors().map((full) => [full.routerId, full.address]));
        const own = { interface: name, address, mask, neighbors };
        const further = each.stubs.map((stub) => ({
          interface: name,
          address: stub.network,
          mask: stub.mask,
          neighbors: new Map<Ipv4, Ipv4>(),
        }));
        return [address === 0 && link ? { ...own, linkData: link.index } : own, ...further];
      });
  }
}
