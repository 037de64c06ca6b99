import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { runScript } from "#cli/script.ts";
import { linesOf, numberLines, type ScriptLine } from "#cli/script-lines.ts";
import { event, FakeNode } from "#prompt/testing/fake-client.ts";

async function run(lines: Iterable<ScriptLine> | AsyncIterable<ScriptLine>, node = new FakeNode()) {
  const written = { output: "", errors: "" };
  const status = await runScript(lines, {
    client: async () => node.client,
    output: { write: (text) => (written.output += text) },
    errors: { write: (text) => (written.errors += text) },
  });
  return { status, ...written, orders: node.orders };
}

function script(text: string): AsyncIterable<ScriptLine> {
  return numberLines(Readable.from([text]), "demo");
}

test("a script runs line by line; blank lines and comments are skipped", async () => {
  const { status, output, orders } = await run(
    script("# a demo\n\n  # more\nsay one\r\nsh ver | count\nsay # two"),
  );
  assert.deepEqual([status, output, orders], [0, "1\n", ["say one", "say # two"]]);
});

test("a script stops at the first line that is no command and tells its place", async () => {
  const { status, errors, orders } = await run(script("say one\n\nshow foo\nsay two\n"));
  assert.equal(status, 2);
  assert.match(errors, /^demo:3: unknown word "foo"; expected .*\nshow foo\n {5}\^\n$/);
  assert.deepEqual(orders, ["say one"]);
});

test("a script stops at the first command that fails", async () => {
  const { status, errors } = await run(script("show why 1.2.3.4:5\nshow version"));
  assert.deepEqual([status, errors], [1, "demo:1: nothing is known of 1.2.3.4:5\n"]);
});

test("-c stops at the first failure, too, and needs no place", async () => {
  const lines = linesOf({ commands: ["say one", "bogus", "say two"] });
  const { status, errors, orders } = await run(lines);
  assert.deepEqual([status, orders], [2, ["say one"]]);
  assert.match(errors, /^parley: unknown word "bogus"/);
});

test("exit ends a script with success, without a daemon", async () => {
  const client = () => Promise.reject(new OperatorError("parleyd is not running", "start it"));
  let errors = "";
  const surroundings = {
    client,
    output: { write: () => {} },
    errors: { write: (text: string) => (errors += text) },
  };
  assert.equal(await runScript([{ text: "exit" }, { text: "bogus" }], surroundings), 0);
  assert.equal(await runScript([{ text: "show version", place: "demo:1" }], surroundings), 1);
  assert.equal(errors, "demo:1: parleyd is not running; start it\n");
});

test("lines come as they are typed, however the stream is cut", async () => {
  const stream = Readable.from([
    "\ufeffsay zo",
    Buffer.from("ë\nsh").subarray(0, 1),
    Buffer.from("ë\nsh").subarray(1),
    "ow ver",
  ]);
  const lines = await Array.fromAsync(numberLines(stream, "stdin"));
  assert.deepEqual(lines, [
    { text: "say zoë", place: "stdin:1" },
    { text: "show ver", place: "stdin:2" },
  ]);
});

test("a file that is no script or that is not there is told in one line", async () => {
  const endless = numberLines(Readable.from(["x".repeat(1 << 21)]), "big");
  await assert.rejects(Array.fromAsync(endless), /big:1: longer than/);
  const missing = linesOf({ commands: [], file: "no/such/file" });
  await assert.rejects(run(missing), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.deepEqual(
      [error.message, error.exitStatus],
      ["cannot read no/such/file: there is no such file", 2],
    );
    return true;
  });
});

test("show log follow prints events as they come, until the node goes", async () => {
  const node = new FakeNode();
  let output = "";
  const ended = runScript([{ text: "show log follow" }], {
    client: async () => node.client,
    output: { write: (text) => (output += text) },
    errors: { write: (text) => assert.fail(text) },
  });
  while (node.watchers === 0) await new Promise((resolve) => void setImmediate(resolve));
  node.push({ case: "event", value: event("eth0 is down\u001b[2J") });
  node.push({ case: "lost", value: 3n });
  await new Promise((resolve) => void setImmediate(resolve));
  assert.match(
    output,
    /^\S+ \S+ info +whisper: eth0 is down\\x1b\[2J\n3 events went by too fast to be shown\n$/,
  );
  node.hangUp();
  assert.equal(await ended, 0);
});
