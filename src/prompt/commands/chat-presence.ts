import type { CallOptions } from "@connectrpc/connect";
import { linesAnswer, tableAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatMemberState } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";

const CHAT = "Your presence in the chat";

export const chatJoin = command<ParleyContext>()("chat join", {
  help: [CHAT, "Be present: all members see it"],
  async run({ client }, _args, call) {
    await (await client()).membership.joinChat({}, call);
    return linesAnswer({ present: true }, [
      'you are in the chat; "say TEXT" talks, "show chat" tells who is there',
    ]);
  },
});

export const chatLeave = command<ParleyContext>()("chat leave", {
  help: [CHAT, "Be present no more"],
  async run({ client }, _args, call) {
    await (await client()).membership.leaveChat({}, call);
    return linesAnswer({ present: false }, ["you have left the chat"]);
  },
});

export const showChat = command<ParleyContext>()("show chat", {
  help: ["Show running system information", "Who is in the chat"],
  async run({ client }, _args, call) {
    const parley = await client();
    const { participants } = await parley.membership.listChat({}, call);
    const linked = await linkedAddresses(parley, call);
    const rows = participants.map(({ name, address, fingerprint, own, state }) => {
      return {
        name,
        address,
        fingerprint,
        own,
        state: formatMemberState(state),
        linked: linked.has(address),
      };
    });
    return tableAnswer(rows, {
      columns: ["Name", "Whisper", "State", "Linked", "Identity", "Note"],
      rows: rows.map(({ name, address, fingerprint, own, state, linked: isLinked }) => [
        name,
        address || "-",
        state,
        own ? "-" : isLinked ? "yes" : "no",
        fingerprint,
        own ? "this node" : "",
      ]),
      whenEmpty: 'Nobody is in the chat; "chat join" enters it.',
    });
  },
});

/** Without whisper nobody is linked, which is no error here. */
async function linkedAddresses(
  { whisper }: Awaited<ReturnType<ParleyContext["client"]>>,
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  try {
    const { peers } = await whisper.listPeers({}, call);
    return new Set(peers.filter(({ outSince }) => outSince !== undefined).map(({ address }) => address));
  } catch {
    return new Set();
  }
}
