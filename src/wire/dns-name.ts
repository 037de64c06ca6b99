import type { Random } from "#base/random.ts";
import type { Codec, CodecResult, Fact, FactValue } from "#packet/codec.ts";
import { coded, type Field } from "#packet/field.ts";
import { readText, textBytes } from "#packet/primitive.ts";

/** A name as a message holds it: what it says, and how it was written. */
export interface DnsName {
  /** Labels joined by dots, without one at the end; "" is the root. Escapes are those of RFC 1035 5.1. */
  readonly text: string;
  /** So many labels stand here, and the others there where `pointer` says. Absent: all of them stand here. */
  readonly own?: number;
  /** Bytes from the start of the message. */
  readonly pointer?: number;
}

/**
 * Marks the owner's name of an SRV record, which queries see in three parts; what a record is stands behind its name.
 * It tells nothing that the record does not, so values are equal with and without it.
 */
const OF_SERVICE = Symbol("the name of a service");
const SRV = 33;

/** What emit takes: a text is compressed where that is allowed. */
export type GivenName = DnsName | string;

/** RFC 1035 2.3.4, with the length bytes and the root's. */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
/** A name of so many labels cannot have more pointers that serve a purpose; without a limit long chains cost time. */
const MOST_POINTERS = 128;
/** Pointers have 14 bits. */
const POINTER_LIMIT = 0x4000;

/**
 * Reads a name from `at`, at most to `end`; pointers count from `start`. A pointer has to lead to before the place
 * where the labels that it ends began, so that reading comes to an end.
 */
export function readName(bytes: Uint8Array, at: number, end: number, start: number): CodecResult<DnsName> {
  let text = "";
  let labels = 0;
  let size = 1;
  let pointer: number | undefined;
  let own = 0;
  let pointers = 0;
  let next = -1;
  let runStart = at;
  let here = at;
  for (;;) {
    if (here >= end) return { error: "the name has no end", at: here };
    const length = bytes[here]!;
    if (length === 0) break;
    if (length >= 0xc0) {
      if (here + 2 > end) return { error: "the name's pointer is cut off", at: here };
      const target = ((length & 0x3f) << 8) | bytes[here + 1]!;
      if (++pointers > MOST_POINTERS) return { error: `more than ${MOST_POINTERS} pointers`, at: here };
      if (start + target >= runStart) return { error: "a pointer that does not lead back", at: here };
      if (next < 0) {
        pointer = target;
        own = labels;
        next = here + 2;
        // What a pointer leads to was there before, whatever the region of the field that holds it.
        end = here;
      }
      text = joined(text, runText(bytes, runStart, here));
      here = runStart = start + target;
      continue;
    }
    if (length > LONGEST_LABEL) return { error: `a label of type ${length >> 6}`, at: here };
    size += length + 1;
    if (size > LONGEST_NAME) return { error: `a name of more than ${LONGEST_NAME} bytes`, at };
    if (here + 1 + length > end) return { error: "the name has no end", at: here };
    labels++;
    here += length + 1;
  }
  text = joined(text, runText(bytes, runStart, here));
  if (pointer === undefined) return { value: { text }, next: here + 1 };
  return { value: { text, own, pointer }, next };
}

function joined(before: string, after: string): string {
  if (before === "") return after;
  return after === "" ? before : `${before}.${after}`;
}

/*
 * Texts of labels that stand together are remembered: a capture has few names and many packets. Direct-mapped, so the
 * memory is bounded and a flood of random names only misses.
 */
const CACHED = 16_384;
const MOST_CACHED = 64;
const runTexts: string[] = new Array<string>(CACHED).fill("");
const runSizes = new Uint8Array(CACHED);
const runBytes = new Uint8Array(CACHED * MOST_CACHED);

/** The text of the labels from `from` to `to`, which has to be the end of one. */
function runText(bytes: Uint8Array, from: number, to: number): string {
  const size = to - from;
  if (size === 0) return "";
  if (size > MOST_CACHED) return labelsText(bytes, from, to);
  const slot = runHash(bytes, from, to) >>> 18;
  const known = slot * MOST_CACHED;
  if (runSizes[slot] === size) {
    let same = 0;
    while (same < size && runBytes[known + same] === bytes[from + same]) same++;
    if (same === size) return runTexts[slot]!;
  }
  for (let i = 0; i < size; i++) runBytes[known + i] = bytes[from + i]!;
  runSizes[slot] = size;
  return (runTexts[slot] = labelsText(bytes, from, to));
}

/** Four bytes at a time: multiplications wait for each other. */
function runHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ (hash >>> 15) ^ word, 0x9e3779b1);
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (hash >>> 15) ^ bytes[at]!, 0x9e3779b1);
  return hash;
}

function labelsText(bytes: Uint8Array, from: number, to: number): string {
  const labels: string[] = [];
  for (let at = from; at < to; at += bytes[at]! + 1)
    labels.push(escaped(readText(bytes, at + 1, at + 1 + bytes[at]!)));
  return labels.join(".");
}

/**
 * The bytes of a name, `offset` bytes after the message's start. `written` knows where the names of this message
 * stand; without `compress` a text is written in full. Throws TypeError for what is no name.
 */
export function writeName(
  name: GivenName,
  offset: number,
  written: Map<string, number>,
  compress = true,
): Uint8Array {
  const text = typeof name === "string" ? name : name.text;
  const labels = labelsOf(text);
  const keys = labels.map((_, i) => labels.slice(i).map(keyOf).join("."));
  const { count, target } = endingOf(name, keys, written, compress);
  const bytes: number[] = [];
  for (const [i, label] of labels.slice(0, count).entries()) {
    const place = offset + bytes.length;
    const key = keys[i]!;
    if (place < POINTER_LIMIT) {
      if (!written.has(key)) written.set(key, place);
      written.set(placeKey(place), written.get(key)!);
    }
    bytes.push(label.length, ...label);
  }
  if (target === undefined) bytes.push(0);
  else if (Number.isInteger(target) && target >= 0 && target < POINTER_LIMIT)
    bytes.push(0xc0 | (target >> 8), target & 0xff);
  else throw new TypeError(`a name's pointer takes an integer from 0 to ${POINTER_LIMIT - 1}, not ${target}`);
  return Uint8Array.from(bytes);
}

/** How many labels are written, and where the pointer to the others leads, if there is one. */
function endingOf(
  name: GivenName,
  keys: readonly string[],
  written: ReadonlyMap<string, number>,
  compress: boolean,
): { readonly count: number; readonly target?: number } {
  if (typeof name !== "string") {
    const { own = keys.length, pointer } = name;
    if (pointer === undefined) return { count: keys.length };
    // Where somebody changed the name that the pointer led to, it would now lead to another one.
    const there = written.get(placeKey(pointer));
    const isChanged = own < keys.length && there !== undefined && there !== written.get(keys[own]!);
    if (!isChanged) return { count: own, target: pointer };
  }
  const known = compress ? keys.findIndex((key) => written.has(key)) : -1;
  return known < 0 ? { count: keys.length } : { count: known, target: written.get(keys[known]!)! };
}

/** What `written` calls a place: where the name that stands there stood first. No label has this character. */
function placeKey(place: number): string {
  return `\u0101${place}`;
}

/** The labels of a name's text as bytes. Throws TypeError when they are none. */
export function labelsOf(text: string): Uint8Array[] {
  const labels: Uint8Array[] = [];
  let size = 1;
  let label: number[] = [];
  const take = (): void => {
    if (label.length === 0) throw new TypeError(`the name ${text} has an empty label`);
    if (label.length > LONGEST_LABEL)
      throw new TypeError(`the name ${text} has a label of more than ${LONGEST_LABEL} bytes`);
    size += label.length + 1;
    if (size > LONGEST_NAME) throw new TypeError(`the name ${text} takes more than ${LONGEST_NAME} bytes`);
    labels.push(Uint8Array.from(label));
    label = [];
  };
  if (text === "" || text === ".") return labels;
  for (let at = 0; at < text.length;) {
    const [piece] = PIECE.exec(text.slice(at, at + 4)) ?? [];
    if (piece === undefined) throw new TypeError(`the name ${text} has a wrong escape at ${at}`);
    if (piece === ".") take();
    else if (/^\\\d/.test(piece)) label.push(Number(piece.slice(1)));
    else label.push(...textBytes(piece.startsWith("\\") ? piece.slice(1) : piece));
    at += piece.length;
  }
  if (label.length > 0) take();
  return labels;
}

/** Bytes of these labels with their lengths and the root's. */
function wireSize(labels: readonly Uint8Array[]): number {
  return labels.reduce((size, label) => size + 1 + label.length, 1);
}

/** A dot; \DDD, a byte; \X, the character X; or a character. */
const PIECE = /^(?:\\(?:[01]\d\d|2[0-4]\d|25[0-5])|\\[^\d\n]|[^\\])/su;

/** A label's text in a name: what is no text, or would be taken for something else, escaped. */
function escaped(label: string): string {
  if (SAFE.test(label)) return label;
  return label.replaceAll(UNSAFE, (character) =>
    character === "." || character === "\\"
      ? `\\${character}`
      : Array.from(textBytes(character), (byte) => `\\${String(byte).padStart(3, "0")}`).join(""),
  );
}

/** Letters of ASCII of which none is escaped: most labels, and quickly seen. */
const SAFE = /^[\x20-\x2d\x2f-\x5b\x5d-\x7e]*$/;
/** Dots, backslashes, control and format characters, line ends, and the surrogates that stand for wrong bytes. */
const UNSAFE = /[.\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function keyOf(label: Uint8Array): string {
  return Array.from(label, (byte) => String.fromCharCode(byte === 0x2e ? 0x100 : byte)).join("");
}

/** A name that stands for its own bytes: letters of ASCII, nothing escaped. */
const PLAIN_NAME = /^[\x20-\x2d\x2f-\x5b\x5d-\x7e]+(?:\.[\x20-\x2d\x2f-\x5b\x5d-\x7e]+)*$/;

/** How many labels a name has, and how many bytes they take with the dots between them. */
function extentOf(text: string): { readonly labels: number; readonly size: number } {
  if (PLAIN_NAME.test(text)) return { labels: text.split(".").length, size: text.length };
  const labels = labelsOf(text);
  return { labels: labels.length, size: wireSize(labels) - 2 };
}

/** The name as queries have it: Wireshark's writing, where the root has a name and control characters those of C. */
export function queryName({ text }: { readonly text: string }): string {
  if (text === "") return "<Root>";
  if (!text.includes("\\")) return text;
  const plain = labelsOf(text).map((label) => readText(label, 0, label.length));
  return plain.join(".").replaceAll(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return `\\${CONTROL_LETTERS[code - 7] ?? code.toString(8).padStart(3, "0")}`;
  });
}

const CONTROL = /[\x00-\x1f\x7f]/g;
const CONTROL_LETTERS = "abtnvfr";

export interface NameOptions {
  readonly title?: string;
  /** What queries call the name; its length as text, and its labels. */
  readonly query?: string;
  readonly length?: string;
  readonly labels?: string;
  /** A text may be written with a pointer; only the types of RFC 1035 allow it (RFC 3597 4). */
  readonly compress?: boolean;
}

/** A field that holds a name. */
export function nameField(options: NameOptions = {}): Field<DnsName, GivenName> {
  return coded(nameCodec(options), options.title === undefined ? {} : { title: options.title }) as Field<
    DnsName,
    GivenName
  >;
}

export function nameCodec({
  query,
  length,
  labels,
  title = "Name",
  compress = true,
}: NameOptions): Codec<GivenName> {
  const facts: Fact[] = [];
  if (query !== undefined) facts.push({ query, type: "text", title });
  if (length !== undefined) facts.push({ query: length, type: "number", title: `${title}: length` });
  if (labels !== undefined) facts.push({ query: labels, type: "number", title: `${title}: labels` });
  return {
    name: "DNS name",
    read: readName,
    write: (value, offset, state) => writeName(value, offset, state, compress),
    random: randomName,
    initial: "",
    show: (value) => (typeof value === "string" ? value : value.text) || ".",
    facts,
    factsOf(value: GivenName, found: (query: string, value: FactValue) => void): void {
      const name = typeof value === "string" ? { text: value } : value;
      const text = queryName(name);
      if (query !== undefined) found(query, text);
      if (length === undefined && labels === undefined) return;
      const extent = extentOf(name.text);
      // Wireshark counts the root as a label and the letters of the name that it gives it, and one letter as none.
      const size = extent.labels > 0 ? extent.size : text.length;
      if (length !== undefined) found(length, size > 1 ? size : 0);
      if (labels !== undefined) found(labels, size > 1 ? Math.max(1, extent.labels) : 0);
    },
  };
}

/** The owner's name of a record: the type of the record follows it. */
export function ownerField(): Field<DnsName, GivenName> {
  const plain = nameCodec({ query: "dns.resp.name" });
  const codec: Codec<GivenName> = {
    ...plain,
    read(bytes, at, end, start) {
      const found = readName(bytes, at, end, start);
      if ("error" in found || found.next + 2 > end) return found;
      const type = (bytes[found.next]! << 8) | bytes[found.next + 1]!;
      return type === SRV ? { ...found, value: ofService(found.value) } : found;
    },
    facts: [
      ...plain.facts!,
      { query: "dns.srv.service", type: "text", title: "Service" },
      { query: "dns.srv.proto", type: "text", title: "Protocol" },
      { query: "dns.srv.name", type: "text", title: "Name" },
    ],
    factsOf(value, found) {
      if (typeof value === "string" || !(OF_SERVICE in value) || value.text === "")
        return plain.factsOf!(value, found);
      const [service, protocol, ...rest] = queryName(value).split(".");
      found("dns.srv.service", service!);
      if (protocol !== undefined) found("dns.srv.proto", protocol);
      if (rest.length > 0) found("dns.srv.name", rest.join("."));
    },
  };
  return coded(codec) as Field<DnsName, GivenName>;
}

function ofService(name: DnsName): DnsName {
  return Object.defineProperty({ ...name }, OF_SERVICE, { value: true });
}

function randomName(random: Random): DnsName {
  const labels = Array.from({ length: random.below(5) }, () => {
    const bytes = Uint8Array.from({ length: 1 + random.below(10) }, () =>
      random.below(8) === 0 ? random.below(256) : 0x61 + random.below(26),
    );
    return escaped(readText(bytes, 0, bytes.length));
  });
  return { text: labels.join(".") };
}
