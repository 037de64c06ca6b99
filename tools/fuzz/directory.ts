import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { answerTo, refusalAnswer } from "#directory/answer.ts";
import { readListing } from "#directory/client-answer.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import { encodeRegistration, keyOf, type Registration } from "#directory/registration.ts";
import { isRefusal, readRequest, type Operation, type RequestRules } from "#directory/request.ts";
import { configure, join, leave, refill, reset, type Decision } from "#directory/rules.ts";
import { DirectoryTable } from "#directory/table.ts";
import { must, type Target } from "./target.ts";

/** An input is the path's number, and the body. */
const PATHS = [
  "/join",
  "/refill",
  "/leave",
  "/config",
  "/reset",
  "/list",
  "/v1/join",
  "/v1/refill",
  "/v1/leave",
  "/v1/config",
];
const NOW = 1_700_000_000_000;
const ROOM = 3;

/** Announcements begin with "P" and have their key behind it, signatures are their data's length. */
const RULES: RequestRules = {
  expiryMs: 300_000,
  unrenewedMs: 3_600_000,
  verify: (_key, data, signature) => signature.length === data.length % 64,
  readAnnouncement: (bytes) =>
    bytes[0] === 0x50
      ? {
          publicKey: bytes.slice(1, 3),
          fingerprint: `key${bytes[1] ?? 0}`,
          name: decodeUtf8(bytes.subarray(4)),
          sequence: bytes[3] ?? 0,
          expires: NOW / 1_000 + 60,
          services: [{ kind: "member", address: "192.0.2.1:1" }],
        }
      : undefined,
};

const OWNED: Registration = {
  id: "owned",
  name: "owned",
  ip: "192.0.2.1",
  port: "1",
  protocol: "tcp",
  status: "0",
  timestamp: "0",
  expires: NOW + 1,
  source: "192.0.2.1",
  renews: true,
  signed: { publicKey: "ffff", sequence: 9, announcement: "50ffff09" },
};

/** Bodies of a directory's requests, in the original's words and in JSON, and lists that a server sends. */
export function directoryTarget(): Target {
  return {
    name: "directory",
    longest: 2_048,
    seeds: () => [
      ...[0, 1].map((path) => inputOf(path, "uuid1 alice 127.0.0.1 22365 tcp 0 1557509975")),
      inputOf(1, "a b ::1 1 udp  9"),
      inputOf(2, "owned"),
      inputOf(3, "2 2"),
      inputOf(
        6,
        JSON.stringify({
          id: "key1",
          ip: "192.0.2.1",
          port: "1",
          protocol: "tcp",
          announcement: "5001020304",
        }),
      ),
      inputOf(
        8,
        JSON.stringify({ id: "owned", publicKey: "ffff", until: NOW / 1_000 + 60, signature: "00" }),
      ),
      inputOf(9, JSON.stringify({ maxPeers: 3, minRefillCandidates: 1 })),
      inputOf(
        5,
        '{"Config":{"maxpeers":2},"Peers":{"a":{"id":"a","ip":"192.0.2.1","port":"1","protocol":"tcp"}}}',
      ),
    ],
    run(input) {
      const path = PATHS[(input[0] ?? 0) % PATHS.length]!;
      const body = input.subarray(1);
      checkListing(decodeUtf8(body));
      const asked = {
        method: "POST",
        path,
        query: decodeUtf8(body.subarray(0, 40)),
        body,
        source: "192.0.2.1",
      };
      const read = readRequest(asked, RULES, NOW);
      if (isRefusal(read)) {
        must([400, 403, 500].includes(read.status), "refused with another status", read);
        must(refusalAnswer(read, true).body.length < 1_000, "a refusal is longer than what it refuses");
        return `${path} ${read.reason}`;
      }
      return `${path} ${carryOut(read)}`;
    },
  };
}

function carryOut(operation: Operation): string {
  const table = new DirectoryTable({ maxPeers: ROOM, minRefillCandidates: 1 });
  for (const peer of [OWNED, { ...OWNED, id: "a", timestamp: "1" }, { ...OWNED, id: "z", timestamp: "5" }])
    table.apply({ key: keyOf(peer.id), value: encodeRegistration(peer) });
  const { changes, outcome } = decide(table, operation);
  for (const change of changes) {
    const before = table.valueAt(change.key);
    table.apply(change);
    must(table.valueAt(change.key) === change.value, "the table has another value", change);
    table.apply({ key: change.key, value: before });
    must(table.valueAt(change.key) === before, "a change cannot be taken back", change);
    table.apply(change);
  }
  must(table.damaged === 0, "what was written cannot be read", changes);
  must(table.peers.size <= ROOM, "more peers than there is room for");
  const isOwner =
    operation.type === "leave"
      ? operation.publicKey === "ffff"
      : "peer" in operation && operation.peer.signed?.publicKey === "ffff";
  const isKept = isOwner || outcome === "replaced" || operation.type === "reset";
  must(
    isKept || table.peers.get("owned")?.signed?.sequence === 9,
    "somebody else's registration was changed",
    operation,
  );
  const { body } = answerTo(operation, outcome, table, () => 0, NOW);
  if (operation.type !== "ping" && outcome !== "refused") {
    const listing = readListing(body);
    must(listing !== undefined, "our own answer is not read", body);
    must(!operation.isOriginal || listing.numPeers === table.peers.size, "peers that are not listed", body);
  }
  return outcome;
}

function decide(table: DirectoryTable, operation: Operation): Decision {
  switch (operation.type) {
    case "join":
      return join(table, operation.peer);
    case "refill":
      return refill(table, operation.peer);
    case "leave":
      return leave(table, operation.id, operation.publicKey);
    case "reset":
      return reset(table);
    case "config":
      return configure(operation.settings);
    default:
      return { changes: [], outcome: "unchanged" };
  }
}

function checkListing(text: string): void {
  const listing = readListing(text);
  for (const peer of listing?.peers ?? []) {
    must(/^(\[[\da-f:.]+(%[\w.-]+)?\]|[\d.]+):\d{1,5}$/.test(peer.address), "an address that is none", peer);
    must(peer.id.length <= DIRECTORY_LIMITS.idLength, "an id beyond the limit", peer);
  }
}

function inputOf(path: number, body: string): Uint8Array {
  return Uint8Array.of(path, ...encodeUtf8(body));
}
