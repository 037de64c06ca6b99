import type { Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { tableAnswer } from "#prompt/answer.ts";
import { peerJson } from "#prompt/commands/peer-json.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatPeerState } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";
import { toMs, type ApiTime } from "#prompt/times.ts";

export const showPeers = command<ParleyContext>()("show peers", {
  help: ["Show running system information", "Peers of the chat and how they stand"],
  async run({ client, now }, _args, call) {
    const { address, nick, peers } = await (await client()).whisper.listPeers({}, call);
    return tableAnswer(
      { address, nick, peers: peers.map(peerJson) },
      {
        columns: ["Address", "Nick", "State", "Out", "In", "Queue", "Sent", "Received", "Note"],
        rows: peers.map((peer) => toRow(peer, now())),
        rightAligned: [5, 6, 7],
        whenEmpty: 'No peer is known; "connect ADDRESS" dials one.',
      },
    );
  },
});

function toRow(peer: Peer, now: number): string[] {
  return [
    peer.address,
    peer.nick,
    formatPeerState(peer.state),
    upFor(peer.outSince, now),
    upFor(peer.inSince, now),
    String(peer.queuedMessages),
    String(peer.sentMessages),
    String(peer.receivedMessages),
    noteOf(peer, now),
  ];
}

function upFor(since: ApiTime | undefined, now: number): string {
  const sinceMs = toMs(since);
  return sinceMs === undefined ? "-" : formatDuration(now - sinceMs);
}

/** Why it is not linked, or what is amiss although it is. */
function noteOf(peer: Peer, now: number): string {
  const notes: string[] = [];
  const state = formatPeerState(peer.state);
  if (state !== "linked" && peer.lastError !== "") notes.push(peer.lastError);
  const next = toMs(peer.nextDial);
  if (state === "waiting" && next !== undefined) {
    notes.push(next > now ? `next dial in ${formatDuration(next - now)}` : "about to be dialled");
  }
  if (state === "held") notes.push('held until "connect"');
  if (state === "known") notes.push("not dialled so far");
  if (peer.droppedMessages > 0n) notes.push(`${peer.droppedMessages} dropped`);
  return notes.join("; ");
}
