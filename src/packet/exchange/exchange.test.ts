import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, layer } from "#packet/build.ts";
import {
  machine,
  responder,
  type ExchangeDefinition,
  type ExchangeContext,
} from "#packet/exchange/definition.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import { Bench, sentIn, toldIn } from "#packet/exchange/testing/wire.ts";
import { bytes, u8 } from "#packet/field.ts";
import { message, type Message } from "#packet/message.ts";
import type { Packet } from "#packet/dissect.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Registry } from "#packet/registry.ts";

const Data = message("data", { fields: { data: bytes("rest", { query: "data.data" }) } });
const Toy = message("toy", { fields: { kind: u8(), value: u8() }, on: { linktype: 1 } });
const first = Toy as unknown as Message;
const registry = new Registry([first], Data as unknown as Message);

const toy = (kind: number, value = 0) => [layer(Toy, { kind, value })];
const valueOf = (packet: Packet): number => packet.get(Toy)!.value;

function bench<D>(definition: ExchangeDefinition<D>): Bench<D> {
  return new Bench(new Exchange(registry, definition, first, seededRandom(1)));
}

function started<D>(definition: ExchangeDefinition<D>): Bench<D> {
  const made = bench(definition);
  made.start();
  return made;
}

const kinds = (outputs: readonly ExchangeOutput[]): string[] =>
  outputs.map((each) => (each.type === "told" ? each.text : each.type));

test("a responder answers what its queries select, the first rule that matches, and keeps its data", () => {
  const definition = responder<{ count: number }>(
    "toys",
    {
      "toy.kind == 1 and toy.value > 9": (_packet, { tell }) => tell("big"),
      "toy.kind == 1": (packet, { data }) => toy(2, valueOf(packet) + ++data.count),
      "toy.kind == 3": () => [toy(4), Uint8Array.of(5, 5), []],
      "toy.kind == 5": () => [],
    },
    { about: "plays", data: () => ({ count: 0 }) },
  );
  assert.equal(definition.about, "plays");
  const run = started(definition);
  assert.deepEqual(kinds(run.packet(toy(1, 10))), ["big"]);
  const answers = [1, 1].map(() => sentIn(run.packet(toy(1, 5)), run.exchange).map(valueOf));
  assert.deepEqual(answers, [[6], [7]]);
  assert.equal(run.exchange.data.count, 2);
  assert.deepEqual(kinds(run.packet(toy(3))), ["send", "send"]);
  assert.deepEqual(run.packet(toy(5)), []);
  assert.deepEqual(run.packet(toy(9)), []);
  assert.deepEqual(run.exchange.counts, { seen: 6, matched: 5, sent: 4 });
});

test("transitions: action, change of state, entry, in this order; queries of other states do not count", () => {
  const run = bench(
    machine<undefined>({
      name: "doors",
      data: () => undefined,
      initial: "closed",
      states: {
        closed: {
          enter: ({ tell }) => tell("closed"),
          on: [{ query: "toy.kind == 1", do: (_p, { tell }) => (tell("opening"), toy(7)), go: "open" }],
        },
        open: {
          enter: ({ tell }) => (tell("opened"), toy(8)),
          on: [
            { query: "toy.kind == 1", do: (_p, { tell }) => tell("is open") },
            { query: "toy.kind == 2", go: "closed" },
          ],
        },
      },
    }),
  );
  assert.deepEqual(kinds(run.packet(toy(1))), [], "nothing happens before the start");
  assert.deepEqual(kinds(run.start()), ["closed"]);
  assert.deepEqual(kinds(run.start()), [], "it starts once");
  assert.deepEqual(kinds(run.packet(toy(2))), []);
  const opening = run.packet(toy(1));
  assert.deepEqual(kinds(opening), ["opening", "send", "state", "opened", "send"]);
  assert.deepEqual(opening[2], { type: "state", from: "closed", to: "open" });
  assert.deepEqual(kinds(run.packet(toy(1))), ["is open"]);
  assert.deepEqual(kinds(run.packet(toy(2))), ["state", "closed"]);
  assert.equal(run.exchange.state, "closed");
  assert.equal(run.exchange.wakeAt, Infinity);
});

test("guards see the packet and the data, and another transition has its turn when they refuse", () => {
  const run = started(
    machine<{ waitsFor: number }>({
      name: "guarded",
      data: () => ({ waitsFor: 5 }),
      initial: "waiting",
      states: {
        waiting: {
          on: [
            { query: "toy.kind == 1", when: (p, { data }) => valueOf(p) === data.waitsFor, go: "found" },
            { query: "toy.kind == 1", do: (p, { data }) => void (data.waitsFor = valueOf(p) + 1) },
          ],
        },
        found: { final: true },
      },
    }),
  );
  assert.deepEqual(run.packet(toy(1, 6)), []);
  assert.equal(run.exchange.data.waitsFor, 7);
  assert.deepEqual(kinds(run.packet(toy(1, 7))), ["state", "done"]);
  assert.equal(run.exchange.isOver, true);
  assert.deepEqual(run.packet(toy(1, 7)), [], "what is over does nothing");
});

interface Tries {
  tries: number;
  ms: number;
}

const retrying = machine<Tries>({
  name: "retrying",
  data: () => ({ tries: 0, ms: 10 }),
  initial: "trying",
  states: {
    trying: {
      enter: ({ data }) => toy(1, ++data.tries),
      on: [
        { query: "toy.kind == 2", do: (_p, { tell }) => tell("heard") },
        { query: "toy.kind == 3", go: "trying" },
      ],
      after: {
        ms: ({ data }) => data.ms,
        do: ({ data, tell }) => (tell("late"), void (data.ms *= 2)),
        go: { lost: ({ data }) => data.tries === 3, trying: true },
      },
    },
    lost: { final: true },
  },
});

test("timeouts: an early wake is harmless, a packet leaves the clock alone unless the state starts again", () => {
  const run = started(retrying);
  assert.equal(run.exchange.wakeAt, 10);
  run.now = 4;
  assert.deepEqual(run.exchange.handle({ type: "wake" }, run.now), []);
  assert.deepEqual(kinds(run.packet(toy(2))), ["heard"]);
  assert.equal(run.exchange.wakeAt, 10);
  assert.deepEqual(kinds(run.packet(toy(3))), ["send"], "the same state again, without a change of it");
  assert.equal(run.exchange.wakeAt, 14);
  assert.deepEqual(kinds(run.pass(10)), ["late", "send"]);
  assert.equal(run.exchange.wakeAt, 34);
  assert.deepEqual(kinds(run.pass(100)), ["late", "state", "done"]);
  assert.equal(run.exchange.state, "lost");
  assert.equal(run.exchange.wakeAt, Infinity);
});

test("a timeout that leads nowhere starts the state again; never less than a millisecond later", () => {
  const ticking = (ms: number): ExchangeDefinition<undefined> => ({
    name: "clock",
    data: () => undefined,
    initial: "ticking",
    states: { ticking: { after: { ms, do: ({ tell }) => tell("tick"), go: { ticking: () => false } } } },
  });
  assert.equal(started(ticking(5)).pass(50).length, 10);
  assert.equal(started(ticking(0)).pass(50).length, 50);
  assert.equal(started(ticking(Infinity)).pass(50).length, 0);
  assert.deepEqual(kinds(bench(ticking(Number.NaN)).start()), ["failed"]);
});

test("what people's functions throw stops the exchange, and is told with the packet", () => {
  const broken = (context: ExchangeContext<undefined>): never => {
    context.tell("before");
    throw new Error("broken");
  };
  const packet = build(registry, toy(1, 3));
  const places: ExchangeDefinition<undefined>["states"][] = [
    { a: { on: [{ query: "toy", do: (_p, context) => broken(context) }] } },
    { a: { on: [{ query: "toy", when: (_p, context) => broken(context) }] } },
    { a: { on: [{ query: "toy", go: "b" }] }, b: { enter: broken } },
    { a: { on: [{ query: "toy", go: { b: broken } }] }, b: {} },
    { a: { on: [{ query: "toy", go: "b" }] }, b: { after: { ms: broken } } },
  ];
  for (const states of places) {
    const run = started({ name: "broken", data: () => undefined, initial: "a", states });
    const outputs = run.packet(packet).filter(({ type }) => type !== "state");
    assert.deepEqual(outputs, [
      { type: "told", text: "before" },
      { type: "failed", error: "broken", packet },
    ]);
    assert.equal(run.exchange.isOver, true);
    assert.deepEqual(run.packet(packet), []);
  }
  const entered = bench<undefined>({
    name: "",
    data: () => undefined,
    initial: "a",
    states: { a: { enter: broken } },
  });
  assert.deepEqual(entered.start().at(-1), { type: "failed", error: "broken" });
});

test("a packet that cannot be built stops the exchange; those before it are sent", () => {
  const run = started(responder("wrong", { toy: () => [toy(1), toy(300)] }));
  const outputs = run.packet(toy(0));
  assert.deepEqual(kinds(outputs), ["send", "failed"]);
  assert.match(outputs[1]?.type === "failed" ? outputs[1].error : "", /300/);
  assert.equal(run.exchange.counts.sent, 1);
});

test("queries and states are checked before anything runs", () => {
  assert.throws(() => bench(responder("typo", { "toy.knd == 1": () => undefined })), QueryError);
  const states = { a: { after: { ms: 1, go: "nowhere" } } };
  const nowhere: ExchangeDefinition<undefined> = { name: "m", data: () => undefined, initial: "a", states };
  assert.throws(() => machine(nowhere), /^TypeError: m has no state nowhere$/);
  assert.throws(() => bench(nowhere), /m has no state nowhere/);
  assert.throws(() => bench({ ...nowhere, initial: "toString", states: {} }), /no state toString/);
  const choice = { a: { on: [{ query: "toy", go: { a: true, b: true } as const }] } };
  assert.throws(() => bench({ ...nowhere, states: choice }), /no state b/);
  const beyond = { a: { final: true, after: { ms: 1 } } };
  assert.throws(() => bench({ ...nowhere, states: beyond }), /m ends in a: nothing follows/);
});

test("bytes handed over are copies, in both directions", () => {
  const kept: Packet[] = [];
  const reply = Uint8Array.of(2, 2);
  const run = started(responder("keeper", { "toy.kind == 1": (packet) => (kept.push(packet), reply) }));
  const buffer = Buffer.from([9, 1, 42, 9]);
  const frame = { length: 2, capturedLength: 2 };
  const [sent] = run.exchange.handle({ type: "packet", bytes: buffer, start: 1, stop: 3, frame }, 0);
  buffer.fill(0);
  reply.fill(0);
  assert.equal(valueOf(kept[0]!), 42);
  assert.deepEqual(sent, { type: "send", bytes: Uint8Array.of(2, 2) });
});

test("a machine without queries and with a final start is done at once", () => {
  const run = bench<undefined>({
    name: "done",
    data: () => undefined,
    initial: "end",
    states: { end: { enter: () => toy(1), final: true } },
  });
  assert.deepEqual(kinds(run.start()), ["send", "done"]);
  const idle = started<undefined>({
    name: "idle",
    data: () => undefined,
    initial: "idle",
    states: { idle: {} },
  });
  assert.deepEqual(toldIn(idle.packet(toy(1))), []);
});
