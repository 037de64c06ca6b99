import type { NodeEvent } from "#services/events.ts";
import type { ServiceStatus } from "#services/service.ts";

export interface VersionInfo {
  /** "0.1.0", without the "v". */
  readonly version: string;
  /** Short commit; empty when it is not known. */
  readonly commit: string;
  /** The checkout had changes that were not committed. */
  readonly dirty: boolean;
}

/** All that the API may do with a node; the daemon provides it. */
export interface NodeControl {
  readonly name: string;
  readonly version: VersionInfo;
  /** When the daemon started, ms since the Unix epoch. */
  readonly started: number;
  readonly log: EventSource;
  /** What the process has taken so far. */
  usage(): ProcessUsage;
  services(): readonly ServiceStatus[];
  /** The API of a running service; throws OperatorError when it does not run, with the reason. */
  api(name: string): unknown;
  /** Stops and starts a service and those that need it. Throws OperatorError for an unknown name or a failed start. */
  restart(name: string): Promise<void>;
  /** Reads the configuration again; the names of what was restarted or changed. Throws OperatorError when it is bad. */
  reload(): Promise<readonly string[]>;
  /** The running configuration as YAML, each value with where it comes from; secrets are masked. */
  configuration(): string;
  /** Ends the daemon in order, soon after this call. */
  shutdown(): void;
}

export interface ProcessUsage {
  /** Since the start, of all cores. */
  readonly cpuSeconds: number;
  /** Resident now. */
  readonly memoryBytes: number;
}

/** The node's log: what is kept of it, and what comes. */
export interface EventSource {
  /** Kept events with a sequence above `after`, oldest first. */
  since(after: number): readonly NodeEvent[];
  /** Calls `listener` for every new event until `signal` aborts. */
  subscribe(listener: (event: NodeEvent) => void, signal: AbortSignal): void;
}
