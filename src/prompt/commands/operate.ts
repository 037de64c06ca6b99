import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

export const restart = command<ParleyContext>()("restart <service:service>", {
  help: ["Restart a service and those that need it", "Name of the service"],
  async run({ client }, { service }, call) {
    await (await client()).node.restartService({ name: service }, call);
    return linesAnswer({ service }, [`restarted ${service}`]);
  },
});

export const reload = command<ParleyContext>()("reload", {
  help: ["Read the configuration again"],
  async run({ client }, _args, call) {
    const { changed } = await (await client()).node.reload({}, call);
    const line = changed.length === 0 ? "nothing changed" : `changed: ${changed.join(", ")}`;
    return linesAnswer({ changed }, [line]);
  },
});

export const shutdown = command<ParleyContext>()("shutdown", {
  help: ["Shutdown parleyd"],
  async run({ client }, _args, call) {
    await (await client()).node.shutdown({}, call);
    return linesAnswer({ shutdown: true }, ["parleyd is shutting down"]);
  },
});

export const exit = command<ParleyContext>()("exit", { help: ["Exit the CLI"], run: leave });

export const quit = command<ParleyContext>()("quit", { help: ["Exit the CLI"], run: leave });

async function leave({ exit }: ParleyContext) {
  exit();
  return linesAnswer(null, []);
}
