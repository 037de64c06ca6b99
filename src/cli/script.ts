import type { ParleyClient } from "#api/client-types.ts";
import { safeText } from "#base/safe-text.ts";
import type { ScriptLine } from "#cli/script-lines.ts";
import { capturePackets } from "#cli/capture-packets.ts";
import { followLog } from "#cli/follow-log.ts";
import { Shell } from "#cli/shell.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";

export interface ScriptSurroundings {
  /** The node's API; called only by commands that need it. */
  client(): Promise<ParleyClient>;
  readonly output: { write(text: string): unknown };
  readonly errors: { write(text: string): unknown };
  /** Where people's own commands are; none when left out. */
  readonly commandsFolder?: string | undefined;
}

/**
 * Runs commands one after the other until one fails or leaves; blank lines and "#" comments are skipped. The status of
 * the last command: 0 done, 1 it failed, 2 it is no command.
 */
export async function runScript(
  lines: AsyncIterable<ScriptLine> | Iterable<ScriptLine>,
  { client, output, errors, commandsFolder }: ScriptSurroundings,
): Promise<0 | 1 | 2> {
  let leaving = false;
  const context = parleyContext({
    client,
    now: Date.now,
    exit: () => (leaving = true),
  });
  const print = (text: string): void => {
    shell.log.write(text);
    output.write(text);
  };
  const shell: Shell = new Shell({
    commands: [...parleyCommands(context), ...followLog(context, print), ...capturePackets(context, print)],
    print,
    prompt: () => "parley# ",
  });
  if (commandsFolder !== undefined) {
    for (const problem of await shell.addOwn(commandsFolder, context))
      errors.write(`parley: ${safeText(problem)}\n`);
  }
  try {
    for await (const { text, place } of lines) {
      if (/^\s*(#|$)/.test(text)) continue;
      shell.log.write(`parley# ${text.trim()}\n`);
      const execution = await shell.run(text);
      print(execution.output);
      if (execution.status !== 0) {
        const error = `${place ?? "parley"}: ${execution.error ?? ""}\n`;
        shell.log.write(error);
        errors.write(error);
        return execution.status;
      }
      if (leaving) break;
    }
    return 0;
  } finally {
    shell.log.stop();
  }
}
