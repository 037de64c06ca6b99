import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { fromHex, toHex } from "#base/hex.ts";

/** One peer of the directory. The first seven are text as the client wrote it, in the original's names. */
export interface Registration {
  readonly id: string;
  readonly name: string;
  readonly ip: string;
  readonly port: string;
  /** "tcp" or "udp" of a member as the original's clients have it, or a kind: "member", "whisper", "mesh". */
  readonly protocol: string;
  readonly status: string;
  /** Seconds since the Unix epoch at which the peer started: of two the lower one is the older. */
  readonly timestamp: string;
  /** ms since the Unix epoch; then it is forgotten. */
  readonly expires: number;
  /** The IP address that the registration came from. */
  readonly source: string;
  /** The client comes again before it expires; the original's clients never do. */
  readonly renews: boolean;
  readonly signed?: Signed;
}

/** What listens at a registered address. */
export type RegisteredKind = "member" | "whisper" | "mesh";

/** What stands behind a protocol: the original's clients are members, and say how they are dialled. */
export function kindOf(protocol: string): RegisteredKind | undefined {
  const word = protocol.toLowerCase();
  if (word === "tcp" || word === "udp") return "member";
  return word === "member" || word === "whisper" || word === "mesh" ? word : undefined;
}

/** What a signature vouches for. */
export interface Signed {
  /** Hex of an Ed25519 key: only its owner changes or removes the registration. */
  readonly publicKey: string;
  readonly sequence: number;
  /** Hex of the whole announcement, for whoever asks. */
  readonly announcement: string;
}

/** How many peers the directory keeps, in the original's words. */
export interface DirectorySettings {
  readonly maxPeers: number;
  readonly minRefillCandidates: number;
}

/** Where the store keeps a peer: any id becomes a word of digits and letters. */
export function keyOf(id: string): string {
  return `peer-${toHex(encodeUtf8(id))}`;
}

/** The id of a key; undefined when it is none of a peer. */
export function idOf(key: string): string | undefined {
  const bytes = key.startsWith("peer-") ? fromHex(key.slice(5)) : undefined;
  return bytes && decodeUtf8(bytes);
}

/** Where the store keeps the settings. */
export const SETTINGS_KEY = "settings";

/** What the store keeps of a peer. */
export function encodeRegistration(registration: Registration): string {
  return JSON.stringify(registration);
}

/** Undefined for what no version of ours has written. */
export function decodeRegistration(text: string): Registration | undefined {
  const value = parseObject(text);
  if (!value) return undefined;
  const texts = ["id", "name", "ip", "port", "protocol", "status", "timestamp", "source"];
  if (texts.some((field) => typeof value[field] !== "string")) return undefined;
  if (typeof value["expires"] !== "number" || typeof value["renews"] !== "boolean") return undefined;
  const signed = value["signed"] as Signed | undefined;
  if (signed !== undefined) {
    if (typeof signed?.publicKey !== "string" || typeof signed.announcement !== "string") return undefined;
    if (typeof signed.sequence !== "number") return undefined;
  }
  return value as unknown as Registration;
}

/** What the store keeps of the settings. */
export function encodeSettings(settings: DirectorySettings): string {
  return JSON.stringify(settings);
}

/** Undefined for what no version of ours has written. */
export function decodeSettings(text: string): DirectorySettings | undefined {
  const value = parseObject(text);
  const maxPeers = value?.["maxPeers"];
  const minRefillCandidates = value?.["minRefillCandidates"];
  if (typeof maxPeers !== "number" || typeof minRefillCandidates !== "number") return undefined;
  return { maxPeers, minRefillCandidates };
}

/** The fields of a JSON object; undefined for any other text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
