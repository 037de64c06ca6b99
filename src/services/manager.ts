import { explain, OperatorError } from "#base/operator-error.ts";
import { toJson } from "#machine/record.ts";
import { ServiceRun, type NodeSurroundings } from "#services/service-run.ts";
import type { AnyService, ServiceState, ServiceStatus } from "#services/service.ts";
import { startOrder } from "#services/start-order.ts";

/** A service as the manager sees it. */
interface Managed {
  readonly definition: AnyService;
  readonly needs: readonly Managed[];
  readonly kept: Map<string, unknown>;
  /** Its parsed section; undefined while the configuration does not want it. */
  config: unknown;
  wanted: boolean;
  state: ServiceState;
  since: number;
  restarts: number;
  reason: string;
  /** Failures in a row, for the pause before the next attempt. */
  failures: number;
  nextAttempt: number | undefined;
  cancelAttempt: () => void;
  run: ServiceRun | undefined;
}

/**
 * Starts services in the order of their needs, restarts only what changed and what needs it, tries a failed one again
 * after a growing pause, and stops all in reverse. All changes go through one queue: they never overlap.
 */
export class ServiceManager {
  readonly #around: NodeSurroundings;
  readonly #services: readonly Managed[];
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;
  readonly #giveUp = new AbortController();
  /** During the first start what an operator must mend ends the daemon; saying it once is enough. */
  #first = true;

  /** Throws OperatorError for needs that cannot be met. */
  constructor(definitions: readonly AnyService[], around: NodeSurroundings) {
    this.#around = around;
    const managed = new Map<AnyService, Managed>();
    for (const definition of startOrder(definitions)) {
      const needs = Object.values(definition.needs).map((need) => managed.get(need)!);
      managed.set(definition, { ...NOTHING, definition, needs, kept: new Map(), since: this.#wallTime() });
    }
    this.#services = [...managed.values()];
  }

  /**
   * Starts what the configuration wants. What an operator must mend (OperatorError) rejects, with everything stopped
   * again; a service that fails otherwise is tried again later.
   */
  start(sections: ReadonlyMap<string, unknown>): Promise<void> {
    return this.#inTurn(async () => {
      this.#want(sections);
      for (const each of this.#services) {
        if (!each.wanted) continue;
        const error = await this.#start(each);
        if (!(error instanceof OperatorError)) continue;
        await this.#stopAll();
        throw error;
      }
      this.#first = false;
    });
  }

  /** Takes a new configuration; the names of the services that were started, stopped, restarted or changed in place. */
  reconfigure(sections: ReadonlyMap<string, unknown>): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      this.#refuseWhenStopped();
      const before = new Map(
        this.#services.map((each) => [each, each.wanted ? toJson(each.config) : undefined]),
      );
      this.#want(sections);
      const changed: string[] = [];
      const again = new Set<Managed>();
      for (const each of this.#services) {
        const differs = before.get(each) !== (each.wanted ? toJson(each.config) : undefined);
        if (differs) changed.push(each.definition.name);
        const inPlace = differs && each.wanted && each.state === "running" && this.#reconfigureInPlace(each);
        if ((differs && !inPlace) || each.needs.some((need) => again.has(need))) again.add(each);
      }
      await this.#restart(again);
      return changed;
    });
  }

  /** Stops and starts one service and all that need it. Throws OperatorError when it is unknown or fails to start. */
  restart(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseWhenStopped();
      const target = this.#find(name);
      if (!target.wanted) {
        throw new OperatorError(
          `service ${name} is not configured`,
          `add a section "${name}" to the configuration`,
        );
      }
      target.failures = 0;
      target.restarts++;
      const error = await this.#restart(this.#withDependents(target));
      if (target.state === "failed")
        throw new OperatorError(`${name} failed to start: ${explain(error)}`, RETRIED);
    });
  }

  /** Stops everything, in reverse order; a start that is under way is given up. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#giveUp.abort();
    return this.#inTurn(() => this.#stopAll());
  }

  statuses(): readonly ServiceStatus[] {
    return this.#services.filter(({ wanted }) => wanted).map(statusOf);
  }

  /** What a running service offers. Throws OperatorError when it does not run, and says why. */
  api(name: string): unknown {
    const each = this.#find(name);
    if (each.state === "running") return each.run!.api;
    const reason = !each.wanted ? "it is not configured" : each.reason || `it is ${each.state}`;
    const remedy = each.wanted ? "see `show services`" : `add a section "${name}" to the configuration`;
    throw new OperatorError(`service ${name} is not running: ${reason}`, remedy);
  }

  /** Which services the sections ask for, with those that they need, and their parsed configurations. */
  #want(sections: ReadonlyMap<string, unknown>): void {
    const wanted = new Set<Managed>();
    for (const each of [...this.#services].reverse()) {
      const { name, always } = each.definition;
      if (!always && !sections.has(name) && !wanted.has(each)) continue;
      wanted.add(each);
      for (const need of each.needs) wanted.add(need);
    }
    for (const each of this.#services) {
      const { name, config } = each.definition;
      each.wanted = wanted.has(each);
      if (each.wanted) each.config = sections.has(name) ? sections.get(name) : config.parse(undefined);
    }
  }

  async #restart(again: ReadonlySet<Managed>): Promise<unknown> {
    let first: unknown;
    for (const each of [...this.#services].reverse())
      if (again.has(each)) await this.#stop(each, "stopped", "");
    for (const each of this.#services) {
      if (!again.has(each) || !each.wanted) continue;
      const error = await this.#start(each);
      first ??= error;
    }
    return first;
  }

  /** Starts one; the answer is why that failed, already shown and to be tried again. */
  async #start(each: Managed): Promise<unknown> {
    const { name } = each.definition;
    const missing = each.needs.find((need) => need.state !== "running");
    if (missing) {
      this.#set(each, "waiting", `needs ${missing.definition.name}, which is ${missing.state}`);
      return undefined;
    }
    this.#around.log.publish("node", "info", `starting service: ${name}`);
    this.#set(each, "starting", "");
    let early: { readonly error: unknown } | undefined;
    const run = new ServiceRun(each.definition, this.#around, each.kept, (error) => {
      if (each.state === "starting") early ??= { error };
      else void this.#inTurn(() => this.#failed(each, run, error));
    });
    each.run = run;
    const needs = Object.fromEntries(
      Object.entries(each.definition.needs).map(([key, need]) => [key, this.#find(need.name).run!.api]),
    );
    try {
      await unlessAborted(run.start(each.config, needs), this.#giveUp.signal);
      if (early) throw early.error;
    } catch (error) {
      await this.#failed(each, run, error);
      return error;
    }
    this.#set(each, "running", "");
    return undefined;
  }

  /** A run is over: cleans up, stops what needs it and plans the next attempt. */
  async #failed(each: Managed, run: ServiceRun, error: unknown): Promise<void> {
    if (each.run !== run || this.#stopped) return;
    const reason = explain(error);
    if (each.state === "running" && this.#wallTime() - each.since >= STABLE_MS) each.failures = 0;
    each.failures++;
    const pause = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** (each.failures - 1));
    const dependents = this.#withDependents(each);
    dependents.delete(each);
    for (const other of [...this.#services].reverse()) {
      if (dependents.has(other))
        await this.#stop(other, "waiting", `needs ${each.definition.name}, which failed`);
    }
    await this.#stop(each, "failed", reason, this.#wallTime() + pause);
    if (this.#first && error instanceof OperatorError) return;
    this.#around.log.publish("node", "error", `service ${each.definition.name} failed: ${reason}`);
    const { clock } = this.#around.host;
    each.cancelAttempt = clock.at(clock.now() + pause, () => {
      void this.#inTurn(async () => {
        if (each.state !== "failed" || this.#stopped) return;
        each.restarts++;
        await this.#restart(this.#withDependents(each));
      });
    });
  }

  async #stop(each: Managed, state: ServiceState, reason: string, nextAttempt?: number): Promise<void> {
    each.cancelAttempt();
    const { run } = each;
    if (run) {
      this.#set(each, "stopping", "");
      each.run = undefined;
      const { name } = each.definition;
      for (const problem of await run.stop(STOP_LIMIT_MS)) {
        this.#around.log.publish("node", "warn", `stopping service ${name}: ${problem}`);
      }
    }
    this.#set(each, state, reason, nextAttempt);
  }

  /** A handler that throws has not taken the change: the restart will show whether the service can live with it. */
  #reconfigureInPlace({ run, config, definition }: Managed): boolean {
    try {
      return run!.reconfigure(config);
    } catch (error) {
      const text = `${definition.name} did not take its new configuration in place: ${explain(error)}`;
      this.#around.log.publish("node", "warn", text);
      return false;
    }
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new OperatorError("the node is stopping", "start it again");
  }

  async #stopAll(): Promise<void> {
    for (const each of [...this.#services].reverse()) await this.#stop(each, "stopped", "");
  }

  #set(each: Managed, state: ServiceState, reason: string, nextAttempt?: number): void {
    if (each.state === state && each.reason === reason) return;
    Object.assign(each, { state, reason, nextAttempt, since: this.#wallTime() });
    const text = `service ${each.definition.name} is ${state}${reason === "" ? "" : `: ${reason}`}`;
    this.#around.log.publish("node", "debug", text, { type: "service", status: statusOf(each) });
  }

  /** The service and all that need it, directly or not. */
  #withDependents(target: Managed): Set<Managed> {
    const found = new Set([target]);
    for (const each of this.#services)
      if (each.wanted && each.needs.some((need) => found.has(need))) found.add(each);
    return found;
  }

  #find(name: string): Managed {
    const each = this.#services.find(({ definition }) => definition.name === name);
    if (each) return each;
    const names = this.#services.map(({ definition }) => definition.name).join(", ");
    throw new OperatorError(`there is no service ${name}`, `the services are ${names}`);
  }

  #wallTime(): number {
    return this.#around.host.clock.wallTime();
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(act);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** Rejects when the signal aborts before `promise` has settled; whatever it comes to then, nobody minds. */
function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error("given up: the node is stopping"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function statusOf({ definition, state, since, restarts, reason, nextAttempt }: Managed): ServiceStatus {
  const needs = Object.values(definition.needs).map(({ name }) => name);
  const status = { name: definition.name, type: definition.type, state, needs, since, restarts, reason };
  return nextAttempt === undefined ? status : { ...status, nextAttempt };
}

const NOTHING = {
  config: undefined,
  wanted: false,
  state: "stopped",
  restarts: 0,
  reason: "",
  failures: 0,
  nextAttempt: undefined,
  cancelAttempt: () => {},
  run: undefined,
} satisfies Partial<Managed>;

const RETRIED = "it is tried again with growing pauses; mend the reason or `restart` it";
/** Pauses after failures: the first, doubled each time up to the longest; forgotten after a run so long. */
const RETRY_FIRST_MS = 1_000;
const RETRY_LONGEST_MS = 60_000;
const STABLE_MS = 60_000;
/** How long one service may take to clean up before the others are stopped without it. */
const STOP_LIMIT_MS = 3_000;
