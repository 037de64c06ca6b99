import type {
  AskDirectoryResponse,
  AskedDirectory,
  DirectoryAnswer,
  ListedPeer,
  ServedDirectory,
} from "#api/gen/parley/v1/directory_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { linesAnswer, type Answer, type Block } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime, toMs, type ApiTime } from "#prompt/times.ts";

export const showDirectory = command<ParleyContext>()("show directory", {
  help: ["Show running system information", "The directory served here, and those that this node asks"],
  async run({ client, now }, _args, call): Promise<Answer> {
    const { server, directories } = await (await client()).directory.getDirectory({}, call);
    const blocks: Block[] = [];
    if (directories.length > 0) blocks.push(askedBlock(directories, now()));
    const peers = directories.flatMap(({ url, peers: listed }) => listed.map((peer) => ({ url, peer })));
    if (peers.length > 0) blocks.push(GAP, listedBlock(peers));
    if (server) blocks.push(...(blocks.length > 0 ? [GAP] : []), ...servedBlocks(server, now()));
    return {
      value: { server: server && servedJson(server), directories: directories.map(askedJson) },
      blocks,
    };
  },
});

export const showDirectoryCounters = command<ParleyContext>()("show directory counters", {
  help: [
    "Show running system information",
    "The directory served here, and those that this node asks",
    "What was asked of the directory here, and what came of it",
  ],
  async run({ client }, _args, call): Promise<Answer> {
    const { server } = await (await client()).directory.getDirectory({}, call);
    const counters = server?.counters ?? [];
    return {
      value: Object.fromEntries(counters.map(({ name, count }) => [name, Number(count)])),
      blocks: [
        {
          type: "table",
          columns: ["Requests and their outcome", "Count"],
          rows: counters.map(({ name, count }) => [name, String(count)]),
          rightAligned: [1],
          whenEmpty: server ? "Nothing was asked so far." : "This node serves no directory.",
        },
      ],
    };
  },
});

const DIRECTORY = "Ask the directories of the configuration";
const URL = "URL of one of them";

export const directoryJoin = command<ParleyContext>()("directory join [url:directory]", {
  help: [DIRECTORY, "Register, also again after leave", URL],
  run: async ({ client }, { url = "" }, call) =>
    answers(await (await client()).directory.join({ url }, call)),
});

export const directoryLeave = command<ParleyContext>()("directory leave [url:directory]", {
  help: [DIRECTORY, "Take the registration back, until join", URL],
  run: async ({ client }, { url = "" }, call) =>
    answers(await (await client()).directory.leave({ url }, call)),
});

export const directoryRefill = command<ParleyContext>()("directory refill [url:directory]", {
  help: [DIRECTORY, "Offer to take the place of the youngest peer", URL],
  run: async ({ client }, { url = "" }, call) =>
    answers(await (await client()).directory.refill({ url }, call)),
});

export const directoryList = command<ParleyContext>()("directory list [url:directory]", {
  help: [DIRECTORY, "List the peers there", URL],
  run: async ({ client }, { url = "" }, call) =>
    answers(await (await client()).directory.list({ url }, call)),
});

export const directoryReset = command<ParleyContext>()("directory reset [url:directory]", {
  help: [DIRECTORY, "Make it forget all its peers; may need the token", URL],
  run: async ({ client }, { url = "" }, call) =>
    answers(await (await client()).directory.reset({ url }, call)),
});

const GAP: Block = { type: "lines", lines: [""], isHeading: true };

/** The commands of this file. */
export const DIRECTORY_COMMANDS = [
  showDirectory,
  showDirectoryCounters,
  directoryJoin,
  directoryLeave,
  directoryRefill,
  directoryList,
  directoryReset,
];

function answers({ answers: given }: AskDirectoryResponse): Answer {
  const lines = given.map(({ url, error, numPeers, maxPeers }) =>
    error === "" ? `${url}: ${numPeers} of ${maxPeers} peers` : `${url}: no answer: ${error}`,
  );
  const peers = given.flatMap(({ url, peers: listed }) => listed.map((peer) => ({ url, peer })));
  const heading = linesAnswer(null, lines).blocks;
  return {
    value: given.map(answerJson),
    blocks: peers.length === 0 ? heading : [...heading, listedBlock(peers)],
  };
}

function askedBlock(directories: readonly AskedDirectory[], now: number): Block {
  return {
    type: "table",
    columns: ["Directory", "State", "For", "Registered as", "Expires", "Asked again", "Peers", "Note"],
    rows: directories.map((each) => [
      each.url,
      each.state,
      formatDuration(now - (toMs(each.since) ?? now)),
      each.address === "" ? "-" : each.address,
      within(each.expires, now),
      within(each.next, now),
      `${each.numPeers} of ${each.maxPeers}`,
      [each.reason, each.original ? "the original's server" : ""].filter((part) => part !== "").join("; "),
    ]),
  };
}

function listedBlock(peers: readonly { readonly url: string; readonly peer: ListedPeer }[]): Block {
  return {
    type: "table",
    columns: ["Directory", "Name", "Kind", "Address", "Signed", "ID"],
    rows: peers.map(({ url, peer: { name, kind, address, signed, id } }) => {
      return [url, name, kind, address, signed ? "yes" : "no", id];
    }),
  };
}

function servedBlocks(
  { address, store, maxPeers, minRefillCandidates, numPeers, peers }: ServedDirectory,
  now: number,
): Block[] {
  const heading = `Serving on ${address}, kept in ${store}: ${numPeers} of ${maxPeers} peers, refill from ${minRefillCandidates}`;
  return [
    { type: "lines", lines: [heading], isHeading: true },
    {
      type: "table",
      columns: ["Name", "Protocol", "Address", "Expires", "From", "Signed", "ID"],
      rows: peers.map((peer) => [
        peer.name,
        peer.protocol,
        peer.address,
        within(peer.expires, now),
        peer.source,
        peer.signed ? "yes" : "no",
        peer.id,
      ]),
      whenEmpty: "Nobody is registered.",
    },
  ];
}

function within(time: ApiTime | undefined, now: number): string {
  const ms = toMs(time);
  return ms === undefined ? "-" : formatDuration(Math.max(0, ms - now));
}

function listedJson({ id, name, kind, address, timestamp, signed }: ListedPeer) {
  return { id, name, kind, address, timestamp, signed };
}

function answerJson({
  url,
  error,
  maxPeers,
  minRefillCandidates,
  numPeers,
  peers,
  expires,
}: DirectoryAnswer) {
  return {
    url,
    error,
    maxPeers,
    minRefillCandidates,
    numPeers,
    expires: isoTime(expires),
    peers: peers.map(listedJson),
  };
}

function askedJson(each: AskedDirectory) {
  const { url, state, original, reason, id, address, numPeers, maxPeers } = each;
  const times = { since: isoTime(each.since), expires: isoTime(each.expires), next: isoTime(each.next) };
  return {
    url,
    state,
    original,
    reason,
    id,
    address,
    numPeers,
    maxPeers,
    ...times,
    peers: each.peers.map(listedJson),
  };
}

function servedJson(server: ServedDirectory) {
  const { address, store, maxPeers, minRefillCandidates, numPeers } = server;
  const peers = server.peers.map((peer) => {
    const { id, name, address: at, protocol, timestamp, source, signed } = peer;
    return { id, name, address: at, protocol, timestamp, source, signed, expires: isoTime(peer.expires) };
  });
  return { address, store, maxPeers, minRefillCandidates, numPeers, peers };
}
