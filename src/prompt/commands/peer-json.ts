import type { Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import { formatPeerState } from "#prompt/commands/states.ts";
import { isoTime } from "#prompt/times.ts";

/** A peer as `| json` prints it. */
export function peerJson(peer: Peer): object {
  return {
    address: peer.address,
    nick: peer.nick,
    state: formatPeerState(peer.state),
    origin: peer.origin,
    outSince: isoTime(peer.outSince),
    inSince: isoTime(peer.inSince),
    queuedMessages: peer.queuedMessages,
    queuedBytes: Number(peer.queuedBytes),
    sentMessages: Number(peer.sentMessages),
    receivedMessages: Number(peer.receivedMessages),
    droppedMessages: Number(peer.droppedMessages),
    lastDial: isoTime(peer.lastDial),
    lastError: peer.lastError,
    nextDial: isoTime(peer.nextDial),
    failures: peer.failures,
  };
}
