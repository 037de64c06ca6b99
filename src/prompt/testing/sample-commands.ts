import { linesAnswer } from "#prompt/answer.ts";
import { bindCommands, command, type Command, type LiveContext } from "#prompt/grammar.ts";

/** Commands that do nothing but tell what they were given; `help` names each word and parameter by itself. */
export function sampleCommands(
  grammars: readonly string[],
  live: LiveContext["live"] = {},
): readonly Command[] {
  const declarations = grammars.map((grammar) => {
    const run = async (_context: LiveContext, args: unknown) => linesAnswer({ grammar, args }, [grammar]);
    return command<LiveContext>()(grammar, { help: grammar.split(" "), run });
  });
  return bindCommands(declarations, { live });
}
