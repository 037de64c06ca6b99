import { Code, type ServiceImpl } from "@connectrpc/connect";
import { parseNamedEndpoint } from "#base/endpoint.ts";
import { chatMessage, messageBytes, peerMessage } from "#api/convert.ts";
import type { WhisperService } from "#api/gen/parley/v1/whisper_pb.ts";
import type { ApiLimits } from "#api/limits.ts";
import { newest } from "#api/newest.ts";
import { refusal, refusing } from "#api/refusal.ts";
import type { NodeControl } from "#services/control.ts";
import type { WhisperApi } from "#services/whisper-api.ts";

/** parley.v1.WhisperService over the whisper service that runs at the time of the call. */
export function whisperService(control: NodeControl, limits: ApiLimits): ServiceImpl<typeof WhisperService> {
  // Asked for at each call: a restart gives the service a new API. The name promises the type.
  const running = () => refusing(Code.Unavailable, () => control.api("whisper") as WhisperApi);
  return {
    async listPeers() {
      const whisper = await running();
      const peers = whisper.peers().map(peerMessage);
      return { address: whisper.address, nick: whisper.nick, peers };
    },
    async getPeer({ address }) {
      const peer = (await running()).peer(address);
      if (!peer) throw refusal(Code.NotFound, `nothing is known of ${address}`, "see the list of peers");
      return { peer: peerMessage(peer) };
    },
    async listMessages({ limit }) {
      const messages = (await running()).messages(limit === 0 ? Number.MAX_SAFE_INTEGER : limit);
      return { messages: newest(messages, limit, limits.listBytes, messageBytes).map(chatMessage) };
    },
    async say({ body }) {
      const whisper = await running();
      return { message: chatMessage(await refusing(Code.InvalidArgument, () => whisper.say(body))) };
    },
    async connect({ address }) {
      const whisper = await running();
      await refusing(Code.InvalidArgument, () => whisper.connect(address));
      return {};
    },
    async disconnect({ address }) {
      const whisper = await running();
      const code = parseNamedEndpoint(address) ? Code.NotFound : Code.InvalidArgument;
      await refusing(code, () => whisper.disconnect(address));
      return {};
    },
  };
}
