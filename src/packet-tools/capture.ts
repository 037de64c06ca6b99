import { OperatorError } from "#base/operator-error.ts";
import type { PacketSocket, ReceivedPacket } from "#host/packet-sockets.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Matcher, Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import { CaptureFile } from "#packet-tools/capture-file.ts";
import { packetSockets, whenAskedToEnd } from "#packet-tools/interface.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, queryOf } from "#packet-tools/queries.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";

const USAGE = `Usage: parley packets capture IF [QUERY] [-w FILE] [--count N] [--seconds S] [--rotate SIZE]

Shows packets as they come, or writes them to a file, until interrupted. Needs CAP_NET_RAW.

  -w, --write FILE     write them: .pcap or .pcapng by its name
      --count N        stop after N packets
      --seconds S      stop after S seconds
      --rotate SIZE    begin another file when one has SIZE bytes; k, M and G are understood
      --no-promiscuous only what is addressed to this machine
`;

const OPTIONS = {
  write: { type: "string", short: "w" },
  count: { type: "string" },
  seconds: { type: "string" },
  rotate: { type: "string" },
  "no-promiscuous": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets capture`. */
export async function runCapture(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("capture", args, OPTIONS, { least: 0, most: 1_000 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [name, ...words] = positionals;
  if (name === undefined)
    throw new OperatorError("an interface is needed", "parley packets capture eth0", { exitStatus: 2 });
  const registry = standardRegistry();
  const query = queryOf(registry, words);
  const rotateBytes = values.rotate === undefined ? Infinity : sizeOf(values.rotate);
  const file = values.write === undefined ? undefined : CaptureFile.open(values.write, name, rotateBytes);
  const capture = new Capture(registry, query, countOf("count", values.count), file);
  const seconds = values.seconds === undefined ? Infinity : countOf("seconds", values.seconds);
  const promiscuous = !values["no-promiscuous"];
  return capture.run(name, seconds, promiscuous);
}

function sizeOf(text: string): number {
  const found = /^(\d{1,9})([kMG]?)$/.exec(text);
  const factor = { "": 1, k: 1e3, M: 1e6, G: 1e9 }[found?.[2] ?? ""];
  if (!found || factor === undefined || Number(found[1]) * factor < 1_000)
    throw new OperatorError(`--rotate needs a size, not "${text}"`, "such as 100M, 1k at least", {
      exitStatus: 2,
    });
  return Number(found[1]) * factor;
}

/** One capture: what the kernel lets through is asked the query itself, then shown or written. */
class Capture {
  readonly #registry: Registry;
  readonly #query: Query | undefined;
  readonly #most: number;
  readonly #file: CaptureFile | undefined;
  readonly #output = new Output(process.stdout);
  readonly #rows = rowPrinter();
  readonly #frame = { number: 0, seconds: 0, nanoseconds: 0, length: 0, capturedLength: 0, firstTime: 0n };
  readonly #ended = Promise.withResolvers<void>();
  #first: Message;
  #match: Matcher | undefined;
  #count = 0;

  constructor(registry: Registry, query: Query | undefined, most: number, file: CaptureFile | undefined) {
    this.#registry = registry;
    this.#query = query;
    this.#most = most;
    this.#file = file;
    this.#first = firstOf(registry, 1);
  }

  async run(name: string, seconds: number, promiscuous: boolean): Promise<number> {
    this.#match = this.#query?.matcher(this.#first);
    const filter = this.#query && compileBpf(this.#registry, this.#query, this.#first);
    // Shown packets come at once, written ones many at a time.
    const mode = this.#file ? "bulk" : "latency";
    const options = {
      interface: name,
      mode,
      promiscuous,
      outgoing: true,
      ...(filter && { filter }),
    } as const;
    const socket = await packetSockets().open(options, {
      received: (packet) => this.#received(packet),
      drained: () => this.#output.flush(),
      failed: (error) => this.#ended.reject(error),
    });
    if (socket.linkType !== 1) this.#useLinkType(socket);
    this.#file?.begin(socket.linkType);
    process.stderr.write(`capturing on ${name}, end it with Ctrl-C\n`);
    const signals = whenAskedToEnd();
    const timer = seconds === Infinity ? undefined : setTimeout(() => this.#ended.resolve(), seconds * 1_000);
    const rate = this.#file && process.stderr.isTTY ? this.#showRate() : undefined;
    try {
      await Promise.race([this.#ended.promise, signals.asked]);
    } finally {
      clearTimeout(timer);
      clearInterval(rate);
      signals.stop();
      const { received, dropped } = socket.statistics();
      socket.close();
      this.#output.flush();
      this.#file?.close();
      process.stderr.write(
        `${this.#count} packets captured, ${received} passed the kernel's filter, ${dropped} dropped\n`,
      );
    }
    return 0;
  }

  #useLinkType(socket: PacketSocket): void {
    this.#first = firstOf(this.#registry, socket.linkType);
    this.#match = this.#query?.matcher(this.#first);
    if (this.#query) socket.setFilter(compileBpf(this.#registry, this.#query, this.#first));
  }

  #showRate(): NodeJS.Timeout {
    let before = 0;
    return setInterval(() => {
      process.stderr.write(`\r${this.#count} packets, ${this.#count - before}/s `);
      before = this.#count;
    }, 1_000);
  }

  #received(packet: ReceivedPacket): void {
    if (this.#count >= this.#most) return;
    const { bytes, start, stop, originalLength, seconds, nanoseconds } = packet;
    const frame = this.#frame;
    frame.number = this.#count + 1;
    frame.seconds = seconds;
    frame.nanoseconds = nanoseconds;
    frame.length = originalLength;
    frame.capturedLength = stop - start;
    if (this.#match && !this.#match(bytes, start, stop, frame)) return;
    this.#count++;
    if (this.#file) this.#file.packet(packet);
    else {
      if (this.#count === 1) frame.firstTime = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
      const whole = new Packet(this.#registry, this.#first, bytes, { start, stop, originalLength });
      this.#output.line(this.#rows(rowOf(whole, frame)));
    }
    if (this.#count >= this.#most) this.#ended.resolve();
  }
}
