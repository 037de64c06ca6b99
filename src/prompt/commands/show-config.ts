import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

export const showConfig = command<ParleyContext>()("show config", {
  help: ["Show running system information", "Running configuration"],
  async run({ client }, _args, call) {
    const { yaml } = await (await client()).node.getConfiguration({}, call);
    return linesAnswer({ yaml }, yaml.trimEnd().split("\n"));
  },
});
