import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MembershipEvent, MembershipSetup } from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { PROFILES } from "#membership/profiles.ts";
import type { Attachment, SerfEvent, SerfInput, SerfOutput, Tags } from "#membership/serf/io.ts";
import { Serf } from "#membership/serf/serf.ts";
import { drive, type Driver } from "#services/drive.ts";
import { systemHost } from "#system/host.ts";
import { until } from "./nodes.ts";

const PORT = 7946;
const RPC_PORT = 7373;

type Event = MembershipEvent | SerfEvent;
type EventOf<Type extends Event["type"], Any = Event> = Any extends { readonly type: infer Its }
  ? Type extends Its
    ? Any
    : never
  : never;

interface SerfMember {
  readonly name: string;
  readonly addr: string;
  readonly status: "alive" | "leaving" | "left" | "failed" | "none";
  readonly tags: Readonly<Record<string, string>>;
}

/** Debian's `serf agent`. It writes events that it hears to a file, and answers queries named "load" and "where". */
export class SerfAgent {
  readonly name: string;
  readonly host: string;
  readonly address: string;
  readonly #events: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #log = "";

  constructor(folder: string, name: string, host: string, flags: readonly string[]) {
    this.name = name;
    this.host = host;
    this.address = `${host}:${PORT}`;
    this.#events = join(folder, `events-${name}`);
    const all = [
      ...["agent", `-node=${name}`, `-bind=${host}:${PORT}`, `-rpc-addr=${host}:${RPC_PORT}`],
      `-event-handler=user=echo "$SERF_USER_EVENT $SERF_USER_LTIME $(cat)" >> ${this.#events}`,
      `-event-handler=query:load=echo "load of ${name}: $(cat)"`,
      `-event-handler=query:where=echo "${host}"`,
      ...flags,
    ];
    this.#process = spawn("serf", all, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on("data", (data: Buffer) => void (this.#log += data.toString()));
    this.#exited = new Promise((resolve) => this.#process.once("exit", () => resolve()));
  }

  /** What it said about itself, for when a test fails. */
  get log(): string {
    return this.#log;
  }

  /** Runs a command of `serf` against this agent; throws with what it printed when it fails. */
  async run(...args: string[]): Promise<string> {
    const [command, ...rest] = args;
    const all = [command!, `-rpc-addr=${this.host}:${RPC_PORT}`, ...rest];
    return await new Promise((resolve, reject) => {
      execFile("serf", all, { timeout: 60_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`serf ${all.join(" ")}: ${stdout}${stderr}\n${this.#log.slice(-2_000)}`));
        else resolve(stdout);
      });
    });
  }

  async up(): Promise<void> {
    await until(`${this.name} is up`, () => this.#log.includes("agent: Serf agent starting"));
    for (let tries = 100; ; tries--) {
      const isUp = await this.run("members").then(
        () => true,
        () => false,
      );
      if (isUp) return;
      if (tries === 0) throw new Error(`serf agent ${this.name} does not answer: ${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async members(): Promise<readonly SerfMember[]> {
    const { members } = JSON.parse(await this.run("members", "-format=json")) as { members: SerfMember[] };
    return members;
  }

  /** Waits until it says of a member what `isIt` wants. */
  async knows(name: string, isIt: (member: SerfMember) => boolean, limitMs = 30_000): Promise<SerfMember> {
    const end = performance.now() + limitMs;
    for (;;) {
      const member = (await this.members()).find((each) => each.name === name);
      if (member && isIt(member)) return member;
      if (performance.now() > end)
        throw new Error(
          `${this.name} knows ${name} as ${JSON.stringify(member)}\n${this.#log.slice(-3_000)}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async knowsStatus(name: string, status: SerfMember["status"], limitMs?: number): Promise<SerfMember> {
    return await this.knows(name, (member) => member.status === status, limitMs);
  }

  /** Events that it heard, as "NAME LTIME PAYLOAD". */
  heard(): readonly string[] {
    try {
      return readFileSync(this.#events, "utf8")
        .split("\n")
        .filter((line) => line !== "");
    } catch {
      return [];
    }
  }

  async hears(line: RegExp): Promise<void> {
    await until(`${this.name} hears ${line}`, () => this.heard().some((each) => line.test(each)));
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    await this.#exited;
  }
}

/** Our core on real sockets. */
export class ParleySerf {
  readonly name: string;
  readonly host: string;
  readonly address: string;
  readonly events: Event[] = [];
  core: Serf | undefined;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #driver: Driver<SerfInput> | undefined;
  #queries = 0;

  constructor(name: string, host: string) {
    this.name = name;
    this.host = host;
    this.address = `${host}:${PORT}`;
  }

  async start(changes: Partial<MembershipSetup>, tags: Tags, attachment?: Attachment): Promise<void> {
    const host = systemHost();
    const at = { host: this.host, port: PORT };
    const membership: MembershipSetup = {
      ...{ name: this.name, address: this.address, meta: new Uint8Array(0), profile: PROFILES.lan },
      ...{ limits: DEFAULT_MEMBERSHIP_LIMITS, join: [], keys: [], label: "", acceptPlain: false },
      ...{ sendPlain: false, compression: true, protocol: 2, delegateVersions: [0, 0, 0], reclaimAfterMs: 0 },
      ...changes,
    };
    const core = new Serf({ membership, tags }, host.random, host.cipher, attachment);
    this.core = core;
    const ports = {
      ...host,
      atStop: (run: () => Promise<void> | void) => void this.#stops.push(run),
      fail: (error: unknown) => {
        throw error;
      },
    };
    const options = { streams: at, datagrams: at, event: (event: Event) => this.#event(event) };
    this.#driver = await drive<SerfInput, Event>(ports, options, () => ({
      core: core as { handle(input: SerfInput, now: number): readonly SerfOutput[]; wakeAt: number },
    }));
  }

  /** Queries named "load" are answered at once. */
  #event(event: Event): void {
    this.events.push(event);
    if (event.type !== "query-received" || event.name !== "load") return;
    const payload = Buffer.from(`load of ${this.name}: ${Buffer.from(event.payload).toString()}`);
    setImmediate(() => this.push({ type: "respond", query: event.query, payload }));
  }

  push(command: SerfInput): void {
    this.#driver!.push(command);
  }

  /** Asks all and waits for the end; answers by member, as text. */
  async query(
    name: string,
    changes: Partial<Extract<SerfInput, { readonly type: "query" }>> = {},
  ): Promise<{ readonly acknowledged: string[]; readonly answers: Map<string, string> }> {
    const id = ++this.#queries;
    const question = { type: "query", id, name, payload: Buffer.from("?"), timeoutMs: 3_000 } as const;
    this.push({ ...question, acknowledge: true, filters: {}, ...changes });
    await this.saw("query-ended", (event) => event.id === id);
    const acknowledged = this.of("query-acknowledged").filter((event) => event.id === id);
    const answers = this.of("query-answered").filter((event) => event.id === id);
    return {
      acknowledged: acknowledged.map(({ from }) => from).sort(),
      answers: new Map(answers.map(({ from, payload }) => [from, Buffer.from(payload).toString()])),
    };
  }

  of<Type extends Event["type"]>(type: Type): EventOf<Type>[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  async saw<Type extends Event["type"]>(
    type: Type,
    isIt: (event: EventOf<Type>) => boolean = () => true,
    limitMs?: number,
  ): Promise<EventOf<Type>> {
    return await until(`${this.name} sees ${type}`, () => this.of(type).find(isIt), limitMs);
  }

  async sawMember(
    type: "joined" | "updated" | "left" | "failed",
    name: string,
    limitMs?: number,
  ): Promise<void> {
    await this.saw(type, ({ member }) => member.name === name, limitMs);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** The same in a process of its own. */
export class SerfProcess {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(name: string, host: string, seed: string) {
    const program = fileURLToPath(new URL("serf-process.ts", import.meta.url));
    this.#process = spawn(process.execPath, [program, name, host, seed], {
      stdio: ["pipe", "inherit", "inherit"],
    });
    this.#exited = new Promise((resolve) => this.#process.once("exit", () => resolve()));
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}

/** Stops all that was started in it. */
export class SerfSite {
  readonly #folder = mkdtempSync(join(tmpdir(), "parley-serf-"));
  readonly #all: { stop(): Promise<void> }[] = [];

  async agent(name: string, host: string, ...flags: string[]): Promise<SerfAgent> {
    const agent = new SerfAgent(this.#folder, name, host, flags);
    this.#all.push(agent);
    await agent.up();
    return agent;
  }

  async node(
    name: string,
    host: string,
    changes: Partial<MembershipSetup> = {},
    tags: Tags = { role: `role of ${name}` },
    attachment?: Attachment,
  ): Promise<ParleySerf> {
    const node = new ParleySerf(name, host);
    this.#all.push(node);
    await node.start(changes, tags, attachment);
    return node;
  }

  process(name: string, host: string, seed: string): SerfProcess {
    const started = new SerfProcess(name, host, seed);
    this.#all.push(started);
    return started;
  }

  async end(): Promise<void> {
    for (const each of this.#all.splice(0)) await each.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
