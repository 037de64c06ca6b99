import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { original, OWN, WhisperBench } from "#whisper/testing/bench.ts";

const hello = (address: string, id = `h ${address}`) =>
  `${JSON.stringify({ ID: id, Addr: address, Body: "/hello", From: address })}\n`;

test("the first bytes on a connection that we dialled say who we are, with one ID for the whole run", () => {
  const bench = new WhisperBench({ peers: ["10.0.0.2:5", "10.0.0.3:5"] });
  const dials = bench.dials();
  const greetings = dials.map((dial) => {
    bench.connected(dial);
    return bench.written(dial.connection);
  });
  for (const [first, ...rest] of greetings) {
    assert.deepEqual([first!["Addr"], first!["Body"], first!["From"], rest], [OWN, "/hello", OWN, []]);
  }
  assert.equal(greetings[0]![0]!["ID"], greetings[1]![0]!["ID"]);
});

test("a new peer is told of those we are linked with, by their own hellos", () => {
  const bench = new WhisperBench({ limits: { introducedPeers: 2 } });
  for (const host of ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]) {
    bench.link(`${host}:5`);
    // The last one says nothing, as peers of the original do.
    if (host !== "10.0.0.5") bench.receive(bench.accept(host), hello(`${host}:5`));
  }
  bench.outputs();
  bench.give({ type: "connect", address: "10.0.0.9:5" });
  const dial = bench.dials()[0]!;
  bench.connected(dial);
  const [own, ...others] = bench.written(dial.connection);
  assert.equal(own!["Addr"], OWN);
  assert.equal(others.length, 2);
  for (const { ID, Addr, Body, From } of others) {
    assert.deepEqual([ID, Body, From], [`h ${String(Addr)}`, "/hello", undefined]);
    assert.ok(["10.0.0.2:5", "10.0.0.3:5", "10.0.0.4:5"].includes(String(Addr)));
  }
});

test("whoever says hello is dialled back, once", () => {
  const bench = new WhisperBench();
  bench.receive(bench.accept("10.0.0.2"), hello("10.0.0.2:5"));
  assert.deepEqual(
    bench.dials().map(({ to }) => to),
    ["10.0.0.2:5"],
  );
  bench.receive(bench.accept("10.0.0.2"), hello("10.0.0.2:5", "other"));
  assert.deepEqual(bench.dials(), []);
});

test("a peer has one connection to us: a newer one from its host replaces the older, one from elsewhere does not", () => {
  const bench = new WhisperBench();
  const first = bench.accept("10.0.0.2");
  bench.receive(first, hello("10.0.0.2:5"));
  bench.outputs();
  const stranger = bench.accept("10.0.0.66");
  bench.receive(stranger, hello("10.0.0.2:5", "forged"));
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: stranger }]);
  const second = bench.accept("10.0.0.2");
  bench.receive(second, hello("10.0.0.2:5", "again"));
  assert.ok(bench.outputs().some((output) => output.type === "close" && output.connection === first));
  assert.equal(bench.core.peer("10.0.0.2:5")!.incoming, second);
});

test("a connection to ourselves is closed on both sides and not tried again soon", () => {
  const bench = new WhisperBench({ peers: ["me.example:55555"] });
  const dial = bench.dials()[0]!;
  bench.give({ type: "connected", connection: dial.connection, to: { host: "10.0.0.1", port: 55_555 } });
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: dial.connection }]);
  bench.pass(20_000);
  assert.deepEqual(bench.dials(), []);
  const self = bench.accept("10.0.0.1");
  bench.receive(self, hello(OWN));
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: self }]);
});

test("a peer that is held has no connection in either direction until connect", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.2:5");
  const incoming = bench.accept("10.0.0.2");
  bench.receive(incoming, hello("10.0.0.2:5"));
  bench.outputs();
  bench.give({ type: "disconnect", address: "10.0.0.2:5" });
  const closed = bench.outputs().flatMap((output) => (output.type === "close" ? [output.connection] : []));
  assert.deepEqual(closed.sort(), [incoming, link].sort());
  const again = bench.accept("10.0.0.2");
  bench.receive(again, hello("10.0.0.2:5", "again"));
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: again }]);
  bench.receive(bench.accept("10.0.0.3"), original("1", "10.0.0.2:5", "by another path"));
  bench.pass(600_000);
  assert.deepEqual(bench.dials(), []);
  bench.give({ type: "connect", address: "10.0.0.2:5" });
  assert.equal(bench.dials().length, 1);
});

test("one write is under way at a time; the next follows when it has left", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.2:5");
  for (const body of ["one", "two", "three"]) bench.give({ type: "say", body, time: 1 });
  assert.deepEqual(
    bench.written(link).map(({ Body }) => Body),
    ["one"],
  );
  bench.give({ type: "writable", connection: link });
  assert.deepEqual(
    bench.written(link).map(({ Body }) => Body),
    ["two", "three"],
  );
});

test("a peer that takes nothing for too long is disconnected, dialled again, and gets what waited", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.2:5");
  bench.give({ type: "say", body: "one", time: 1 });
  bench.pass(10_000);
  bench.give({ type: "say", body: "two", time: 1 });
  bench.outputs();
  bench.pass(DEFAULT_LIMITS.stalledAfterMs - 10_000);
  const outputs = bench.outputs();
  assert.ok(outputs.some((output) => output.type === "close" && output.connection === link));
  assert.equal(bench.core.peer("10.0.0.2:5")!.lastError, "does not read");
  bench.pass(1_000);
  const dial = bench.dials()[0]!;
  bench.connected(dial);
  assert.deepEqual(
    bench.written(dial.connection).map(({ Body }) => Body),
    ["/hello", "one", "two"],
  );
});

test("with few connections to us hello is said again, with a new ID, after growing pauses", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.2:5");
  const times: number[] = [];
  const ids = new Set<unknown>();
  while (bench.now < 300_000) {
    bench.pass(1_000);
    for (const { Body, ID } of bench.written(link)) {
      assert.equal(Body, "/hello again");
      times.push(bench.now / 1_000);
      ids.add(ID);
    }
  }
  assert.deepEqual(times, [3, 9, 21, 45, 93, 189]);
  assert.equal(ids.size, times.length);
});
