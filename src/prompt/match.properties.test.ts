import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { followingAt } from "#prompt/following.ts";
import { matchLine } from "#prompt/match.ts";
import { readPipes } from "#prompt/pipes.ts";
import { sampleCommands } from "#prompt/testing/sample-commands.ts";
import { commandTree } from "#prompt/tree.ts";

/** A command of a random tree: its words, and a number behind them or not. */
interface Sample {
  readonly words: readonly string[];
  readonly end: "" | " <n:number>" | " [n:number]";
}

const WORDS = ["a", "ab", "abc", "b", "ba", "show", "shut"];
const sample: fc.Arbitrary<Sample> = fc.record({
  words: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
  end: fc.constantFrom<Sample["end"]>("", " <n:number>", " [n:number]"),
});
const samples = fc.uniqueArray(sample, {
  minLength: 1,
  maxLength: 12,
  selector: ({ words }) => words.join(" "),
});
const token = fc.constantFrom(...WORDS, "s", "sh", "x", "7");

function treeOf(commands: readonly Sample[]) {
  return commandTree(sampleCommands(commands.map(grammarOf)));
}

function grammarOf({ words, end }: Sample): string {
  return words.join(" ") + end;
}

/** The words that stand beside each other behind `before`, found by going through all commands. */
function wordsBehind(commands: readonly Sample[], before: readonly string[]): Set<string> {
  const behind = commands.filter(({ words }) => before.every((word, i) => words[i] === word));
  return new Set(behind.flatMap(({ words }) => words[before.length] ?? []));
}

test("no line makes matching, help or the pipes throw", () => {
  const tree = commandTree(
    sampleCommands(["show version", "show log [count:number]", "say <text:text>", "connect <a:address>"]),
  );
  const piece = fc.constantFrom(
    "show",
    "sh",
    "say",
    "log",
    "con",
    " ",
    "|",
    '"',
    "\\",
    "?",
    "inc",
    "(",
    "5",
    "\t",
  );
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.oneof(piece, fc.string({ unit: "binary", maxLength: 3 }))).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(line, (text) => {
      const match = matchLine(tree, text);
      if (match.type === "matched" && match.pipeAt !== undefined) readPipes(text, match.pipeAt);
      if ("column" in match) assert.ok(match.column >= 0 && match.column <= text.length + 1);
      const following = followingAt(tree, text);
      assert.ok(following.freeText || text.endsWith(following.partial) || text.endsWith('"'));
    }),
    { numRuns: 1_000 },
  );
});

test("abbreviations that are unique beside their siblings mean the same command", () => {
  fc.assert(
    fc.property(
      samples,
      fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
      fc.nat(9),
      (commands, cuts, n) => {
        const tree = treeOf(commands);
        for (const command of commands) {
          const short = command.words.map((word, i) => {
            const cut = word.slice(0, 1 + cuts[i]!);
            const siblings = [...wordsBehind(commands, command.words.slice(0, i))];
            return siblings.filter((other) => other.startsWith(cut)).length === 1 ? cut : word;
          });
          const line = short.join(" ");
          const lines = [];
          if (command.end !== " <n:number>") lines.push(line);
          if (command.end !== "") lines.push(`${line} ${n}`);
          for (const typed of lines) {
            const match = matchLine(tree, typed);
            assert.equal(match.type === "matched" && match.command.grammar, grammarOf(command), typed);
          }
        }
      },
    ),
  );
});

/** All that can follow `tokens`, by trying every command; the rule of matching written down a second time. */
function expectedWords(commands: readonly Sample[], tokens: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const { words, end } of commands) {
    const read = tokens.slice(0, words.length).every((typed, i) => {
      const siblings = wordsBehind(commands, words.slice(0, i));
      return siblings.has(typed) ? words[i] === typed : words[i]!.startsWith(typed);
    });
    if (!read) continue;
    const next = words[tokens.length];
    if (next !== undefined) found.add(next);
    else if (end !== "" && tokens.length === words.length) found.add("<n>");
  }
  return found;
}

test("help lists exactly what can follow", () => {
  fc.assert(
    fc.property(samples, fc.array(token, { maxLength: 3 }), (commands, tokens) => {
      const tree = treeOf(commands);
      const line = tokens.map((text) => `${text} `).join("");
      const { words, parameters, notes } = followingAt(tree, line);
      const listed = [...words.map(({ text }) => text), ...parameters.map(({ shows }) => shows.text)];
      assert.deepEqual(new Set(listed), expectedWords(commands, tokens), line);
      const complete = matchLine(tree, line).type === "matched";
      assert.equal(
        notes.some(({ text }) => text === "<cr>"),
        complete,
        line,
      );
      for (const { text } of words) {
        const type = matchLine(tree, line + text).type;
        assert.ok(["matched", "incomplete", "ambiguous"].includes(type), `${line}${text}: ${type}`);
      }
    }),
    { numRuns: 500 },
  );
});
