// From the directory's views to the messages of parley.v1.

import { create } from "@bufbuild/protobuf";
import { timestampOf } from "#api/convert-time.ts";
import { AskDirectoryResponseSchema, GetDirectoryResponseSchema } from "#api/gen/parley/v1/directory_pb.ts";
import type {
  DirectoryApi,
  DirectoryClientView,
  DirectoryResult,
  DirectoryServerView,
} from "#services/directory-api.ts";

export function directoryMessage(api: Pick<DirectoryApi, "server" | "clients">) {
  const server = api.server();
  return create(GetDirectoryResponseSchema, {
    ...(server && { server: serverMessage(server) }),
    directories: api.clients().map(clientMessage),
  });
}

export function resultsMessage(results: readonly DirectoryResult[]) {
  return create(AskDirectoryResponseSchema, {
    answers: results.map(({ url, error, listing }) => ({
      url,
      error,
      maxPeers: listing?.settings.maxPeers ?? 0,
      minRefillCandidates: listing?.settings.minRefillCandidates ?? 0,
      numPeers: listing?.numPeers ?? 0,
      peers: (listing?.peers ?? []).map(listedMessage),
      ...timeOf("expires", listing?.expires === undefined ? undefined : listing.expires * 1_000),
    })),
  });
}

function serverMessage({ peers, counters, ...view }: DirectoryServerView) {
  return {
    ...view,
    numPeers: peers.length,
    peers: peers.slice(0, MOST_PEERS).map(({ expires, isSigned, ...peer }) => {
      return { ...peer, signed: isSigned, ...timeOf("expires", expires) };
    }),
    counters: [...counters]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => ({ name, count: BigInt(count) })),
  };
}

function clientMessage({ isOriginal, since, expires, nextAt, peers, ...view }: DirectoryClientView) {
  return {
    ...view,
    original: isOriginal,
    peers: peers.map(listedMessage),
    ...timeOf("since", since),
    ...timeOf("expires", expires),
    ...timeOf("next", nextAt),
  };
}

function listedMessage({ announcement, ...peer }: DirectoryClientView["peers"][number]) {
  return { ...peer, signed: announcement !== undefined };
}

function timeOf<Name extends string>(name: Name, ms: number | undefined) {
  const time = timestampOf(ms);
  return (time && { [name]: time }) as { [N in Name]?: NonNullable<typeof time> } | undefined;
}

/** Each some 200 bytes: well below what gRPC clients accept. */
const MOST_PEERS = 1_000;
