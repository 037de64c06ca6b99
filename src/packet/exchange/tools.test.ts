import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, layer } from "#packet/build.ts";
import { machine, type ExchangeDefinition } from "#packet/exchange/definition.ts";
import { exchangeDot } from "#packet/exchange/dot.ts";
import { Exchange } from "#packet/exchange/exchange.ts";
import { runOverCapture } from "#packet/exchange/over-capture.ts";
import { sendAndReceive } from "#packet/exchange/send-and-receive.ts";
import { Bench, sentIn, toldIn } from "#packet/exchange/testing/wire.ts";
import { bytes, u8 } from "#packet/field.ts";
import type { CapturedPacket } from "#packet/file/packets.ts";
import { message, type Message } from "#packet/message.ts";
import { Registry } from "#packet/registry.ts";

const Data = message("data", { fields: { data: bytes("rest", { query: "data.data" }) } });
const Toy = message("toy", { fields: { kind: u8(), value: u8() }, on: { linktype: 1 } });
const first = Toy as unknown as Message;
const registry = new Registry([first], Data as unknown as Message);
const toy = (kind: number, value = 0) => [layer(Toy, { kind, value })];

function exchangeOf<D>(definition: ExchangeDefinition<D>): Exchange<D> {
  return new Exchange(registry, definition, first, seededRandom(1));
}

test("send and receive: asks again until it is answered", () => {
  const run = new Bench(
    exchangeOf(
      sendAndReceive({
        send: toy(1, 7),
        answer: "toy.kind == 2",
        when: (packet) => packet.get(Toy)!.value === 7,
      }),
    ),
  );
  assert.equal(sentIn(run.start(), run.exchange).length, 1);
  assert.equal(sentIn(run.pass(1_500), run.exchange).length, 1);
  assert.deepEqual(run.packet(toy(2, 8)), [], "an answer to something else");
  const outputs = run.packet(toy(2, 7));
  assert.deepEqual(outputs, [
    { type: "state", from: "waiting", to: "answered" },
    { type: "told", text: "answered", details: { tries: 2 } },
    { type: "done", state: "answered" },
  ]);
  assert.equal(run.exchange.data.answer?.get(Toy)?.value, 7);
});

test("send and receive: gives up after its retries", () => {
  const options = { send: [toy(1), Uint8Array.of(1, 1)], answer: "toy.kind == 2", retries: 1, timeoutMs: 50 };
  const run = new Bench(exchangeOf(sendAndReceive(options)));
  run.start();
  assert.equal(run.exchange.wakeAt, 50);
  const outputs = run.pass(1_000);
  assert.equal(sentIn(outputs, run.exchange).length, 2);
  assert.deepEqual(toldIn(outputs), ["no answer"]);
  assert.equal(run.exchange.state, "unanswered");
  assert.equal(run.exchange.counts.sent, 4);
  const once = new Bench(exchangeOf(sendAndReceive({ ...options, retries: 0 })));
  once.start();
  once.pass(50);
  assert.equal(once.exchange.state, "unanswered");
});

const watcher = machine<{ heard: number }>({
  name: "watcher",
  data: () => ({ heard: 0 }),
  initial: "listening",
  states: {
    listening: {
      on: [
        {
          query: "toy.kind == 1",
          do: (_p, { data, now, tell }) => tell(`${++data.heard} at ${now}`),
          go: "listening",
        },
        { query: "toy.kind == 9", go: "over" },
      ],
      after: { ms: 4_000, do: ({ now, tell }) => tell(`silent at ${now}`) },
    },
    over: { final: true },
  },
});

function captured(ms: number, kind: number, linkType = 1): CapturedPacket {
  const data = build(registry, toy(kind));
  const time = { seconds: 1_700_000_000 + Math.floor(ms / 1_000), nanoseconds: (ms % 1_000) * 1e6 };
  return { number: 1, linkType, bytes: data, originalLength: data.length, ...time, comments: [] };
}

function overCapture(packets: readonly CapturedPacket[]): string[] {
  return [...runOverCapture(exchangeOf(watcher), packets)].map(({ at, output }) =>
    output.type === "told" ? output.text : `${output.type} at ${at}`,
  );
}

test("over a capture time is that of the packets, with the wakes between them and ten seconds more", () => {
  assert.deepEqual(overCapture([captured(500, 1), captured(600.25, 1), captured(9_500, 1)]), [
    "1 at 0",
    "2 at 100.25",
    "silent at 4100.25",
    "silent at 8100.25",
    "3 at 9000",
    "silent at 13000",
    "silent at 17000",
  ]);
});

test("over a capture a clock that was set back stands still, and other link types are left out", () => {
  const packets = [captured(5_000, 1), captured(6_000, 1, 228), captured(7_000, 1), captured(1_000, 1)];
  assert.deepEqual(overCapture(packets).slice(0, 4), ["1 at 0", "2 at 2000", "3 at 2000", "silent at 6000"]);
});

test("over a capture nothing is read once the exchange is over", () => {
  let read = 0;
  function* packets(): Generator<CapturedPacket> {
    for (const kind of [1, 9, 1, 1]) {
      read++;
      yield captured(read, kind);
    }
  }
  const outputs = [...runOverCapture(exchangeOf(watcher), packets())].map(({ output }) => output.type);
  assert.deepEqual(outputs, ["told", "state", "done"]);
  assert.equal(read, 3);
});

test("a machine is drawn: every state, arrows with queries and times, dashed where a condition decides", () => {
  const drawn = exchangeDot({
    name: 'a "machine"',
    data: () => undefined,
    initial: "one",
    states: {
      one: {
        on: [
          { query: 'toy.kind == "1"', go: "two" },
          { query: "toy.kind == 2" },
          { query: "toy.kind == 3", when: () => true, go: "two" },
        ],
        after: { ms: 20, go: { one: () => false, two: true } },
      },
      two: { after: { ms: () => 5 }, on: [{ query: "toy", go: "end" }] },
      end: { final: true },
    },
  });
  assert.deepEqual(drawn.trim().split("\n"), [
    'digraph "a \\"machine\\"" {',
    "  rankdir=LR;",
    "  node [shape=box, style=rounded];",
    '  "" [shape=point];',
    '  "" -> "one";',
    '  "one";',
    '  "one" -> "two" [label="toy.kind == \\"1\\""];',
    '  "one" -> "one" [label="toy.kind == 2"];',
    '  "one" -> "two" [label="toy.kind == 3", style=dashed];',
    '  "one" -> "one" [label="after 20 ms", style=dashed];',
    '  "one" -> "two" [label="after 20 ms", style=dashed];',
    '  "two";',
    '  "two" -> "end" [label="toy"];',
    '  "two" -> "two" [label="after a time"];',
    '  "end" [peripheries=2];',
    "}",
  ]);
});
