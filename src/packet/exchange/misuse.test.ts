import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { layer } from "#packet/build.ts";
import { responder, type ExchangeDefinition, type Replies } from "#packet/exchange/definition.ts";
import { Exchange } from "#packet/exchange/exchange.ts";
import { Bench } from "#packet/exchange/testing/wire.ts";
import { bytes, u8 } from "#packet/field.ts";
import { message, type Message } from "#packet/message.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Registry } from "#packet/registry.ts";

const Data = message("data", { fields: { data: bytes("rest", { query: "data.data" }) } });
const Toy = message("toy", { fields: { kind: u8(), value: u8() }, on: { linktype: 1 } });
const first = Toy as unknown as Message;
const registry = new Registry([first], Data as unknown as Message);
const packet = [layer(Toy, { kind: 1 })];

function started<D>(definition: ExchangeDefinition<D>): Bench<D> {
  const made = new Bench(new Exchange(registry, definition, first, seededRandom(1)));
  made.start();
  return made;
}

/** What became of an action that returned this: "2 sent", or the error. */
function outcome(returned: () => unknown): string {
  const outputs = started(responder("mine", { toy: () => returned() as Replies })).packet(packet);
  const failure = outputs.find(({ type }) => type === "failed");
  return failure?.type === "failed" ? failure.error : `${outputs.length} sent`;
}

test("an action that returns no packets is told what it should have returned", () => {
  const needed = "an action returns layers, bytes, or a list of such packets, at once: not";
  assert.equal(
    outcome(() => 7),
    `${needed} number`,
  );
  assert.equal(
    outcome(() => "text"),
    `${needed} string`,
  );
  assert.equal(
    outcome(() => ({ a: 1 })),
    `${needed} object`,
  );
  assert.equal(
    outcome(() => [packet, [1, 2]]),
    `${needed} a list of something else`,
  );
  assert.equal(
    outcome(() => [null]),
    `${needed} object`,
  );
  assert.equal(
    outcome(() => Promise.resolve(packet)),
    `${needed} a promise`,
  );
  for (const nothing of [undefined, null, false, 0, "", [], [[]]])
    assert.equal(
      outcome(() => nothing),
      "0 sent",
    );
});

test("what an action's promise fails with later is nobody's error", async () => {
  const late: unknown[] = [];
  const note = (reason: unknown): void => void late.push(reason);
  process.on("unhandledRejection", note);
  assert.match(
    outcome(() => Promise.reject(new Error("later"))),
    /a promise$/,
  );
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  assert.deepEqual(late, []);
});

test("an action sends no more at once than the limits", () => {
  const small = new Uint8Array(2);
  assert.equal(
    outcome(() => new Array(4_096).fill(small)),
    "4096 sent",
  );
  assert.match(
    outcome(() => new Array(4_097).fill(small)),
    /at most 4096 packets at once, not 4097/,
  );
  assert.match(
    outcome(() => new Array(17).fill(new Uint8Array(1_024 * 1_024))),
    /at most 16777216 bytes at once/,
  );
});

test("whatever is thrown becomes a text of some length", () => {
  const thrower = (what: unknown): string =>
    outcome(() => {
      throw what;
    });
  assert.equal(thrower("text"), "text");
  assert.equal(thrower(undefined), "undefined");
  assert.equal(thrower(new RangeError()), "RangeError");
  assert.equal(thrower(new Error("x".repeat(1_000_000))).length, 1_001);
  assert.equal(thrower(Object.create(null)), "what was thrown has no text");
});

test("what is told is text, or it stops the exchange there", () => {
  const hostile = {
    toString() {
      throw new Error("no text");
    },
  } as unknown as string;
  const run = started(responder("mine", { toy: (_p, { tell }) => tell(hostile) }));
  assert.equal(run.packet(packet)[0]!.type, "failed");
  const number = started(responder("mine", { toy: (_p, { tell }) => tell(7 as unknown as string) }));
  assert.deepEqual(number.packet(packet), [{ type: "told", text: "7" }]);
});

test("an action that tells without end is stopped", () => {
  const run = started(
    responder("mine", {
      toy: (_p, { tell }) => {
        for (;;) tell("more");
      },
    }),
  );
  const outputs = run.packet(packet);
  const error = "no more than 10000 things are told at once";
  assert.deepEqual([outputs.length, outputs.at(-1)], [10_001, { ...outputs.at(-1), type: "failed", error }]);
});

test("a guard that returns nothing does not hold", () => {
  const when = (() => undefined) as unknown as () => boolean;
  const states = { a: { on: [{ query: "toy", when, go: "b" }] }, b: {} };
  const run = started<undefined>({ name: "guarded", data: () => undefined, initial: "a", states });
  assert.deepEqual(run.packet(packet), []);
  assert.equal(run.exchange.state, "a");
});

test("a mistake in one of many queries is told with its place", () => {
  const rules = { "toy.kind == 1": () => undefined, "toy.kind == 2 and toy.vlue == 3": () => undefined };
  assert.throws(
    () => started(responder("typo", rules)),
    (error) =>
      error instanceof QueryError &&
      /^there is no field or protocol toy\.vlue: toy\.kind == 2 and »toy\.vlue« == 3; did you mean toy\.value/.test(
        error.message,
      ),
  );
});
