/**
 * The small language in which declarations say lengths and conditions: "headerLength * 4 - 20", "version == 1".
 * Text rather than functions, because one expression is both evaluated and turned into generated code, and because
 * the generator has to know which fields an expression needs.
 */
export type Expression =
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "not"; readonly of: Expression }
  | { readonly type: "negative"; readonly of: Expression }
  | {
      readonly type: "binary";
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly type: "choice";
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

type Operator = (typeof LEVELS)[number][number];

/** Binary operators, loosest first, as in JavaScript. Division rounds down. */
const LEVELS = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
] as const;

const LEVEL_OF: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

const TOKEN =
  /\s*(0x[0-9a-fA-F]+|\d+|[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*|\|\||&&|[=!<>]=|<<|>>|[-+*/%&|^<>!?:()])/y;

/** Parses one expression; throws for a mistake, which is one of the declaration's author. */
export function parseExpression(text: string | number): Expression {
  if (typeof text === "number") return { type: "number", value: text };
  const tokens = tokensOf(text);
  const parser = new Parser(tokens, text);
  const result = parser.choice();
  if (parser.peek() !== undefined) throw new Error(`"${parser.peek()}" is not expected in "${text}"`);
  return result;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const { length } = text.trimEnd();
  let at = 0;
  while (at < length) {
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`"${text.slice(at)}" is not understood in "${text}"`);
    tokens.push(found[1]!);
    at = TOKEN.lastIndex;
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: readonly string[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  choice(): Expression {
    const test = this.#binary(0);
    if (this.peek() !== "?") return test;
    this.#at++;
    const yes = this.choice();
    this.#expect(":");
    return { type: "choice", test, yes, no: this.choice() };
  }

  /** Operators of this level and those that bind tighter. */
  #binary(loosest: number): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = this.peek() as Operator;
      const level = LEVEL_OF.get(operator);
      if (level === undefined || level < loosest) return left;
      this.#at++;
      left = { type: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error(`"${this.#text}" ends too early`);
    if (token === "!") return { type: "not", of: this.#unary() };
    if (token === "-") return { type: "negative", of: this.#unary() };
    if (token === "(") {
      const inner = this.choice();
      this.#expect(")");
      return inner;
    }
    if (/^\d/.test(token)) return { type: "number", value: Number(token) };
    if (/^[A-Za-z_$]/.test(token)) return { type: "name", name: token };
    throw new Error(`"${token}" is not expected in "${this.#text}"`);
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at++] !== token) throw new Error(`"${token}" is missing in "${this.#text}"`);
  }
}

/** The value of an expression; names are looked up with `valueOf`. A comparison gives 1 or 0. */
export function evaluate(expression: Expression, valueOf: (name: string) => number): number {
  switch (expression.type) {
    case "number":
      return expression.value;
    case "name":
      return valueOf(expression.name);
    case "not":
      return evaluate(expression.of, valueOf) === 0 ? 1 : 0;
    case "negative":
      return -evaluate(expression.of, valueOf);
    case "choice":
      return evaluate(evaluate(expression.test, valueOf) === 0 ? expression.no : expression.yes, valueOf);
    case "binary":
      return OPERATIONS[expression.operator](
        evaluate(expression.left, valueOf),
        evaluate(expression.right, valueOf),
      );
  }
}

const OPERATIONS: Readonly<Record<Operator, (a: number, b: number) => number>> = {
  "||": (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  "&&": (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "&": (a, b) => a & b,
  "==": (a, b) => (a === b ? 1 : 0),
  "!=": (a, b) => (a !== b ? 1 : 0),
  "<=": (a, b) => (a <= b ? 1 : 0),
  ">=": (a, b) => (a >= b ? 1 : 0),
  "<": (a, b) => (a < b ? 1 : 0),
  ">": (a, b) => (a > b ? 1 : 0),
  "<<": (a, b) => a << b,
  ">>": (a, b) => a >> b,
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  "%": (a, b) => (b === 0 ? 0 : a % b),
};

/** JavaScript of an expression as a number; `nameOf` gives the JavaScript of a name. Only integers and names come out. */
export function generateExpression(expression: Expression, nameOf: (name: string) => string): string {
  switch (expression.type) {
    case "number":
      return String(expression.value);
    case "name":
      return nameOf(expression.name);
    case "not":
      return `(${generateCondition(expression.of, nameOf)} ? 0 : 1)`;
    case "negative":
      return `(-${generateExpression(expression.of, nameOf)})`;
    case "choice": {
      const [yes, no] = [expression.yes, expression.no].map((each) => generateExpression(each, nameOf));
      return `(${generateCondition(expression.test, nameOf)} ? ${yes} : ${no})`;
    }
    case "binary":
      break;
  }
  const { operator } = expression;
  if (COMPARISONS.has(operator) || operator === "&&" || operator === "||")
    return `(${generateCondition(expression, nameOf)} ? 1 : 0)`;
  const left = generateExpression(expression.left, nameOf);
  const right = generateExpression(expression.right, nameOf);
  if (operator === "/") return `(${right} === 0 ? 0 : Math.floor(${left} / ${right}))`;
  if (operator === "%") return `(${right} === 0 ? 0 : ${left} % ${right})`;
  return `(${left} ${operator} ${right})`;
}

/** JavaScript of an expression as a condition. */
export function generateCondition(expression: Expression, nameOf: (name: string) => string): string {
  if (expression.type === "not") return `(!${generateCondition(expression.of, nameOf)})`;
  if (expression.type !== "binary") return `(${generateExpression(expression, nameOf)} !== 0)`;
  const { operator } = expression;
  if (operator === "&&" || operator === "||") {
    const left = generateCondition(expression.left, nameOf);
    return `(${left} ${operator} ${generateCondition(expression.right, nameOf)})`;
  }
  const comparison = COMPARISONS.get(operator);
  if (comparison === undefined) return `(${generateExpression(expression, nameOf)} !== 0)`;
  const left = generateExpression(expression.left, nameOf);
  return `(${left} ${comparison} ${generateExpression(expression.right, nameOf)})`;
}

const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ["==", "==="],
  ["!=", "!=="],
  ["<=", "<="],
  [">=", ">="],
  ["<", "<"],
  [">", ">"],
]);

/** The number in "$3": the byte at this offset from the message's start, 0 when it is not there. Only reading knows it. */
export function byteOffset(name: string): number | undefined {
  return name.startsWith("$") ? Number(name.slice(1)) : undefined;
}

/** Every name that an expression uses. */
export function namesIn(expression: Expression, found = new Set<string>()): Set<string> {
  switch (expression.type) {
    case "number":
      break;
    case "name":
      found.add(expression.name);
      break;
    case "not":
    case "negative":
      namesIn(expression.of, found);
      break;
    case "choice":
      for (const each of [expression.test, expression.yes, expression.no]) namesIn(each, found);
      break;
    case "binary":
      for (const each of [expression.left, expression.right]) namesIn(each, found);
      break;
  }
  return found;
}
