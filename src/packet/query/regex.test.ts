import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Automaton } from "#packet/query/regex-automaton.ts";
import { REGEX_LIMITS } from "#packet/query/regex-node.ts";
import { compileProgram } from "#packet/query/regex-program.ts";
import { parseRegex } from "#packet/query/regex-syntax.ts";
import { compileRegex, RegexError } from "#packet/query/regex.ts";

/** Searches `text`, whose code points are bytes, with other bytes around it that must not matter. */
function search(pattern: string, text: string): boolean {
  const bytes = Buffer.from(`a\n${text}a\n`, "latin1");
  return compileRegex(pattern).test(bytes, 2, bytes.length - 2);
}

/** As bytes of UTF-8, one code point each. */
function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Pattern, texts that contain a match, texts that do not. */
const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["", ["", "a"], []],
  ["get", ["GET /", "xget"], ["ge t", ""]],
  ["^GET ", ["GET /", "get "], [" GET /", "\nGET "]],
  ["a.c", ["abc", "a\rc", "a\xffc"], ["a\nc", "ac"]],
  ["(?s)a.c|x", ["a\nc", "x"], ["ac"]],
  ["(?s:a.)c.d", ["a\ncxd"], ["a\nc\nd"]],
  ["a|bc|", ["", "zzz"], []],
  ["^(?:a|bc|)$", ["a", "BC", ""], ["b", "abc"]],
  ["^a{2}$", ["aa"], ["a", "aaa"]],
  ["^a{2,}?$", ["aa", "aaaa"], ["a"]],
  ["^a{1,2}b{0}c{0,1}$", ["a", "aac"], ["", "aaa", "ab"]],
  ["^(ab?){2}$", ["aba", "aa", "ABAB"], ["ab", "aab b"]],
  ["^a{,x}{$", ["a{,x}{"], ["a"]],
  ["x{a}", ["x{A}"], ["xa"]],
  ["^[a-c]+$", ["abc", "CAB"], ["", "abd"]],
  ["^[^a-c]$", ["d", "\n", "\xe9"], ["B", "dd"]],
  ["^[]a^-]+$", ["]a^-"], ["b"]],
  ["^[^]a]$", ["b"], ["]", "A"]],
  ["^[a\\-c]$", ["-", "c"], ["b"]],
  ["^[a-c-e]$", ["b", "-", "e"], ["d"]],
  ["^[\\d\\x41-\\x43\\n-]$", ["7", "b", "\n", "-"], ["d"]],
  ["^[[:alpha:][:digit:]_]+$", ["aZ9_"], ["-", "\xe9"]],
  ["^[[:^upper:]]$", ["1", "-"], ["a", "A"]],
  ["^[[:upper:]]$", ["a", "A"], ["1"]],
  ["^(?-i)[[:upper:]]$", ["A"], ["a"]],
  ["^[[:punct:]]+[[:xdigit:]][[:space:]]$", ["!/~f\v"], ["af\v"]],
  ["^[[:alpha]$", ["[", ":", "h"], ["z", "]"]],
  ["^[\\Qa-c]\\E]$", ["a", "-", "]"], ["b", "\\"]],
  ["^[a-\\Qc\\E]$", ["b"], ["-"]],
  ["^[\\b]$", ["\b"], ["b"]],
  ["^\\d\\w\\s$", ["1_\t", "9z\v"], ["a_ ", "1- ", "1\xe9 "]],
  ["^\\D\\W\\S$", ["a-\xa0", "\n\xe9b"], ["1--", "a_-"]],
  ["^\\h\\v\\H\\V\\N$", [" \nab\r", "\xa0\x85a\tb"], ["\n\naaa", "a\naaa"]],
  ["^\\x41\\x{62}\\t\\r\\f\\e\\a$", ["ab\t\r\f\x1b\x07"], []],
  ["^\\012\\0\\o{101}\\cA\\xg$", ["\n\0A\x01\0g"], ["\n\0A\x010g"]],
  ["^\\xe9\\x{E9}[\\xe0-\\xef]$", ["\xe9\xe9\xef"], ["\xc9\xe9\xef"]],
  ["a$", ["a", "a\n", "ba"], ["a\n\n", "ab", "a\nb"]],
  ["a\\Z", ["a", "a\n"], ["a\n\n"]],
  ["a\\z", ["a"], ["a\n"]],
  ["(?m)a\\Z", ["a\n"], ["a\nb"]],
  ["(?m)^b$", ["a\nb\nc", "b", "b\n"], ["a\ncb"]],
  ["(?m)\\n^", ["\n\n", "a\nb"], ["a\n"]],
  ["(?m)\\Aa", ["a"], ["b\na"]],
  ["a$\\n", ["a\n"], ["a", "a\n\n"]],
  ["\\bfoo\\b", ["foo", "a foo-b", "\xe9foo"], ["food", "_foo"]],
  ["\\Boo\\B", ["food"], ["foo", "oo"]],
  ["^\\B$", [""], ["a", "-"]],
  ["^(?-i)aB$", ["aB"], ["ab", "AB"]],
  ["^(?-i:a)b$", ["ab", "aB"], ["Ab"]],
  ["^(a(?-i)b|c)d$", ["AbD", "cD"], ["AB", "Cd"]],
  ["^(?<n>a)(?'m'b)(?P<o>c)(?|d|e)$", ["abce"], ["abc"]],
  ["^a(?#b)+$", ["aaa"], ["ab"]],
  ["^\\Qa.b*\\E+$", ["a.b*", "a.b**"], ["aab", "a.b"]],
  ["\\Qa(", ["a("], ["a"]],
  ["^[^\\D5]$", ["4"], ["5", "a"]],
  ["(.*)*x", ["aax"], ["aay"]],
  ["^é+$", [utf8("éÉé")], ["\xe9", utf8("é").slice(1)]],
  ["^(?-i:é)$", [utf8("é")], [utf8("É")]],
  ["^[éßя-ё€👋-👍]$", [..."éÉßЯё€👌"].map(utf8), [..."eè₭👎"].map(utf8)],
  ["^[^é]$", ["e", "\n", utf8("è"), utf8("👋")], [utf8("é"), utf8("É"), "\xe9", "\x80"]],
  ["^[^é\\W]$", ["e"], ["-", utf8("é"), utf8("è")]],
  ["^Łódź", [utf8("ŁÓDŹ")], [utf8("Lodz")]],
];

test("a pattern matches what PCRE2 says", () => {
  for (const [pattern, matching, others] of CASES) {
    for (const text of matching) assert.ok(search(pattern, text), `${pattern} in ${JSON.stringify(text)}`);
    for (const text of others) assert.ok(!search(pattern, text), `${pattern} not in ${JSON.stringify(text)}`);
  }
});

/** Pattern, where it is wrong, why. */
const REFUSED: readonly (readonly [string, number, RegExp])[] = [
  ["(a)\\1", 3, /back to a group/],
  ["(?<n>a)\\k<n>", 7, /back to a group/],
  ["x\\g{1}", 1, /back to a group/],
  ["(?P=n)", 0, /back to a group/],
  ["a(?=b)", 1, /lookaround/],
  ["(?!b)", 0, /lookaround/],
  ["(?<=b)", 0, /lookaround/],
  ["(?<!b)", 0, /lookaround/],
  ["(?R)", 0, /recursion/],
  ["(a)(?1)", 3, /recursion/],
  ["(?>a)", 0, /atomic/],
  ["a++", 1, /possessive/],
  ["ab{2,3}+", 2, /possessive/],
  ["(*UTF)a", 0, /verbs/],
  ["(?(1)a)", 0, /conditions/],
  ["(?x)a", 0, /flag x/],
  ["\\pL", 0, /Unicode/],
  ["a\\R", 1, /\\R/],
  ["a\\K", 1, /\\K/],
  ["\\y", 0, /no escape/],
  ["a\\", 1, /backslash/],
  ["[a\\", 2, /backslash/],
  ["(a", 0, /no \)/],
  ["a(?i", 1, /no such group|no \)/],
  ["a)", 1, /closes no group/],
  ["(?#a", 0, /no \)/],
  ["*a", 0, /nothing here to repeat/],
  ["a|+", 2, /nothing here to repeat/],
  ["a**", 2, /nothing here to repeat/],
  ["^*", 1, /nothing here to repeat/],
  ["a(?i)*", 5, /nothing here to repeat/],
  ["a{2,1}", 1, /out of order/],
  ["a{,2}", 1, /least count/],
  ["a{65536}", 1, /65535/],
  ["[a", 0, /no \]/],
  ["[]", 0, /no \]/],
  ["[z-a]", 1, /out of order/],
  ["[a-\\d]", 1, /escape the hyphen/],
  ["[\\d-z]", 1, /escape the hyphen/],
  ["[\\B]", 1, /in a class/],
  ["[\\x80-é]", 1, /from byte to byte/],
  ["[[:foo:]]", 1, /POSIX class \[:foo:\]/],
  ["[[.a.]]", 1, /collating/],
  ["[:alpha:]", 0, /stands in a class/],
  ["\\x{100}", 0, /one byte/],
  ["\\x{", 0, /no \}/],
  ["\\x{}", 0, /digits/],
  ["\\o1", 0, /braces/],
  ["(?<1>a)", 0, /name/],
  ["(?<a>)(?<a>)", 6, /two groups a/],
  ["(a{1000}){1000}", 9, /too large: 1000000 steps/],
  ["(((()?|){60000}){60000}){60000}", 8, /too large/],
  ["(".repeat(1_000), REGEX_LIMITS.depth, /too deep/],
  ["a".repeat(REGEX_LIMITS.program + 1), REGEX_LIMITS.program, /too large/],
  ["a|".repeat(REGEX_LIMITS.program / 2), 0, /too large/],
  [" ".repeat(REGEX_LIMITS.pattern + 1), REGEX_LIMITS.pattern, /too long/],
];

test("what a linear search cannot do, and what is malformed, is refused with its place", () => {
  for (const [pattern, at, message] of REFUSED)
    assert.throws(
      () => compileRegex(pattern),
      (error) => error instanceof RegexError && error.at === at && message.test(error.message),
      pattern.slice(0, 40),
    );
});

/** A pattern and the same for RegExp, flag i. */
type Pair = readonly [string, string];

const pairs = fc.letrec<{ choice: Pair; sequence: Pair; item: Pair; atom: Pair }>((tie) => {
  const same = (...texts: string[]) => fc.constantFrom(...texts.map((text): Pair => [text, text]));
  const wrapped = (open: string) => tie("choice").map(([a, b]): Pair => [`${open}${a})`, `${open}${b})`]);
  const join = (list: readonly Pair[], by: string): Pair => [
    list.map(([ours]) => ours).join(by),
    list.map(([, theirs]) => theirs).join(by),
  ];
  return {
    choice: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((list) => join(list, "|")),
    sequence: fc.array(tie("item"), { maxLength: 4 }).map((list) => join(list, "")),
    item: fc.oneof(
      { weight: 3, arbitrary: tie("atom") },
      fc
        .tuple(tie("atom"), fc.constantFrom("*", "+", "?", "{2}", "{1,}", "{0,2}", "{2,3}"), fc.boolean())
        .map(([[a, b], count, isLazy]): Pair => {
          const suffix = count + (isLazy ? "?" : "");
          return [`(?:${a})${suffix}`, `(?:${b})${suffix}`];
        }),
    ),
    atom: fc.oneof(
      { maxDepth: 3, depthIdentifier: "regex" },
      same(
        "a",
        "B",
        "_",
        " ",
        "\\n",
        "\\x80",
        "\\w",
        "\\W",
        "\\d",
        "[ab]",
        "[^a_]",
        "[\\w-]",
        "[^\\n]",
        "\\S",
      ),
      fc.constantFrom<Pair>(
        [".", "[^\\n]"],
        ["(?s:.)", "[^]"],
        ["^", "(?<![^])"],
        ["$", "(?=\\n?(?![^]))"],
        ["\\z", "(?![^])"],
        ["(?m:^)", "(?:(?<![^])|(?<=\\n)(?=[^]))"],
        ["(?m:$)", "(?=\\n|(?![^]))"],
        ["\\b", "\\b"],
        ["\\B", "\\B"],
      ),
      wrapped("("),
      wrapped("(?:"),
    ),
  };
}).choice;

test("random patterns match where RegExp does", () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom(..."aAbB_ 1\n\x80"), maxLength: 7 }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(pairs, texts, fc.boolean(), ([ours, theirs], list, isCaseless) => {
      const expected = new RegExp(theirs, isCaseless ? "i" : "");
      const pattern = isCaseless ? ours : `(?-i)${ours}`;
      for (const text of list) assert.equal(search(pattern, text), expected.test(text), JSON.stringify(text));
    }),
    { numRuns: 1_000 },
  );
});

test("a class of characters matches theirs and no other's bytes", () => {
  const point = fc.oneof(
    fc.nat(0x7ff),
    fc.nat(0xffff),
    fc.nat(0x10ffff),
    fc.constantFrom(0x7f, 0x80, 0xd7ff, 0xe000),
  );
  const character = point.map((each) => (each >= 0xd800 && each < 0xe000 ? 0x10000 + each : each));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(character, character)),
      fc.array(character),
      fc.boolean(),
      (ends, others, not) => {
        const ranges = [[0xe9, 0xe9], ...ends.map(([a, b]) => [Math.min(a, b), Math.max(a, b)])];
        const literal = (each: number) => `\\Q${String.fromCodePoint(each)}\\E`;
        const parts = ranges.map(([low, high]) => `${literal(low!)}-${literal(high!)}`);
        const regex = compileRegex(`(?-i)\\A[${not ? "^" : ""}${parts.join("")}]\\z`);
        for (const each of [
          ...others,
          ...ranges.flatMap(([low, high]) => [low!, low! - 1, high!, high! + 1]),
        ]) {
          if (each < 0 || each > 0x10ffff || (each >= 0xd800 && each < 0xe000)) continue;
          const bytes = Buffer.from(String.fromCodePoint(each));
          const isInside = ranges.some(([low, high]) => each >= low! && each <= high!);
          assert.equal(regex.test(bytes, 0, bytes.length), isInside !== not, each.toString(16));
        }
      },
    ),
  );
});

test("any text is a pattern or refused with a RegexError", () => {
  const piece = fc.constantFrom(
    ..."ab()[]{}*+?|^$\\.-,:12=<>!é€\ud83d\0\n",
    ...[
      "(?",
      "[:",
      ":]",
      "\\Q",
      "\\E",
      "\\x",
      "\\x{",
      "\\o{",
      "\\c",
      "\\N",
      "\\0",
      "\\b",
      "\\d",
      "(?i",
      "{1,",
      "[^",
    ],
  );
  const garbage = fc.oneof(
    fc.string({ unit: piece, maxLength: 14 }),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const bytes = Buffer.from("ab\n\0é€", "utf8");
  fc.assert(
    fc.property(garbage, (pattern) => {
      try {
        compileRegex(pattern).test(bytes, 0, bytes.length);
      } catch (error) {
        assert.ok(error instanceof RegexError, String(error));
        assert.ok(error.message && error.at >= 0 && error.at <= pattern.length);
      }
    }),
    { numRuns: 5_000 },
  );
});

/** The same noise at every run: a and b, by the bits of a linear congruential generator. */
function noise(length: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return 0x61 + (seed >>> 31);
  });
}

test("a pattern that makes other engines hang searches 64 KiB in less than a second", () => {
  const patterns = [
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "(x+x+)+y",
    "^(a?){500}a{500}$",
    "(a|aa)+c",
    ".*.*.*=.*",
    "a.{1000}c",
  ];
  for (const bytes of [new Uint8Array(65_536).fill(0x61), noise(65_536)])
    for (const pattern of patterns) {
      const start = performance.now();
      compileRegex(pattern).test(bytes, 0, bytes.length);
      const tookMs = performance.now() - start;
      assert.ok(tookMs < 1_000, `${pattern}: ${tookMs} ms`);
    }
});

test("an automaton with more states than its table has room for finds the same", () => {
  const bytes = noise(65_536);
  const text = Buffer.from(bytes).toString("latin1");
  const ends = ["", "c", "abbababbababac", "bbbbbbbbbbbbbbbbbbc", "\n", "c\n"];
  const patterns = ["a[ab]{12}c", "\\ba[ab]*a[ab]{12}$", "^[ab]*a[ab]{13}c?\\z", "(?:a[ab]{9}|b[ab]{10})c"];
  for (const pattern of patterns) {
    const automaton = new Automaton(compileProgram(parseRegex(pattern)));
    const expected = new RegExp(pattern.replace("\\z", "(?![^])").replace(/\$$/, "(?=\\n?(?![^]))"), "i");
    for (const end of ends) {
      const whole = Buffer.concat([bytes, Buffer.from(end)]);
      assert.equal(automaton.test(whole, 0, whole.length), expected.test(text + end), `${pattern} ${end}`);
      const { length } = whole;
      assert.equal(automaton.test(whole, length - 40, length), expected.test((text + end).slice(-40)));
    }
    assert.ok(automaton.flushes > 0, `${pattern} never filled the table`);
  }
});
