import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "#base/utf8.ts";
import { original, OWN, WhisperBench } from "#whisper/testing/bench.ts";

const AUTHOR = "10.0.0.7:55555";

test("the original's messages are shown, however they are cut and joined", () => {
  const bench = new WhisperBench();
  const peer = bench.accept();
  const text =
    original("1", AUTHOR, "one") + original("2", AUTHOR, 'tw"o {}').trimEnd() + original("3", AUTHOR, "é");
  for (const byte of encodeUtf8(text)) bench.receive(peer, Uint8Array.of(byte));
  assert.deepEqual(bench.shown(), ["one", 'tw"o {}', "é"]);
  bench.receive(peer, original("4", AUTHOR, "a") + original("5", AUTHOR, "b"));
  assert.deepEqual(bench.shown(), ["a", "b"]);
});

test("an ID is shown once, by whichever path it comes", () => {
  const bench = new WhisperBench();
  const [a, b] = [bench.accept("10.0.0.2"), bench.accept("10.0.0.3")];
  bench.receive(a, original("1", AUTHOR, "once"));
  bench.receive(b, original("1", AUTHOR, "once"));
  bench.receive(a, original("1", AUTHOR, "another body"));
  assert.deepEqual(bench.shown(), ["once"]);
  assert.equal(bench.count("duplicates"), 2);
});

test("what we said ourselves and hear again is ignored", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.2:5");
  bench.give({ type: "say", body: "hello", time: 5 });
  const [said] = bench.written(link);
  assert.deepEqual([said!["Addr"], said!["Body"], said!["Timestamp"]], [OWN, "hello", 5]);
  bench.receive(bench.accept(), JSON.stringify(said));
  assert.deepEqual(bench.shown(), []);
});

test("a message goes on to every peer but its author and the one it came from", () => {
  const bench = new WhisperBench();
  const links = ["10.0.0.2:5", "10.0.0.3:5", "10.0.0.7:5"].map((address) => bench.link(address));
  const source = bench.accept("10.0.0.2");
  bench.receive(source, `{"ID":"h","Addr":"10.0.0.2:5","Body":"/hello","From":"10.0.0.2:5"}`);
  for (const link of links) bench.give({ type: "writable", connection: link });
  bench.outputs();
  bench.receive(source, original("1", "10.0.0.7:5", "hi"));
  const written = bench.outputs().flatMap((output) => (output.type === "write" ? [output.connection] : []));
  assert.deepEqual(written, [links[1]]);
});

test("it is passed on with the author's ID, Addr, nick and time, and without keys we do not know", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.3:5");
  bench.receive(
    bench.accept(),
    '{"ID":"1","Addr":"10.0.0.7:5","Body":"b","Nick":"n","Timestamp":7,"X":1,"From":"?"}',
  );
  assert.deepEqual(bench.written(link), [
    { ID: "1", Addr: "10.0.0.7:5", Body: "b", omitempty: "n", Timestamp: 7, Nick: "n" },
  ]);
});

test("without a Body or an ID nothing is shown or passed on: it would end the original's processes", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.3:5");
  const peer = bench.accept();
  for (const text of [
    "null",
    "{}",
    '{"ID":"1","Body":""}',
    '{"Body":"x"}',
    `{"ID":"${"x".repeat(129)}","Body":"x"}`,
  ])
    bench.receive(peer, text + "\n");
  assert.deepEqual(bench.outputs(), []);
  assert.ok(link);
  bench.receive(peer, original("2", AUTHOR, "the connection lives"));
  assert.deepEqual(bench.shown(), ["the connection lives"]);
});

test("commands between programs are passed on but not shown; /me is", () => {
  const bench = new WhisperBench();
  const link = bench.link("10.0.0.3:5");
  bench.receive(bench.accept(), original("1", AUTHOR, "/who") + original("2", AUTHOR, "/me waves"));
  const outputs = bench.outputs();
  const shown = outputs.flatMap((output) =>
    output.type === "event" && output.event.type === "message" ? [output.event.message.body] : [],
  );
  assert.deepEqual(shown, ["/me waves"]);
  bench.give({ type: "writable", connection: link });
  assert.equal(bench.core.peer("10.0.0.3:5")!.sent + bench.core.peer("10.0.0.3:5")!.outbox.messages, 2);
});

test("malformed JSON closes that connection and no other; what came before it counts", () => {
  for (const wrong of ["}", "GET / HTTP/1.1", '{"Body":1}', "[1]", '{"ID":"x","Timestamp":1.5}', "\u0000"]) {
    const bench = new WhisperBench();
    const [bad, good] = [bench.accept("10.0.0.2"), bench.accept("10.0.0.3")];
    bench.receive(bad, `${original("1", AUTHOR, "before")}${wrong}${original("2", AUTHOR, "after")}`);
    const outputs = bench.outputs();
    const closed = outputs.flatMap((output) => (output.type === "close" ? [output.connection] : []));
    assert.deepEqual(closed, [bad], wrong);
    const refused = outputs.some((output) => output.type === "event" && output.event.type === "refused");
    assert.equal(refused, true, wrong);
    bench.receive(bad, original("3", AUTHOR, "too late"));
    bench.receive(good, original("4", AUTHOR, "fine"));
    assert.deepEqual(bench.shown(), ["fine"]);
  }
});

test("unfinished messages are bounded, each and all together", () => {
  const bench = new WhisperBench({ limits: { messageBytes: 1_000, unfinishedBytes: 2_500 } });
  const peers = [1, 2, 3, 4].map((i) => bench.accept(`10.0.0.${i}`));
  bench.receive(peers[0]!, `{"Body":"${"x".repeat(1_100)}`);
  assert.deepEqual(
    bench.outputs().filter(({ type }) => type === "close"),
    [{ type: "close", connection: peers[0]! }],
  );
  for (const peer of peers.slice(1)) bench.receive(peer, `{"Body":"${"x".repeat(900)}`);
  const closed = bench.outputs().flatMap((output) => (output.type === "close" ? [output.connection] : []));
  assert.deepEqual(closed, [peers[3]]);
  assert.equal(bench.count("closed: too many unfinished messages at once"), 1);
  // What ends gives its share back.
  bench.give({ type: "closed", connection: peers[1]! });
  bench.receive(bench.accept(), `{"Body":"${"x".repeat(900)}`);
  assert.deepEqual(bench.outputs(), []);
});

test("above the limit of connections a new one is closed, and when one ends there is room again", () => {
  const bench = new WhisperBench({ limits: { incomingConnections: 2 } });
  const [first] = [bench.accept(), bench.accept()];
  const third = bench.accept();
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: third }]);
  bench.receive(third, original("1", AUTHOR, "refused"));
  bench.give({ type: "closed", connection: first! });
  bench.receive(bench.accept(), original("2", AUTHOR, "let in"));
  assert.deepEqual(bench.shown(), ["let in"]);
});

test("one remote address cannot take all connections", () => {
  const bench = new WhisperBench({ limits: { incomingPerHost: 2 } });
  const [first] = [bench.accept("10.0.0.66"), bench.accept("10.0.0.66")];
  const third = bench.accept("10.0.0.66");
  assert.deepEqual(bench.outputs(), [{ type: "close", connection: third }]);
  bench.receive(bench.accept("10.0.0.2"), original("1", AUTHOR, "let in"));
  bench.give({ type: "closed", connection: first! });
  bench.receive(bench.accept("10.0.0.66"), original("2", AUTHOR, "as well"));
  assert.deepEqual(bench.shown(), ["let in", "as well"]);
});

test("a nick is cut to its limit, and the Addr of a message makes its author known", () => {
  const bench = new WhisperBench();
  bench.receive(bench.accept(), original("1", AUTHOR, "hi").replace("nick", "n".repeat(500)));
  assert.equal(bench.core.peer(AUTHOR)!.nick.length, 64);
  assert.deepEqual(
    bench.dials().map(({ to }) => to),
    [AUTHOR],
  );
});
