import { capturePackets } from "#cli/capture-packets.ts";
import { followLog } from "#cli/follow-log.ts";
import { Shell } from "#cli/shell.ts";
import { terminalCommands } from "#cli/terminal-commands.ts";
import { USAGE } from "#cli/usage.ts";
import { DAEMON_USAGE } from "#daemon/options.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import type { Command, GrammarToken } from "#prompt/grammar.ts";
import { PIPE_HELP } from "#prompt/pipes.ts";

/** Every command of the prompt, by its words. */
export function allCommands(): readonly Command[] {
  const client = (): never => {
    throw new Error("the reference asks no node");
  };
  const context = parleyContext({ client: async () => client(), now: () => 0, exit: () => {} });
  const shell = new Shell({
    commands: [
      ...parleyCommands(context),
      ...followLog(context, () => {}),
      ...capturePackets(context, () => {}),
      ...terminalCommands({ monitor: false, length: undefined }),
    ],
    print: () => {},
    prompt: () => "",
  });
  return [...shell.tree.commands].sort((a, b) => (a.grammar < b.grammar ? -1 : 1));
}

/** cli.md: the programs' usage and the prompt's commands. */
export function commandReference(): string {
  return [
    "# Programs and commands",
    "",
    "Made from the command tree by `npm run reference`.",
    "",
    "## parley",
    "",
    "```text",
    USAGE.trimEnd(),
    "```",
    "",
    "## parleyd",
    "",
    "```text",
    DAEMON_USAGE.trimEnd(),
    "```",
    "",
    "## Commands of the prompt",
    "",
    "| command | what it does |",
    "| --- | --- |",
    ...allCommands().map((command) => `| \`${textOf(command)}\` | ${meaningOf(command)} |`),
    "",
    "## Filters",
    "",
    "| filter | what it does |",
    "| --- | --- |",
    ...PIPE_HELP.map(({ text, help }) => `| \`\\| ${text}\` | ${help} |`),
    "",
  ].join("\n");
}

/** "show messages [count]": the grammar without the kinds. */
export function textOf({ tokens }: Command): string {
  return tokens.map(shown).join(" ");
}

/** The help of the last word, and what the parameters are. */
export function meaningOf({ tokens }: Command): string {
  const word = tokens.findLast(({ type }) => type === "word")!;
  const parameters = tokens.flatMap((token) =>
    token.type === "parameter" ? [`${token.name}: ${token.help}`] : [],
  );
  return [word.help, ...parameters].join("; ").replaceAll("|", "\\|");
}

function shown(token: GrammarToken): string {
  if (token.type === "word") return token.word;
  return token.optional ? `[${token.name}]` : `<${token.name}>`;
}
