import type { Random } from "#base/random.ts";
import { compileRegex, RegexError } from "#packet/query/regex.ts";
import { must, type Target } from "./target.ts";

const HAYSTACKS = [
  "",
  "a",
  "\n",
  "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
  "aaaaaaaaab",
  "aba\nab\n",
];

/** Patterns, with the text to search behind a zero byte. JavaScript's own expressions answer where both mean the same. */
export function regexTarget(): Target {
  return {
    name: "regex",
    longest: 4_096,
    make: (random) => new TextEncoder().encode(`${makePattern(random)}\0${makeText(random)}`),
    run(input) {
      const split = input.indexOf(0);
      const pattern = new TextDecoder().decode(split < 0 ? input : input.subarray(0, split));
      const texts = HAYSTACKS.map((text) => new TextEncoder().encode(text));
      if (split >= 0) texts.push(input.slice(split + 1));
      let regex;
      try {
        regex = compileRegex(pattern);
      } catch (error) {
        if (!(error instanceof RegexError)) throw error;
        must(error.at >= 0 && error.at <= pattern.length, "a mistake outside of the pattern", error.at);
        return `refused: ${error.message.replaceAll(/"[^]*"|\d+/g, "")}`;
      }
      const reference = referenceOf(pattern);
      const answers = texts.map((text) => {
        const among = Uint8Array.of(0x61, 0x0a, ...text, 0x61, 0x0a);
        const found = regex.test(among, 2, 2 + text.length);
        must(regex.test(text, 0, text.length) === found, "a second search answers differently", pattern);
        if (reference && text.every((byte) => byte < 0x80)) {
          const expected = reference.test(Buffer.from(text).toString("latin1"));
          must(expected === found, `the expression says ${found}, JavaScript ${expected}`, pattern, text);
        }
        return found ? "1" : "0";
      });
      return `${answers.join("")} ${pattern.replaceAll(/[^\\()[\]{}*+?|^$.:]/g, "").slice(0, 12)}`;
    },
  };
}

/** What PCRE2 and JavaScript write and mean alike, without backtracking into what takes exponential time. */
const COMMON = /^(?:[abAB01 ]|\\[nrt]|\(\?:|\)|\||[*+?]|\{\d(?:,\d?)?\}|\[\^?[abAB01]+\]|\^|\.)*$/;
const MOST_REPETITIONS = 4;

function referenceOf(pattern: string): RegExp | undefined {
  if (pattern.length > 60 || !COMMON.test(pattern)) return undefined;
  if ((pattern.match(/[*+{]/g) ?? []).length > MOST_REPETITIONS) return undefined;
  try {
    return new RegExp(pattern.replaceAll(".", "[^\\n]"), "i");
  } catch {
    return undefined;
  }
}

const PIECES = [
  "a",
  "b",
  "B",
  "0",
  " ",
  ".",
  "[ab]",
  "[^a]",
  "[a-c]",
  "\\n",
  "\\d",
  "\\w",
  "\\b",
  "^",
  "$",
  "(?:",
  ")",
  "|",
  "*",
  "+",
  "?",
  "{2}",
  "{1,3}",
  "{2,}",
  "(",
  "\\x41",
  "\\x{e9}",
  "é",
  "[[:alpha:]]",
  "\\A",
  "\\z",
  "(?i)",
  "(?-i:",
  "(?m)",
  "(?s)",
  "(?x) # ",
  "\\Q",
  "\\E",
  "\\R",
  "\\N",
] as const;

function makePattern(random: Random): string {
  const isCommon = random.below(2) === 0;
  const count = 1 + random.below(12);
  let open = 0;
  let pattern = "";
  for (let i = 0; i < count; i++) {
    const piece = PIECES[random.below(isCommon ? 24 : PIECES.length)]!;
    if (piece === ")" && open === 0) continue;
    open += piece.startsWith("(") && !/^\(\?[imsx]+\)/.test(piece) ? 1 : piece === ")" ? -1 : 0;
    pattern += piece;
  }
  return pattern + ")".repeat(open);
}

function makeText(random: Random): string {
  return Array.from({ length: random.below(20) }, () => "abAB01 \nc"[random.below(9)]).join("");
}
