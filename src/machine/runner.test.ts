import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "#base/endpoint.ts";
import type { Clock } from "#host/clock.ts";
import type { Stream, StreamHandlers } from "#host/streams.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import { Runner } from "#machine/runner.ts";

type Command =
  { readonly type: "do"; readonly outputs: readonly WorldOutput<string>[] } | { readonly type: "fail" };
type Input = Command | WorldInput;

/** Says what it is told to say, and keeps what it was given. */
class Puppet implements Core<Input, WorldOutput<string>> {
  readonly inputs: Input[] = [];
  wakeAt = Infinity;

  handle(input: Input): readonly WorldOutput<string>[] {
    this.inputs.push(input);
    if (input.type === "fail") throw new Error("broken");
    return input.type === "do" ? input.outputs : [];
  }

  get heard(): string[] {
    return this.inputs.map(({ type }) => type);
  }
}

/** A stream that keeps what is done with it. */
class Tube implements Stream {
  readonly remote: Endpoint = FAR;
  readonly written: number[] = [];
  closed = 0;
  handlers: StreamHandlers | undefined;

  write(data: Uint8Array): void {
    this.written.push(...data);
  }

  close(): void {
    this.closed++;
  }
}

function setting() {
  const alarms: { at: number; run: () => void; cancelled: boolean }[] = [];
  const clock: Clock = {
    now: () => 5,
    wallTime: () => 0,
    at: (at, run) => {
      const alarm = { at, run, cancelled: false };
      alarms.push(alarm);
      return () => (alarm.cancelled = true);
    },
  };
  const tubes: Tube[] = [];
  const dial = (_to: Endpoint, handlers: StreamHandlers): Stream => {
    const tube = new Tube();
    tube.handlers = handlers;
    tubes.push(tube);
    return tube;
  };
  const core = new Puppet();
  const events: string[] = [];
  const failures: unknown[] = [];
  const steps: number[] = [];
  const runner: Runner<Command, string> = new Runner<Command, string>(core, {
    clock,
    streams: { dial },
    event: (event) => events.push(event),
    failed: (error) => failures.push(error),
    observe: (now) => steps.push(now),
  });
  return { core, runner, alarms, tubes, events, failures, steps };
}

const say = (...outputs: WorldOutput<string>[]): Command => ({ type: "do", outputs });
const FAR = { host: "10.0.0.9", port: 9 };

test("outputs are carried out in their order, each step is observed", () => {
  const { runner, tubes, events, steps } = setting();
  runner.push(
    say(
      { type: "event", event: "before" },
      { type: "dial", connection: 1, to: FAR },
      { type: "write", connection: 1, data: Uint8Array.of(1, 2) },
      { type: "close", connection: 1 },
      { type: "write", connection: 1, data: Uint8Array.of(3) },
      { type: "event", event: "after" },
    ),
  );
  assert.deepEqual(events, ["before", "after"]);
  assert.deepEqual([tubes[0]!.written, tubes[0]!.closed], [[1, 2], 1]);
  assert.deepEqual(steps, [5]);
});

test("an input that an output causes at once waits until the step has ended", () => {
  const { core, runner, events } = setting();
  // A listener that commands while it is told.
  const order: string[] = [];
  const original = core.handle.bind(core);
  core.handle = (input) => {
    order.push(`in ${input.type}`);
    const outputs = original(input);
    if (core.inputs.length === 1) runner.push(say({ type: "event", event: "second" }));
    order.push(`out ${input.type}`);
    return outputs;
  };
  runner.push(say({ type: "event", event: "first" }));
  assert.deepEqual(order, ["in do", "out do", "in do", "out do"]);
  assert.deepEqual(events, ["first", "second"]);
});

test("connections have numbers: dialled ones those of the core, accepted ones -1, -2, …", () => {
  const { core, runner, tubes } = setting();
  runner.push(say({ type: "dial", connection: 7, to: FAR }));
  tubes[0]!.handlers!.connected();
  const accepted = [runner.accept(new Tube()), runner.accept(new Tube())];
  accepted[1]!.data(Uint8Array.of(1));
  tubes[0]!.handlers!.closed("ETIMEDOUT");
  tubes[0]!.handlers!.data(Uint8Array.of(2));
  assert.deepEqual(core.inputs.slice(1), [
    { type: "connected", connection: 7, to: FAR },
    { type: "accepted", connection: -1, from: FAR },
    { type: "accepted", connection: -2, from: FAR },
    { type: "data", connection: -2, data: Uint8Array.of(1) },
    { type: "closed", connection: 7, error: "ETIMEDOUT" },
  ]);
});

test("what comes on a connection that the core has closed is not told", () => {
  const { core, runner } = setting();
  const tube = new Tube();
  const handlers = runner.accept(tube);
  runner.push(say({ type: "close", connection: -1 }));
  handlers.data(Uint8Array.of(1));
  handlers.writable();
  handlers.closed();
  assert.deepEqual(core.heard, ["accepted", "do"]);
  assert.equal(tube.closed, 1);
});

test("one alarm is set, for the core's next moment; a change moves it", () => {
  const { core, runner, alarms } = setting();
  assert.equal(alarms.length, 0);
  core.wakeAt = 50;
  runner.push(say());
  runner.push(say());
  core.wakeAt = 20;
  runner.push(say());
  assert.deepEqual(
    alarms.map(({ at, cancelled }) => ({ at, cancelled })),
    [
      { at: 50, cancelled: true },
      { at: 20, cancelled: false },
    ],
  );
  core.wakeAt = Infinity;
  alarms[1]!.run();
  assert.equal(core.heard.at(-1), "wake");
  assert.equal(alarms.length, 2);
});

test("a core that throws is stopped: told once, connections closed, nothing more heard", () => {
  const { core, runner, failures, alarms } = setting();
  core.wakeAt = 50;
  const tube = new Tube();
  const handlers = runner.accept(tube);
  runner.push({ type: "fail" });
  runner.push(say());
  handlers.data(Uint8Array.of(1));
  assert.match(String(failures), /^Error: broken$/);
  assert.equal(tube.closed, 1);
  assert.deepEqual(core.heard, ["accepted", "fail"]);
  assert.ok(alarms.every(({ cancelled }) => cancelled));
});

test("a stopped runner closes what is open and what still comes", () => {
  const { core, runner } = setting();
  const [first, late] = [new Tube(), new Tube()];
  runner.accept(first);
  runner.stop();
  runner.accept(late);
  runner.datagram(FAR, Uint8Array.of(1));
  assert.deepEqual([first.closed, late.closed], [1, 1]);
  assert.deepEqual(core.heard, ["accepted"]);
});

test("datagrams leave by the socket that was attached, and are lost without one", () => {
  const { core, runner } = setting();
  const sent: number[] = [];
  const datagram: WorldOutput<string> = { type: "datagram", to: FAR, data: Uint8Array.of(4) };
  runner.push(say(datagram));
  runner.attach({ local: FAR, send: (_to, data) => sent.push(...data), close: () => {} });
  runner.push(say(datagram));
  runner.datagram(FAR, Uint8Array.of(5));
  assert.deepEqual(sent, [4]);
  assert.equal(core.heard.at(-1), "datagram");
});
