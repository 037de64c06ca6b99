import type { FactType } from "#packet/codec.ts";
import type { QueryField } from "#packet/query-field.ts";
import {
  kindOf,
  type Checked,
  type Constant,
  type FunctionName,
  type Kind,
  type Operand,
  type SetTest,
} from "#packet/query/checked.ts";
import { constantOf, hexBytes, type LiteralTarget } from "#packet/query/literal.ts";
import { nearestNames } from "#packet/query/nearest.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { compileRegex, RegexError } from "#packet/query/regex.ts";
import type { Syntax, Term, TextPlace } from "#packet/query/syntax.ts";

type Names = ReadonlyMap<string, QueryField>;

/** Gives every name its field and every value its type. Throws QueryError at what is wrong. */
export function checkQuery(syntax: Syntax, names: Names): Checked {
  switch (syntax.type) {
    case "and":
    case "or":
    case "xor":
      return {
        type: syntax.type,
        left: checkQuery(syntax.left, names),
        right: checkQuery(syntax.right, names),
      };
    case "not":
      return { type: "not", of: checkQuery(syntax.of, names) };
    case "exists":
      return checkExists(syntax.operand, names);
    case "compare":
      return checkComparison(syntax, names);
    case "in":
      return checkSet(syntax, names);
  }
}

function checkSet(syntax: Syntax & { readonly type: "in" }, names: Names): Checked {
  const { operand: left, negated, place } = syntax;
  const operand = operandOf(left, names);
  if (operand.type === "constant") throw new QueryError("only a field can be in a set", left.place);
  // As in Wireshark, of "all" one of the elements must hold all values; "not in" is that no element holds any.
  const quantifier = negated ? "any" : syntax.quantifier;
  const constants: SetTest["set"][number][] = [];
  const tests: Checked[] = [];
  for (const { low, high } of syntax.set) {
    if (!high && !isLiteral(low, names)) {
      const right = operandOf(low, names);
      if (right.kind !== operand.kind)
        throw new QueryError(`${operand.kind} and ${right.kind} cannot be compared`, low.place);
      tests.push({ type: "compare", comparison: "==", quantifier, left: operand, right });
      continue;
    }
    const lower = literal(low, operand, names);
    constants.push(high ? { low: lower, high: literal(high, operand, names) } : { low: lower });
  }
  const sets = quantifier === "all" ? constants.map((each) => [each]) : [constants];
  for (const set of sets) if (set.length > 0) tests.push({ type: "in", quantifier, operand, set });
  if (tests.length > MOST_TESTS) throw new QueryError(`more than ${MOST_TESTS} elements here`, place);
  const whole = tests.reduce((a, b): Checked => ({ type: "or", left: a, right: b }));
  return negated ? { type: "not", of: whole } : whole;
}

/** Elements of a set that each are a test of their own: what comes after goes through them by recursion. */
const MOST_TESTS = 1_000;

function checkExists(term: Term, names: Names): Checked {
  // Alone, "tcp.flags & 2" asks whether a bit is set.
  if (term.type === "arithmetic" && term.operator === "&") {
    const operand = operandOf(term, names);
    const zero: Constant =
      operand.kind === "bytes"
        ? { type: "constant", kind: "bytes", value: new Uint8Array(0) }
        : { type: "constant", kind: "number", value: 0 };
    return { type: "compare", comparison: "!=", quantifier: "any", left: operand, right: zero };
  }
  if (term.type === "word" || term.type === "slice") {
    const operand = operandOf(term, names);
    if (operand.type !== "constant") return { type: "exists", operand };
  }
  // Where it is the function that is wrong, that is to be said.
  if (term.type === "call") operandOf(term, names);
  throw new QueryError(
    "this is no test",
    term.place,
    "name a protocol or a field, or compare it with something",
  );
}

function checkComparison(syntax: Syntax & { readonly type: "compare" }, names: Names): Checked {
  const { comparison, quantifier, place } = syntax;
  const leftIsLiteral = isLiteral(syntax.left, names);
  const rightIsLiteral = isLiteral(syntax.right, names);
  if (leftIsLiteral && rightIsLiteral) throw unknownName(syntax.left, names);
  const known = operandOf(leftIsLiteral ? syntax.right : syntax.left, names);
  if (comparison === "matches") {
    if (syntax.right.type !== "string")
      throw new QueryError(
        "matches needs a regular expression",
        syntax.right.place,
        'write it in quotes: "^GET "',
      );
    if (known.kind !== "text" && known.kind !== "bytes")
      throw new QueryError("only texts and bytes can match", syntax.left.place);
    checkRegex(patternOf(syntax.right.text), syntax.right.place);
    const right = textConstant(patternOf(syntax.right.text));
    return { type: "compare", comparison, quantifier, left: known, right };
  }
  if (comparison === "contains" && (leftIsLiteral || (known.kind !== "text" && known.kind !== "bytes")))
    throw new QueryError("only texts and bytes can contain something", syntax.left.place);
  const target = comparison === "contains" && known.kind === "bytes" ? BYTES : known;
  if (leftIsLiteral) {
    const left = literal(syntax.left, known, names);
    return { type: "compare", comparison, quantifier, left, right: known };
  }
  if (rightIsLiteral) {
    const right = literal(syntax.right, target, names);
    return { type: "compare", comparison, quantifier, left: known, right };
  }
  const right = operandOf(syntax.right, names);
  if (right.kind !== known.kind)
    throw new QueryError(`${known.kind} and ${right.kind} cannot be compared`, place);
  return { type: "compare", comparison, quantifier, left: known, right };
}

/** A regular expression in which bytes that are no characters stand as escapes. */
function patternOf(text: string): string {
  return text.replaceAll(/[\udc80-\udcff]/gu, (byte) => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16)}`);
}

function checkRegex(pattern: string, place: TextPlace): void {
  try {
    compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new QueryError(`${error.message} (at character ${error.at + 1} of the expression)`, place);
  }
}

const BYTES: LiteralTarget = { kind: "bytes", type: "bytes" };

function textConstant(text: string): Constant {
  return { type: "constant", kind: "text", value: text };
}

function isLiteral(term: Term, names: Names): boolean {
  if (term.type === "string" || term.type === "character") return true;
  if (term.type === "word") return !names.has(term.text);
  if (term.type === "negative") return isLiteral(term.of, names);
  return false;
}

/** A value, read as what it is compared with. */
function literal(term: Term, against: Operand | LiteralTarget, names: Names): Constant {
  const target = targetOf(against);
  if (term.type === "negative") {
    const inner = literal(term.of, against, names);
    if (typeof inner.value === "number" || typeof inner.value === "bigint")
      return { ...inner, value: -inner.value };
  }
  if (term.type !== "word" && term.type !== "string" && term.type !== "character")
    throw new QueryError("a value is expected here", term.place);
  // A word with a dot and no digit is a field's name, mistyped, where it cannot be a value.
  if (
    term.type === "word" &&
    /^[a-z][\w-]*(\.[\w-]+)+$/.test(term.text) &&
    target.kind !== "text" &&
    !hexBytes(term.text)
  )
    throw unknownName(term, names);
  return constantOf(term, target);
}

function targetOf(against: Operand | LiteralTarget): LiteralTarget {
  if (!("type" in against) || against.type === undefined) return against as LiteralTarget;
  if (against.type === "field") {
    const { type, names, most } = against.field;
    const plain: FactType = type === "protocol" || type === "none" ? "bytes" : type;
    return {
      kind: against.kind,
      type: plain,
      ...(names && { names }),
      ...(most !== undefined && !against.field.indirect && { most }),
    };
  }
  if (against.type === "arithmetic") {
    const { most: _, ...target } = targetOf(against.left);
    return target;
  }
  if (against.type === "call" && against.kind !== "number" && against.args[0]) return { kind: against.kind };
  return "kind" in against ? { kind: against.kind } : BYTES;
}

function operandOf(term: Term, names: Names): Operand {
  switch (term.type) {
    case "word": {
      const field = names.get(term.text);
      if (!field) throw unknownName(term, names);
      return { type: "field", field, kind: kindOf(field.type), ...(term.layers && { layers: term.layers }) };
    }
    case "string":
    case "character":
      throw new QueryError(`"${term.text}" is a value where a field is needed`, term.place);
    case "slice": {
      const of = operandOf(term.of, names);
      if (of.kind !== "bytes" && of.kind !== "text")
        throw new QueryError(
          "only texts and bytes have parts",
          term.place,
          "[…] takes bytes of an address, a text, a protocol",
        );
      return { type: "slice", kind: "bytes", of, ranges: term.ranges };
    }
    case "negative":
      return {
        type: "arithmetic",
        kind: "number",
        operator: "-",
        left: { type: "constant", kind: "number", value: 0 },
        right: numeric(operandOf(term.of, names), term),
      };
    case "arithmetic":
      return arithmeticOf(term, names);
    case "call":
      return callOf(term, names);
  }
}

function arithmeticOf(term: Term & { readonly type: "arithmetic" }, names: Names): Operand {
  const { operator } = term;
  const isLeft = !isLiteral(term.left, names);
  const known = operandOf(isLeft ? term.left : term.right, names);
  const isBytes = operator === "&" && known.kind === "bytes";
  if (known.kind !== "number" && known.kind !== "time" && !isBytes)
    throw new QueryError(`"${operator}" needs numbers`, term.place);
  // A mask may have bits that the field has not.
  const { most: _, ...target } = targetOf(known);
  const side = (other: Term): Operand =>
    isLiteral(other, names) ? literal(other, target, names) : operandOf(other, names);
  const left = isLeft ? known : side(term.left);
  const right = isLeft ? side(term.right) : known;
  if (left.kind !== right.kind)
    throw new QueryError(`"${operator}" needs two values of one type`, term.place);
  return { type: "arithmetic", kind: known.kind, operator, left, right };
}

function numeric(operand: Operand, term: Term): Operand {
  if (operand.kind !== "number") throw new QueryError("a number is needed", term.place);
  return operand;
}

const FUNCTIONS: Readonly<
  Record<FunctionName, { readonly takes: readonly Kind[]; readonly gives?: Kind; readonly most: number }>
> = {
  len: { takes: ["bytes", "text"], gives: "number", most: 1 },
  count: { takes: ["number", "bytes", "text", "time"], gives: "number", most: 1 },
  upper: { takes: ["text"], gives: "text", most: 1 },
  lower: { takes: ["text"], gives: "text", most: 1 },
  string: { takes: ["number", "bytes", "text"], gives: "text", most: 1 },
  max: { takes: ["number", "time"], most: 16 },
  min: { takes: ["number", "time"], most: 16 },
  abs: { takes: ["number", "time"], most: 1 },
};

function callOf(term: Term & { readonly type: "call" }, names: Names): Operand {
  if (!Object.hasOwn(FUNCTIONS, term.name))
    throw new QueryError(
      `there is no function ${term.name}`,
      term.place,
      `there are ${Object.keys(FUNCTIONS).join(", ")}`,
    );
  const name = term.name as FunctionName;
  const { takes, gives, most } = FUNCTIONS[name];
  const known = term.args.find((each) => !isLiteral(each, names));
  const first = known && operandOf(known, names);
  // Values are read as what the fields beside them are.
  const args = term.args.map((each) =>
    first && most > 1 && isLiteral(each, names)
      ? literal(each, { kind: first.kind }, names)
      : operandOf(each, names),
  );
  if (args.length < 1 || args.length > most)
    throw new QueryError(`${name} takes ${most === 1 ? "one value" : `1 to ${most} values`}`, term.place);
  for (const [i, arg] of args.entries())
    if (!takes.includes(arg.kind))
      throw new QueryError(`${name} takes ${takes.join(" or ")}`, term.args[i]!.place);
  return { type: "call", kind: gives ?? args[0]!.kind, name, args };
}

function unknownName(term: Term, names: Names): QueryError {
  if (term.type !== "word") return new QueryError("a field is needed here", term.place);
  const near = nearestNames(term.text, names.keys());
  const remedy =
    near.length > 0 ? `did you mean ${near.join(", ")}?` : "parley packets protocols lists the names";
  return new QueryError(`there is no field or protocol ${term.text}`, term.place, remedy);
}
