import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectTo, type ParleyConnection } from "#api/client.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { NodeRecord } from "#lab/lab-folder.ts";
import { runProgram } from "#lab/run.ts";

export type LabNodeState = "stopped" | "running" | "failed";

/** A node of a lab, of whatever kind. */
export interface LabMember {
  readonly name: string;
  readonly state: LabNodeState;
  /** Where its programs say what they do. */
  readonly logFile: string;
  /** How its prompt is reached, and where its commands run. */
  readonly record: NodeRecord;
  /** Resolves when it does its work. Throws OperatorError when it runs, and when it does not start. */
  start(): Promise<void>;
  /** Ends it in order, and by force when that takes too long. */
  stop(): Promise<void>;
}

/** What a LabNode is made of. */
export interface LabNodePlace {
  readonly name: string;
  /** Where socket, data and log go. */
  readonly folder: string;
  /** The arguments of its parleyd that say where its configuration is. */
  readonly configuration: readonly string[];
  /** The network namespace that it runs in; empty: the machine itself. */
  readonly namespace: string;
}

/** A node with its own parleyd, started and stopped from here. */
export class LabNode implements LabMember {
  readonly name: string;
  readonly socket: string;
  /** All that its daemon prints, of all its lives. */
  readonly logFile: string;
  readonly record: NodeRecord;
  readonly #place: LabNodePlace;
  #child: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();
  #connection: ParleyConnection | undefined;
  state: LabNodeState = "stopped";

  constructor(place: LabNodePlace) {
    const { name, folder, namespace } = place;
    this.#place = place;
    this.name = name;
    this.socket = join(folder, `${name}.sock`);
    this.logFile = join(folder, `${name}.log`);
    this.record = { name, kind: "parley", namespace, socket: this.socket, prompt: [] };
  }

  /** Throws OperatorError with the first thing that its daemon finds wrong in its configuration. */
  async check(): Promise<void> {
    const { status, errors } = await runProgram([PARLEYD, ...this.#arguments(), "--check"]);
    if (status !== 0) throw this.#error("has a bad configuration", errors);
  }

  /** Starts its daemon; resolves when that answers. Throws OperatorError with the daemon's own words when it does not. */
  async start(): Promise<void> {
    if (this.state === "running")
      throw new OperatorError(`${this.name} is running`, `stop it first: lab stop ${this.name}`);
    const child = this.#spawn();
    let exited = false;
    this.#exit = new Promise((resolve) => {
      const end = (code: number | null): void => {
        exited = true;
        this.#drop();
        // Also when somebody else ended it in order, with `shutdown`.
        this.state = this.state === "stopped" || code === 0 ? "stopped" : "failed";
        resolve();
      };
      child.once("exit", end);
      child.once("error", () => end(null)); // it could not be run at all
    });
    this.state = "running";
    for (
      const end = performance.now() + START_LIMIT_MS;
      performance.now() < end && !exited;
      await pause(POLL_MS)
    ) {
      if (await this.#isRunning()) return;
    }
    await this.stop();
    this.state = "failed";
    throw this.#startError();
  }

  /** The API answers before the other services have their ports. */
  async #isRunning(): Promise<boolean> {
    try {
      this.#connection ??= await connectTo({ socket: this.socket });
      const { services } = await this.#connection.client.node.listServices({});
      return services.length > 0 && services.every(({ state }) => state === RUNNING);
    } catch {
      return false;
    }
  }

  /** Ends its daemon in order, and by force when that takes too long. */
  async stop(): Promise<void> {
    this.state = "stopped";
    const child = this.#child;
    this.#drop();
    if (!child) return;
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await this.#exit;
    clearTimeout(force);
  }

  /** Addresses of the peers it is linked with, and its own. */
  async links(): Promise<{ readonly address: string; readonly linked: readonly string[] }> {
    const connection = (this.#connection ??= await connectTo({ socket: this.socket }));
    const { address, peers } = await connection.client.whisper.listPeers({});
    return { address, linked: peers.filter(({ state }) => state === LINKED).map((peer) => peer.address) };
  }

  #arguments(): readonly string[] {
    const { configuration, folder, name } = this.#place;
    const settings = ["-s", `node.data=${join(folder, name)}`, "-s", `api.socket=${this.socket}`];
    return [...configuration, ...settings];
  }

  #spawn(): ChildProcess {
    const log = openSync(this.logFile, "a", 0o600);
    const { namespace } = this.#place;
    const inside = namespace === "" ? [] : ["ip", "netns", "exec", namespace];
    const [file, ...args] = [...inside, PARLEYD, ...this.#arguments(), "--until-stdin-ends"];
    // The daemon's standard input is a pipe from here: however this process ends, the daemon notices and stops.
    // A group of its own keeps a Ctrl-C at the terminal from it: the lab says when it ends.
    const child = spawn(file!, args, { stdio: ["pipe", log, log], detached: true });
    closeSync(log);
    child.stdin!.on("error", () => {});
    this.#child = child;
    return child;
  }

  #drop(): void {
    this.#child = undefined;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #startError(): OperatorError {
    return this.#error("did not start", readFileSync(this.logFile, "utf8"));
  }

  /** The daemon's last line is its error and the remedy, as every daemon of ours writes it. */
  #error(what: string, said: string): OperatorError {
    const words = (said.trimEnd().split("\n").at(-1) || "it printed nothing").replace(/^parleyd: /, "");
    const [message, ...remedy] = words.split("; ");
    return new OperatorError(
      `${this.name} ${what}: ${message}`,
      remedy.join("; ") || "run its parleyd by hand",
    );
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, durationMs));
}

const PARLEYD = fileURLToPath(new URL("../../bin/parleyd", import.meta.url));
/** PEER_STATE_LINKED and SERVICE_STATE_RUNNING of parley.v1. */
const LINKED = 1;
const RUNNING = 4;
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 12_000;
const POLL_MS = 50;
