import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { median, quantile } from "./median.ts";
import { RelayProcess } from "./relay-process.ts";

/**
 * Three `parley chat` processes in a full mesh on loopback, as the original was measured: messages injected on TCP at
 * one, seen on the standard output of the others. Beside it, in the same run and in turns, a plain relay in Node of the
 * same shape: what this machine allows. The original, on another day: 19,700 messages/s, p50 0.15 ms, p99 0.58 ms.
 */
export async function run(): Promise<void> {
  const started: RelayProcess[] = [];
  const start = async (command: readonly string[]): Promise<RelayProcess> => {
    const relay = await RelayProcess.start(command);
    started.push(relay);
    return relay;
  };
  try {
    const parley = await Contender.open("parley", await parleyMesh(start));
    const plain = await Contender.open("plain relay", await plainTree(start));
    const both = [parley, plain];
    for (const contender of both) print(await contender.cold());
    for (const contender of both) await contender.latency(WARM_UP);
    print("latency, driver -> a -> standard output of b and c, rounds of 500 serial messages, in turns:");
    for (let round = 0; round < ROUNDS; round++) for (const contender of both) await contender.round();
    for (const contender of both) print(`  ${contender.summary()}`);
    const ratios = parley.p99s.map((p99, round) => p99 / plain.p99s[round]!);
    print(`  p99 of parley to that of the plain relay, median of pairs: ${median(ratios).toFixed(2)}`);
    print("  (the original: p50 0.15 ms, p99 0.58 ms)");
    for (let round = 1; round <= 5; round++) print(await parley.throughput(round));
    print("  (the original: 19700 messages/s)");
    for (const contender of both) contender.close();
  } finally {
    for (const relay of started) relay.stop();
  }
}

type Start = (command: readonly string[]) => Promise<RelayProcess>;

async function parleyMesh(start: Start): Promise<RelayProcess[]> {
  const chat = (nick: string, ...peers: string[]): readonly string[] => [
    "bin/parley",
    "chat",
    ...["--nick", nick, "--listen", "127.0.0.1:0"],
    ...peers.flatMap((peer) => ["--peer", peer]),
  ];
  const first = await start(chat("a"));
  const others = [
    await start(chat("b", `127.0.0.1:${first.port}`)),
    await start(chat("c", `127.0.0.1:${first.port}`)),
  ];
  const relays = [first, ...others];
  await Promise.all(relays.map((relay) => relay.printed((text) => text.split("-- linked with").length > 2)));
  return relays;
}

async function plainTree(start: Start): Promise<RelayProcess[]> {
  const command = [process.execPath, "--disable-warning=ExperimentalWarning", "bench/plain-relay.ts"];
  const b = await start(command);
  const c = await start(command);
  return [await start([...command, String(b.port), String(c.port)]), b, c];
}

/** Three relays, the first of which is written to. */
class Contender {
  readonly #name: string;
  readonly #relays: readonly RelayProcess[];
  readonly #driver: Socket;
  readonly #p50s: number[] = [];
  readonly p99s: number[] = [];
  #serial = 0;

  private constructor(name: string, relays: readonly RelayProcess[], driver: Socket) {
    this.#name = name;
    this.#relays = relays;
    this.#driver = driver;
  }

  static async open(name: string, relays: readonly RelayProcess[]): Promise<Contender> {
    const driver = connect(relays[0]!.port, "127.0.0.1");
    driver.setNoDelay(true);
    await once(driver, "connect");
    return new Contender(name, relays, driver);
  }

  /** The times of so many messages, each sent when the one before has arrived. */
  async latency(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const body = `serial ${this.#serial} end`;
      for (const relay of this.#relays) relay.forget();
      const arrived = this.#relays.slice(1).map((relay) => relay.printed((text) => text.includes(body)));
      const begin = performance.now();
      this.#driver.write(message(`s${this.#serial++}`, body));
      await Promise.all(arrived);
      times.push(performance.now() - begin);
    }
    return times;
  }

  /** The first messages ever, while nothing is compiled yet. */
  async cold(): Promise<string> {
    const times = await this.latency(500);
    const [p50, p99] = [quantile(times, 0.5).toFixed(2), quantile(times, 0.99).toFixed(2)];
    return `the first 500 serial messages, ${this.#name}: p50 ${p50} ms, p99 ${p99} ms`;
  }

  async round(): Promise<void> {
    const times = await this.latency(500);
    this.#p50s.push(quantile(times, 0.5));
    this.p99s.push(quantile(times, 0.99));
  }

  summary(): string {
    const p99s = this.p99s.map((p99) => p99.toFixed(2)).join(" ");
    return (
      `${this.#name.padEnd(12)} p50 ${median(this.#p50s).toFixed(2)} ms, p99 ${median(this.p99s).toFixed(2)} ms ` +
      `(least ${Math.min(...this.p99s).toFixed(2)}; rounds ${p99s})`
    );
  }

  async throughput(round: number): Promise<string> {
    const count = 20_000;
    const batch = Array.from({ length: count }, (_, i) =>
      message(`r${round}x${i}`, `message ${i} of round ${round}`),
    );
    const before = this.#relays.map((relay) => relay.lines);
    const begin = performance.now();
    this.#driver.write(batch.join(""));
    await Promise.all(this.#relays.map((relay, i) => relay.counted(before[i]! + count)));
    const seconds = (performance.now() - begin) / 1_000;
    const seen = this.#relays.map((relay, i) => relay.lines - before[i]!).join(", ");
    const rate = Math.round(count / seconds);
    return `throughput, round ${round}: ${count} messages, seen ${seen}: ${rate} messages/s`;
  }

  close(): void {
    this.#driver.destroy();
  }
}

function message(id: string, body: string): string {
  const json = { ID: id, Addr: "", Body: body, omitempty: "driver", Timestamp: 1_795_219_132 };
  return `${JSON.stringify(json)}\n`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const ROUNDS = 11;
/** After fewer the compilers are still at work, and on few cores that is what one would measure. */
const WARM_UP = 30_000;
