import { explain, OperatorError } from "#base/operator-error.ts";
import { readOptions, type Options } from "#cli/options.ts";
import { safeText } from "#base/safe-text.ts";

/**
 * The program `parley`, and its exit status: 0 done, 1 a command failed, 2 bad usage. Each way it can go loads only what
 * it needs, because `parley -c "show version"` is to feel instant.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    const [first, ...rest] = args;
    if (first === "lab") return await (await import("#cli/lab-program.ts")).runLab(rest);
    if (first === "chat") return await (await import("#chat/main.ts")).runChat(rest);
    if (first === "packets") return await (await import("#packet-tools/main.ts")).runPackets(rest);
    if (first === "doctor") return await (await import("#doctor/main.ts")).runDoctor(rest);
    return await runPrompt(readOptions(args, process.env));
  } catch (error) {
    process.stderr.write(`parley: ${safeText(explain(error))}\n`);
    return error instanceof OperatorError ? error.exitStatus : 1;
  }
}

/** The prompt of a daemon, or commands for it: `parley` without a word for one of the other programs. */
export async function runPrompt(options: Options): Promise<number> {
  switch (options.type) {
    case "help":
      process.stdout.write((await import("#cli/usage.ts")).USAGE);
      return 0;
    case "version": {
      const { readVersion } = await import("#config/version.ts");
      const { formatVersion } = await import("#base/format-version.ts");
      process.stdout.write(`parley ${formatVersion(await readVersion())}\n`);
      return 0;
    }
    case "prompt": {
      const { openConnection } = await import("#cli/open-connection.ts");
      const connect = () => openConnection(options.target);
      const interactive = process.stdin.isTTY && process.stdout.isTTY;
      if (options.commands.length === 0 && options.file === undefined && interactive) {
        const { commandsFolder } = await import("#cli/own-commands.ts");
        const { historyFile, openHistory } = await import("#cli/history.ts");
        const history = openHistory(historyFile(process.env));
        return (await import("#cli/terminal.ts")).runTerminal({
          connect,
          history,
          commandsFolder: commandsFolder(process.env),
        });
      }
      // The daemon is asked while the rest of this program is being read: 20 ms less for one command. A failure is told
      // by the first command that needs the node.
      const connecting = connect();
      connecting.catch(() => {});
      const { commandsFolder } = await import("#cli/own-commands.ts");
      const { linesOf } = await import("#cli/script-lines.ts");
      const { runScript } = await import("#cli/script.ts");
      const client = async () => (await connecting).client;
      try {
        return await runScript(linesOf(options), {
          client,
          output: process.stdout,
          errors: process.stderr,
          commandsFolder: commandsFolder(process.env),
        });
      } finally {
        connecting.then((connection) => connection.close()).catch(() => {});
      }
    }
  }
}
