import { explain } from "#base/operator-error.ts";
import type { Host } from "#host/host.ts";
import type { Recorder } from "#machine/record.ts";
import type { EventLog } from "#services/event-log.ts";
import type { AnyService, NodeInfo, ServiceHost } from "#services/service.ts";

/** What all services of one node share. */
export interface NodeSurroundings {
  readonly host: Host;
  readonly node: NodeInfo;
  readonly log: EventLog;
  /** A recorder for a service's core; undefined when the operator wants none. */
  readonly record?: (service: string, core: string, setup: unknown) => Recorder | undefined;
}

/** One run of one service, from start to stop. */
export class ServiceRun {
  readonly #definition: AnyService;
  readonly #around: NodeSurroundings;
  readonly #kept: Map<string, unknown>;
  readonly #failed: (error: unknown) => void;
  readonly #abort = new AbortController();
  readonly #cleanups: (() => Promise<void> | void)[] = [];
  #reconfigure: ((config: never) => boolean) | undefined;
  api: unknown;

  /** `failed` is told at most once, and only after the start and before the stop. */
  constructor(
    definition: AnyService,
    around: NodeSurroundings,
    kept: Map<string, unknown>,
    failed: (error: unknown) => void,
  ) {
    this.#definition = definition;
    this.#around = around;
    this.#kept = kept;
    this.#failed = failed;
  }

  async start(config: unknown, needs: Readonly<Record<string, unknown>>): Promise<void> {
    // The manager parsed this configuration with this very definition and collected these needs for it.
    this.api = await this.#definition.start(this.#host() as never, config as never, needs as never);
  }

  /** Offers the running service a new configuration; false: it must be restarted. */
  reconfigure(config: unknown): boolean {
    return this.#reconfigure?.(config as never) ?? false;
  }

  /** Ends it; resolves when all is cleaned up or `limitMs` have passed, with what went wrong on the way. */
  async stop(limitMs: number): Promise<readonly string[]> {
    const problems: string[] = [];
    this.#abort.abort();
    const { clock } = this.#around.host;
    const late = Promise.withResolvers<"late">();
    const cancel = clock.at(clock.now() + limitMs, () => late.resolve("late"));
    let isLate = false;
    for (const cleanup of this.#cleanups.reverse()) {
      try {
        const cleaned = Promise.resolve(cleanup());
        // Past the limit the rest is still begun: a port must not stay taken because of another one's delay.
        if (isLate) void cleaned.catch(() => {});
        else if ((await Promise.race([cleaned, late.promise])) === "late") {
          isLate = true;
          problems.push(`did not stop within ${limitMs} ms`);
        }
      } catch (error) {
        problems.push(explain(error));
      }
    }
    cancel();
    return problems;
  }

  #host(): ServiceHost<never> {
    const { host, node, log, record } = this.#around;
    const { name } = this.#definition;
    const { signal } = this.#abort;
    return {
      ...host,
      random: host.random.fork(),
      node,
      signal,
      kept: this.#kept,
      log: { publish: (level, text, detail) => log.publish(name, level, text, detail) },
      atStop: (run) => void this.#cleanups.push(run),
      fail: (error) => {
        if (!signal.aborted) this.#failed(error);
      },
      atReconfigure: (take) => {
        this.#reconfigure = take;
      },
      record: (core, setup) => record?.(name, core, setup),
    };
  }
}
