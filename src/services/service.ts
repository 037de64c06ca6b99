import type { ZodType } from "zod";
import type { Endpoint } from "#base/endpoint.ts";
import type { Host } from "#host/host.ts";
import type { Log } from "#host/log.ts";
import type { Recorder } from "#machine/record.ts";
import type { EventDetail } from "#services/events.ts";

/**
 * The contract between a service and the manager. A service is declared once with `service({ … })`: its name is its
 * section of the configuration, `needs` are the services whose APIs its `start` is given, and what `start` returns is
 * its own API. Nothing about a service is global: a process can run many nodes.
 */
export interface ServiceDefinition<
  Config = unknown,
  Needs extends NeededServices = NeededServices,
  Api = unknown,
> {
  /** The section of the configuration and the name people type: "whisper". */
  readonly name: string;
  /** What it is, in the second column of `show processes`: "Whisper". */
  readonly type: string;
  readonly needs: Needs;
  readonly config: ZodType<Config>;
  /** Starts also when the configuration has no section for it. */
  readonly always?: boolean;
  /** Addresses it would listen on, by configuration key: equal ones of two services are refused as a clash. */
  listens?(config: Config): readonly ListenAddress[];
  start(host: ServiceHost<Config>, config: Config, needs: ApisOf<Needs>): Promise<Api> | Api;
}

export interface ListenAddress {
  readonly key: string;
  readonly transport: "tcp" | "udp";
  readonly endpoint: Endpoint;
}

/** Any definition: the types of its configuration and API matter only to those who name it. */
export interface AnyService {
  readonly name: string;
  readonly type: string;
  readonly needs: NeededServices;
  readonly config: ZodType;
  readonly always?: boolean;
  listens?(config: never): readonly ListenAddress[];
  start(host: never, config: never, needs: never): unknown;
}
export type NeededServices = Readonly<Record<string, AnyService>>;
export type ApiOf<Definition extends AnyService> = Awaited<ReturnType<Definition["start"]>>;
export type ApisOf<Needs extends NeededServices> = { readonly [Name in keyof Needs]: ApiOf<Needs[Name]> };

/** The machine, and what the manager lends a service for one run of it, from start to stop. */
export interface NodeHost extends Host {
  readonly node: NodeInfo;
  readonly log: Log<EventDetail>;
  /** Aborted when this run ends. */
  readonly signal: AbortSignal;
  /** Called at the end of this run, the last one given first. */
  atStop(run: () => Promise<void> | void): void;
  /** This run is over: the manager stops it, shows the reason and starts it again with back-off. */
  fail(error: unknown): void;
  /** What one run leaves for the next one of the same service; gone with the daemon. */
  readonly kept: Map<string, unknown>;
  /** A recorder for a core's steps when the operator wants recordings, else undefined. */
  record(core: string, setup: unknown): Recorder | undefined;
}

/** A NodeHost for a service with this configuration. */
export interface ServiceHost<Config> extends NodeHost {
  /** Offers a new configuration to the running service before the manager restarts it; true: taken in place. */
  atReconfigure(take: (config: Config) => boolean): void;
}

export interface NodeInfo {
  readonly name: string;
  /** Where the node keeps its data; exists, and only this process uses it. */
  readonly dataFolder: string;
}

/** Declares a service; infers the types of its configuration, needs and API from each other. */
export function service<Config, Needs extends NeededServices, Api>(
  definition: ServiceDefinition<Config, Needs, Api>,
): ServiceDefinition<Config, Needs, Api> {
  return definition;
}

export type ServiceState = "stopped" | "waiting" | "starting" | "running" | "stopping" | "failed";

/** What people and programs see of a service. Times are ms since the Unix epoch. */
export interface ServiceStatus {
  readonly name: string;
  readonly type: string;
  readonly state: ServiceState;
  readonly needs: readonly string[];
  /** Since when it is in this state. */
  readonly since: number;
  /** How often it was started again after a failure or by an operator. */
  readonly restarts: number;
  /** Why it failed or waits; empty when all is well. */
  readonly reason: string;
  /** When a failed service will be tried again. */
  readonly nextAttempt?: number;
}
