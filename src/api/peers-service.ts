import { Code, type ServiceImpl } from "@connectrpc/connect";
import { bookPeerMessage, identityMessage } from "#api/convert-peers.ts";
import type { PeersService } from "#api/gen/parley/v1/peers_pb.ts";
import { refusal, refusing } from "#api/refusal.ts";
import type { NodeControl } from "#services/control.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import type { PeersApi } from "#services/peers-api.ts";

/** parley.v1.PeersService over the identity and the peer book that run at the time of the call. */
export function peersService(control: NodeControl): ServiceImpl<typeof PeersService> {
  const identity = () => refusing(Code.Unavailable, () => control.api("identity") as IdentityApi);
  const book = () => refusing(Code.Unavailable, () => control.api("peers") as PeersApi);
  return {
    async getIdentity() {
      return identityMessage(await identity());
    },
    async listBook() {
      const running = await book();
      const refusals = Array.from(running.counters(), ([reason, count]) => ({
        reason,
        count: BigInt(count),
      }));
      return { peers: running.list().map(bookPeerMessage), refusals };
    },
    async explainPeer({ peer }) {
      const lines = (await book()).why(peer);
      if (lines.length > 0) return { lines: [...lines] };
      throw refusal(Code.NotFound, `nothing is known of ${peer}`, "see the list of peers");
    },
  };
}
