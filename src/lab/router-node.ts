import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { OperatorError } from "#base/operator-error.ts";
import type { NodeRecord } from "#lab/lab-folder.ts";
import type { LabMember, LabNodeState } from "#lab/lab-node.ts";
import type { DaemonRouter } from "#lab/peers.ts";

/** A node with FRR or BIRD. */
export class RouterNode implements LabMember {
  readonly name: string;
  readonly logFile: string;
  readonly record: NodeRecord;
  readonly #router: DaemonRouter;
  #isWanted = false;
  #isStarting = false;

  /** `folder`: the router's own. */
  constructor(router: DaemonRouter, folder: string, record: Omit<NodeRecord, "socket" | "prompt">) {
    this.#router = router;
    this.name = record.name;
    this.record = { ...record, socket: "", prompt: router.prompt };
    this.logFile = join(folder, record.kind === "frr" ? "ospfd.log" : "bird.log");
  }

  get state(): LabNodeState {
    if (!this.#isWanted) return "stopped";
    return this.#isStarting || this.#router.isRunning() ? "running" : "failed";
  }

  async start(): Promise<void> {
    if (this.state === "running")
      throw new OperatorError(`${this.name} is running`, `stop it first: lab stop ${this.name}`);
    // What is left of one that failed.
    await this.#router.stop();
    this.#isWanted = this.#isStarting = true;
    try {
      await this.#router.start();
      // The number of a program in the background is written a moment after it went there.
      for (const end = performance.now() + START_LIMIT_MS; !this.#router.isRunning(); await pause(POLL_MS))
        if (performance.now() > end)
          throw new OperatorError(`${this.name} did not start`, `see ${this.logFile}`);
    } finally {
      this.#isStarting = false;
    }
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#router.stop();
  }
}

const START_LIMIT_MS = 5_000;
const POLL_MS = 20;
