import type { Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import { formatDuration } from "#base/duration.ts";
import type { Answer, Block } from "#prompt/answer.ts";
import {
  bookJson,
  bookTable,
  originsText,
  whisperEntries,
  type WhisperEntries,
} from "#prompt/commands/peer-book.ts";
import { peerJson } from "#prompt/commands/peer-json.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatPeerState } from "#prompt/commands/states.ts";
import { unlessMissing } from "#prompt/commands/unless-missing.ts";
import { command } from "#prompt/grammar.ts";
import { toMs, type ApiTime } from "#prompt/times.ts";

export const showPeers = command<ParleyContext>()("show peers", {
  help: ["Show running system information", "Peers of all services, who named them and how they stand"],
  async run({ client, now }, _args, call): Promise<Answer> {
    const { whisper, peers: book } = await client();
    const known = await unlessMissing(book.listBook({}, call));
    const chat = known ? await unlessMissing(whisper.listPeers({}, call)) : await whisper.listPeers({}, call);
    const entries = whisperEntries(known);
    const blocks: Block[] = chat ? [chatTable(chat.peers, entries, now())] : [];
    const others = known && bookTable(known, new Set(chat?.peers.map(({ address }) => address)), now());
    if (others) blocks.push(...(chat ? [BLANK] : []), others);
    return {
      value: {
        ...(chat && { address: chat.address, nick: chat.nick }),
        peers: (chat?.peers ?? []).map((peer) => chatJson(peer, entries)),
        ...(known && bookJson(known)),
      },
      blocks,
    };
  },
});

const BLANK: Block = { type: "lines", lines: [""], isHeading: true };

function chatTable(peers: readonly Peer[], entries: WhisperEntries, now: number): Block {
  return {
    type: "table",
    columns: ["Address", "Nick", "State", "Out", "In", "Queue", "Sent", "Received", "Origin", "Note"],
    rows: peers.map((peer) => toRow(peer, entries, now)),
    rightAligned: [5, 6, 7],
    whenEmpty: 'No peer is known; "connect ADDRESS" dials one.',
  };
}

function chatJson(peer: Peer, entries: WhisperEntries): object {
  const found = entries.get(peer.address);
  return {
    ...peerJson(peer),
    ...(found && {
      origins: found.entry.origins.map(({ kind, source }) => ({ kind, source })),
      name: found.peer.name,
      identity: found.peer.identity?.fingerprint,
    }),
  };
}

function toRow(peer: Peer, entries: WhisperEntries, now: number): string[] {
  const found = entries.get(peer.address);
  return [
    peer.address,
    peer.nick,
    formatPeerState(peer.state),
    upFor(peer.outSince, now),
    upFor(peer.inSince, now),
    String(peer.queuedMessages),
    String(peer.sentMessages),
    String(peer.receivedMessages),
    found ? originsText(found.entry) : (CHAT_ORIGINS[peer.origin] ?? "message"),
    noteOf(peer, now),
  ];
}

/** Of a peer that the book does not know yet; all others came in messages. */
const CHAT_ORIGINS: Readonly<Record<string, string>> = { configured: "config", operator: "operator" };

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
