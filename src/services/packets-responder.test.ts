import assert from "node:assert/strict";
import { test } from "node:test";
import { machine, responder, type ExchangeDefinition, type Replies } from "#packet/exchange/definition.ts";
import {
  ALL_TOLD_AT_ONCE,
  ALL_TOLD_PER_SECOND,
  LOADING_MS,
  LONGEST_CALL_MS,
  SENT_PER_SECOND,
  TOLD_AT_ONCE,
} from "#services/packets-limits.ts";
import { arpRequest, PacketsBench } from "#services/testing/packets-bench.ts";

/** A node with one responder whose only function is this one. */
async function answering(reply: (bench: PacketsBench) => unknown): Promise<PacketsBench> {
  const b = new PacketsBench();
  b.folder.set("mine", () => responder("mine", { arp: () => reply(b) as Replies }) as ExchangeDefinition);
  await b.start({ folder: "/r", responders: [{ name: "mine", interface: "eth0" }] });
  return b;
}

const PACKET = arpRequest("10.0.0.9");

/** Goes to and fro each millisecond. */
const RESTLESS = machine<undefined>({
  name: "restless",
  data: () => undefined,
  initial: "a",
  states: { a: { after: { ms: 1, go: "b" } }, b: { after: { ms: 1, go: "a" } } },
}) as ExchangeDefinition;

test("each thing that a responder does is an event of its own kind", async () => {
  const b = new PacketsBench();
  b.folder.set(
    "once",
    () =>
      machine<undefined>({
        name: "once",
        data: () => undefined,
        initial: "waiting",
        states: {
          waiting: { on: [{ query: "arp", do: (_p, { tell }) => tell("heard", { of: 1 }), go: "heard" }] },
          heard: { after: { ms: 1_000, go: "over" } },
          over: { final: true },
        },
      }) as ExchangeDefinition,
  );
  await b.start({ folder: "/r", responders: [{ name: "once", interface: "eth0" }] });
  b.sockets.receive("eth0", PACKET);
  await b.pass(1_500);
  const rest = { from: "", to: "", text: "", details: "", packet: "", leftOut: 0 };
  const about = { type: "responder", name: "once", interface: "eth0", ...rest } as const;
  assert.deepEqual(b.details(), [
    { ...about, news: "started" },
    { ...about, news: "told", text: "heard", details: '{"of":1}' },
    { ...about, news: "state", from: "waiting", to: "heard" },
    { ...about, news: "state", from: "heard", to: "over" },
    { ...about, news: "done" },
  ]);
  await b.api().stopResponder("once");
  assert.deepEqual(b.details().at(-1), { ...about, news: "stopped" });
});

test("the event of a failure has its reason and, when its own function failed, the packet", async () => {
  const b = await answering(() => {
    throw new Error("no such thing");
  });
  b.sockets.receive("eth0", PACKET);
  await b.rest();
  const { news, packet, text } = b.details().at(-1)!;
  assert.equal(news, "failed");
  assert.match(packet, /^a b arp said; 42 bytes: ffffffffffff/);
  assert.equal(text, `no such thing, at ${packet}`);
  await b.api().startResponder("mine", "eth0", {});
  b.sockets.opened[0]!.fail(new Error("eth0 is gone"));
  await b.rest();
  const gone = b.details().at(-1)!;
  assert.deepEqual([gone.news, gone.text, gone.packet], ["failed", "eth0 is gone", ""]);
});

test("changes of state do not flood the log, whatever sets them off", async () => {
  const b = new PacketsBench();
  b.folder.set("restless", () => RESTLESS);
  await b.start({ folder: "/r", responders: [{ name: "restless", interface: "eth0" }] });
  await b.pass(10_000);
  const moves = b.details().filter(({ news }) => news === "state");
  assert.ok(moves.length <= TOLD_AT_ONCE + 11, `${moves.length} events`);
  const all = moves.reduce((sum, { leftOut }) => sum + 1 + leftOut, 0);
  assert.ok(all > 8_500 && all <= 10_000, `${all} moves, told or counted`);
});

test("many responders together do not flood the log either", async () => {
  const b = new PacketsBench();
  const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
  for (const name of names) b.folder.set(name, () => RESTLESS);
  await b.start({ folder: "/r", responders: names.map((name) => ({ name, interface: "eth0" })) });
  await b.pass(5_000);
  const moves = b.details().filter(({ news }) => news === "state").length;
  assert.ok(moves <= ALL_TOLD_AT_ONCE + 6 * ALL_TOLD_PER_SECOND, `${moves} events`);
});

test("what it tells is cut; details that are long or cannot be said are left out of the event", async () => {
  const b = new PacketsBench();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const told = [
    ["x".repeat(5_000), { y: "y".repeat(5_000) }],
    ["circle", circle],
    ["big", 1n],
    ["function", () => 1],
  ] as const;
  b.folder.set(
    "mine",
    () =>
      responder("mine", {
        arp: (_p, { tell }) => told.forEach(([text, details]) => tell(text, details)),
      }) as ExchangeDefinition,
  );
  await b.start({ folder: "/r", responders: [{ name: "mine", interface: "eth0" }] });
  b.sockets.receive("eth0", PACKET);
  const events = b.details().filter(({ news }) => news === "told");
  assert.deepEqual(
    events.map(({ text, details }) => [text.length, details.slice(0, 10)]),
    [
      [401, ""],
      [6, '{"error":"'],
      [3, '{"error":"'],
      [8, ""],
    ],
  );
  assert.ok(b.said("mine on eth0: x")[0]!.length < 900);
  assert.equal(b.responder("mine").state, "running");
});

test("more packets than a node may send in a second are counted as errors, and end nothing", async () => {
  const b = await answering(() => Array.from({ length: 4_000 }, () => PACKET));
  for (let i = 0; i < 4; i++) b.sockets.receive("eth0", PACKET);
  assert.equal(b.sockets.sent("eth0").length, SENT_PER_SECOND);
  const { state, sent, errors, lastError } = b.responder("mine");
  assert.deepEqual([state, sent, errors], ["running", SENT_PER_SECOND, 16_000 - SENT_PER_SECOND]);
  assert.match(lastError, /more than 10000 packets a second/);
  await b.pass(500);
  for (let i = 0; i < 4; i++) b.sockets.receive("eth0", PACKET);
  assert.equal(b.sockets.sent("eth0").length, SENT_PER_SECOND / 2);
});

test("a packet that can never be sent does not keep back those behind it", async () => {
  const short = Uint8Array.of(1);
  const b = await answering(() => [PACKET, short, PACKET, short, PACKET]);
  b.sockets.opened[0]!.least = 14;
  b.sockets.receive("eth0", PACKET);
  assert.deepEqual(b.sockets.sent("eth0"), [PACKET, PACKET, PACKET]);
  const { sent, errors, lastError } = b.responder("mine");
  assert.deepEqual([sent, errors, lastError], [3, 2, "a packet of 1 bytes is too short"]);
});

test("functions that hold the node up are an error, and the third time the end", async () => {
  const b = await answering((bench) => void (bench.aheadMs += LONGEST_CALL_MS + 500));
  for (let i = 1; i <= 2; i++) {
    b.sockets.receive("eth0", PACKET);
    const { state, errors, lastError, lastErrorPacket } = b.responder("mine");
    assert.deepEqual([state, errors], ["running", i]);
    assert.match(lastError, /^its functions took 1500 ms/);
    assert.match(lastErrorPacket, /; 42 bytes: /);
  }
  b.sockets.receive("eth0", PACKET);
  await b.rest();
  const { state, reason, nextAttempt } = b.responder("mine");
  assert.deepEqual([state, nextAttempt], ["failed", undefined]);
  assert.match(reason, /^its functions took 1500 ms, and the node waited, at a b arp/);
});

test("a file that is never loaded fails, and what comes of it later does not run", async () => {
  const b = await answering(() => PACKET);
  const arrival = Promise.withResolvers<void>();
  b.folder.set("late", b.folder.get("mine")!);
  b.waits.set("late", arrival.promise);
  const starting = b.api().startResponder("late", "eth0", {});
  const refused = assert.rejects(starting, /late was not loaded within 10 seconds/);
  for (let passed = 0; passed <= LOADING_MS; passed += 500) {
    b.world.run(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await refused;
  arrival.resolve();
  await b.pass(1_000);
  assert.deepEqual(
    [b.api().responders().length, b.sockets.opened.length],
    [1, 1],
    "what could not be started is forgotten",
  );
});

test("a definition that is none is the operator's to mend, with the place of the mistake", async () => {
  const b = new PacketsBench();
  const definition = (states: unknown): ExchangeDefinition =>
    ({ name: "bad", data: () => undefined, initial: "a", states }) as ExchangeDefinition;
  b.folder.set("query", () => responder("query", { "arp and ip.scr == 1": () => {} }) as ExchangeDefinition);
  b.folder.set("state", () => definition({ a: { after: { ms: 1, go: "b" } } }));
  b.folder.set("rubbish", () => definition({ a: null }));
  b.folder.set("data", () => ({
    ...definition({ a: {} }),
    data: () => {
      throw new Error("x".repeat(100_000));
    },
  }));
  const api = await b.start({ folder: "/r" });
  const reasons = {
    query:
      /^the responder query cannot run: there is no field or protocol ip\.scr: arp and »ip\.scr« == 1; did you mean/,
    state: /^the responder state cannot run: bad has no state b$/,
    rubbish: /^the responder rubbish cannot run: /,
    data: /^the responder data cannot run: x{1000}/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const error = await api.startResponder(name, "eth0", {}).then(
      () => assert.fail(`${name} runs`),
      (thrown: unknown) => thrown as Error,
    );
    assert.deepEqual([error.name, reason.test(error.message)], ["OperatorError", true], error.message);
    assert.ok(error.message.length < 3_000);
  }
});

test("packets that came too fast are counted", async () => {
  const b = await answering(() => undefined);
  b.sockets.opened[0]!.dropped = 7;
  assert.equal(b.responder("mine").dropped, 7);
  await b.api().stopResponder("mine");
  assert.equal(b.responder("mine").dropped, 7);
});
