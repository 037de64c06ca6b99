import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { explain } from "#base/operator-error.ts";
import { linesAnswer, tableAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { bindCommands, command, type Command, type Declaration } from "#prompt/grammar.ts";
import { commandTree } from "#prompt/tree.ts";

/** What a file of people's own commands is given: it cannot import from a package that it is no part of. */
export const TOOLS = { command: command<ParleyContext>(), linesAnswer, tableAnswer } as const;
export type CommandTools = typeof TOOLS;

export interface OwnCommands {
  readonly commands: readonly Command[];
  /** Files that could not be used, each as one line with the remedy. */
  readonly problems: readonly string[];
}

/** Where people put their commands: $PARLEY_COMMANDS, else below $XDG_CONFIG_HOME. */
export function commandsFolder(environment: NodeJS.ProcessEnv): string {
  const configuration = environment["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return environment["PARLEY_COMMANDS"] || join(configuration, "parley", "commands");
}

/**
 * Loads every .ts, .mts, .js and .mjs file of `folder`, in the order of their names: each exports
 * `commands(tools): Declaration[]`. A file that fails, or whose commands clash with what is there, is left out whole.
 */
export async function loadOwnCommands(
  folder: string,
  context: ParleyContext,
  existing: readonly Command[],
): Promise<OwnCommands> {
  const loaded: Command[] = [];
  const problems: string[] = [];
  for (const name of filesIn(folder)) {
    const file = join(folder, name);
    try {
      const commands = bindCommands(await declarationsOf(file), context);
      commandTree([...existing, ...loaded, ...commands]);
      loaded.push(...commands);
    } catch (error) {
      problems.push(`${file} is left out: ${explain(error)}; see docs/guide/commands.md`);
    }
  }
  return { commands: loaded, problems };
}

async function declarationsOf(file: string): Promise<readonly Declaration<ParleyContext>[]> {
  const exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const { commands } = exported;
  if (typeof commands !== "function") throw new Error("it exports no function commands(tools)");
  const declarations: unknown = (commands as (tools: CommandTools) => unknown)(TOOLS);
  if (!Array.isArray(declarations) || !declarations.every(isDeclaration))
    throw new Error("commands(tools) must return a list of what tools.command made");
  return declarations;
}

function isDeclaration(value: unknown): value is Declaration<ParleyContext> {
  return typeof value === "object" && value !== null && "bind" in value && "grammar" in value;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(ts|mts|js|mjs)$/.test(name) && !/\.d\.m?ts$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
