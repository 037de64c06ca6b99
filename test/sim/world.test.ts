import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { parseRecording, Recorder, replay } from "#machine/record.ts";
import { World } from "#sim/world.ts";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";
import { Heartbeat, type HeartbeatCommand, type HeartbeatEvent } from "./heartbeat.ts";
import { whisperFaults, type WhisperWorld } from "./whisper-world.ts";

function smallWorld(count: number, options: { readonly latencyMs?: [number, number] } = {}): WhisperWorld {
  const world: WhisperWorld = new World({ seed: 5, ...options });
  for (let i = 0; i < count; i++) {
    const peers = i === 0 ? [] : ["10.0.0.1:55555"];
    world.add(
      ({ host, id, random }) =>
        new Whisper({ address: `${host}:55555`, nick: `n${id}`, peers, limits: DEFAULT_LIMITS }, random),
      { streams: 55555 },
    );
  }
  return world;
}

function bodies(world: WhisperWorld, id: number): string[] {
  return world.nodes[id]!.events.flatMap(({ event }) =>
    event.type === "message" ? [event.message.body] : [],
  );
}

test("the same seed gives the same run, step by step, and another seed another one", () => {
  const traces = [7, 7, 8].map((seed) => {
    const lines: string[] = [];
    const world = whisperFaults({ seed, nodes: 12, trace: (line) => lines.push(line) });
    return { lines, digest: world.trace };
  });
  assert.ok(traces[0]!.lines.length > 1_000);
  assert.deepEqual(traces[0], traces[1]);
  assert.notEqual(traces[0]!.digest, traces[2]!.digest);
});

test("a core on datagrams runs in the same World: it notices who crashed and who came back", () => {
  const world = new World<HeartbeatCommand, HeartbeatEvent>({
    seed: 1,
    loss: 0.1,
    duplicate: 0.1,
    reorder: 0.1,
  });
  for (let i = 0; i < 3; i++) world.add(() => new Heartbeat(), { datagrams: 9_000 });
  for (const a of world.nodes) {
    for (const b of world.nodes) {
      if (a !== b) world.push(a.id, { type: "watch", peer: { host: b.host, port: 9_000 } });
    }
  }
  world.run(5_000);
  world.crash(2);
  world.run(10_000);
  const seen = world.nodes[0]!.events.map(({ event }) => `${event.type} ${event.host}`);
  assert.deepEqual(seen.sort(), ["alive 10.0.0.2", "alive 10.0.0.3", "silent 10.0.0.3"]);
});

test("a mesh forms from one known address before anyone speaks", () => {
  const world = smallWorld(6);
  world.run(3_000);
  for (const { core } of world.nodes) {
    assert.equal([...core!.peers()].filter(({ state }) => state === "linked").length, 5);
  }
});

test("a peer that does not read delays nobody and costs a bounded queue", () => {
  const world = smallWorld(4);
  world.run(3_000);
  world.pause(3);
  for (let i = 0; i < 200; i++) world.push(0, { type: "say", body: `m${i}`, time: 1 });
  world.run(500);
  assert.equal(bodies(world, 1).length, 200);
  assert.equal(bodies(world, 2).length, 200);
  world.resume(3);
  world.run(5_000);
  assert.deepEqual(bodies(world, 3), bodies(world, 1));
});

test("what is held stays unlinked on both sides until connect", () => {
  const world = smallWorld(2);
  world.run(2_000);
  world.push(0, { type: "disconnect", address: "10.0.0.2:55555" });
  world.run(300_000);
  assert.equal(world.nodes[0]!.core!.peer("10.0.0.2:55555")!.state, "held");
  assert.equal(world.nodes[1]!.core!.peer("10.0.0.1:55555")!.incoming, undefined);
  world.push(1, { type: "say", body: "are you there?", time: 1 });
  world.run(1_000);
  assert.deepEqual(bodies(world, 0), []);
  world.push(0, { type: "connect", address: "10.0.0.2:55555" });
  world.run(90_000);
  world.push(1, { type: "say", body: "again", time: 1 });
  world.run(1_000);
  assert.ok(bodies(world, 0).includes("again"));
});

test("a peer that restarts is linked again, and what was said meanwhile reaches it", () => {
  const world = smallWorld(3);
  world.run(2_000);
  world.crash(2);
  world.run(1_000);
  world.push(0, { type: "say", body: "while you were out", time: 1 });
  world.restart(2);
  world.run(10_000);
  assert.deepEqual(bodies(world, 2), ["while you were out"]);
});

test("a hostile client's addresses are bounded in number and never make the book grow", () => {
  const world = smallWorld(2);
  const host = world.addHost("10.9.9.9");
  const stream = host.streams.dial(
    { host: "10.0.0.1", port: 55555 },
    {
      connected: () => {
        for (let i = 0; i < 5_000; i++) {
          const json = { ID: `x${i}`, Addr: `203.0.113.${i % 256}:${1_000 + i}`, Body: "hi" };
          stream.write(Uint8Array.from(JSON.stringify(json), (letter) => letter.charCodeAt(0)));
        }
      },
      data: () => {},
      writable: () => {},
      closed: () => {},
    },
  );
  world.run(120_000);
  assert.ok([...world.nodes[0]!.core!.peers()].length <= 1 + DEFAULT_LIMITS.unprovenPerSource);
  assert.ok(
    (world.nodes[0]!.core!.counters().get("refused address: source's share is used up") ?? 0) > 4_000,
  );
});

test("a recorded run replays to the same outputs, and a changed one is found", () => {
  const setup = { address: "10.0.0.1:55555", nick: "a", peers: ["10.0.0.2:55555"], limits: DEFAULT_LIMITS };
  const random = seededRandom(3).state();
  const core = new Whisper(setup, seededRandom(random));
  const lines: string[] = [];
  const recorder = new Recorder({ recording: 1, core: "whisper", setup: { setup, random } }, (line) =>
    lines.push(line),
  );
  const to = { host: "10.0.0.2", port: 55555 };
  for (const [at, input] of [
    [0, { type: "wake" }],
    [3, { type: "connected", connection: 1, to }],
    [4, { type: "say", body: "hé", time: 5 }],
    [9, { type: "closed", connection: 1, error: "ECONNRESET" }],
  ] as const) {
    recorder.step(at, input, core.handle(input, at));
  }
  const { steps } = parseRecording(lines.join("\n"));
  assert.equal(replay(new Whisper(setup, seededRandom(random)), steps), undefined);
  assert.equal(replay(new Whisper({ ...setup, nick: "b" }, seededRandom(random)), steps)?.line, 3);
});
