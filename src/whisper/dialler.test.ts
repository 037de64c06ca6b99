import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { original, WhisperBench } from "#whisper/testing/bench.ts";

const named = (i: number) => `10.1.${i >> 8}.${i & 255}:5`;

test("many addresses are dialled at a bounded rate, the operator's before those of strangers", () => {
  const bench = new WhisperBench({ limits: { dialBurst: 4, dialsPerSecond: 2, dialsAtOnce: 100 } });
  bench.dials();
  const stranger = bench.accept();
  for (let i = 0; i < 20; i++) bench.receive(stranger, original(`x${i}`, named(i), "hi"));
  assert.equal(bench.dials().length, 4);
  bench.give({ type: "connect", address: "10.9.9.9:5" });
  bench.pass(1_000);
  assert.deepEqual(
    bench.dials().map(({ to }) => to),
    ["10.9.9.9:5", named(4)],
  );
  bench.pass(2_000);
  assert.equal(bench.dials().length, 4);
});

test("addresses that strangers named take at most half of the dials under way", () => {
  const bench = new WhisperBench({ limits: { dialsAtOnce: 6 } });
  const stranger = bench.accept();
  for (let i = 0; i < 20; i++) bench.receive(stranger, original(`x${i}`, named(i), "hi"));
  assert.equal(bench.dials().length, 3);
  for (let i = 0; i < 5; i++) bench.give({ type: "connect", address: `10.9.9.${i}:5` });
  assert.equal(bench.dials().length, 3);
});

test("after a failure the pause doubles, spread by half to either side, up to the longest", () => {
  const bench = new WhisperBench({ peers: ["10.0.0.2:5"] });
  let { connection } = bench.dials()[0]!;
  const pauses: number[] = [];
  for (let failure = 0; failure < 10; failure++) {
    bench.give({ type: "closed", connection, error: "ECONNREFUSED" });
    const failed = bench.now;
    const { nextDial, failures, lastError } = bench.core.peer("10.0.0.2:5")!;
    assert.deepEqual([failures, lastError], [failure + 1, "ECONNREFUSED"]);
    bench.pass(nextDial! - bench.now);
    connection = bench.dials()[0]!.connection;
    pauses.push(bench.now - failed);
  }
  for (const [i, pause] of pauses.entries()) {
    const middle = Math.min(60_000, 500 * 2 ** i);
    assert.ok(pause >= middle / 2 && pause <= middle * 1.5, `${pause} at ${i}`);
  }
  assert.ok(new Set(pauses.map((pause, i) => pause / Math.min(60_000, 500 * 2 ** i))).size > 5, "spread");
});

test("a dial that nobody answers is given up and tried again later", () => {
  const bench = new WhisperBench({ peers: ["10.0.0.2:5"] });
  const first = bench.dials()[0]!;
  bench.pass(DEFAULT_LIMITS.dialTimeoutMs);
  const outputs = bench.outputs();
  assert.deepEqual(
    outputs.filter(({ type }) => type === "close"),
    [{ type: "close", connection: first.connection }],
  );
  assert.equal(bench.core.peer("10.0.0.2:5")!.lastError, "timed out");
  bench.pass(1_000);
  assert.equal(bench.dials().length, 1);
});

test("an address that a stranger named and that never answers is forgotten, a configured one never", () => {
  const bench = new WhisperBench({ peers: ["10.0.0.2:5"] });
  bench.receive(bench.accept(), original("x", "10.1.0.1:5", "hi"));
  bench.pass(3_600_000);
  assert.deepEqual(
    [...bench.core.peers()].map(({ address }) => address),
    ["10.0.0.2:5"],
  );
});

test("no more links are looked for than wanted, and a lost one is replaced by somebody known", () => {
  const bench = new WhisperBench({ limits: { wantedLinks: 2 } });
  const links = [bench.link("10.0.0.2:5"), bench.link("10.0.0.3:5")];
  bench.receive(bench.accept(), original("x", "10.1.0.1:5", "hi"));
  assert.deepEqual(bench.dials(), []);
  assert.equal(bench.core.peer("10.1.0.1:5")!.state, "known");
  bench.give({ type: "closed", connection: links[0]! });
  assert.deepEqual(
    bench.dials().map(({ to }) => to),
    ["10.1.0.1:5"],
  );
});
