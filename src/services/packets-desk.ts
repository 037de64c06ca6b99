import type { Link } from "#host/links.ts";
import type { LogLevel } from "#host/log.ts";
import type { LinksApi } from "#services/links-api.ts";
import {
  PacketsError,
  type CaptureRequest,
  type CaptureStatus,
  type CaptureStream,
  type PacketsApi,
  type ResponderStatus,
} from "#services/packets-api.ts";
import type { ClientCapture } from "#services/packets-capture.ts";
import {
  INTERFACE,
  NAME,
  type CaptureConfig,
  type PacketsConfig,
  type ResponderConfig,
} from "#services/packets-config.ts";
import { Job, type JobNews, type JobSurroundings } from "#services/packets-job.ts";
import {
  LOADING_MS,
  MOST_CLIENT_CAPTURES,
  MOST_OPTIONS,
  MOST_RESPONDERS,
  OPTION_CHARACTERS,
} from "#services/packets-limits.ts";
import { CaptureRecord, reasonOf, ResponderRecord } from "#services/packets-records.ts";
import { ResponderTeller, tellingRate } from "#services/packets-teller.ts";
import type { PacketsTools } from "#services/packets-tools.ts";
import type { RateLimit } from "#services/packets-rate.ts";
import type { NodeHost } from "#services/service.ts";

type Options = Readonly<Record<string, string>>;

interface Responder {
  readonly name: string;
  readonly interface: string;
  readonly configured: ResponderConfig | undefined;
  options: Options;
  readonly record: ResponderRecord;
  readonly job: Job;
}

interface FileCapture {
  readonly config: CaptureConfig;
  readonly record: CaptureRecord;
  readonly job: Job;
}

/** All responders and captures of a node. */
export class PacketsDesk implements PacketsApi {
  readonly #host: NodeHost;
  readonly #links: LinksApi;
  readonly #tools: PacketsTools;
  readonly #folder: string | undefined;
  readonly #responders: Responder[] = [];
  readonly #files: FileCapture[] = [];
  readonly #clients = new Set<ClientCapture>();
  /** Clients whose captures are being opened. */
  #opening = 0;
  /** What all responders may tell together. */
  readonly #telling: RateLimit;
  #engine: Promise<Awaited<ReturnType<typeof loadEngine>>> | undefined;

  constructor(host: NodeHost, links: LinksApi, tools: PacketsTools, config: PacketsConfig) {
    this.#host = host;
    this.#links = links;
    this.#tools = tools;
    this.#folder = config.folder;
    this.#telling = tellingRate(host.clock);
    links.follow((changes) => {
      for (const { type, link } of changes) if (type === "link") this.#linkChanged(link);
    }, host.signal);
    this.take(config);
    host.atStop(async () => void (await Promise.all(this.#jobs().map((job) => job.stop()))));
  }

  /** Starts what the configuration names anew, stops what it names no more; false when that needs a new service. */
  take({ folder, responders, captures }: PacketsConfig): boolean {
    if (folder !== this.#folder) return false;
    for (const each of [...this.#responders])
      if (each.configured && !responders.some((config) => isSame(config, each.configured)))
        this.#remove(this.#responders, each);
    for (const each of [...this.#files])
      if (!captures.some((config) => isSame(config, each.config))) this.#remove(this.#files, each);
    for (const config of responders) {
      const known = this.#find(config.name, config.interface);
      if (known && isSame(known.configured, config)) continue;
      if (known) this.#remove(this.#responders, known);
      const responder = this.#responder(config.name, config.interface, textOptions(config.options), config);
      this.#responders.push(responder);
      void responder.job.start();
    }
    for (const config of captures) {
      if (this.#files.some((each) => isSame(each.config, config))) continue;
      const capture = this.#fileCapture(config);
      this.#files.push(capture);
      void capture.job.start();
    }
    return true;
  }

  captures(): readonly CaptureStatus[] {
    const files = this.#files.map(({ config, record, job }) => {
      const { query, file } = config;
      return { ...job.status(), query, file, ...record.counts() };
    });
    return [...files, ...[...this.#clients].map((each) => each.status())];
  }

  async startCapture(request: CaptureRequest, signal: AbortSignal): Promise<CaptureStream> {
    this.#checkInterface(request.interface);
    if (this.#clients.size + this.#opening >= MOST_CLIENT_CAPTURES)
      throw new PacketsError(
        "failed",
        `${MOST_CLIENT_CAPTURES} captures run for clients already`,
        "end one of them; `show captures` lists them",
      );
    const ends = AbortSignal.any([signal, this.#host.signal]);
    this.#opening++;
    try {
      const { toolkit, ClientCapture } = await this.#load();
      const around = { host: this.#host, tools: this.#tools, toolkit };
      const capture = await ClientCapture.open(around, request, ends);
      this.#clients.add(capture);
      void capture.ended.then(() => this.#clients.delete(capture));
      return capture;
    } finally {
      this.#opening--;
    }
  }

  responders(): readonly ResponderStatus[] {
    return this.#responders.map(statusOf);
  }

  async availableResponders(): Promise<readonly string[]> {
    return this.#folder === undefined ? [] : this.#tools.listResponders(this.#folder);
  }

  async startResponder(name: string, interfaceName: string, options: Options): Promise<ResponderStatus> {
    checkName(name);
    checkOptions(options);
    this.#checkInterface(interfaceName);
    if (this.#folder === undefined)
      throw new PacketsError("failed", "this node has no folder of responders", "set packets.folder");
    const known = this.#find(name, interfaceName);
    if (known?.job.state === "running" || known?.job.state === "starting")
      throw new PacketsError(
        "failed",
        `${name} runs on ${interfaceName} already`,
        `\`responder stop ${name}\` ends it`,
      );
    if (!known && this.#responders.length >= MOST_RESPONDERS)
      throw new PacketsError("failed", `there are ${MOST_RESPONDERS} responders already`, "stop one of them");
    const responder = known ?? this.#responder(name, interfaceName, options, undefined);
    if (!known) this.#responders.push(responder);
    const configured = responder.configured ? textOptions(responder.configured.options) : {};
    responder.options = { ...configured, ...options };
    const error = await responder.job.start();
    if (error === undefined) return statusOf(responder);
    // The operator is told; what is not configured is not tried again behind his back.
    if (!known) await this.#remove(this.#responders, responder);
    throw error;
  }

  async stopResponder(name: string, interfaceName?: string): Promise<readonly ResponderStatus[]> {
    checkName(name);
    const chosen = this.#responders.filter(
      (each) => each.name === name && (interfaceName === undefined || each.interface === interfaceName),
    );
    if (chosen.length === 0) {
      const where = interfaceName === undefined ? "" : ` on ${interfaceName}`;
      throw new PacketsError("missing", `there is no responder ${name}${where}`, "see `show responders`");
    }
    for (const each of chosen) {
      // What is configured stays in the list, to be started again.
      if (each.configured) await each.job.stop();
      else await this.#remove(this.#responders, each);
    }
    return chosen.map(statusOf);
  }

  #responder(
    name: string,
    interfaceName: string,
    options: Options,
    configured: ResponderConfig | undefined,
  ): Responder {
    const record = new ResponderRecord();
    const teller = new ResponderTeller(this.#host, name, interfaceName, this.#telling);
    const around = this.#around(`responder ${name} on ${interfaceName}`, interfaceName);
    const said = (level: LogLevel, text: string, news?: JobNews): void => {
      const detail = news && detailOf(news, record);
      if (detail) teller.run(level, text, detail);
      else around.log(level, text);
    };
    const job = new Job({ ...around, log: said }, async (attempt) => {
      try {
        const { toolkit, runResponder } = await this.#load();
        const loading = this.#tools.loadResponder(this.#folder!, name, responder.options);
        const definition = await this.#withinTime(loading, name);
        const setting = { host: this.#host, toolkit, name, interface: interfaceName };
        return await runResponder({ ...setting, definition, record, teller }, attempt);
      } catch (error) {
        record.failed(reasonOf(error), this.#host.clock.wallTime());
        throw error;
      }
    });
    const responder = { name, interface: interfaceName, configured, options, record, job };
    return responder;
  }

  /** Its file may wait for what never comes. */
  async #withinTime<Result>(loading: Promise<Result>, name: string): Promise<Result> {
    const { clock } = this.#host;
    const late = Promise.withResolvers<never>();
    const message = `the responder ${name} was not loaded within ${LOADING_MS / 1_000} seconds`;
    const cancel = clock.at(clock.now() + LOADING_MS, () =>
      late.reject(new PacketsError("failed", message, "see to it that its file waits for nothing")),
    );
    return Promise.race([loading, late.promise]).finally(cancel);
  }

  #fileCapture(config: CaptureConfig): FileCapture {
    const record = new CaptureRecord();
    const around = this.#around(`capture ${config.file} on ${config.interface}`, config.interface);
    const job = new Job(around, async (attempt) => {
      const { toolkit, runFileCapture } = await this.#load();
      return runFileCapture({ host: this.#host, tools: this.#tools, toolkit }, config, record, attempt);
    });
    return { config, record, job };
  }

  #around(what: string, interfaceName: string): JobSurroundings {
    return {
      clock: this.#host.clock,
      what,
      interface: interfaceName,
      indexOf: (name) => this.#link(name)?.index,
      log: (level, text) => this.#host.log.publish(level, text),
    };
  }

  #load() {
    this.#engine ??= loadEngine(this.#tools);
    this.#engine.catch(() => (this.#engine = undefined));
    return this.#engine;
  }

  #remove<Item extends { readonly job: Job }>(list: Item[], item: Item): Promise<void> {
    list.splice(list.indexOf(item), 1);
    return item.job.stop();
  }

  #jobs(): readonly Job[] {
    return [...this.#responders, ...this.#files].map(({ job }) => job);
  }

  #find(name: string, interfaceName: string): Responder | undefined {
    return this.#responders.find((each) => each.name === name && each.interface === interfaceName);
  }

  #link(name: string): Link | undefined {
    return this.#links.current().find((link) => link.name === name);
  }

  #linkChanged({ name, index }: Link): void {
    for (const job of this.#jobs()) if (job.status().interface === name) job.linkChanged(index);
  }

  #checkInterface(name: string): void {
    if (!INTERFACE.test(name))
      throw new PacketsError("invalid", "this is no name of an interface", "see `show interfaces`");
    if (!this.#link(name))
      throw new PacketsError("missing", `there is no interface ${name}`, "see `show interfaces`");
  }
}

/** All protocols are a second of loading on a slow machine: only who needs them pays for it. */
async function loadEngine(tools: PacketsTools) {
  const { PacketsToolkit } = await import("#services/packets-toolkit.ts");
  const { ClientCapture, runFileCapture } = await import("#services/packets-capture.ts");
  const { runResponder } = await import("#services/packets-responder.ts");
  const toolkit = new PacketsToolkit(await tools.loadRows());
  return { toolkit, ClientCapture, runFileCapture, runResponder };
}

function statusOf({ name, configured, record, job }: Responder): ResponderStatus {
  return { ...job.status(), name, configured: configured !== undefined, ...record.status() };
}

/** What a run of a responder came to, for its event. */
function detailOf({ state, reason }: JobNews, record: ResponderRecord) {
  if (state === "starting") return undefined;
  const news = state === "running" ? "started" : state;
  return { news, text: reason, packet: record.packetOf(reason) } as const;
}

/** A name that is none could name a file outside of the folder. */
function checkName(name: string): void {
  if (NAME.test(name)) return;
  const remedy = "use letters, digits, _ and -, without a path or an ending";
  throw new PacketsError("invalid", "this is no name of a responder", remedy);
}

function checkOptions(options: Options): void {
  const entries = Object.entries(options);
  const isBad = ([key, value]: readonly [string, string]): boolean =>
    !/^[\w-]{1,64}$/.test(key) || value.length > OPTION_CHARACTERS;
  if (entries.length > MOST_OPTIONS || entries.some(isBad))
    throw new PacketsError(
      "invalid",
      "these are no options of a responder",
      `write KEY=VALUE, ${MOST_OPTIONS} of them at most`,
    );
}

function textOptions(options: ResponderConfig["options"]): Options {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
