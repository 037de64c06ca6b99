import { formatEndpoint } from "#base/endpoint.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import { loadConfiguration, type Clash, type Configuration, type ConfigurationSource } from "#config/load.ts";
import { defaultDataFolder } from "#config/default-data-folder.ts";
import { nodeSection } from "#config/node-section.ts";
import { watchConfiguration } from "#config/watch.ts";
import { formatVersion } from "#base/format-version.ts";
import { apiService } from "#daemon/api-service.ts";
import { lockDataFolder, type DataFolder } from "#daemon/data-folder.ts";
import { packetsTools } from "#daemon/packets-tools.ts";
import { recordingsIn } from "#daemon/recordings.ts";
import type { Host } from "#host/host.ts";
import type { LogLevel } from "#host/log.ts";
import type { NodeControl, VersionInfo } from "#services/control.ts";
import { EventLog } from "#services/event-log.ts";
import type { NodeEvent } from "#services/events.ts";
import { ServiceManager } from "#services/manager.ts";
import { DIRECTORY_SECRETS } from "#services/directory-config.ts";
import { directory } from "#services/directory.ts";
import { identity } from "#services/identity.ts";
import { links } from "#services/links.ts";
import { MEMBERSHIP_SECRETS } from "#services/membership-config.ts";
import { membership } from "#services/membership.ts";
import { packetsService } from "#services/packets.ts";
import { peers } from "#services/peers.ts";
import { OSPF_SECRETS } from "#services/ospf-config.ts";
import { ospf } from "#services/ospf.ts";
import { routes } from "#services/routes.ts";
import type { AnyService } from "#services/service.ts";
import { whisper } from "#services/whisper.ts";

export interface DaemonSurroundings {
  readonly host: Host;
  readonly source: ConfigurationSource;
  readonly version: VersionInfo;
  /** Gets every event that the operator wants to see (node.log), from the first on. */
  readonly follow: (event: NodeEvent) => void;
}

/** One running node: its configuration, its services, its log. */
export class Daemon implements NodeControl {
  readonly name: string;
  readonly version: VersionInfo;
  readonly started: number;
  readonly log: EventLog;
  /** Resolves when somebody asked for the end; `stop` is still to be called. */
  readonly ending: Promise<void>;
  readonly #around: DaemonSurroundings;
  readonly #services: readonly AnyService[];
  readonly #manager: ServiceManager;
  readonly #folder: DataFolder;
  readonly #life = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  #configuration: Configuration;
  #levels: Readonly<Record<string, LogLevel>>;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(around: DaemonSurroundings, configuration: Configuration, folder: DataFolder) {
    const node = nodeOf(configuration);
    this.#around = around;
    this.#configuration = configuration;
    this.#levels = node.log ?? {};
    this.#folder = folder;
    this.name = node.name;
    this.version = around.version;
    this.started = around.host.clock.wallTime();
    this.ending = this.#end.promise;
    this.log = new EventLog(() => around.host.clock.wallTime());
    this.log.subscribe((event) => this.#isShown(event) && around.follow(event), this.#life.signal);
    this.#services = nodeServices(this);
    this.#manager = new ServiceManager(this.#services, {
      host: around.host,
      node: { name: node.name, dataFolder: folder.path },
      log: this.log,
      ...(node.recordings !== undefined && { record: recordingsIn(node.recordings, this.log) }),
    });
  }

  /** Starts a node. Throws OperatorError for what its operator must mend; then nothing is left running. */
  static async start(around: DaemonSurroundings): Promise<Daemon> {
    const configuration = await loadConfiguration(around.source, configurationSchema());
    const { data } = nodeOf(configuration);
    const folder = await lockDataFolder(data ?? defaultDataFolder());
    const daemon = new Daemon(around, configuration, folder);
    try {
      const uid = process.getuid?.();
      const who = uid === undefined ? "" : ` with uid ${uid}`;
      daemon.log.publish("node", "info", `Starting parleyd ${formatVersion(around.version)}${who}`);
      await daemon.#manager.start(configuration.sections);
    } catch (error) {
      daemon.#life.abort();
      folder.release();
      throw error;
    }
    const reload = (): void => void daemon.reload().catch(() => {}); // the log says why
    watchConfiguration(configuration.watched, reload, daemon.#life.signal);
    return daemon;
  }

  usage() {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
  }

  services() {
    return this.#manager.statuses();
  }

  api(name: string): unknown {
    return this.#manager.api(name);
  }

  restart(name: string): Promise<void> {
    this.log.publish("node", "info", `restarting service: ${name}`);
    return this.#manager.restart(name);
  }

  reload(): Promise<readonly string[]> {
    const result = this.#reloading.then(() => this.#reload());
    this.#reloading = result.catch(() => {});
    return result;
  }

  configuration(): string {
    return this.#configuration.print();
  }

  shutdown(): void {
    this.log.publish("node", "info", "shutting down");
    this.#end.resolve();
  }

  /** Stops all services in order and gives the data folder back. */
  async stop(): Promise<void> {
    this.#end.resolve();
    await this.#manager.stop();
    this.log.publish("node", "info", "stopped");
    this.#life.abort();
    this.#folder.release();
  }

  /** Whether the operator wants to see it, by the configuration of this moment. */
  #isShown({ service, level }: NodeEvent): boolean {
    const least = this.#levels[service] ?? this.#levels["default"] ?? "info";
    return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
  }

  async #reload(): Promise<readonly string[]> {
    try {
      const configuration = await loadConfiguration(this.#around.source, configurationSchema());
      const fixed = fixedChange(nodeOf(this.#configuration), nodeOf(configuration));
      if (fixed)
        throw new OperatorError(
          `${fixed} cannot change while the node runs`,
          "change it back, or restart parleyd",
        );
      this.#configuration = configuration;
      this.#levels = nodeOf(configuration).log ?? {};
      const changed = await this.#manager.reconfigure(configuration.sections);
      const text = changed.length === 0 ? "nothing changed" : `changed: ${changed.join(", ")}`;
      this.log.publish("node", "info", `configuration read again, ${text}`, {
        type: "configuration",
        changed,
        error: "",
      });
      return changed;
    } catch (error) {
      const reason = explain(error);
      const text = `the configuration stays as it was: ${reason}`;
      this.log.publish("node", "error", text, { type: "configuration", changed: [], error: reason });
      throw error;
    }
  }
}

/** All services that a node can have. */
function nodeServices(control: NodeControl): readonly AnyService[] {
  return [
    apiService(control),
    identity,
    links,
    routes,
    ospf,
    peers,
    membership,
    whisper,
    directory,
    packetsService(packetsTools()),
  ];
}

/** What a configuration may hold: the node's own section and one for each service. */
export function configurationSchema() {
  // Only names and schemas count here; no service is started from these definitions.
  const services = nodeServices(NO_CONTROL);
  const sections = Object.fromEntries(services.map(({ name, config }) => [name, config]));
  const names = services.map(({ name }) => name);
  return {
    sections: {
      node: nodeSection.superRefine((node, context) => checkLogNames(node, names, context)),
      ...sections,
    },
    secrets: ["api.tokens", ...DIRECTORY_SECRETS, ...OSPF_SECRETS, ...MEMBERSHIP_SECRETS],
    clashes: (parsed: ReadonlyMap<string, unknown>) => clashes(services, parsed),
  };
}

/** A misspelled service would stay silent, or talkative, without a word. */
function checkLogNames(
  { log = {} }: NodeSection,
  names: readonly string[],
  context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): void {
  for (const name of Object.keys(log)) {
    if (["default", "node", ...names].includes(name)) continue;
    const message = `is no service; known are default, node, ${names.join(", ")}`;
    context.addIssue({ code: "custom", path: ["log", name], message });
  }
}

/** Two services on one address. */
function clashes(services: readonly AnyService[], parsed: ReadonlyMap<string, unknown>): readonly Clash[] {
  const taken = new Map<string, string>();
  const found: Clash[] = [];
  for (const { name, listens } of services) {
    if (!parsed.has(name)) continue;
    for (const { key, transport, endpoint } of listens?.(parsed.get(name) as never) ?? []) {
      const place = `${transport} ${formatEndpoint(endpoint)}`;
      const first = endpoint.port === 0 ? undefined : taken.get(place);
      taken.set(place, key);
      if (first === undefined) continue;
      found.push({
        keys: [first, key],
        message: `${first} listens on ${place} already`,
        remedy: "give one another port",
      });
    }
  }
  return found;
}

type NodeSection = ReturnType<typeof nodeSection.parse>;

function nodeOf(configuration: Configuration): NodeSection {
  return nodeSection.parse(configuration.sections.get("node") ?? {});
}

function fixedChange(before: NodeSection, after: NodeSection): string | undefined {
  const keys = ["name", "data", "recordings"] as const;
  const key = keys.find((each) => before[each] !== after[each]);
  return key && `node.${key}`;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

const NO_CONTROL = {} as NodeControl;
