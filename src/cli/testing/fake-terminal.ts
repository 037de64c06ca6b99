import { PassThrough } from "node:stream";
import type { GetVersionResponse } from "#api/gen/parley/v1/node_pb.ts";
import { runTerminal, type TerminalOptions } from "#cli/terminal.ts";
import { Screen } from "#cli/testing/screen.ts";
import { FakeNode } from "#prompt/testing/fake-client.ts";

/** The prompt on a terminal that a test types at and looks at, attached to a node that answers from memory. */
export class FakeTerminal {
  readonly node = new FakeNode();
  readonly screen: Screen;
  /** Exit status. */
  readonly ended: Promise<number>;
  connections = 0;
  closed = 0;
  /** Thrown instead of connecting while it is set. */
  unreachable: unknown;
  readonly #input = new PassThrough();
  readonly #output: PassThrough;

  constructor(options: Partial<TerminalOptions> = {}, columns = 80, rows?: number) {
    this.screen = new Screen(columns);
    this.#output = Object.assign(new PassThrough(), { columns, rows, isTTY: true });
    this.#output.setEncoding("utf8");
    this.#output.on("data", (text: string) => this.screen.write(text));
    const connect = async () => {
      if (this.unreachable !== undefined) throw this.unreachable;
      this.connections++;
      return {
        client: this.node.client,
        version: {} as GetVersionResponse,
        description: "parleyd v0.1.0 (2871e53; dirty)",
        close: () => void this.closed++,
      };
    };
    this.ended = runTerminal({ connect, streams: { input: this.#input, output: this.#output }, ...options });
  }

  type(keys: string): void {
    this.#input.write(keys);
  }

  /** Resolves as soon as the screen is as wanted; a test that waits in vain ends with the runner's time limit. */
  async until(wanted: (screen: Screen) => boolean): Promise<Screen> {
    while (!wanted(this.screen)) await new Promise((resolve) => this.#output.once("data", resolve));
    return this.screen;
  }

  /** Resolves when the cursor's line is `line`. */
  async line(line: string): Promise<Screen> {
    return this.until((screen) => screen.line === line.trimEnd());
  }
}
