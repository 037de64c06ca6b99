import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { explain, OperatorError } from "#base/operator-error.ts";

/** The options and the other words of one tool's command line. Throws OperatorError with exit status 2. */
export function readArguments<Options extends ParseArgsOptionsConfig>(
  tool: string,
  args: readonly string[],
  options: Options,
  words: { readonly least: number; readonly most: number },
) {
  const wrong = (message: string): OperatorError =>
    new OperatorError(message, `parley packets ${tool} --help shows how`, { exitStatus: 2 });
  const parse = () => parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    throw wrong(explain(error).split(". ")[0]!);
  }
  const { positionals } = parsed;
  if (positionals.length < words.least) throw wrong(`parley packets ${tool}: something is missing`);
  if (positionals.length > words.most)
    throw wrong(`parley packets ${tool}: "${positionals[words.most]}" is too much`);
  return parsed;
}

/** A whole number from 1 on; Infinity for none. Throws OperatorError. */
export function countOf(option: string, text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!COUNT.test(text))
    throw new OperatorError(`--${option} needs a whole number, not "${text}"`, "such as 10", {
      exitStatus: 2,
    });
  return Number(text);
}

/** A whole number from 1 on, written as people do. */
export const COUNT = /^[1-9]\d{0,14}$/;
