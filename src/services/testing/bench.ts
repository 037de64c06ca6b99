import { z } from "zod";
import { World } from "#sim/world.ts";
import { EventLog } from "#services/event-log.ts";
import { ServiceManager } from "#services/manager.ts";
import { service, type AnyService, type NodeHost } from "#services/service.ts";

/** What a dummy does when it starts; its run can be seen and ended from outside. */
export interface DummyOptions {
  readonly needs?: readonly AnyService[];
  readonly always?: boolean;
  /** Called at each start; what it throws fails the start. */
  readonly start?: (host: NodeHost, config: { readonly size: number }) => Promise<void> | void;
  /** Takes new configurations in place. */
  readonly takes?: boolean;
}

/** Services that write down what happens to them, a manager for them, and time that only the test moves. */
export class ServiceBench {
  readonly world = new World({ seed: 1 });
  readonly host = this.world.addHost("10.0.0.1");
  readonly did: string[] = [];
  readonly hosts = new Map<string, NodeHost>();
  readonly log = new EventLog(() => this.world.now);

  dummy(name: string, options: DummyOptions = {}): AnyService {
    const needs = Object.fromEntries((options.needs ?? []).map((need) => [need.name, need]));
    return service({
      name,
      type: `Type of ${name}`,
      needs,
      always: options.always ?? false,
      config: z.strictObject({ size: z.number().default(1) }).prefault({}),
      start: async (host, config, apis) => {
        const given = Object.entries(apis).map(([key, api]) => `${key}=${String(api)}`);
        this.did.push([`start ${name} ${config.size}`, ...given].join(" "));
        this.hosts.set(name, host);
        host.atStop(() => void this.did.push(`stop ${name}`));
        if (options.takes) {
          host.atReconfigure(({ size }) => {
            this.did.push(`take ${name} ${size}`);
            return true;
          });
        }
        await options.start?.(host, config);
        return `api of ${name}`;
      },
    });
  }

  manager(...services: readonly AnyService[]): ServiceManager {
    return new ServiceManager(services, {
      host: this.host,
      node: { name: "n", dataFolder: "/nowhere" },
      log: this.log,
    });
  }

  /** What was done since the last call. */
  news(): string[] {
    return this.did.splice(0);
  }

  /** Lets virtual time pass, and what it sets off come to its end. */
  async pass(durationMs: number): Promise<void> {
    const end = this.world.now + durationMs;
    while (this.world.now < end) {
      this.world.run(Math.min(100, end - this.world.now));
      await settled();
    }
  }
}

/** Everything that promises set off has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export function sections(names: Readonly<Record<string, number>>): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(names).map(([name, size]) => [name, { size }]));
}
