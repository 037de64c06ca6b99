import { spawn, type ChildProcess } from "node:child_process";

/** A process that relays messages and prints each; what it printed, and when. */
export class RelayProcess {
  readonly #child: ChildProcess;
  #text = "";
  #waiting: (() => void)[] = [];
  lines = 0;
  port = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    process.once("exit", () => child.kill("SIGTERM"));
    child.stdout!.on("data", (data: Buffer) => this.#take(data));
  }

  /** Starts `command` and waits until it says where it listens. */
  static async start(command: readonly string[]): Promise<RelayProcess> {
    const [file, ...args] = command;
    const relay = new RelayProcess(spawn(file!, args, { stdio: ["pipe", "pipe", "inherit"] }));
    await relay.printed((text) => /listening on \S+:\d+\s/.test(text));
    relay.port = Number(/listening on \S+:(\d+)\s/.exec(relay.#text)![1]);
    return relay;
  }

  /** Resolves when what was printed since `forget` satisfies `test`. */
  async printed(test: (text: string) => boolean): Promise<void> {
    while (!test(this.#text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  forget(): void {
    this.#text = "";
  }

  /** Resolves when it has printed so many lines in all. */
  async counted(lines: number): Promise<void> {
    while (this.lines < lines) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }

  #take(data: Buffer): void {
    for (const byte of data) if (byte === 0x0a) this.lines++;
    if (this.#text.length > 100_000) this.#text = "";
    this.#text += data.toString();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
