import assert from "node:assert/strict";
import { test } from "node:test";
import { completeAt } from "#prompt/completion.ts";
import { peer } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";
import { sampleCommands } from "#prompt/testing/sample-commands.ts";
import { commandTree, type CommandTree } from "#prompt/tree.ts";

/** The line after Tab, and what is listed. */
async function tab(tree: CommandTree, before: string): Promise<[string, string[]]> {
  const { start, text, entries } = await completeAt(tree, before);
  return [before.slice(0, start) + text, entries.map(({ text }) => text)];
}

test("a unique word is completed, with a blank behind it", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await tab(tree, "show ver"), ["show version ", []]);
  assert.deepEqual(await tab(tree, "sh proc"), ["sh processes ", []]);
  assert.deepEqual(await tab(tree, "show"), ["show ", []]);
});

test("what all candidates begin with is completed, and then they are listed", async () => {
  const tree = commandTree(sampleCommands(["interface up", "internal state", "x"]));
  assert.deepEqual(await tab(tree, "i"), ["inter", []]);
  assert.deepEqual(await tab(tree, "inter"), ["inter", ["interface", "internal"]]);
});

test("filters are completed like words", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await tab(tree, "show log | inc"), ["show log | include ", []]);
  assert.deepEqual(await tab(tree, "show log |j"), ["show log |json ", []]);
});

test("live values are completed", async () => {
  const { node, tree } = fakePrompt();
  node.peers = [peer("127.0.0.1:5002", 1), peer("127.0.0.1:5013", 1)];
  assert.deepEqual(await tab(tree, "disc 127"), ["disc 127.0.0.1:50", []]);
  assert.deepEqual(await tab(tree, "disc 127.0.0.1:501"), ["disc 127.0.0.1:5013 ", []]);
});

test("where nothing can be typed in, what is expected is listed", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await tab(tree, "show messages "), ["show messages ", ["<count>", "|", "<cr>"]]);
  assert.deepEqual(await tab(tree, "nosuch"), ["nosuch", []]);
  assert.deepEqual(await tab(tree, "say hello wor"), ["say hello wor", []]);
});

test("a value with a blank is put in quotation marks, one that a terminal would obey is never typed in", async () => {
  const values = async () => [
    { text: "two words", help: "" },
    { text: "e\u001b[2J", help: "" },
    { text: "x\\ ", help: "" },
  ];
  const tree = commandTree(sampleCommands(["take <w:thing>"], { thing: values }));
  assert.deepEqual(await tab(tree, "take t"), ['take "two words" ', []]);
  assert.deepEqual(await tab(tree, "take e"), ["take e", []]);
});
