import { tokensOf, type Token } from "#packet/query/lexer.ts";
import { QueryError } from "#packet/query/query-error.ts";

/** A place in the query's text. */
export interface TextPlace {
  readonly at: number;
  readonly length: number;
}

/** How the values of two sides are compared: any pair, or all pairs. */
export type Quantifier = "any" | "all";
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches";

/** A query as it was written. */
export type Syntax =
  | { readonly type: "and" | "or" | "xor"; readonly left: Syntax; readonly right: Syntax }
  | { readonly type: "not"; readonly of: Syntax }
  | { readonly type: "exists"; readonly operand: Term }
  | {
      readonly type: "compare";
      readonly comparison: Comparison;
      readonly quantifier: Quantifier;
      readonly left: Term;
      readonly right: Term;
      readonly place: TextPlace;
    }
  | {
      readonly type: "in";
      readonly quantifier: Quantifier;
      readonly negated: boolean;
      readonly operand: Term;
      readonly set: readonly { readonly low: Term; readonly high?: Term }[];
      readonly place: TextPlace;
    };

/** One side of a comparison. */
export type Term =
  | {
      readonly type: "word";
      readonly text: string;
      readonly layers?: readonly Range[];
      readonly place: TextPlace;
    }
  | { readonly type: "string" | "character"; readonly text: string; readonly place: TextPlace }
  | {
      readonly type: "slice";
      readonly of: Term;
      readonly ranges: readonly Range[];
      readonly place: TextPlace;
    }
  | {
      readonly type: "call";
      readonly name: string;
      readonly args: readonly Term[];
      readonly place: TextPlace;
    }
  | {
      readonly type: "arithmetic";
      readonly operator: "+" | "-" | "*" | "/" | "%" | "&";
      readonly left: Term;
      readonly right: Term;
      readonly place: TextPlace;
    }
  | { readonly type: "negative"; readonly of: Term; readonly place: TextPlace };

/** From `from`, counted from the end when negative, to `to` exclusive; to the end without it. */
export interface Range {
  readonly from: number;
  readonly to?: number;
}

const COMPARISONS: Readonly<Record<string, readonly [Comparison, Quantifier]>> = {
  "==": ["==", "any"],
  eq: ["==", "any"],
  any_eq: ["==", "any"],
  "===": ["==", "all"],
  all_eq: ["==", "all"],
  "!=": ["!=", "all"],
  ne: ["!=", "all"],
  all_ne: ["!=", "all"],
  "!==": ["!=", "any"],
  "~=": ["!=", "any"],
  any_ne: ["!=", "any"],
  "<": ["<", "any"],
  lt: ["<", "any"],
  "<=": ["<=", "any"],
  le: ["<=", "any"],
  ">": [">", "any"],
  gt: [">", "any"],
  ">=": [">=", "any"],
  ge: [">=", "any"],
  contains: ["contains", "any"],
  matches: ["matches", "any"],
  "~": ["matches", "any"],
};

/** Parses a query. Throws QueryError with the place of the mistake. */
export function parseQuery(query: string): Syntax {
  const parser = new QueryParser(tokensOf(query));
  return parser.query();
}

/** Nesting deeper than this is nobody's wish, and would take the stack. */
const DEEPEST = 200;
const MOST_OPERATORS = 1_000;

class QueryParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #operators = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): Syntax {
    if (this.#peek().type === "end")
      throw new QueryError(
        "the query is empty",
        this.#peek(),
        "write a protocol or a field, such as udp or ip.ttl < 5",
      );
    const syntax = this.#or();
    if (this.#peek().type !== "end")
      throw this.#unexpected("an operator such as and, or, == is missing before it");
    return syntax;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  /** An operator that joins two terms; their number is bounded, because the rest goes through them by recursion. */
  #joins(...texts: readonly string[]): Token | undefined {
    const token = this.#takes(...texts);
    if (token && ++this.#operators > MOST_OPERATORS)
      throw new QueryError(
        `more than ${MOST_OPERATORS} operators`,
        token,
        "values of one field go into a set: { 1, 2, 3 }",
      );
    return token;
  }

  #takes(...texts: readonly string[]): Token | undefined {
    const token = this.#peek();
    if ((token.type !== "symbol" && token.type !== "word") || !texts.includes(token.text)) return undefined;
    this.#at++;
    return token;
  }

  #unexpected(remedy = ""): QueryError {
    const token = this.#peek();
    return token.type === "end"
      ? new QueryError("the query ends too early", token, remedy)
      : new QueryError(`"${token.text}" is not expected here`, token, remedy);
  }

  #or(): Syntax {
    if (++this.#depth > DEEPEST) throw new QueryError("the query is nested too deeply", this.#peek());
    let left = this.#xor();
    while (this.#joins("or", "||")) left = { type: "or", left, right: this.#xor() };
    this.#depth--;
    return left;
  }

  #xor(): Syntax {
    let left = this.#and();
    while (this.#joins("xor", "^^")) left = { type: "xor", left, right: this.#and() };
    return left;
  }

  #and(): Syntax {
    let left = this.#not();
    while (this.#joins("and", "&&")) left = { type: "and", left, right: this.#not() };
    return left;
  }

  #not(): Syntax {
    if (this.#takes("not", "!")) {
      if (++this.#depth > DEEPEST) throw new QueryError("the query is nested too deeply", this.#peek());
      const of = this.#not();
      this.#depth--;
      return { type: "not", of };
    }
    if (this.#peek().text === "(" && this.#peek().type === "symbol") return this.#parenthesis();
    return this.#test();
  }

  #parenthesis(): Syntax {
    this.#at++;
    const inner = this.#or();
    if (!this.#takes(")")) throw this.#unexpected('")" is missing');
    return inner;
  }

  #test(): Syntax {
    const word = this.#peek();
    const quantified =
      (word.text === "any" || word.text === "all") &&
      word.type === "word" &&
      this.#tokens[this.#at + 1]!.type !== "end"
        ? (this.#takes("any", "all")!.text as Quantifier)
        : undefined;
    const left = this.#term();
    const place = this.#peek();
    const negated = place.text === "not" && this.#tokens[this.#at + 1]?.text === "in";
    if (negated) this.#at++;
    if (this.#takes("in")) {
      const set = this.#set();
      return { type: "in", quantifier: quantified ?? "any", negated, operand: left, set, place };
    }
    const found = place.type === "symbol" || place.type === "word" ? COMPARISONS[place.text] : undefined;
    if (!found || !Object.hasOwn(COMPARISONS, place.text)) {
      if (quantified) throw this.#unexpected(`${quantified} needs a comparison`);
      return { type: "exists", operand: left };
    }
    return this.#chain(left, quantified);
  }

  /** "1 < a < 5" means "1 < a and a < 5". */
  #chain(first: Term, quantified: Quantifier | undefined): Syntax {
    let left = first;
    let syntax: Syntax | undefined;
    for (;;) {
      const place = this.#peek();
      const found = Object.hasOwn(COMPARISONS, place.text) ? COMPARISONS[place.text] : undefined;
      if (!found || (place.type !== "symbol" && place.type !== "word")) return syntax!;
      this.#at++;
      const right = this.#term();
      const [comparison, quantifier] = found;
      const one: Syntax = {
        type: "compare",
        comparison,
        quantifier: quantified ?? quantifier,
        left,
        right,
        place,
      };
      if (++this.#operators > MOST_OPERATORS)
        throw new QueryError(`more than ${MOST_OPERATORS} operators`, place);
      syntax = syntax ? { type: "and", left: syntax, right: one } : one;
      left = right;
    }
  }

  #set(): readonly { readonly low: Term; readonly high?: Term }[] {
    if (!this.#takes("{")) throw this.#unexpected("a set is written { 1, 2, 5 .. 8 }");
    const set: { readonly low: Term; readonly high?: Term }[] = [];
    do {
      const low = this.#term();
      set.push(this.#takes("..") ? { low, high: this.#term() } : { low });
    } while (this.#takes(","));
    if (!this.#takes("}")) throw this.#unexpected('"," or "}" is missing');
    return set;
  }

  #term(): Term {
    if (++this.#depth > DEEPEST) throw new QueryError("the query is nested too deeply", this.#peek());
    let left = this.#sum();
    for (let token = this.#joins("&", "bitwise_and"); token; token = this.#joins("&", "bitwise_and"))
      left = { type: "arithmetic", operator: "&", left, right: this.#sum(), place: token };
    this.#depth--;
    return left;
  }

  #sum(): Term {
    let left = this.#product();
    for (let token = this.#joins("+", "-"); token; token = this.#joins("+", "-"))
      left = { type: "arithmetic", operator: token.text as "+", left, right: this.#product(), place: token };
    return left;
  }

  #product(): Term {
    let left = this.#factor();
    for (let token = this.#joins("*", "/", "%"); token; token = this.#joins("*", "/", "%"))
      left = { type: "arithmetic", operator: token.text as "*", left, right: this.#factor(), place: token };
    return left;
  }

  #factor(): Term {
    const token = this.#peek();
    if (this.#takes("-")) return { type: "negative", of: this.#factor(), place: token };
    if (this.#takes("{")) {
      const inner = this.#term();
      if (!this.#takes("}")) throw this.#unexpected('"}" is missing');
      return inner;
    }
    if (token.type === "slice" || token.type === "symbol" || token.type === "end")
      throw this.#unexpected("a field or a value is missing");
    this.#at++;
    if (token.type === "word" && this.#peek().text === "(" && this.#peek().type === "symbol")
      return this.#call(token);
    let term: Term =
      token.type === "word"
        ? this.#layers({ type: "word", text: token.text, place: token })
        : { type: token.type, text: token.text, place: token };
    while (this.#peek().type === "slice") {
      const slice = this.#tokens[this.#at++]!;
      term = { type: "slice", of: term, ranges: rangesOf(slice, true), place: slice };
    }
    return term;
  }

  #layers(term: Term & { readonly type: "word" }): Term {
    const sign = this.#takes("#");
    if (!sign) return term;
    const token = this.#tokens[this.#at++]!;
    if (token.type !== "word" && token.type !== "slice")
      throw new QueryError("a layer's number is missing", sign, "ip.src#1 is the outermost one");
    return { ...term, layers: rangesOf(token, false) };
  }

  #call(name: Token): Term {
    this.#at++;
    const args: Term[] = [];
    if (!this.#takes(")")) {
      do args.push(this.#term());
      while (this.#takes(","));
      if (!this.#takes(")")) throw this.#unexpected('"," or ")" is missing');
    }
    return { type: "call", name: name.text, args, place: name };
  }
}

/** "0:2" (offset and length), "3-5" (first and last), "4" (one), ":2", "2:"; several joined by commas. */
function rangesOf(token: Token, isSlice: boolean): Range[] {
  return token.text.split(",").map((part) => {
    const text = part.trim();
    const single = /^-?\d{1,6}$/.exec(text);
    if (single) {
      const from = Number(text);
      return from === -1 ? { from } : { from, to: from + 1 };
    }
    const firstLast = /^(-?\d{1,6})-(-?\d{1,6})$/.exec(text);
    const [from, to] = firstLast ? [Number(firstLast[1]), Number(firstLast[2])] : [0, 0];
    if (firstLast && (Math.sign(from) === Math.sign(to) || from === 0) && to >= from)
      return to === -1 ? { from } : { from, to: to + 1 };
    const sized = /^(-?\d{1,6})?:(\d{1,6})?$/.exec(text);
    const start = Number(sized?.[1] ?? 0);
    if (sized && isSlice && sized[2] === undefined) return { from: start };
    const length = Number(sized?.[2] ?? 0);
    if (sized && length > 0) {
      if (start >= 0 || start + length < 0) return { from: start, to: start + length };
      // What would reach behind the end is nowhere.
      return start + length === 0 ? { from: start } : { from: start, to: Infinity };
    }
    throw new QueryError(
      `"${token.text}" is no range`,
      token,
      "write [offset:length], [first-last], [offset] or [offset:]",
    );
  });
}
