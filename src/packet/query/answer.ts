import type { Generator } from "#packet/generate.ts";
import { isAny, type Atom, type AtomTable } from "#packet/query/atoms.ts";
import type { Checked, Comparable } from "#packet/query/checked.ts";
import type { Watched, WalkWriter } from "#packet/query/compile.ts";
import type { Regexes } from "#packet/query/evaluate.ts";
import { frameValues, type Frame } from "#packet/query/frame.ts";
import { conditionOf, oneValue } from "#packet/query/test-code.ts";

/** What the code of an answer is made with. */
export interface AnswerContext {
  readonly table: AtomTable;
  readonly generator: Generator;
  readonly regexes: Regexes;
  /** JavaScript that says whether a test that a table holds was hit. */
  readonly lookup: (atom: Atom) => string;
}

/** The tests that are made on fields' values as the walk meets them; `pass` gives other code for one that holds. */
export function watchedTests(
  table: AtomTable,
  pass: (atom: Atom) => string | undefined = () => undefined,
): Map<string, Watched[]> {
  const watched = new Map<string, Watched[]>();
  for (const atom of table.atoms) {
    if (atom.way !== "watched") continue;
    const variable = `a${atom.number}`;
    const note = (condition: string, isNested: boolean): string => {
      const passing = (isNested ? undefined : pass(atom)) ?? `${variable} = 1;`;
      if (isAny(atom.test)) return condition === "true" ? passing : `if (${condition}) { ${passing} }`;
      // 1: all passed so far; 2: one did not.
      return `if (${condition}) { if (${variable} === 0) ${variable} = 1; } else ${variable} = 2;`;
    };
    const { name } = atom.field!.field;
    watched.set(name, [...(watched.get(name) ?? []), { test: atom.test, note }]);
  }
  return watched;
}

/**
 * The function that walks, with the variables of watchedTests: its own where it can be, because these are quickest;
 * outside of it where other functions note what they see.
 */
export function functionCode(
  table: AtomTable,
  writer: WalkWriter,
  parameters: string,
  body: readonly string[],
): string {
  const names = table.atoms.filter(({ way }) => way === "watched").map(({ number }) => `a${number}`);
  const zeros = names.map((name) => `${name} = 0`).join(", ");
  const isShared = writer.notesNested && names.length > 0;
  const { generator } = writer;
  return [
    generator.prologue,
    isShared ? `let ${names.join(", ")};` : "",
    generator.functions,
    `return function (${parameters}) {`,
    names.length === 0 ? "" : `${isShared ? "" : "let "}${zeros};`,
    ...body,
    "};",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** JavaScript of a query's answer once the walk is done. */
export function answerCode(checked: Checked, context: AnswerContext): string {
  switch (checked.type) {
    case "and":
    case "or": {
      const operator = checked.type === "and" ? "&&" : "||";
      return `(${answerCode(checked.left, context)} ${operator} ${answerCode(checked.right, context)})`;
    }
    case "xor":
      return `(${answerCode(checked.left, context)} !== ${answerCode(checked.right, context)})`;
    case "not":
      return `!${answerCode(checked.of, context)}`;
    default:
      break;
  }
  const atom = context.table.of(checked);
  if (atom.way === "watched") return `(a${atom.number} === 1)`;
  if (atom.way === "lookup") return context.lookup(atom);
  return atom.way === "frame"
    ? frameAnswer(atom, context)
    : `thorough(${atom.number}, b, start, stop, frame)`;
}

const FRAME_NUMBERS: ReadonlyMap<string, string> = new Map([
  ["frame.number", "frame.number"],
  ["frame.len", "frame.length"],
  ["frame.cap_len", "frame.capturedLength"],
]);

function frameAnswer({ test, field }: Atom, { generator, regexes }: AnswerContext): string {
  const { name } = field!.field;
  const direct = FRAME_NUMBERS.get(name);
  const constants = (value: unknown): string => generator.constant(value);
  if (direct !== undefined) {
    const place = { value: direct, start: "0", end: "0", form: "number" } as const;
    return `(${direct} !== undefined && ${conditionOf(test, place, constants, regexes)})`;
  }
  const holds = oneValue(test, regexes);
  const answer = (frame: Frame): boolean => {
    const values: readonly Comparable[] = frameValues(frame, name);
    return isAny(test) ? values.some(holds) : values.length > 0 && values.every(holds);
  };
  return `${constants(answer)}(frame)`;
}
