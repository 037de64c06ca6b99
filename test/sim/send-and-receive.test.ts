import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { Exchange } from "#packet/exchange/exchange.ts";
import { sendAndReceive, type SendAndReceiveData } from "#packet/exchange/send-and-receive.ts";
import type { Message } from "#packet/message.ts";
import { Scheduler } from "#sim/scheduler.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Icmp } from "#wire/icmp.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { standardRegistry } from "#wire/registry.ts";
import { seeds } from "./seeds.ts";

const registry = standardRegistry();
const first = Ethernet as unknown as Message;

function echo(type: 0 | 8, identifier: number): readonly GivenLayer[] {
  return [layer(Ethernet), layer(Ipv4, { destination: "192.0.2.9" }), layer(Icmp, { type, identifier })];
}

const idOf = (packet: Packet): number => packet.get(Icmp)!.identifier!;

/** One who asks, and what the network did to him. */
interface Asker {
  readonly exchange: Exchange<SendAndReceiveData>;
  /** When he sent, when an answer of his own came first while he waited, and when he was done. */
  readonly sentAt: number[];
  answeredAt: number | undefined;
  overAt: number | undefined;
}

interface Network {
  readonly loss: number;
  readonly longestMs: number;
}

/** Several ask at once for answers that all of them see; packets are lost, doubled, late and overtaken. */
function ask(seed: number, network: Network, timeoutMs: number, retries: number): Asker[] {
  const random = seededRandom(`asking ${seed}`);
  const scheduler = new Scheduler();
  const deliver = (run: () => void): void => {
    const copies = random.below(10) === 0 ? 2 : 1;
    for (let i = 0; i < copies; i++)
      if (random.float() >= network.loss)
        scheduler.at(scheduler.now + 1 + random.float() * network.longestMs, run);
  };
  const step = (asker: Asker, handle: () => ReturnType<Asker["exchange"]["handle"]>): void => {
    for (const output of handle()) {
      if (output.type === "done") asker.overAt = scheduler.now;
      assert.notEqual(output.type, "failed");
      if (output.type !== "send") continue;
      asker.sentAt.push(scheduler.now);
      const id = idOf(new Packet(registry, first, output.bytes));
      // Who answers sometimes answers somebody else as well.
      deliver(() => [id, ...(random.below(5) === 0 ? [id + 1] : [])].forEach(answer));
    }
    const { wakeAt } = asker.exchange;
    if (wakeAt < Infinity)
      scheduler.at(wakeAt, () => step(asker, () => asker.exchange.handle({ type: "wake" }, scheduler.now)));
  };
  const answer = (id: number): void => {
    const bytes = build(registry, echo(0, id));
    for (const asker of askers) deliver(() => hear(asker, id, bytes));
  };
  const hear = (asker: Asker, id: number, bytes: Uint8Array): void => {
    const { exchange } = asker;
    if (!exchange.isOver && id === askers.indexOf(asker)) asker.answeredAt ??= scheduler.now;
    const frame = { length: bytes.length, capturedLength: bytes.length };
    const input = { type: "packet", bytes, start: 0, stop: bytes.length, frame } as const;
    step(asker, () => exchange.handle(input, scheduler.now));
  };
  const askers = Array.from({ length: 5 }, (_, id): Asker => {
    const definition = sendAndReceive({
      send: echo(8, id),
      answer: "icmp.type == 0",
      when: (packet) => idOf(packet) === id,
      retries,
      timeoutMs,
    });
    const exchange = new Exchange(registry, definition, first, seededRandom(id));
    return { exchange, sentAt: [], answeredAt: undefined, overAt: undefined };
  });
  for (const asker of askers) step(asker, () => asker.exchange.handle({ type: "start" }, scheduler.now));
  while (scheduler.step(60_000));
  return askers;
}

let answered = 0;
let unanswered = 0;
let again = 0;

for (const seed of [...seeds(60, 0), ...seeds(60, 1)]) {
  test(`whoever asks gets the answer that came in time, or asks to the end (seed ${seed})`, () => {
    const random = seededRandom(`network ${seed}`);
    const network = { loss: random.float() * 0.8, longestMs: 1 + random.below(400) };
    const [timeoutMs, retries] = [20 + random.below(300), random.below(4)];
    const askers = ask(seed, network, timeoutMs, retries);
    for (const [id, { exchange, sentAt, answeredAt, overAt }] of askers.entries()) {
      const end = answeredAt ?? (retries + 1) * timeoutMs;
      assert.equal(exchange.state, answeredAt === undefined ? "unanswered" : "answered");
      assert.equal(overAt, end);
      // Once at the start, then at each timeout that passed before the end.
      const asked = Array.from({ length: retries + 1 }, (_, i) => i * timeoutMs).filter((at) => at < end);
      assert.deepEqual(sentAt, asked);
      assert.equal(exchange.data.tries, asked.length);
      if (answeredAt === undefined) unanswered++;
      else {
        answered++;
        if (asked.length > 1) again++;
        assert.equal(idOf(exchange.data.answer!), id, "its own answer, not another's");
      }
    }
    const same = ask(seed, network, timeoutMs, retries);
    assert.deepEqual(same.map(facts), askers.map(facts));
  });
}

function facts({ sentAt, answeredAt, overAt }: Asker): unknown {
  return { sentAt, answeredAt, overAt };
}

test("some are answered at once, some after asking again, some never", () => {
  assert.ok(answered - again > 20 && again > 10 && unanswered > 20, `${answered}, ${again}, ${unanswered}`);
});
