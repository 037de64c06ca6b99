import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError } from "#base/assert.ts";
import { linesAnswer } from "#prompt/answer.ts";
import { bindCommands, command, type LiveContext, type LiveValues } from "#prompt/grammar.ts";
import { matchLine } from "#prompt/match.ts";
import { commandTree } from "#prompt/tree.ts";

interface Context extends LiveContext {
  readonly live: { readonly color: LiveValues };
}

const context: Context = { live: { color: async () => [{ text: "red", help: "like fire" }] } };
const answer = linesAnswer(null, []);

test("the grammar is the type of what a command receives", async () => {
  const seen: unknown[] = [];
  const paint = command<Context>()("paint <what:color> <times:number> [where:word]", {
    help: ["Paint", "Color", "Times", "Place"],
    async run(_context, { what, times, where }) {
      const color: string = what;
      const twice: number = times * 2;
      // @ts-expect-error an optional parameter may be missing
      const place: string = where;
      seen.push(color, twice, place);
      return answer;
    },
  });
  const match = matchLine(commandTree(bindCommands([paint], context)), "paint red 3");
  assert.equal(match.type, "matched");
  if (match.type === "matched") await match.command.run(match.args, {});
  assert.deepEqual(seen, ["red", 6, undefined]);
});

test("a kind that nothing knows, and a help text too few or too many, do not compile", () => {
  const run = async () => answer;
  command<Context>()("mix <a:colour>", {
    help: ["Mix", "Color"],
    async run(_context, { a }) {
      const impossible: never = a;
      return impossible;
    },
  });
  // @ts-expect-error one help text is missing
  assert.throws(() => command<Context>()("mix <a:color>", { help: ["Mix"], run }), InvariantError);
  // @ts-expect-error one help text is too many
  assert.throws(() => command<Context>()("mix", { help: ["Mix", "More"], run }), InvariantError);
});

test("each command runs with the context it was bound to", async () => {
  const name = command<{ name: string }>()("name", {
    help: ["Name"],
    run: async ({ name }) => linesAnswer(name, [name]),
  });
  const age = command<{ age: number }>()("age", {
    help: ["Age"],
    run: async ({ age }) => linesAnswer(age, [String(age)]),
  });
  const commands = [...bindCommands([name], { name: "bob" }), ...bindCommands([age], { age: 7 })];
  const values = await Promise.all(commands.map(async ({ run }) => (await run({}, {})).value));
  assert.deepEqual(values, ["bob", 7]);
});

function declare(grammar: string, help?: readonly string[]) {
  const texts = help ?? grammar.split(" ").map((word) => `help of ${word}`);
  return bindCommands([command<Context>()(grammar, { help: texts, run: async () => answer })], context);
}

const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["text is not the last parameter", () => declare("say <t:text> now"), /rest of the line/],
  ["a word follows an optional parameter", () => declare("a [b:word] c"), /nothing but optional/],
  ["a required parameter follows an optional one", () => declare("a [b:word] <c:word>"), /required/],
  ["a command begins with a parameter", () => declare("<a:word>"), /begins with a word/],
  ["two parameters have one name", () => declare("a <b:word> <b:word>"), /one name/],
  ["a token is malformed", () => declare("a <b>"), /no word and no parameter/],
  ["two blanks stand together", () => declare("a  b"), /no word and no parameter/],
  ["two commands are the same line", () => commandTree([...declare("a b"), ...declare("a b")]), /same line/],
  [
    "an optional parameter makes two commands the same line",
    () => commandTree([...declare("a"), ...declare("a [b:word]")]),
    /same line/,
  ],
  [
    "a shared word has two help texts",
    () => commandTree([...declare("a b", ["one", "x"]), ...declare("a c", ["two", "y"])]),
    /another help text/,
  ],
  [
    "two parameters stand at one place",
    () => commandTree([...declare("a <b:word>"), ...declare("a <c:number> d")]),
    /another parameter/,
  ],
  ["nothing tells the live values", () => commandTree(declare("a <b:planet>")), /values of "planet"/],
];

for (const [title, make, message] of mistakes) {
  test(`it is asserted when ${title}`, () => {
    assert.throws(make, (error) => error instanceof InvariantError && message.test(error.message));
  });
}
