import { parseEndpoint, formatEndpoint } from "#base/endpoint.ts";
import { parseAddress } from "#base/address.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { fromHex, toHex } from "#base/hex.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import { kindOf, parseObject, type DirectorySettings, type Registration } from "#directory/registration.ts";

/** What somebody asks a directory over HTTP. */
export interface DirectoryRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  /** IP address that it came from. */
  readonly source: string;
}

export type OperationType = "join" | "refill" | "leave" | "list" | "reset" | "ping" | "config";

/** A request that was understood. `isOriginal`: in the original's words, and so is to be answered. */
export type Operation = { readonly isOriginal: boolean } & (
  | { readonly type: "join" | "refill"; readonly peer: Registration; readonly listed: number }
  | { readonly type: "leave"; readonly id: string; readonly publicKey: string | undefined }
  | { readonly type: "list"; readonly listed: number }
  | { readonly type: "config"; readonly settings: DirectorySettings }
  | { readonly type: "reset" | "ping" }
);

/** A request that is not carried out. */
export interface Refusal {
  readonly status: number;
  /** For a counter: "arguments", "field", "signature", …. */
  readonly reason: string;
  readonly text: string;
}

/** What an announcement of a node says; undefined when it is none, is signed wrong or is out of date. */
export type ReadAnnouncement = (bytes: Uint8Array) => AnnouncedNode | undefined;

export interface AnnouncedNode {
  readonly publicKey: Uint8Array;
  /** The key as people compare it: the id of what it registers, so that a key has one registration and nobody else's id. */
  readonly fingerprint: string;
  readonly name: string;
  readonly sequence: number;
  /** Seconds since the Unix epoch. */
  readonly expires: number;
  /** `kind`: "member", "whisper", "mesh"; `address`: "IP:port". */
  readonly services: readonly { readonly kind: string; readonly address: string }[];
}

/** What a server needs to know to understand requests. */
export interface RequestRules {
  readonly readAnnouncement: ReadAnnouncement;
  verify(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
  /** How long a peer stays that says it will renew, and one that does not; ms. */
  readonly expiryMs: number;
  readonly unrenewedMs: number;
}

/** Understands a request at `now`, ms since the Unix epoch. */
export function readRequest(
  request: DirectoryRequest,
  rules: RequestRules,
  now: number,
): Operation | Refusal {
  const found = PATHS.get(request.path);
  if (!found) return { status: 404, reason: "path", text: "404 page not found" };
  const { type, isOriginal } = found;
  if (request.method !== "POST" && !(request.method === "GET" && (isOriginal || type === "list")))
    return { status: 405, reason: "method", text: "use POST" };
  return isOriginal
    ? readOriginal(type, decodeUtf8(request.body), request.source, now + rules.unrenewedMs)
    : readJson(type, request, rules, now);
}

export function isRefusal(read: Operation | Refusal): read is Refusal {
  return "status" in read;
}

/** The bodies of the original: words with single spaces between them, of which one may be empty. */
function readOriginal(
  type: OperationType,
  body: string,
  source: string,
  expires: number,
): Operation | Refusal {
  const words = body.replace(/\r?\n$/, "").split(" ");
  switch (type) {
    case "join":
    case "refill": {
      if (words.length < 7) return NOT_ENOUGH;
      const [id, name, ip, port, protocol, status, timestamp] = words as [string, ...string[]];
      return peerOperation(
        {
          id,
          name: name!,
          ip: ip!,
          port: port!,
          protocol: protocol!,
          status: status!,
          timestamp: timestamp!,
        },
        (fields) => ({
          type,
          isOriginal: true,
          listed: Infinity,
          peer: { ...fields, expires, source, renews: false },
        }),
      );
    }
    case "leave":
      return { type, isOriginal: true, id: words[0]!, publicKey: undefined };
    case "config": {
      if (words.length < 2) return NOT_ENOUGH;
      const settings = settingsOf(words[0]!, words[1]!);
      return "status" in settings ? settings : { type, isOriginal: true, settings };
    }
    case "list":
      return { type, isOriginal: true, listed: Infinity };
    default:
      return { type, isOriginal: true };
  }
}

function settingsOf(maxPeers: string, minRefillCandidates: string): DirectorySettings | Refusal {
  const numbers = [maxPeers, minRefillCandidates];
  const wrong = numbers.findIndex((text) => !/^[+-]?\d{1,9}$/.test(text));
  if (wrong >= 0) {
    const which = wrong === 0 ? "first" : "second";
    return {
      status: 500,
      reason: "arguments",
      text: `${which} argument ${JSON.stringify(numbers[wrong]!.slice(0, 24))} is not a number`,
    };
  }
  return checkedSettings(Number(maxPeers), Number(minRefillCandidates));
}

function checkedSettings(maxPeers: number, minRefillCandidates: number): DirectorySettings | Refusal {
  const isInRange = [maxPeers, minRefillCandidates].every(
    (each) => each >= 0 && each <= DIRECTORY_LIMITS.peers,
  );
  if (isInRange) return { maxPeers, minRefillCandidates };
  return {
    status: 400,
    reason: "settings",
    text: `both numbers must be from 0 to ${DIRECTORY_LIMITS.peers}`,
  };
}

function readJson(
  type: OperationType,
  request: DirectoryRequest,
  rules: RequestRules,
  now: number,
): Operation | Refusal {
  if (type === "list") {
    const text = /(?:^|&)limit=(\d{1,6})(?:&|$)/.exec(request.query)?.[1];
    return { type, isOriginal: false, listed: text === undefined ? DIRECTORY_LIMITS.listed : Number(text) };
  }
  if (type === "reset" || type === "ping") return { type, isOriginal: false };
  const value = parseObject(decodeUtf8(request.body));
  if (!value) return { status: 400, reason: "json", text: "the body is no JSON object" };
  if (type === "config") {
    const { maxPeers, minRefillCandidates } = value;
    if (!Number.isInteger(maxPeers) || !Number.isInteger(minRefillCandidates))
      return {
        status: 400,
        reason: "settings",
        text: "maxPeers and minRefillCandidates must be whole numbers",
      };
    const settings = checkedSettings(maxPeers as number, minRefillCandidates as number);
    return "status" in settings ? settings : { type, isOriginal: false, settings };
  }
  return type === "leave"
    ? readLeave(value, rules, now)
    : readRegistration(type, value, request.source, rules, now);
}

function readRegistration(
  type: "join" | "refill",
  value: Readonly<Record<string, unknown>>,
  source: string,
  rules: RequestRules,
  now: number,
): Operation | Refusal {
  const texts = Object.fromEntries(FIELDS.map((field) => [field, value[field] ?? ""]));
  const wrong = FIELDS.find((field) => typeof texts[field] !== "string");
  if (wrong !== undefined) return { status: 400, reason: "field", text: `${wrong} must be text` };
  const listed = value["limit"] ?? DIRECTORY_LIMITS.listed;
  if (typeof listed !== "number" || !(listed >= 0))
    return { status: 400, reason: "field", text: "limit must be a number" };
  if (value["announcement"] === undefined) {
    return peerOperation(texts as unknown as PeerFields, (fields) => {
      const peer = { ...fields, expires: now + rules.expiryMs, source, renews: true };
      return { type, isOriginal: false, listed, peer };
    });
  }
  const node = announced(value["announcement"], rules);
  if (!node) return unsigned("the announcement is not signed as it must be, or is out of date");
  // What the signature covers is taken from it: an announcement is public, and anybody can send it with other words.
  const fields = { ...(texts as unknown as PeerFields), name: node.name };
  return peerOperation(fields, () => {
    if (fields.id !== node.fingerprint)
      return unsigned(`the id must be ${node.fingerprint}, the key's fingerprint`);
    const address = formatEndpoint(parseEndpoint(bracketed(fields))!);
    const kind = kindOf(fields.protocol);
    if (!node.services.some((each) => each.kind === kind && each.address === address))
      return unsigned(`the announcement does not name ${fields.protocol} at ${address}`);
    const signed = {
      publicKey: toHex(node.publicKey),
      sequence: node.sequence,
      announcement: (value["announcement"] as string).toLowerCase(),
    };
    const expires = Math.min(now + rules.expiryMs, node.expires * 1_000);
    return { type, isOriginal: false, listed, peer: { ...fields, expires, source, renews: true, signed } };
  });
}

function unsigned(text: string): Refusal {
  return { status: 403, reason: "signature", text };
}

function announced(hex: unknown, rules: RequestRules): AnnouncedNode | undefined {
  if (typeof hex !== "string" || hex.length > 2 * DIRECTORY_LIMITS.announcementBytes) return undefined;
  const bytes = fromHex(hex);
  return bytes && rules.readAnnouncement(bytes);
}

/** Who removes a signed registration signs that he means it, and until when it holds, so that nobody can say it again. */
function readLeave(
  value: Readonly<Record<string, unknown>>,
  rules: RequestRules,
  now: number,
): Operation | Refusal {
  const { id, publicKey, until, signature } = value;
  if (typeof id !== "string") return { status: 400, reason: "field", text: "id must be text" };
  if (publicKey === undefined) return { type: "leave", isOriginal: false, id, publicKey: undefined };
  const key = typeof publicKey === "string" ? fromHex(publicKey) : undefined;
  const proof = typeof signature === "string" ? fromHex(signature) : undefined;
  const isFresh =
    typeof until === "number" && until * 1_000 >= now && until * 1_000 <= now + LONGEST_PROOF_MS;
  if (key && proof && isFresh && rules.verify(key, leaveStatement(id, until), proof))
    return { type: "leave", isOriginal: false, id, publicKey: toHex(key) };
  return unsigned("the signature does not fit, or its time is over");
}

/** What a node signs to leave: until so many seconds since the Unix epoch whoever has it may remove the registration. */
export function leaveStatement(id: string, until: number): Uint8Array {
  return encodeUtf8(`parley directory leave ${until} ${id}`);
}

type PeerFields = Pick<Registration, "id" | "name" | "ip" | "port" | "protocol" | "status" | "timestamp">;

function peerOperation(
  fields: PeerFields,
  make: (fields: PeerFields) => Operation | Refusal,
): Operation | Refusal {
  const wrong = wrongField(fields);
  return wrong === undefined ? make(fields) : { status: 400, reason: "field", text: wrong };
}

/** What makes a registration useless or harmful for those who will read it; undefined when nothing does. */
function wrongField(fields: PeerFields): string | undefined {
  const { idLength, nameLength, ipLength, wordLength } = DIRECTORY_LIMITS;
  if (fields.id === "") return "the id is empty";
  const most = {
    id: idLength,
    name: nameLength,
    ip: ipLength,
    port: 5,
    protocol: wordLength,
    status: wordLength,
    timestamp: wordLength,
  };
  for (const field of FIELDS) {
    if (fields[field].length > most[field]) return `the ${field} has more than ${most[field]} characters`;
    if (UNPRINTABLE.test(fields[field])) return `the ${field} has characters that nobody can see`;
  }
  if (!parseAddress(fields.ip)) return "the ip is no IP address";
  if (!/^\d{1,5}$/.test(fields.port) || Number(fields.port) > 65_535) return "the port is none";
  return undefined;
}

function bracketed({ ip, port }: PeerFields): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const FIELDS = ["id", "name", "ip", "port", "protocol", "status", "timestamp"] as const;
/** Control characters, what reorders text, and halves of characters, which no UTF-8 keeps: the store would have another id. */
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/u;
/** The original's word for it, and its status. */
const NOT_ENOUGH: Refusal = {
  status: 500,
  reason: "arguments",
  text: "error: request has not enough arguments",
};
/** A proof to leave is used at once; longer ones would only be worth stealing. */
const LONGEST_PROOF_MS = 600_000;

const TYPES = ["join", "refill", "leave", "list", "reset", "ping", "config"] as const;
const PATHS = new Map<string, { readonly type: OperationType; readonly isOriginal: boolean }>();
for (const type of TYPES) {
  PATHS.set(`/${type}`, { type, isOriginal: true });
  PATHS.set(`/v1/${type}`, { type, isOriginal: false });
}
