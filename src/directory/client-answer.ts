import { parseAddress, formatAddress, unmapAddress } from "#base/address.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import { fromHex } from "#base/hex.ts";
import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import { kindOf, parseObject, type DirectorySettings, type RegisteredKind } from "#directory/registration.ts";

/** A peer as a directory lists it, checked: the directory may be anybody's. */
export interface ListedPeer {
  readonly id: string;
  readonly name: string;
  readonly kind: RegisteredKind;
  /** "IP:port". */
  readonly address: string;
  readonly timestamp: string;
  /** Signed, but not checked here. */
  readonly announcement?: Uint8Array;
}

/** What a directory answers to join, refill, leave, list and reset. */
export interface Listing {
  readonly settings: DirectorySettings;
  readonly numPeers: number;
  readonly peers: readonly ListedPeer[];
  /** Entries of the list that were of no use. */
  readonly unusable: number;
  /** Seconds since the Unix epoch: so long our registration stays without a renewal. Undefined: not told. */
  readonly expires: number | undefined;
  /** The same as seconds from now: clocks differ. */
  readonly expiresIn: number | undefined;
}

/** Reads an answer of the original's API, or of the JSON API; undefined for what is neither. Never throws. */
export function readListing(text: string): Listing | undefined {
  const value = parseObject(text);
  const config = objectOf(value?.["Config"] ?? value?.["config"]);
  if (!value || !config) return undefined;
  const isOriginal = value["Config"] !== undefined;
  const listed = isOriginal ? Object.values(objectOf(value["Peers"]) ?? {}) : (value["peers"] ?? []);
  if (!Array.isArray(listed)) return undefined;
  const peers = listed.slice(0, DIRECTORY_LIMITS.taken).flatMap((each) => peerOf(objectOf(each)) ?? []);
  // The original leaves out numbers that are 0.
  const number = (original: string, own: string) => numberOf(config[isOriginal ? original : own]) ?? 0;
  return {
    settings: {
      maxPeers: number("maxpeers", "maxPeers"),
      minRefillCandidates: number("minrefillcandidates", "minRefillCandidates"),
    },
    numPeers: number("numpeers", "numPeers"),
    peers,
    unusable: listed.length - peers.length,
    expires: numberOf(value["expires"]),
    expiresIn: numberOf(value["expiresIn"]),
  };
}

function peerOf(value: Readonly<Record<string, unknown>> | undefined): ListedPeer | undefined {
  if (!value) return undefined;
  const text = (field: string, most: number): string => {
    const found = value[field];
    return typeof found === "string" ? found.slice(0, most) : "";
  };
  const parsed = parseAddress(text("ip", DIRECTORY_LIMITS.ipLength));
  const digits = text("port", 6);
  if (!parsed || !/^\d{1,5}$/.test(digits) || Number(digits) > 65_535) return undefined;
  const kind = kindOf(text("protocol", DIRECTORY_LIMITS.wordLength));
  if (!kind) return undefined;
  const announcement = fromHex(text("announcement", 2 * DIRECTORY_LIMITS.announcementBytes));
  return {
    id: text("id", DIRECTORY_LIMITS.idLength),
    name: text("name", DIRECTORY_LIMITS.nameLength),
    kind,
    address: formatEndpoint({ host: formatAddress(unmapAddress(parsed)), port: Number(digits) }),
    timestamp: text("timestamp", DIRECTORY_LIMITS.wordLength),
    ...(announcement && announcement.length > 0 && { announcement }),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A number of peers or of seconds: whatever else a server says, nobody shows or waits for. */
function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST
    ? value
    : undefined;
}

/** What parley.v1 has for numbers of peers (uint32); as seconds since the Unix epoch the year 2106. */
const LARGEST = 0xffff_ffff;
