import assert from "node:assert/strict";
import { test } from "node:test";
import { isFreeText } from "#prompt/following.ts";
import { helpAt, renderHelp } from "#prompt/help.ts";
import { peer } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";
import { sampleCommands } from "#prompt/testing/sample-commands.ts";
import { commandTree, type CommandTree } from "#prompt/tree.ts";

async function help(tree: CommandTree, before: string): Promise<string> {
  const { entries } = await helpAt(tree, before);
  return renderHelp(entries, async () => (text) => text.length);
}

async function words(tree: CommandTree, before: string): Promise<string[]> {
  return (await helpAt(tree, before)).entries.map(({ text }) => text);
}

test("at the start of a line all commands are listed in two columns", async () => {
  const { tree } = fakePrompt();
  const text = await help(tree, "");
  assert.ok(text.includes("\nclear       Reset functions\nconnect     Dial a peer and keep it dialled\n"));
  assert.ok(text.includes("\nexit        Exit the CLI\n") && text.includes("\nquit        Exit the CLI\n"));
  assert.ok(text.includes("\nshow        Show running system information\nshutdown    Shutdown parleyd\n"));
});

test("behind a part of a word the words that begin with it are listed", async () => {
  const { tree } = fakePrompt();
  const both = "show      Show running system information\nshutdown  Shutdown parleyd\n";
  assert.equal(await help(tree, "sh"), both);
  assert.equal(await help(tree, "show"), "show  Show running system information\n");
});

test("behind a blank what can follow is listed, whatever the words before are short for", async () => {
  const { tree } = fakePrompt();
  const following = [
    "broadcasts",
    "captures",
    "chat",
    "config",
    "directory",
    "identity",
    "interfaces",
    "ip",
    "log",
    "members",
    "membership",
    "messages",
    "peers",
    "processes",
    "responders",
    "rtt",
    "services",
    "version",
    "why",
  ];
  assert.deepEqual(await words(tree, "show "), following);
  assert.deepEqual(await words(tree, "sh "), following);
  assert.deepEqual(await words(tree, "sh p"), ["peers", "processes"]);
});

test("a complete line can be ended or piped on", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await words(tree, "show version "), ["|", "<cr>"]);
  assert.deepEqual(await words(tree, "show messages "), ["<count>", "|", "<cr>"]);
  assert.deepEqual(await words(tree, "show messages 5"), ["<count>"]);
  assert.deepEqual(await words(tree, "show messages x"), []);
});

test("behind a bar the filters are listed, and behind a filter its pattern", async () => {
  const { tree } = fakePrompt();
  assert.deepEqual(await words(tree, "show log | "), ["begin", "count", "exclude", "include", "json"]);
  assert.deepEqual(await words(tree, "show log |e"), ["exclude"]);
  assert.deepEqual(await words(tree, "show log | inc "), ["<pattern>"]);
  assert.deepEqual(await words(tree, "show log | inc x | "), [
    "begin",
    "count",
    "exclude",
    "include",
    "json",
  ]);
  assert.deepEqual(await words(tree, "show log | count "), ["|", "<cr>"]);
});

test("a live parameter lists what exists now", async () => {
  const { node, tree } = fakePrompt();
  node.peers = [peer("127.0.0.1:5002", 1, { nick: "alice" }), peer("127.0.0.1:5013", 3)];
  assert.equal(await help(tree, "show why "), "127.0.0.1:5002  alice, linked\n127.0.0.1:5013  waiting\n");
  assert.deepEqual(await words(tree, "show why 127.0.0.1:501"), ["127.0.0.1:5013"]);
  assert.deepEqual(await words(tree, "restart "), ["whisper", "api"]);
});

test("when the node does not answer the parameter itself is listed", async () => {
  const { node, tree } = fakePrompt();
  node.failure = new Error("gone");
  assert.equal(await help(tree, "restart "), "<service>  Name of the service\n");
});

test("why nothing can follow is told", async () => {
  const { tree } = fakePrompt();
  const { entries, problem } = await helpAt(tree, "exit now ");
  assert.deepEqual([entries, problem?.type], [[], "unknown"]);
  assert.equal((await helpAt(tree, "show nosuch")).problem?.type, "unknown");
  assert.equal((await helpAt(tree, "show | ")).problem?.type, "incomplete");
  assert.equal((await helpAt(tree, "show log | count x ")).problem?.type, "unknown");
});

test("text that would not be taken behind an ambiguous word is not listed", async () => {
  const { tree } = fakePrompt();
  assert.ok(!(await words(tree, "s ")).includes("<text>"));
  assert.deepEqual(await words(tree, "sa "), ["<text>"]);
});

test("a question mark is text once a text, a pattern or a quotation has begun", () => {
  const { tree } = fakePrompt();
  for (const before of [
    "say how",
    "say how are you",
    "say | x",
    'restart "wh',
    "show log | inc a",
    'show log | inc "',
  ]) {
    assert.equal(isFreeText(tree, before), true, before);
  }
  for (const before of [
    "",
    "say",
    "say ",
    "show ver",
    "show log | inc ",
    "show log | inc",
    "s hello",
    "restart w",
  ]) {
    assert.equal(isFreeText(tree, before), false, before);
  }
});

test("values from remote peers are made safe and aligned by their width", async () => {
  const live = {
    peer: async () => [
      { text: "日本", help: "\u001b[2J" },
      { text: "a", help: "b" },
    ],
  };
  const tree = commandTree(sampleCommands(["show <p:peer>"], live));
  const { entries } = await helpAt(tree, "show ");
  const wide = async () => (text: string) =>
    [...text].reduce((sum, point) => sum + (point > "\u1100" ? 2 : 1), 0);
  assert.equal(await renderHelp(entries, wide), "日本  \\x1b[2J\na     b\n");
});
