import type { CallOptions } from "@connectrpc/connect";
import type { CapturedPacket } from "#api/gen/parley/v1/packets_pb.ts";
import { safeJson } from "#base/safe-text.ts";
import { linesAnswer, type Answer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { lineSieve, packetJson, packetRows, queryAndPipes } from "#prompt/commands/packet-rows.ts";
import { bindCommands, command, type Command } from "#prompt/grammar.ts";
import type { Pipe } from "#prompt/pipes.ts";

interface CaptureContext {
  readonly parley: ParleyContext;
  readonly print: (text: string) => void;
  readonly live: ParleyContext["live"];
}

/** `capture start`: prints packets while it runs, which only a program with a terminal or a standard output can. */
export function capturePackets(parley: ParleyContext, print: (text: string) => void): readonly Command[] {
  return bindCommands([start, startCount], { parley, print, live: parley.live });
}

const HELP = "Show packets of an interface";
const START = "Show packets as they come, until Ctrl-C";
const QUERY = "In the syntax of Wireshark's display filters; | json and other filters may follow";

const start = command<CaptureContext>()("capture start <interface:interface> [query:text]", {
  help: [HELP, START, "Name of the interface", QUERY],
  run: (context, args, call) =>
    capture(context, { name: args.interface, text: args.query, count: Infinity }, call),
});

const startCount = command<CaptureContext>()(
  "capture start <interface:interface> count <packets:number> [query:text]",
  {
    help: [HELP, START, "Name of the interface", "End after so many packets", "How many", QUERY],
    run: (context, args, call) =>
      capture(context, { name: args.interface, text: args.query, count: args.packets }, call),
  },
);

interface Wanted {
  readonly name: string;
  readonly text: string | undefined;
  readonly count: number;
}

async function capture(
  { parley, print }: CaptureContext,
  { name, text, count }: Wanted,
  call: CallOptions,
): Promise<Answer> {
  const { query, pipes } = queryAndPipes(text ?? "");
  const client = await parley.client();
  const printer = new PacketPrinter(print, pipes, count);
  const request = { interface: name, query, promiscuous: true };
  let hasBegun = false;
  try {
    for await (const { packets, dropped } of client.packets.capture(request, call)) {
      hasBegun = true;
      printer.packets(packets, dropped);
      if (printer.isFull) break;
    }
  } finally {
    if (hasBegun) printer.end();
  }
  return linesAnswer(null, []);
}

/** Prints rows, or what the filters make of them: JSON by the packet, or all of a counted capture in one list. */
class PacketPrinter {
  readonly #print: (text: string) => void;
  readonly #most: number;
  readonly #row = packetRows();
  readonly #sieve: (line: string) => boolean;
  readonly #asJson: boolean;
  readonly #asCount: boolean;
  readonly #values: unknown[] = [];
  #packets = 0;
  #lines = 0;
  #lost = 0n;

  constructor(print: (text: string) => void, pipes: readonly Pipe[], most: number) {
    this.#print = print;
    this.#most = most;
    this.#sieve = lineSieve(pipes);
    this.#asJson = pipes[0]?.type === "json";
    this.#asCount = pipes.some(({ type }) => type === "count");
  }

  get isFull(): boolean {
    return this.#packets >= this.#most;
  }

  /** What came together is printed together: on a terminal each print draws the line below anew. */
  packets(packets: readonly CapturedPacket[], lost: bigint): void {
    if (lost > this.#lost && !this.#asJson)
      this.#print(`${lost - this.#lost} packets were lost: they came too fast\n`);
    this.#lost = lost;
    const taken = packets.slice(0, this.#most - this.#packets);
    this.#packets += taken.length;
    if (!this.#asJson) this.#lineByLine(taken.map(this.#row));
    else if (this.#most !== Infinity) this.#values.push(...taken.map(packetJson));
    else this.#lineByLine(taken.flatMap((packet) => safeJson(packetJson(packet)).split("\n")));
  }

  end(): void {
    if (this.#asJson && this.#most !== Infinity) this.#lineByLine(safeJson(this.#values).split("\n"));
    if (this.#asCount) this.#print(`${this.#lines}\n`);
  }

  #lineByLine(lines: readonly string[]): void {
    const shown = lines.filter(this.#sieve);
    this.#lines += shown.length;
    if (!this.#asCount && shown.length > 0) this.#print(`${shown.join("\n")}\n`);
  }
}
