import assert from "node:assert/strict";
import { test } from "node:test";
import { matchLine, type Match } from "#prompt/match.ts";
import { sampleCommands } from "#prompt/testing/sample-commands.ts";
import { commandTree } from "#prompt/tree.ts";

const tree = commandTree(
  sampleCommands(
    [
      "show version",
      "show peers",
      "show processes",
      "show messages [count:number]",
      "show why <address:peer>",
      "shutdown",
      "say <text:text>",
      "connect <address:address>",
      "listen <at:endpoint> [name:word]",
      "route default",
      "route <to:word> via <gateway:word>",
      "in",
      "interface up",
      "exit",
    ],
    { peer: async () => [] },
  ),
);

function meaning(line: string): unknown {
  const match: Match = matchLine(tree, line);
  switch (match.type) {
    case "matched":
      return [match.command.grammar, match.args];
    case "empty":
      return "empty";
    case "ambiguous":
      return [`ambiguous at ${match.column}`, match.candidates];
    case "bad-value":
      return [`bad value at ${match.column}`, match.expected];
    default:
      return [`${match.type} at ${match.column}`, match.expected.map(({ text }) => text)];
  }
}

const showWords = ["messages", "peers", "processes", "version", "why"];

const lines: readonly (readonly [title: string, line: string, meaning: unknown])[] = [
  ["a line in full is that command", "show version", ["show version", {}]],
  ["words may be abbreviated", "sho ver", ["show version", {}]],
  ["a later word decides between the readings of an earlier one", "sh proc", ["show processes", {}]],
  ["without a later word they are ambiguous", "sh", ["ambiguous at 0", ["show", "shutdown"]]],
  ["ambiguity is told where the readings part", "show p", ["ambiguous at 5", ["peers", "processes"]]],
  ["a word in full beats those that it begins", "in", ["in", {}]],
  ["a word in full is not taken for a longer one", "in up", ["unknown at 3", []]],
  ["blanks and tabs around words do not count", "  show \t version ", ["show version", {}]],
  ["a line of blanks is empty", " \t ", "empty"],
  ["a command that goes on is incomplete", "show ", ["incomplete at 5", showWords]],
  ["an unknown word is told with what could stand there", "show foo", ["unknown at 5", showWords]],
  ["a word after the end is told", "exit now", ["unknown at 5", []]],
  ["a number is read as a number", "show mess 5", ["show messages [count:number]", { count: 5 }]],
  ["an optional parameter may be left out", "show mess", ["show messages [count:number]", {}]],
  ["what is no number does not fit", "show mess five", ["bad value at 10", "a whole number"]],
  ["a number beyond the API does not fit", "show mess 4294967296", ["bad value at 10", "a whole number"]],
  ["a minus is no number", "show mess -1", ["bad value at 10", "a whole number"]],
  [
    "an address may be a host's",
    "con Gopher.example:55555",
    ["connect <address:address>", { address: "gopher.example:55555" }],
  ],
  [
    "an endpoint has an IP address",
    "listen gopher:1",
    ["bad value at 7", "IP:port, such as 192.0.2.7:55555"],
  ],
  [
    "an endpoint is read in its canonical form",
    "listen [2001:DB8:0::1]:5",
    ["listen <at:endpoint> [name:word]", { at: "[2001:db8::1]:5" }],
  ],
  [
    "words in quotation marks are one value",
    'listen 192.0.2.1:5 "a | \\"b\\""',
    ["listen <at:endpoint> [name:word]", { at: "192.0.2.1:5", name: 'a | "b"' }],
  ],
  [
    "an open quotation mark is told",
    'listen 192.0.2.1:5 "a',
    ["bad value at 19", "a closing quotation mark"],
  ],
  ["a live value is any word", "sh why nobody", ["show why <address:peer>", { address: "nobody" }]],
  ["a word is tried before a parameter", "route d", ["route default", {}]],
  [
    "a parameter is taken when the word leads nowhere",
    "route d via x",
    ["route <to:word> via <gateway:word>", { to: "d", gateway: "x" }],
  ],
  ["text is the rest of the line as it is", "say  a  | b ? ", ["say <text:text>", { text: "a  | b ? " }]],
  ["text may begin with a bar", "say | a", ["say <text:text>", { text: "| a" }]],
  ["text of blanks is none", "say   ", ["incomplete at 4", ["<text>"]]],
  [
    "text does not decide what an ambiguous word is, so that a typing error is not said to everybody",
    "s verzion",
    ["ambiguous at 0", ["say", "show", "shutdown"]],
  ],
  ["a word beats text", "s ver", ["show version", {}]],
  ["no member of Object is a word or a kind", "constructor toString", ["unknown at 0", undefined]],
];

for (const [title, line, expected] of lines) {
  test(`${title}: "${line}"`, () => {
    const found = meaning(line);
    if (Array.isArray(expected) && expected[1] === undefined) {
      assert.equal((found as unknown[])[0], expected[0]);
    } else assert.deepEqual(found, expected);
  });
}

test("a bar ends the command, and its column is told", () => {
  const match = matchLine(tree, "show version | count");
  assert.equal(match.type === "matched" && match.pipeAt, 13);
  const close = matchLine(tree, "show version|count");
  assert.equal(close.type === "matched" && close.pipeAt, 12);
  assert.equal(matchLine(tree, "| count").type, "incomplete");
});

test("a line of a million characters is refused in no time", () => {
  const match = matchLine(tree, "show ".repeat(200_000));
  assert.equal(match.type, "unknown");
});
