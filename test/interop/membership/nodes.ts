import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type {
  MembershipCommand,
  MembershipEvent,
  MembershipInput,
  MembershipOutput,
  MembershipSetup,
} from "#membership/io.ts";
import { DEFAULT_MEMBERSHIP_LIMITS } from "#membership/limits.ts";
import { Membership } from "#membership/membership.ts";
import { PROFILES } from "#membership/profiles.ts";
import { drive, type Driver } from "#services/drive.ts";
import { systemHost } from "#system/host.ts";

const PORT = 7946;
const GO_PATH = "/usr/share/gocode";
/** Shared by all that build the agent; the first build takes long. */
export const GO_CACHE = fileURLToPath(new URL("../../../node_modules/.cache/go-build", import.meta.url));
const LIBRARY = `${GO_PATH}/src/github.com/hashicorp/memberlist`;

/** What a Go agent needs and this machine lacks. */
export function missingForGo(): string | undefined {
  if (spawnSync("sh", ["-c", `command -v go && test -d ${LIBRARY}`]).status === 0) return undefined;
  return "needs Go and memberlist: apt-get install golang-go golang-github-hashicorp-memberlist-dev";
}

/** Waits until `found` gives something; throws with `what` when that takes too long. */
export async function until<T>(
  what: string,
  found: () => T | undefined | false,
  limitMs = 20_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const result = found();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface AgentEvent {
  readonly ev: string;
  readonly name?: string;
  readonly meta?: string;
  readonly msg?: string;
  readonly addr?: string;
  readonly err?: string;
  readonly members?: readonly { readonly name: string; readonly meta: string }[];
}

/** A process with HashiCorp's memberlist. */
export class GoAgent {
  readonly name: string;
  readonly address: string;
  readonly events: AgentEvent[] = [];
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(program: string, name: string, host: string, flags: readonly string[]) {
    this.name = name;
    this.address = `${host}:${PORT}`;
    this.#process = spawn(program, ["-name", name, "-bind", host, "-port", `${PORT}`, ...flags], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#exited = new Promise((resolve) => this.#process.once("exit", () => resolve()));
    createInterface({ input: this.#process.stdout! }).on("line", (line) =>
      this.events.push(JSON.parse(line) as AgentEvent),
    );
  }

  /** Waits for an event; `what` are the fields that it must have. */
  async saw(what: Partial<AgentEvent>, limitMs?: number): Promise<AgentEvent> {
    const isIt = (event: AgentEvent): boolean =>
      Object.entries(what).every(([key, value]) => event[key as keyof AgentEvent] === value);
    const text = `${this.name} sees ${JSON.stringify(what)}`;
    return await until(text, () => this.events.find(isIt), limitMs);
  }

  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }
}

/** The core on real sockets. */
export class ParleyNode {
  readonly name: string;
  readonly address: string;
  readonly events: MembershipEvent[] = [];
  core: Membership | undefined;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #driver: Driver<MembershipCommand> | undefined;

  constructor(name: string, host: string) {
    this.name = name;
    this.address = `${host}:${PORT}`;
  }

  async start(changes: Partial<MembershipSetup>): Promise<void> {
    const host = systemHost();
    const [ip] = this.address.split(":");
    const at = { host: ip!, port: PORT };
    const setup: MembershipSetup = {
      ...{ name: this.name, address: this.address, meta: Buffer.from(`meta of ${this.name}`) },
      ...{ profile: PROFILES.lan, limits: DEFAULT_MEMBERSHIP_LIMITS, join: [], keys: [], label: "" },
      ...{ acceptPlain: false, sendPlain: false, compression: true, protocol: 2 },
      ...{ delegateVersions: [0, 0, 0], reclaimAfterMs: 0 },
      ...changes,
    };
    const core = new Membership(setup, host.random, host.cipher);
    this.core = core;
    const ports = {
      ...host,
      atStop: (run: () => Promise<void> | void) => void this.#stops.push(run),
      fail: (error: unknown) => {
        throw error;
      },
    };
    const options = {
      ...{ streams: at, datagrams: at },
      event: (event: MembershipEvent) => void this.events.push(event),
    };
    this.#driver = await drive<MembershipCommand, MembershipEvent>(ports, options, () => ({
      core: core as {
        handle(input: MembershipInput, now: number): readonly MembershipOutput[];
        wakeAt: number;
      },
    }));
  }

  push(command: MembershipCommand): void {
    this.#driver!.push(command);
  }

  async saw(type: MembershipEvent["type"], member?: string, limitMs?: number): Promise<MembershipEvent> {
    const isIt = (event: MembershipEvent): boolean =>
      event.type === type && (member === undefined || ("member" in event && event.member.name === member));
    return await until(`${this.name} sees ${type} ${member ?? ""}`, () => this.events.find(isIt), limitMs);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** Builds the agent, and stops all that was started in it. */
export class Site {
  readonly #folder = mkdtempSync(join(tmpdir(), "parley-memberlist-"));
  /** The Go agent. */
  readonly program = join(this.#folder, "agent");
  readonly #all: { stop(): Promise<void> }[] = [];

  constructor() {
    cpSync(fileURLToPath(new URL("main.go", import.meta.url)), join(this.#folder, "main.go"));
    const env = {
      ...process.env,
      GOPATH: GO_PATH,
      GO111MODULE: "off",
      GOFLAGS: "",
      GOCACHE: GO_CACHE,
    };
    execFileSync("go", ["build", "-o", "agent", "main.go"], { cwd: this.#folder, env, timeout: 110_000 });
  }

  async agent(name: string, host: string, ...flags: string[]): Promise<GoAgent> {
    const agent = new GoAgent(this.program, name, host, flags);
    this.#all.push(agent);
    await agent.saw({ ev: "up" });
    return agent;
  }

  async node(name: string, host: string, changes: Partial<MembershipSetup> = {}): Promise<ParleyNode> {
    const node = new ParleyNode(name, host);
    this.#all.push(node);
    await node.start(changes);
    return node;
  }

  async stopAll(): Promise<void> {
    for (const each of this.#all.splice(0)) await each.stop();
  }

  async end(): Promise<void> {
    await this.stopAll();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
