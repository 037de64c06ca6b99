import { safeText } from "#base/safe-text.ts";
import { linesAnswer } from "#prompt/answer.ts";
import { formatEvent } from "#prompt/commands/show-log.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { bindCommands, command, type Command } from "#prompt/grammar.ts";

interface FollowContext {
  readonly parley: ParleyContext;
  readonly print: (text: string) => void;
}

/** `show log follow`: prints while it runs, which only a program with a terminal or a standard output can. */
export function followLog(parley: ParleyContext, print: (text: string) => void): readonly Command[] {
  return bindCommands([follow], { parley, print });
}

const follow = command<FollowContext>()("show log follow", {
  help: [
    "Show running system information",
    "What happened on this node",
    "Show events as they come, until Ctrl-C",
  ],
  async run({ parley, print }, _args, call) {
    const client = await parley.client();
    for await (const { item } of client.node.watch({}, call)) {
      if (item.case === "event") print(`${safeText(formatEvent(item.value, parley.now()))}\n`);
      if (item.case === "lost") print(`${item.value} events went by too fast to be shown\n`);
    }
    return linesAnswer(null, []);
  },
});
