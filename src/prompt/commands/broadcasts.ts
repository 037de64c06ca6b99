import { linesAnswer, tableAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

const BROADCAST = "Texts under keys that all members keep";

export const broadcastAdd = command<ParleyContext>()("broadcast add <key:word> <text:text>", {
  help: [BROADCAST, "Set a text at all members", "Its key", "The text"],
  async run({ client }, { key, text }, call) {
    await (await client()).membership.setBroadcast({ key, text }, call);
    return linesAnswer({ key, text }, [`${key} goes to all members`]);
  },
});

export const broadcastDelete = command<ParleyContext>()("broadcast del <key:broadcast>", {
  help: [BROADCAST, "Remove a text at all members", "Its key"],
  async run({ client }, { key }, call) {
    await (await client()).membership.removeBroadcast({ key }, call);
    return linesAnswer({ key }, [`${key} is removed at all members`]);
  },
});

export const showBroadcasts = command<ParleyContext>()("show broadcasts", {
  help: ["Show running system information", BROADCAST],
  async run({ client }, _args, call) {
    const { broadcasts } = await (await client()).membership.listBroadcasts({}, call);
    return tableAnswer(
      broadcasts.map(({ key, text, by }) => ({ key, text, by })),
      {
        columns: ["Key", "Text", "Set by"],
        rows: broadcasts.map(({ key, text, by }) => [key, text, by || "-"]),
        whenEmpty: 'Nothing is broadcast; "broadcast add KEY TEXT" does.',
      },
    );
  },
});
