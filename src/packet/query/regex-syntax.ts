import {
  isPosixName,
  match,
  parseClass,
  takeByteEscape,
  takeChar,
  type Cursor,
} from "#packet/query/regex-class.ts";
import {
  assertNode,
  choiceNode,
  REGEX_LIMITS,
  RegexError,
  repeatNode,
  sequenceNode,
  setNode,
  type Assertion,
  type Node,
} from "#packet/query/regex-node.ts";
import { anyByteBut, byteNode, charNode, shorthandSet } from "#packet/query/regex-set.ts";

const NEWLINE = 0x0a;
const COUNTED = /\{(\d+)(?:(,)(\d*))?\}/y;
const COUNTED_TO = /\{,\d+\}/y;
const NAMED_CHARACTER = /^\{(?!\d+(?:,\d*)?\})/;
const GROUP_NAME = /P?<([^>]*)>|'([^']*)'/y;
const FLAGS = /([A-QS-Za-z]*)(-[A-Za-z]*)?([:)])/y; // (?R) is recursion

const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map<string, Assertion>([
  ["A", "start"],
  ["G", "start"],
  ["z", "end"],
  ["Z", "lastLine"],
  ["b", "boundary"],
  ["B", "inside"],
]);

/** Escapes of PCRE2 that a search in linear time, byte for byte, does not know. */
const REFUSED_ESCAPES: readonly (readonly [RegExp, string])[] = [
  [/[1-9gk]/, "references back to a group are not supported; a byte is \\x0a or \\o{12}"],
  [/[pPX]/, "Unicode properties are not supported"],
  [/R/, "\\R is not supported; write (?:\\r\\n|\\v)"],
  [/K/, "\\K is not supported"],
  [/C/, "\\C is not supported; (?s:.) is any byte"],
];

/** What may follow "(?" in PCRE2, but not here. */
const REFUSED_GROUPS: readonly (readonly [RegExp, string])[] = [
  [/(?:<?[=!*])/y, "lookaround is not supported"],
  [/>/y, "atomic groups are not supported"],
  [/P=/y, "references back to a group are not supported"],
  [/R|[+-]?\d|&|P>/y, "recursion is not supported"],
  [/\(/y, "conditions are not supported"],
  [/C/y, "callouts are not supported"],
];

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

/** The tree of a pattern. Throws RegexError. */
export function parseRegex(pattern: string): Node {
  if (pattern.length > REGEX_LIMITS.pattern)
    throw new RegexError(
      `the pattern is too long: ${REGEX_LIMITS.pattern} characters are possible`,
      REGEX_LIMITS.pattern,
    );
  return new Parser(pattern).parse();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #names = new Set<string>();
  #flags: Flags = { i: true, m: false, s: false };
  #depth = 0;
  /** Instructions that the pattern has taken so far, repetitions aside. */
  #size = 0;

  constructor(pattern: string) {
    this.#cursor = { pattern, at: 0 };
  }

  parse(): Node {
    const node = this.#choice();
    const { pattern, at } = this.#cursor;
    if (at < pattern.length) throw new RegexError("this ) closes no group", at);
    return node;
  }

  #take(text: string): boolean {
    const isHere = this.#cursor.pattern.startsWith(text, this.#cursor.at);
    if (isHere) this.#cursor.at += text.length;
    return isHere;
  }

  #choice(): Node {
    const start = this.#cursor.at;
    const branches = [this.#sequence()];
    while (this.#take("|")) branches.push(this.#sequence());
    return choiceNode(branches, start);
  }

  #sequence(): Node {
    const cursor = this.#cursor;
    const start = cursor.at;
    const parts: Node[] = [];
    let isRepeatable = false;
    while (cursor.at < cursor.pattern.length) {
      const at = cursor.at;
      const next = cursor.pattern[at];
      if (next === "|" || next === ")") break;
      if (this.#take("\\E") || this.#takeComment()) continue;
      if (this.#take("\\Q")) {
        const chars = this.#quoted();
        parts.push(...chars);
        isRepeatable ||= chars.length > 0;
        continue;
      }
      const counts = this.#quantifier();
      if (counts) {
        if (!isRepeatable) throw new RegexError("there is nothing here to repeat", at);
        parts.push(repeatNode(parts.pop()!, counts[0], counts[1], at));
        isRepeatable = false;
        continue;
      }
      if (this.#takeFlags()) {
        isRepeatable = false;
        continue;
      }
      const assertion = this.#assertion();
      isRepeatable = assertion === undefined;
      parts.push(assertion ? assertNode(assertion) : this.#grow(this.#atom(), at));
    }
    return sequenceNode(parts, start);
  }

  /** Refuses what is too large before all of it is read. */
  #grow(node: Node, at: number): Node {
    if (node.type === "set") this.#size++;
    else if (node.type === "choice") this.#size += node.branches.length;
    if (this.#size <= REGEX_LIMITS.program) return node;
    throw new RegexError(`the pattern is too large: ${REGEX_LIMITS.program} steps are possible`, at);
  }

  #takeComment(): boolean {
    const { pattern, at } = this.#cursor;
    if (!this.#take("(?#")) return false;
    const end = pattern.indexOf(")", at);
    if (end < 0) throw new RegexError("the comment has no )", at);
    this.#cursor.at = end + 1;
    return true;
  }

  #quoted(): Node[] {
    const cursor = this.#cursor;
    const chars: Node[] = [];
    while (cursor.at < cursor.pattern.length && !this.#take("\\E")) {
      const { at } = cursor;
      chars.push(this.#grow(charNode(takeChar(cursor), this.#flags.i, at), at));
    }
    return chars;
  }

  /** [least, most], if a quantifier is here. */
  #quantifier(): readonly [number, number] | undefined {
    const cursor = this.#cursor;
    const { at } = cursor;
    let counts: readonly [number, number];
    if (this.#take("*")) counts = [0, Infinity];
    else if (this.#take("+")) counts = [1, Infinity];
    else if (this.#take("?")) counts = [0, 1];
    else {
      if (match(cursor, COUNTED_TO)) throw new RegexError("the least count is missing: {0,…}", at);
      const found = match(cursor, COUNTED);
      if (!found) return undefined;
      const [, low, comma, high] = found;
      const least = Number(low);
      counts = [least, !comma ? least : high ? Number(high) : Infinity];
      if (least > REGEX_LIMITS.repetition || (high && counts[1] > REGEX_LIMITS.repetition))
        throw new RegexError(`a count is ${REGEX_LIMITS.repetition} at most`, at);
      if (counts[1] < least) throw new RegexError("the counts are out of order", at);
    }
    if (this.#take("+")) throw new RegexError("possessive quantifiers are not supported", at);
    this.#take("?"); // Lazy: whether there is a match is the same.
    return counts;
  }

  #assertion(): Assertion | undefined {
    const { pattern, at } = this.#cursor;
    if (this.#take("^")) return this.#flags.m ? "lineStart" : "start";
    if (this.#take("$")) return this.#flags.m ? "lineEnd" : "lastLine";
    const found = pattern[at] === "\\" ? ASSERTIONS.get(pattern[at + 1] ?? "") : undefined;
    if (found) this.#cursor.at += 2;
    return found;
  }

  #atom(): Node {
    const cursor = this.#cursor;
    const { at } = cursor;
    if (this.#take(".")) return anyByteBut(this.#flags.s ? undefined : NEWLINE);
    if (cursor.pattern[at] === "[") {
      if (isPosixName(cursor)) throw new RegexError("a POSIX class stands in a class: [[:alpha:]]", at);
      cursor.at++;
      return parseClass(cursor, this.#flags.i);
    }
    if (this.#take("\\")) return this.#escape(at);
    if (this.#take("(")) return this.#group(at);
    return charNode(takeChar(cursor), this.#flags.i, at);
  }

  #escape(at: number): Node {
    const cursor = this.#cursor;
    const letter = cursor.pattern[cursor.at];
    if (letter === undefined) throw new RegexError("the pattern ends with a backslash", at);
    for (const [letters, why] of REFUSED_ESCAPES) if (letters.test(letter)) throw new RegexError(why, at);
    const byte = takeByteEscape(cursor, false);
    if (byte !== undefined) return byteNode(byte, this.#flags.i);
    const set = shorthandSet(letter);
    if (set || letter === "N") {
      cursor.at++;
      if (set) return setNode(set.bytes);
      if (!NAMED_CHARACTER.test(cursor.pattern.slice(cursor.at))) return anyByteBut(NEWLINE);
      throw new RegexError("\\N{…} is not supported; write the character itself", at);
    }
    if (/[0-9A-Za-z]/.test(letter)) throw new RegexError(`there is no escape \\${letter}`, at);
    return charNode(takeChar(cursor), this.#flags.i, at);
  }

  /** (?i), (?-s), … alone: they hold to the end of the group. */
  #takeFlags(): boolean {
    const { pattern, at } = this.#cursor;
    if (!this.#take("(?")) return false;
    const found = match(this.#cursor, FLAGS);
    if (found?.[3] === ")") {
      this.#setFlags(found, at);
      return true;
    }
    this.#cursor.at = at;
    if (this.#cursor.at + 2 >= pattern.length) throw new RegexError("the group has no )", at);
    return false;
  }

  #setFlags([, set, cleared]: RegExpExecArray, at: number): void {
    for (const letter of `${set}${cleared?.slice(1) ?? ""}`)
      if (!/[ims]/.test(letter)) throw new RegexError(`the flag ${letter} is not supported`, at);
    const isSet = (letter: keyof Flags) =>
      !cleared?.includes(letter) && (set!.includes(letter) || this.#flags[letter]);
    this.#flags = { i: isSet("i"), m: isSet("m"), s: isSet("s") };
  }

  /** A group; the cursor is after its parenthesis. */
  #group(at: number): Node {
    const outer = this.#flags;
    if (++this.#depth > REGEX_LIMITS.depth)
      throw new RegexError(`groups are too deep: ${REGEX_LIMITS.depth} are possible`, at);
    if (this.#take("*")) throw new RegexError("verbs and named assertions are not supported", at);
    if (this.#take("?")) this.#groupKind(at);
    const node = this.#choice();
    if (!this.#take(")")) throw new RegexError("the group has no )", at);
    this.#depth--;
    this.#flags = outer;
    return node;
  }

  /** What stands between "(?" and a group's content. */
  #groupKind(at: number): void {
    const cursor = this.#cursor;
    for (const [start, why] of REFUSED_GROUPS) if (match(cursor, start)) throw new RegexError(why, at);
    if (this.#take("|")) return;
    const named = match(cursor, GROUP_NAME);
    if (named) {
      const name = named[1] ?? named[2]!;
      if (!/^[A-Za-z_]\w{0,31}$/.test(name)) throw new RegexError("this is no name of a group", at);
      if (this.#names.has(name)) throw new RegexError(`there are two groups ${name}`, at);
      this.#names.add(name);
      return;
    }
    const flags = match(cursor, FLAGS);
    if (!flags) throw new RegexError("there is no such group", at);
    this.#setFlags(flags, at);
  }
}
