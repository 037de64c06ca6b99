import assert from "node:assert/strict";
import { test } from "node:test";
import { OWN, WhisperBench } from "#whisper/testing/bench.ts";

function suggest(bench: WhisperBench, ...peers: string[]): string[] {
  bench.give({ type: "suggest", peers });
  return bench.dials().map(({ to }) => to);
}

test("suggested peers are dialled in their order, and only what may be dialled", () => {
  const bench = new WhisperBench();
  const wrong = [OWN, "224.0.0.1:1", "10.0.0.9:0", "127.0.0.1:1", "nonsense"];
  assert.deepEqual(suggest(bench, "10.0.0.3:1", ...wrong, "10.0.0.2:1"), ["10.0.0.3:1", "10.0.0.2:1"]);
  assert.equal(bench.core.peer("10.0.0.3:1")!.source, "the peer book");
  for (const each of wrong) assert.equal(bench.core.peer(each), undefined, each);
});

test("a suggestion changes nothing for a peer that is known, linked or held", () => {
  const bench = new WhisperBench({ peers: ["10.0.0.4:1"] });
  bench.link("10.0.0.2:1");
  bench.link("10.0.0.3:1");
  bench.give({ type: "disconnect", address: "10.0.0.3:1" });
  bench.outputs();
  assert.deepEqual(suggest(bench, "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"), []);
  assert.deepEqual(
    ["10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"].map((address) => bench.core.peer(address)!.origin),
    ["operator", "operator", "configured"],
  );
  assert.equal(bench.core.peer("10.0.0.3:1")!.state, "held");
});

test("suggestions beyond the wanted links wait as known, and are charged like a remote's", () => {
  const bench = new WhisperBench({ limits: { wantedLinks: 2, unprovenPerSource: 3 } });
  const all = Array.from({ length: 9 }, (_, i) => `10.0.1.${i}:1`);
  assert.deepEqual(suggest(bench, ...all), all.slice(0, 2));
  assert.equal(bench.core.peer(all[2]!)!.state, "known");
  assert.equal(bench.core.peer(all[3]!), undefined);
  assert.equal(bench.count("refused address: source's share is used up"), 6);
});

test("a suggested peer that never answers is given up, and can be suggested again", () => {
  const bench = new WhisperBench();
  suggest(bench, "10.0.0.2:1");
  for (let i = 0; i < 40 && bench.core.peer("10.0.0.2:1"); i++) bench.pass(10_000);
  assert.equal(bench.core.peer("10.0.0.2:1"), undefined);
  bench.outputs();
  assert.deepEqual(suggest(bench, "10.0.0.2:1"), ["10.0.0.2:1"]);
});
