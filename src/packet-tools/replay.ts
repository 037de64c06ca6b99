import { OperatorError } from "#base/operator-error.ts";
import type { PacketSocket } from "#host/packet-sockets.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import { collectCapture } from "#packet-tools/capture-source.ts";
import { interfaceNamed, packetSockets, whenAskedToEnd } from "#packet-tools/interface.ts";
import { reportProblem } from "#packet-tools/read.ts";

const USAGE = `Usage: parley packets replay FILE IF [--top | --pps N | --speed X] [--loop N]

Sends a file's packets on an interface, in the file's own time. Needs CAP_NET_RAW.

      --top        as fast as they go
      --pps N      N packets a second
      --speed X    X times as fast as they were captured; 1 by default
      --loop N     the whole file N times
`;

const OPTIONS = {
  top: { type: "boolean" },
  pps: { type: "string" },
  speed: { type: "string" },
  loop: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets replay`. */
export async function runReplay(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("replay", args, OPTIONS, { least: 0, most: 2 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [path, name] = positionals;
  if (path === undefined || name === undefined)
    throw new OperatorError("a file and an interface are needed", "parley packets replay FILE IF", {
      exitStatus: 2,
    });
  if ([values.top, values.pps, values.speed].filter((each) => each !== undefined).length > 1)
    throw new OperatorError("--top, --pps and --speed exclude each other", "choose one", { exitStatus: 2 });
  const loops = values.loop === undefined ? 1 : countOf("loop", values.loop);
  await interfaceNamed(name);
  const { packets, problem } = await collectCapture(path);
  if (packets.length === 0) throw new OperatorError(`${path} has no packets`, "nothing was sent");
  const due = dueTimes(packets, values);
  const bytes = packets.map((packet) => packet.bytes);
  const signals = whenAskedToEnd();
  let interrupted = false;
  signals.asked.then(() => (interrupted = true)).catch(() => {});
  let failure: Error | undefined;
  const socket = await packetSockets().open(
    { interface: name, mode: "latency", filter: NOTHING },
    { received: () => {}, failed: (error) => (failure = error) },
  );
  const isOver = (): boolean => interrupted || failure !== undefined;
  const replay = new Replay(socket, bytes, due, isOver);
  try {
    for (let loop = 0; loop < loops && !isOver(); loop++) await replay.run();
  } finally {
    signals.stop();
    socket.close();
  }
  process.stdout.write(`${replay.summary()}\n`);
  if (failure) throw failure;
  return reportProblem(problem);
}

/** A filter that lets nothing through: this socket only sends. */
const NOTHING = [{ code: 0x06, jt: 0, jf: 0, k: 0 }];

/** When each packet is due, ms after the first; undefined for as soon as possible. */
function dueTimes(
  packets: readonly { readonly seconds: number; readonly nanoseconds: number }[],
  { top, pps, speed }: { readonly top?: boolean; readonly pps?: string; readonly speed?: string },
): Float64Array | undefined {
  if (top) return undefined;
  if (pps !== undefined) {
    const rate = countOf("pps", pps);
    return Float64Array.from(packets, (_, i) => (i * 1_000) / rate);
  }
  const factor = speed === undefined ? 1 : Number(speed);
  if (!(factor > 0 && factor < 1e6))
    throw new OperatorError(`--speed needs a number, not "${speed}"`, "such as 2 or 0.5", { exitStatus: 2 });
  const { seconds, nanoseconds } = packets[0]!;
  return Float64Array.from(
    packets,
    (packet) => ((packet.seconds - seconds) * 1_000 + (packet.nanoseconds - nanoseconds) / 1e6) / factor,
  );
}

class Replay {
  readonly #socket: PacketSocket;
  readonly #packets: readonly Uint8Array[];
  readonly #due: Float64Array | undefined;
  readonly #isOver: () => boolean;
  readonly #errors: number[] = [];
  #sent = 0;
  #bytes = 0;
  #activeMs = 0;

  constructor(
    socket: PacketSocket,
    packets: readonly Uint8Array[],
    due: Float64Array | undefined,
    isOver: () => boolean,
  ) {
    this.#socket = socket;
    this.#packets = packets;
    this.#due = due;
    this.#isOver = isOver;
  }

  /** All packets once. */
  async run(): Promise<void> {
    const begin = performance.now();
    for (let next = 0; next < this.#packets.length && !this.#isOver();) {
      const until = this.#due ? await this.#whenDue(begin, next) : next + BATCH;
      const batch = this.#packets.slice(next, Math.min(until, next + BATCH));
      const taken = this.#socket.send(batch);
      this.#note(next, taken, begin);
      next += taken;
      // The interface's queue is full, or others want a turn.
      if (taken < batch.length || !this.#due) await turn();
    }
    this.#activeMs += performance.now() - begin;
  }

  /** Waits until the next packet is due; returns the first that is not. */
  async #whenDue(begin: number, next: number): Promise<number> {
    const due = this.#due!;
    for (;;) {
      const wait = begin + due[next]! - performance.now();
      if (wait <= 0 || this.#isOver()) break;
      // A timer is a millisecond late; the rest is spent looking at the clock.
      if (wait > TIMER_MS) await new Promise((resolve) => setTimeout(resolve, wait - TIMER_MS));
      else if (wait > SPIN_MS) await turn();
    }
    const now = performance.now() - begin;
    let until = next + 1;
    while (until < due.length && due[until]! <= now) until++;
    return until;
  }

  #note(next: number, taken: number, begin: number): void {
    const now = performance.now() - begin;
    for (let i = next; i < next + taken; i++) {
      this.#bytes += this.#packets[i]!.length;
      if (this.#due && this.#errors.length < MOST_ERRORS) this.#errors.push(Math.abs(now - this.#due[i]!));
    }
    this.#sent += taken;
  }

  summary(): string {
    const seconds = this.#activeMs / 1_000;
    const rate = seconds > 0 ? Math.round(this.#sent / seconds) : this.#sent;
    const megabits = seconds > 0 ? (this.#bytes * 8) / seconds / 1e6 : 0;
    const text = `${this.#sent} packets, ${this.#bytes} bytes in ${seconds.toFixed(3)} s: ${rate} packets/s, ${megabits.toFixed(1)} Mbit/s`;
    if (this.#errors.length === 0) return text;
    const sorted = this.#errors.sort((a, b) => a - b);
    const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)]! * 1_000).toFixed(0);
    return `${text}; timing error p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const BATCH = 512;
const TIMER_MS = 2;
const SPIN_MS = 0.3;
const MOST_ERRORS = 1_000_000;
