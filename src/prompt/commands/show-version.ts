import { linesAnswer } from "#prompt/answer.ts";
import { formatVersion } from "#base/format-version.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime } from "#prompt/times.ts";

export const showVersion = command<ParleyContext>()("show version", {
  help: ["Show running system information", "Show version"],
  async run({ client }, _args, call) {
    const found = await (await client()).node.getVersion({}, call);
    const { version, commit, dirty, node } = found;
    return linesAnswer({ version, commit, dirty, node, started: isoTime(found.started) }, [
      formatVersion(found),
    ]);
  },
});
