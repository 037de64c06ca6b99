import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { explainFailure } from "#prompt/failure.ts";
import { execute } from "#prompt/session.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

test("a command prints its answer through the pipes", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await execute(tree, "sh ver"), { status: 0, output: "v0.1.0 (2871e53; dirty)\n" });
  assert.deepEqual(await execute(tree, "show proc | count"), { status: 0, output: "2\n" });
  assert.deepEqual(await execute(tree, "   "), { status: 0, output: "" });
});

const mistakes: readonly (readonly [line: string, error: readonly string[]])[] = [
  ["show foo", ['unknown word "foo"; expected broadcasts, captures, chat, config, ', "show foo", "     ^"]],
  ["sh", ['"sh" is ambiguous: show, shutdown', "sh", "^"]],
  ["show mess x ", ['"x" does not fit; expected a whole number', "show mess x", "          ^"]],
  ["connect", ["incomplete; expected <address>", "connect", "        ^"]],
  ["exit now", ['"now" is too much: the command ends before it', "exit now", "     ^"]],
  [
    "show ver | inc (",
    ["not a regular expression: unterminated group", "show ver | inc (", "               ^"],
  ],
  ["\u001bx", ['unknown word "\\x1bx"; expected broadcast, chat, clear, connect', "\\x1bx", "^"]],
];

for (const [line, expected] of mistakes) {
  test(`a line that is no command is shown with a caret: ${JSON.stringify(line)}`, async () => {
    const { tree } = fakePrompt();
    const { status, output, error, message, caret } = await execute(tree, line);
    assert.deepEqual([status, output], [2, ""]);
    const [first, ...rest] = error!.split("\n");
    assert.ok(first!.startsWith(expected[0]!), first!);
    assert.deepEqual(rest, expected.slice(1));
    assert.deepEqual([message, caret], [first, expected[2]]);
  });
}

test("a pasted megabyte that is no command makes a short message", async () => {
  const { tree } = fakePrompt();
  const { message } = await execute(tree, "x".repeat(1 << 20));
  assert.ok(message!.length < 300);
});

test("a command that fails is one line with the message of the API", async () => {
  const { node, tree } = fakePrompt();
  node.failure = Object.assign(new Error("[not_found] no such\n service"), {
    rawMessage: "no such\n service",
  });
  const message = "no such service";
  assert.deepEqual(await execute(tree, "restart x"), { status: 1, output: "", message, error: message });
});

test("a failure of any kind is explained in one safe line", () => {
  assert.equal(
    explainFailure(new OperatorError("parleyd is not running", "start it")),
    "parleyd is not running; start it",
  );
  assert.equal(explainFailure(new Error("bad\u001b[31m\nworse")), "bad\\x1b[31m worse");
  assert.equal(explainFailure({ rawMessage: "gone\u202e" }), "gone\\u202e");
  assert.equal(explainFailure("text"), "text");
  assert.equal(explainFailure(undefined), "undefined");
});

test("a line that ends with a question mark shows the help, so that scripts have it, too", async () => {
  const { tree } = fakePrompt();
  const { status, output } = await execute(tree, "sh?");
  assert.deepEqual([status, output.split("\n").length], [0, 3]);
  assert.equal((await execute(tree, "nosuch ?")).status, 2);
});

test("a question mark in a text is said", async () => {
  const { node, tree } = fakePrompt();
  await execute(tree, "say how are you?");
  await execute(tree, "say ?");
  assert.deepEqual(node.orders, ["say how are you?", "say ?"]);
});
