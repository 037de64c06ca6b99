import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linesAnswer, tableAnswer, type Answer } from "#prompt/answer.ts";
import { readPipes } from "#prompt/pipes.ts";
import { renderAnswer } from "#prompt/render.ts";
import { asciiWidth } from "#prompt/table.ts";

async function render(answer: Answer, pipeline = ""): Promise<string> {
  if (pipeline === "") return renderAnswer(answer, [], async () => asciiWidth);
  const read = readPipes(pipeline, 0);
  assert.ok(read.ok);
  return renderAnswer(answer, read.pipes, async () => asciiWidth);
}

const peers = tableAnswer(
  [
    { name: "alice", sent: 12 },
    { name: "bob", sent: 3 },
  ],
  {
    columns: ["Name", "Sent", "Note"],
    rows: [
      ["alice", "12", ""],
      ["bob", "3", "late"],
    ],
    rightAligned: [1],
  },
);

test("a table has a header, dashes, and no blanks at the end of a line", async () => {
  const lines = ["Name  Sent Note", "----- ---- ----", "alice   12", "bob      3 late"];
  assert.equal(await render(peers), lines.map((line) => `${line}\n`).join(""));
});

test("a table without rows may say so in words", async () => {
  const none = tableAnswer([], { columns: ["Name"], rows: [], whenEmpty: "Nobody is there." });
  assert.equal(await render(none), "Nobody is there.\n");
  assert.equal(await render(none, "| count"), "0\n");
  assert.equal(await render(none, "| json"), "[]\n");
});

test("lines are filtered by patterns, and counted without a table's heading", async () => {
  assert.equal(await render(peers, "| include bob"), "bob      3 late\n");
  assert.equal(await render(peers, "| exclude ^bob"), "Name  Sent Note\n----- ---- ----\nalice   12\n");
  assert.equal(await render(peers, "| begin alice"), "alice   12\nbob      3 late\n");
  assert.equal(await render(peers, "| begin nobody"), "");
  assert.equal(await render(peers, "| count"), "2\n");
  assert.equal(await render(peers, "| inc a|b | exc bob | count"), "1\n");
});

test("json prints the value, and its lines can be filtered on", async () => {
  assert.deepEqual(JSON.parse(await render(peers, "| json")), peers.value);
  assert.equal(await render(peers, "| json | include bob"), '    "name": "bob",\n');
});

test("nothing that a terminal would obey leaves any answer, and JSON keeps its meaning", async () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom(..."\u001b\n\r\t\u009b\u007f\u202e\u2028\u2066ab"), fc.string()),
  });
  // eslint-disable-next-line no-control-regex
  const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
  await fc.assert(
    fc.asyncProperty(text, text, async (a, b) => {
      const value = { a, b };
      const answer: Answer = {
        value,
        blocks: [
          { type: "lines", lines: [a] },
          { type: "table", columns: [a], rows: [[b]] },
          { type: "table", columns: [], rows: [], whenEmpty: b },
        ],
      };
      const shown = await render(answer);
      assert.doesNotMatch(shown, obeyed);
      assert.equal(shown.split("\n").length, 1 + 3 + 1 + 1); // a newline in a text starts no line of its own
      const json = await render(answer, "| json");
      assert.doesNotMatch(json, obeyed);
      assert.deepEqual(JSON.parse(json), value);
    }),
  );
});

test("what is shown of control characters can be read", async () => {
  assert.equal(
    await render(linesAnswer(null, ["a\u001b[31m\n\t\u009b\u202eé"])),
    "a\\x1b[31m\\n\\t\\x9b\\u202eé\n",
  );
});

test("the width of text is loaded only when it is not ASCII", async () => {
  let loaded = 0;
  const load = async () => {
    loaded++;
    return asciiWidth;
  };
  await renderAnswer(peers, [], load);
  assert.equal(loaded, 0);
  await renderAnswer(tableAnswer(null, { columns: ["Name"], rows: [["zoë"]] }), [], load);
  assert.equal(loaded, 1);
});

test("a table of 5,000 rows is a matter of milliseconds", async () => {
  const rows = Array.from({ length: 5_000 }, (_, i) => Array.from({ length: 9 }, (_, j) => `cell ${i} ${j}`));
  const start = performance.now();
  const text = await render(tableAnswer(null, { columns: rows[0]!, rows }));
  assert.equal(text.split("\n").length, 5_003);
  assert.ok(performance.now() - start < 2_000);
});
