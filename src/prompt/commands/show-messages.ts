import type { Message } from "#api/gen/parley/v1/whisper_pb.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

export const showMessages = command<ParleyContext>()("show messages [count:number]", {
  help: ["Show running system information", "Chat messages", "How many messages (0: all that are kept)"],
  async run({ client, now }, { count }, call) {
    const { messages } = await (await client()).whisper.listMessages({ limit: count ?? DEFAULT_COUNT }, call);
    return linesAnswer(
      messages.map(toJson),
      messages.map((message) => formatMessage(message, now())),
    );
  },
});

/** "10:05:03 alice: hello", and for "/me waves" "10:05:03 * alice waves"; who gave no nick is named by address. */
export function formatMessage(message: Message, now: number): string {
  const { address, nick, body } = message;
  const time = formatClock(toMs(message.received) ?? toMs(message.said), now);
  const author = nick !== "" ? nick : address !== "" ? address : "somebody";
  const action = /^\/me\s+(.*)$/s.exec(body);
  return action ? `${time} * ${author} ${action[1]}` : `${time} ${author}: ${body}`;
}

function toJson(message: Message): unknown {
  return {
    id: message.id,
    address: message.address,
    nick: message.nick,
    body: message.body,
    said: isoTime(message.said),
    received: isoTime(message.received),
    own: message.own,
  };
}

const DEFAULT_COUNT = 20;
