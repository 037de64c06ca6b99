import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { Random } from "#base/random.ts";
import type { Fact, FactValue } from "#packet/codec.ts";
import { coded, list } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { lossless, type Reading } from "#wire/lossless.ts";

/** What one whispering gopher says to another. */
export interface WhisperValue {
  /** The original's are 16 hexadecimal digits. */
  readonly id: string;
  /** "IP:port" where the author listens. */
  readonly address: string;
  readonly body: string;
  readonly nick: string;
  /** As sent: seconds since 1970 from the original, milliseconds by its specification; 0 when unset. */
  readonly timestamp: number;
  /**
   * Parley's own key: the address of the node that wrote it on this connection, "" when it does not say. Absent in the
   * original's messages, which have neither this key nor "Nick".
   */
  readonly from?: string;
}

/** JSON nesting in a message; one needs a single level. */
const MOST_DEPTH = 32;

const FACTS: readonly (Fact & { readonly of: keyof WhisperValue })[] = [
  { query: "whisper.id", type: "text", title: "ID", of: "id" },
  { query: "whisper.addr", type: "text", title: "Author's address", of: "address" },
  { query: "whisper.body", type: "text", title: "Body", of: "body" },
  { query: "whisper.nick", type: "text", title: "Nick", of: "nick" },
  { query: "whisper.timestamp", type: "number", title: "Timestamp", of: "timestamp" },
  { query: "whisper.from", type: "text", title: "Sender's address", of: "from" },
];

/**
 * One JSON object with the blanks around it. A segment may begin and end inside a message: those bytes are left as they
 * are, up to a line feed, which all known peers write behind each message.
 */
const whisperCodec = lossless<WhisperValue>({
  name: "whisper",
  initial: { id: "", address: "", body: "", nick: "", timestamp: 0 },
  read: readMessage,
  write: writeMessage,
  random: randomMessage,
  show: whisperText,
  facts: FACTS,
  found: (value, take) => {
    for (const { query, of } of FACTS) {
      const part: FactValue | undefined = value[of];
      if (part !== undefined && part !== "" && part !== 0) take(query, part);
    }
  },
});

/** Whispering gophers: everybody tells everybody what somebody said. One JSON object after the other, unframed. */
export const Whisper = message("whisper", {
  title: "Whispering gophers",
  label: "Whisper",
  fields: { messages: list(coded(whisperCodec)) },
  on: { "tcp.port": 55_555 },
  info: ({ messages }) => {
    const whole = messages.flatMap((each) => (each instanceof Uint8Array ? [] : [each]));
    const [first] = whole;
    if (!first) return messages.length > 0 ? "part of a message" : "";
    const text = whisperText(first);
    const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
    return whole.length === 1 ? shown : `${whole.length} messages, ${shown}`;
  },
});

/** Of what somebody said, so much fits a line. */
const MOST_SHOWN = 80;

function whisperText({ nick, address, body }: WhisperValue): string {
  return `${nick === "" ? address : nick}: ${body}`;
}

function readMessage(bytes: Uint8Array, at: number, end: number): Reading<WhisperValue> {
  const start = afterBlanks(bytes, at, end);
  if (start === end) return { ok: false, end };
  if (bytes[start] !== OPEN_BRACE) return { ok: false, end: afterLine(bytes, start, end) };
  const stop = endOfObject(bytes, start, end);
  if (stop === undefined) return { ok: false, end };
  if (stop === "deep")
    return { ok: false, end: afterLine(bytes, start, end), problem: `nested deeper than ${MOST_DEPTH}` };
  const after = afterBlanks(bytes, stop, end);
  const found = valueOf(decodeUtf8(bytes, start, stop));
  return typeof found === "string"
    ? { ok: false, end: after, problem: found }
    : { ok: true, end: after, ...found };
}

function afterBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at]!)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === LINE_FEED || byte === 0x0d || byte === 0x09;
}

/** Where the next line starts. */
function afterLine(bytes: Uint8Array, from: number, end: number): number {
  const at = bytes.subarray(from, end).indexOf(LINE_FEED);
  return at < 0 ? end : from + at + 1;
}

/** Where the object ends that starts at `from`: behind its brace; undefined when it goes on behind `end`. */
function endOfObject(bytes: Uint8Array, from: number, end: number): number | "deep" | undefined {
  let depth = 0;
  let inText = false;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MOST_DEPTH) return "deep";
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return undefined;
}

/** The message that the text of an object says, or what is wrong with it. */
function valueOf(json: string): string | { readonly value: WhisperValue; readonly problem?: string } {
  let parsed: Readonly<Record<string, unknown>>;
  try {
    parsed = JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return "not JSON";
  }
  const texts: Record<string, string> = { id: "", addr: "", body: "", omitempty: "", nick: "", from: "" };
  let timestamp = 0;
  let ours = false;
  for (const [key, part] of Object.entries(parsed)) {
    const name = key.toLowerCase(); // Go matches keys without regard to case
    if (part === null) continue;
    if (name === "timestamp") {
      if (!Number.isSafeInteger(part)) return "Timestamp must be an integer";
      timestamp = part as number;
    } else if (Object.hasOwn(texts, name)) {
      if (typeof part !== "string") return `${key} must be a string`;
      texts[name] = part;
      ours ||= name === "nick" || name === "from";
    }
  }
  const { id = "", addr = "", body = "", omitempty = "", nick = "", from = "" } = texts;
  const value = { id, address: addr, body, nick: omitempty || nick, timestamp, ...(ours && { from }) };
  return body === "" ? { value, problem: "no Body, which crashes the original" } : { value };
}

/** The original's JSON, or Parley's, which has two more keys and escapes less. */
function writeMessage({ id, address, body, nick, timestamp, from }: WhisperValue): Uint8Array {
  if (!Number.isSafeInteger(timestamp)) throw new TypeError("whisper.timestamp takes an integer");
  const json = { ID: id, Addr: address, Body: body, omitempty: nick, Timestamp: timestamp };
  if (from === undefined) return encodeUtf8(`${asGo(JSON.stringify(json))}\n`);
  const own = { ...json, Nick: nick, ...(from !== "" && { From: from }) };
  return encodeUtf8(`${JSON.stringify(own)}\n`);
}

/** What Go's encoder escapes beyond JSON.stringify: what HTML or JavaScript could mistake, and two controls otherwise. */
function asGo(json: string): string {
  const escaped = json.replaceAll(/[<>&\u2028\u2029]/g, (each) => unicodeEscape(each.charCodeAt(0)));
  return escaped.replaceAll(/\\(.)/g, (pair, letter: string) => {
    if (letter === "b") return unicodeEscape(0x08);
    return letter === "f" ? unicodeEscape(0x0c) : pair;
  });
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function randomMessage(random: Random): WhisperValue {
  const letters = ["a", " ", "é", "\u{1f600}", "<", "&", '"', "\\", "\n", "\b", "\u2028", "}"];
  const text = (): string =>
    Array.from({ length: 1 + random.below(9) }, () => letters[random.below(letters.length)]).join("");
  const value = { id: random.hex(16), address: "192.0.2.1:55555", body: text(), nick: text() };
  const timestamp = random.next();
  const kind = random.below(3);
  return { ...value, timestamp, ...(kind > 0 && { from: kind === 1 ? "" : "192.0.2.2:55555" }) };
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
