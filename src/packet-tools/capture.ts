import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "#base/operator-error.ts";
import type { PacketSocket, ReceivedPacket, ReceivedPackets } from "#host/packet-sockets.ts";
import { frameTime, newFrame, type Frame } from "#packet/query/frame.ts";
import type { Matcher } from "#packet/query/query.ts";
import type { SureRun } from "#packet/bpf/sure.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import { CaptureFile } from "#packet-tools/capture-file.ts";
import type { CaptureView } from "#packet-tools/capture-view.ts";
import { afterSeconds, packetSockets, whenAskedToEnd } from "#packet-tools/interface.ts";
import { Output } from "#packet-tools/output.ts";

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
  const rotateBytes = values.rotate === undefined ? Infinity : sizeOf(values.rotate);
  const file = values.write === undefined ? undefined : new CaptureFile(values.write, name, rotateBytes);
  const isAsked = words.join("").trim() !== "" || !file;
  const view = isAsked ? await viewOf(words, file !== undefined) : undefined;
  const capture = new Capture(view, countOf("count", values.count), file);
  const seconds = values.seconds === undefined ? Infinity : countOf("seconds", values.seconds);
  const promiscuous = !values["no-promiscuous"];
  return capture.run(name, seconds, promiscuous);
}

/** Loaded late: whoever writes everything needs no protocols. */
async function viewOf(words: readonly string[], isWritten: boolean): Promise<CaptureView> {
  const { CaptureView } = await import("#packet-tools/capture-view.ts");
  return isWritten ? CaptureView.forFile(words) : CaptureView.forRows(words);
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
  /** Without it everything is written; protocols are not even loaded. */
  readonly #view: CaptureView | undefined;
  readonly #most: number;
  readonly #file: CaptureFile | undefined;
  readonly #output = new Output(process.stdout);
  /** Of the packet in hand, as the query sees it: numbers and times count from the first that came. */
  readonly #frame = newFrame();
  readonly #ended = Promise.withResolvers<void>();
  /** Made when the first packet needs it. */
  #match: Matcher | undefined;
  #sure: SureRun | undefined;
  #seen = 0;
  #count = 0;

  constructor(view: CaptureView | undefined, most: number, file: CaptureFile | undefined) {
    this.#view = view;
    this.#most = most;
    this.#file = file;
  }

  async run(name: string, seconds: number, promiscuous: boolean): Promise<number> {
    const filter = this.#view?.filter();
    // Shown packets come at once, written ones many at a time.
    const mode = this.#file ? "bulk" : "latency";
    if (this.#file) this.#sure = this.#view?.sure();
    const options = {
      interface: name,
      mode,
      promiscuous,
      outgoing: true,
      ...(filter && { filter }),
    } as const;
    const socket = await packetSockets().open(options, {
      received: (packet) => this.#received(packet),
      receivedMany: (packets) => this.#receivedMany(packets),
      drained: () => this.#output.flush(),
      failed: (error) => this.#ended.reject(error),
    });
    const signals = whenAskedToEnd();
    let callOff = (): void => {};
    let rate: NodeJS.Timeout | undefined;
    try {
      if (socket.linkType !== 1) this.#useLinkType(socket);
      this.#file?.begin(socket.linkType);
      process.stderr.write(`capturing on ${name}, end it with Ctrl-C\n`);
      if (seconds !== Infinity) callOff = afterSeconds(seconds, () => this.#ended.resolve());
      if (this.#file && process.stderr.isTTY) rate = this.#showRate();
      await Promise.race([this.#ended.promise, signals.asked]);
      // What came just before the end may still be on its way.
      if (this.#count < this.#most) await sleep(socket.latestMs);
    } finally {
      callOff();
      clearInterval(rate);
      signals.stop();
      const { received, dropped } = socket.statistics();
      socket.close();
      this.#output.flush();
      process.stderr.write(
        `${this.#count} packets captured, ${received} passed the kernel's filter, ${dropped} dropped\n`,
      );
      this.#file?.close();
    }
    return 0;
  }

  #useLinkType(socket: PacketSocket): void {
    if (!this.#view) return;
    this.#view.useLinkType(socket.linkType);
    this.#match = undefined;
    if (this.#file) this.#sure = this.#view.sure();
    const filter = this.#view.filter();
    if (filter) socket.setFilter(filter);
  }

  #showRate(): NodeJS.Timeout {
    let before = 0;
    return setInterval(() => {
      process.stderr.write(`\r${this.#count} packets, ${this.#count - before}/s `);
      before = this.#count;
    }, 1_000);
  }

  #receivedMany(packets: ReceivedPackets): void {
    if (this.#view?.asks) this.#writeSelected(packets);
    else this.#write(packets, 0, packets.count);
    if (this.#count >= this.#most) this.#ended.resolve();
  }

  /** Those that the query selects. */
  #writeSelected(packets: ReceivedPackets): void {
    const { count, bytes, starts, words, heads } = packets;
    const before = this.#seen;
    const frameOf = (i: number): Frame => {
      const head = heads[i]!;
      this.#seen = before + i;
      return this.#frameOf(words[head]!, words[head + 1]!, words[head + 3]!, words[head + 2]!);
    };
    // Of the first packet of all, the time.
    if (before === 0) frameOf(0);
    // Those that are selected move together, so that they are written together.
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const next = this.#sure?.(packets, i, count) ?? i;
      if (kept < i && i < next) {
        starts.copyWithin(kept, i, next);
        heads.copyWithin(kept, i, next);
      }
      kept += next - i;
      i = next;
      if (i === count) break;
      const start = starts[i]!;
      const frame = frameOf(i);
      this.#match ??= this.#view!.matcher()!;
      if (!this.#match(bytes, start, start + frame.capturedLength, frame)) continue;
      starts[kept] = start;
      heads[kept] = heads[i]!;
      kept++;
    }
    this.#write(packets, 0, kept);
    this.#seen = before + count;
  }

  /** As many as are still wanted. */
  #write(packets: ReceivedPackets, first: number, stop: number): void {
    const count = Math.min(stop - first, this.#most - this.#count);
    if (count <= 0) return;
    this.#file!.appendMany(packets, first, first + count);
    this.#count += count;
  }

  #received(packet: ReceivedPacket): void {
    if (this.#count >= this.#most) return;
    const { bytes, start, stop, originalLength, seconds, nanoseconds } = packet;
    const frame = this.#frameOf(seconds, nanoseconds, originalLength, stop - start);
    if (this.#view?.asks) this.#match ??= this.#view.matcher()!;
    if (this.#match && !this.#match(bytes, start, stop, frame)) return;
    this.#count++;
    frame.number = this.#count;
    if (this.#file) this.#file.append(bytes, start, stop, seconds, nanoseconds, originalLength);
    else this.#output.line(this.#view!.row(packet, frame));
    if (this.#count >= this.#most) this.#ended.resolve();
  }

  #frameOf(seconds: number, nanoseconds: number, length: number, capturedLength: number) {
    const frame = this.#frame;
    frame.number = ++this.#seen;
    frame.seconds = seconds;
    frame.nanoseconds = nanoseconds;
    frame.length = length;
    frame.capturedLength = capturedLength;
    frame.firstTime ??= frameTime(frame);
    return frame;
  }
}
