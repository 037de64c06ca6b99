import type { Peer } from "#api/gen/parley/v1/whisper_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { linesAnswer } from "#prompt/answer.ts";
import { peerJson } from "#prompt/commands/peer-json.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatPeerState } from "#prompt/commands/states.ts";
import { unlessMissing } from "#prompt/commands/unless-missing.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, toMs, type ApiTime } from "#prompt/times.ts";

export const showWhy = command<ParleyContext>()("show why <peer:knownpeer>", {
  help: [
    "Show running system information",
    "Why a peer is linked or not",
    "Address of the peer, its name or its fingerprint",
  ],
  async run({ client, now }, { peer: text }, call) {
    const { whisper, peers } = await client();
    const known = await unlessMissing(peers.explainPeer({ peer: text }, call));
    const asked = whisper.getPeer({ address: text }, call);
    const chat = known ? await unlessMissing(asked) : await asked;
    const lines = [...(chat?.peer ? explainPeer(chat.peer, now()) : []), ...(known?.lines ?? [])];
    return linesAnswer(
      { ...(chat?.peer && peerJson(chat.peer)), ...(known && { book: known.lines }) },
      lines,
    );
  },
});

/** How the peer stands and why, in sentences, one a line; the last one names the command that helps. */
export function explainPeer(peer: Peer, now: number): string[] {
  const state = formatPeerState(peer.state);
  const name = peer.nick === "" ? peer.address : `${peer.address} (${peer.nick})`;
  return [
    `${name} is ${STATES[state] ?? state}.`,
    ...origin(peer),
    ...connections(peer, now),
    ...lastDial(peer, now),
    ...nextDial(peer, now),
    traffic(peer),
    ...remedy(peer, state),
  ];
}

const STATES: Readonly<Record<string, string>> = {
  linked: "linked",
  dialling: "not linked: it is being dialled now",
  waiting: "not linked: it will be dialled again",
  known: "known but not linked: it was not needed so far",
  held: 'not linked: "disconnect" holds it',
};

function origin(peer: Peer): string[] {
  if (peer.origin === "") return [];
  if (peer.origin.startsWith("named by ")) return [`It was ${peer.origin}.`];
  return [ORIGINS[peer.origin] ?? `It is known from: ${peer.origin}.`];
}

const ORIGINS: Readonly<Record<string, string>> = {
  configured: "It is one of the configured peers.",
  operator: 'An operator named it with "connect".',
  incoming: "It dialled this node.",
};

function connections(peer: Peer, now: number): string[] {
  return [
    connection("The connection to it", peer.outSince, now),
    connection("Its connection to this node", peer.inSince, now),
  ];
}

function connection(which: string, since: ApiTime | undefined, now: number): string {
  const sinceMs = toMs(since);
  if (sinceMs === undefined) return `${which} is down.`;
  return `${which} is up since ${formatClock(sinceMs, now)} (${formatDuration(now - sinceMs)}).`;
}

function lastDial(peer: Peer, now: number): string[] {
  const dialled = toMs(peer.lastDial);
  const lines: string[] = [];
  const when = dialled === undefined ? "" : `, ${formatDuration(now - dialled)} ago,`;
  if (peer.lastError !== "")
    lines.push(`The last dial${when} or its connection ended with: ${peer.lastError}.`);
  else if (dialled !== undefined) lines.push(`It was last dialled ${formatDuration(now - dialled)} ago.`);
  else if (toMs(peer.outSince) === undefined) lines.push("It was not dialled so far.");
  if (peer.failures > 0) lines.push(`${count(peer.failures, "dial")} in a row failed.`);
  return lines;
}

function nextDial(peer: Peer, now: number): string[] {
  const next = toMs(peer.nextDial);
  if (next === undefined) return [];
  return [next > now ? `The next dial is in ${formatDuration(next - now)}.` : "The next dial is due now."];
}

function traffic(peer: Peer): string {
  const queue = `${count(peer.queuedMessages, "message")} queued (${peer.queuedBytes} bytes)`;
  const dropped = peer.droppedMessages > 0n ? `, ${peer.droppedMessages} dropped from the full queue` : "";
  return `${peer.sentMessages} sent, ${peer.receivedMessages} received, ${queue}${dropped}.`;
}

function remedy(peer: Peer, state: string): string[] {
  if (state === "linked") return [];
  if (state === "held") return [`"connect ${peer.address}" lets it be dialled again.`];
  if (state === "dialling") return [`"disconnect ${peer.address}" would give up.`];
  return [`"connect ${peer.address}" dials it at once; "disconnect ${peer.address}" gives it up.`];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
