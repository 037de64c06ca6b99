import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime } from "#prompt/times.ts";

export const say = command<ParleyContext>()("say <text:text>", {
  help: ["Say something to everybody", 'What to say; "/me waves" is an action'],
  async run({ client }, { text }, call) {
    const { message } = await (await client()).whisper.say({ body: text }, call);
    return linesAnswer({ id: message?.id, body: message?.body, said: isoTime(message?.said) }, []);
  },
});

export const connect = command<ParleyContext>()("connect <address:address>", {
  help: ["Dial a peer and keep it dialled", "IP:port or host:port"],
  async run({ client }, { address }, call) {
    await (await client()).whisper.connect({ address }, call);
    return linesAnswer({ address }, [`dialling ${address}; "show why ${address}" tells how it goes`]);
  },
});

export const disconnect = command<ParleyContext>()("disconnect <address:peer>", {
  help: ["Close the connections with a peer and hold it", "Address of the peer"],
  async run({ client }, { address }, call) {
    await (await client()).whisper.disconnect({ address }, call);
    return linesAnswer({ address }, [`${address} is held until "connect ${address}"`]);
  },
});
