import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A nats-server with JetStream on a loopback address of its own, and a folder that goes with it. */
export class NatsServer {
  readonly url: string;
  readonly #host: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "parley-nats-"));
  #child: ChildProcess | undefined;

  constructor(host: string) {
    this.#host = host;
    this.url = `nats://${host}:4222`;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn("nats-server", ["-a", this.#host, "-p", "4222", "-js", "-sd", this.#folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`nats-server ended: ${said}`)));
      child.stderr.on("data", (data: Buffer) => {
        said += data.toString();
        if (said.includes("Server is ready")) resolve();
      });
    });
  }

  /** Ends it as a power cut does; what it has stays. */
  async kill(): Promise<void> {
    assert.ok(this.#child);
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async remove(): Promise<void> {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
