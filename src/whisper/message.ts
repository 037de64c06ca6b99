import { encodeUtf8 } from "#base/utf8.ts";

/** A whisper message: seed 002's fields as the running peers of the original have them on the wire. */
export interface WhisperMessage {
  /** Globally unique; the original's are 16 hexadecimal digits. Empty when the sender gave none. */
  readonly id: string;
  /** "IP:port" where its author listens; any text, empty when the sender gave none. */
  readonly address: string;
  readonly body: string;
  readonly nick: string;
  /** As sent, because it is part of a hashed ID: seconds (the original) or milliseconds; 0 when unset. */
  readonly timestamp: number;
  /**
   * Our own key "From": the address of the node that wrote it on this very connection. It tells whose connection it is,
   * which Addr cannot (that is the author's). Never forwarded; peers of the original drop unknown keys anyway.
   */
  readonly from: string;
}

export type DecodedMessage = { ok: true; message: WhisperMessage } | { ok: false; error: string };

/**
 * Reads one JSON value as a message. Keys count without regard to case and the last one wins, null is as good as absent
 * and unknown keys are ignored, all as Go's decoder has it; a known key of a wrong type is malformed.
 * The nick is in the key "omitempty" (a slip in the original that became the wire), else in "Nick".
 */
export function decodeMessage(value: unknown): DecodedMessage {
  if (value === null) return { ok: true, message: NO_MESSAGE };
  if (typeof value !== "object" || Array.isArray(value))
    return { ok: false, error: "a message must be an object" };
  const fields = { id: "", addr: "", body: "", nick: "", omitempty: "", from: "" };
  let timestamp = 0;
  for (const key of Object.keys(value)) {
    const name = key.toLowerCase();
    const part = (value as Record<string, unknown>)[key];
    if (part === null) continue;
    if (name === "timestamp") {
      if (!Number.isSafeInteger(part)) return { ok: false, error: "Timestamp must be an integer" };
      timestamp = part as number;
    } else if (name in fields && Object.hasOwn(fields, name)) {
      if (typeof part !== "string") return { ok: false, error: `${key.slice(0, 20)} must be a string` };
      fields[name as keyof typeof fields] = part;
    }
  }
  const { id, addr, body, omitempty, nick, from } = fields;
  return { ok: true, message: { id, address: addr, body, nick: omitempty || nick, timestamp, from } };
}

/** The bytes on the wire: keys in the original's order, both nick keys, a line feed at the end. */
export function encodeMessage({ id, address, body, nick, timestamp, from }: WhisperMessage): Uint8Array {
  const json = { ID: id, Addr: address, Body: body, omitempty: nick, Timestamp: timestamp, Nick: nick };
  return encodeUtf8(`${JSON.stringify(from === "" ? json : { ...json, From: from })}\n`);
}

/**
 * The ID of a message whose bytes begin with it, `{"ID":"…"`, as all known peers write it; undefined when they do not, or
 * when it is longer than `longest` or has escapes or other than ASCII.
 */
export function leadingId(bytes: Uint8Array, longest: number): string | undefined {
  for (let at = 0; at < ID_FIRST.length; at++) if (bytes[at] !== ID_FIRST[at]) return undefined;
  const end = bytes.indexOf(QUOTE, ID_FIRST.length);
  if (end < 0 || end - ID_FIRST.length > longest) return undefined;
  let id = "";
  for (let at = ID_FIRST.length; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === BACKSLASH || byte >= 0x80) return undefined;
    id += String.fromCharCode(byte);
  }
  return id;
}

const ID_FIRST = encodeUtf8('{"ID":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A Timestamp in ms since the Unix epoch, whichever of the two units it came in; 0 when unset or before 1970. */
export function timestampMs(timestamp: number): number {
  if (timestamp <= 0) return 0;
  return timestamp < SECONDS_BELOW ? timestamp * 1_000 : timestamp;
}

/** As seconds this is the year 5138, as milliseconds March 1973: no message is from either. */
const SECONDS_BELOW = 1e11;

const NO_MESSAGE: WhisperMessage = { id: "", address: "", body: "", nick: "", timestamp: 0, from: "" };
