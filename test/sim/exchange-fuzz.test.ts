import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type Random } from "#base/random.ts";
import { PacketRunner, type PacketCore } from "#machine/packet-runner.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { build } from "#packet/build.ts";
import { Exchange, type ExchangeInput, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { Message } from "#packet/message.ts";
import { World } from "#sim/world.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { standardRegistry } from "#wire/registry.ts";
import { randomMachine, randomPacket, type RandomData } from "./random-machine.ts";
import { seeds } from "./seeds.ts";

const registry = standardRegistry();
const first = Ethernet as unknown as Message;
const MACHINES = 5;

interface Said {
  readonly at: number;
  readonly machine: number;
  readonly output: ExchangeOutput;
}

/** An exchange that is watched: what it says has to make sense, whatever its functions do. */
class Watched implements PacketCore<ExchangeOutput> {
  readonly exchange: Exchange<RandomData>;
  readonly #say: (at: number, output: ExchangeOutput) => void;
  #state: string;
  #sent = 0;
  end: "failed" | "done" | undefined;

  constructor(exchange: Exchange<RandomData>, say: (at: number, output: ExchangeOutput) => void) {
    this.exchange = exchange;
    this.#state = exchange.state;
    this.#say = say;
  }

  get wakeAt(): number {
    return this.exchange.wakeAt;
  }

  handle(input: ExchangeInput, now: number): readonly ExchangeOutput[] {
    const { exchange } = this;
    const given = input.type === "packet" ? input.bytes.slice(input.start, input.stop) : undefined;
    const before = this.end;
    const outputs = exchange.handle(input, now);
    if (before) assert.deepEqual(outputs, [], "what is over says nothing");
    for (const [i, output] of outputs.entries()) {
      this.#say(now, output);
      if (output.type === "send") this.#sent++;
      if (output.type === "state") {
        assert.equal(output.from, this.#state);
        this.#state = output.to;
      }
      if (output.type !== "failed" && output.type !== "done") continue;
      assert.equal(i, outputs.length - 1, "nothing follows the end");
      this.end = output.type;
      if (output.type === "failed") assert.deepEqual(output.packet, given, "the packet it was given");
    }
    const { seen, matched, sent } = exchange.counts;
    assert.ok(matched <= seen);
    assert.deepEqual(
      [exchange.state, sent, exchange.isOver],
      [this.#state, this.#sent, this.end !== undefined],
    );
    assert.ok(
      this.end ? this.wakeAt === Infinity : this.wakeAt >= now,
      `wakes at ${this.wakeAt}, now ${now}`,
    );
    return outputs;
  }
}

interface Run {
  readonly said: Said[];
  readonly watched: Watched[];
}

/** Random machines on one link for five seconds, among random and broken packets. */
async function run(seed: number, filtered: boolean): Promise<Run> {
  const world = new World({ seed, latencyMs: [1, 20], loss: 0.1, reorder: 0.1, duplicate: 0.05 });
  const said: Said[] = [];
  const watched: Watched[] = [];
  for (let machine = 0; machine < MACHINES; machine++) {
    const host = world.addHost(`10.0.0.${machine + 1}`);
    const definition = randomMachine(seededRandom(`machine ${seed} ${machine}`), `m${machine}`);
    const exchange = new Exchange(registry, definition, first, seededRandom(`dice ${seed} ${machine}`));
    const core = new Watched(exchange, (at, output) => said.push({ at, machine, output }));
    watched.push(core);
    const runner = new PacketRunner<ExchangeOutput>(core, host.clock, () => {});
    const filter = filtered ? compileBpf(registry, exchange.queries, first) : undefined;
    const failed = (error: Error): void => assert.fail(error);
    const socket = await host.packetSockets.open(
      { interface: "eth0", mode: "latency", promiscuous: true, ...(filter && { filter }) },
      runner.handlers(failed),
    );
    runner.start(socket);
  }
  const stranger = world.addHost("10.0.0.9");
  const socket = await stranger.packetSockets.open(
    { interface: "eth0", mode: "latency" },
    { received: () => {}, failed: () => {} },
  );
  const random = seededRandom(`stranger ${seed}`);
  for (let i = 0; i < 120; i++) {
    const bytes = build(registry, randomPacket(random));
    stranger.clock.at(random.below(5_000), () => socket.send([broken(bytes, random)]));
  }
  world.run(6_000);
  return { said, watched };
}

/** Most packets as they are, some cut or changed. */
function broken(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(3) > 0) return bytes;
  const some = bytes.slice(0, random.below(2) === 0 ? 14 + random.below(bytes.length - 13) : bytes.length);
  some[random.below(some.length)] = random.below(256);
  return some;
}

const ends = { failed: 0, done: 0, running: 0, sent: 0, moved: 0, told: 0 };
const SEEDS = [...seeds(12, 0), ...seeds(12, 1)];

for (const seed of SEEDS) {
  test(`random machines hold together, and the same again (seed ${seed})`, async () => {
    const one = await run(seed, true);
    const again = await run(seed, true);
    assert.deepEqual(again.said, one.said, "the same seed, the same run");
    const all = await run(seed, false);
    assert.deepEqual(all.said, one.said, "what the kernel's filter keeps back changes nothing");
    const seen = (run: Run): number =>
      run.watched.reduce((sum, { exchange }) => sum + exchange.counts.seen, 0);
    assert.ok(seen(all) >= seen(one));
    for (const { end } of one.watched) ends[end ?? "running"]++;
    for (const { output } of one.said) {
      if (output.type === "send") ends.sent++;
      if (output.type === "state") ends.moved++;
      if (output.type === "told") ends.told++;
    }
  });
}

test("these machines do something: they send, move, tell, fail, end and go on", () => {
  const least = { failed: 3, done: 3, running: 3, sent: 200, moved: 200, told: 20 };
  for (const [what, count] of Object.entries(least))
    assert.ok(ends[what as keyof typeof ends] >= count, `${what}: ${JSON.stringify(ends)}`);
});
