import { execFile, spawn, type ChildProcess } from "node:child_process";
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connectTo, type ParleyConnection } from "#api/client.ts";
import { formatMemberState } from "#prompt/commands/states.ts";

const BIN = fileURLToPath(new URL("../../bin/", import.meta.url));
const run = promisify(execFile);

/** A real parleyd on an address of its own, with membership and whisper. */
export class MemberDaemon {
  readonly name: string;
  readonly socket: string;
  readonly member: string;
  readonly whisper: string;
  readonly child: ChildProcess;
  output = "";
  #connection: Promise<ParleyConnection> | undefined;

  /** Its data are in `folder`/NAME. */
  constructor(folder: string, name: string, host: string, settings: readonly string[]) {
    this.name = name;
    this.member = `${host}:7946`;
    this.whisper = `${host}:5000`;
    this.socket = join(folder, `${name}.sock`);
    const all = [
      `node.name=${name}`,
      `node.data=${join(folder, name)}`,
      `api.socket=${this.socket}`,
      `whisper.listen=${this.whisper}`,
      `membership.listen=${this.member}`,
      "membership.profile=local",
      ...settings,
    ];
    this.child = spawn(
      `${BIN}parleyd`,
      all.flatMap((each) => ["-s", each]),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on("data", (data) => (this.output += data));
  }

  async client() {
    await until(
      () => this.output.includes(`listening on ${this.member} as`) || this.hasEnded,
      `${this.name} runs`,
      this,
    );
    this.#connection ??= connectTo({ socket: this.socket });
    return (await this.#connection).client;
  }

  /** What the prompt prints. */
  async prompt(line: string): Promise<string> {
    await this.client();
    return (await run(`${BIN}parley`, ["--socket", this.socket, "-c", line])).stdout;
  }

  async states(): Promise<string> {
    const { members } = await (await this.client()).membership.listMembers({});
    return members.map(({ name, state }) => `${name} ${formatMemberState(state)}`).join(", ");
  }

  /** Whisper links both ways. */
  async linked(): Promise<string[]> {
    const { peers } = await (await this.client()).whisper.listPeers({});
    return peers.flatMap(({ address, outSince, inSince }) => (outSince && inSince ? [address] : [])).sort();
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    (await this.#connection?.catch(() => undefined))?.close();
    if (this.hasEnded) return;
    this.child.kill(signal);
    await once(this.child, "exit");
  }
}

/** Waits until something holds. */
export async function until(
  done: () => boolean | Promise<boolean>,
  what: string,
  node?: MemberDaemon,
): Promise<void> {
  for (const end = performance.now() + 30_000; !(await done());) {
    assert.ok(performance.now() < end, `waited in vain: ${what}\n${node?.output ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
