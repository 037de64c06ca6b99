import type { Random } from "#base/random.ts";
import type { Codec, CodecResult, Fact, FactValue } from "#packet/codec.ts";
import { coded, type Field } from "#packet/field.ts";
import { readText, textBytes } from "#packet/primitive.ts";
import { escapedLabel, labelsText } from "#wire/dns-labels.ts";

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
      text = joined(text, labelsText(bytes, runStart, here));
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
  text = joined(text, labelsText(bytes, runStart, here));
  if (pointer === undefined) return { value: { text }, next: here + 1 };
  return { value: { text, own, pointer }, next };
}

function joined(before: string, after: string): string {
  if (before === "") return after;
  return after === "" ? before : before + "." + after;
}

/*
 * Names that were read of the message that is being read: most of its pointers lead to one of them. An entry is good
 * for the reading whose number it has; its numbers are that, the name's place in the message, and its size.
 */
const ENTRIES = 256;
const ENTRY = 4;
const known = new Int32Array(ENTRIES * ENTRY);
const knownTexts: string[] = new Array<string>(ENTRIES).fill("");
let readings = 0;

/** The number of the reading of one message, whose bytes stay as they are meanwhile. */
function beginReading(): number {
  readings = (readings + 1) & 0x7fff_ffff;
  if (readings > 0) return readings;
  known.fill(0);
  return (readings = 1);
}

/** Reads what readName reads, and more quickly when the pointer of a name leads to one that this reading has read. */
function readOneOf(
  bytes: Uint8Array,
  at: number,
  end: number,
  start: number,
  reading = 0,
): CodecResult<DnsName> {
  if (reading === 0) return readName(bytes, at, end, start);
  let here = at;
  let own = 0;
  for (; here < end && bytes[here]! <= LONGEST_LABEL && bytes[here]! > 0; own++) here += bytes[here]! + 1;
  if (here < end && bytes[here] === 0 && here - at < LONGEST_NAME) {
    const text = labelsText(bytes, at, here);
    remember(reading, at - start, text, here - at);
    return { value: { text }, next: here + 1 };
  }
  if (here + 1 < end && bytes[here]! >= 0xc0) {
    const pointer = ((bytes[here]! & 0x3f) << 8) | bytes[here + 1]!;
    const entry = pointer % ENTRIES;
    const size = here - at + known[entry * ENTRY + 2]!;
    const isKnown = known[entry * ENTRY] === reading && known[entry * ENTRY + 1] === pointer;
    if (isKnown && size < LONGEST_NAME && start + pointer < at) {
      const text = joined(labelsText(bytes, at, here), knownTexts[entry]!);
      // A chain of names without labels of their own could have more pointers than are allowed.
      if (own > 0) remember(reading, at - start, text, size);
      return { value: { text, own, pointer }, next: here + 2 };
    }
  }
  return readName(bytes, at, end, start);
}

/** `size`: bytes of the labels with their lengths. */
function remember(reading: number, place: number, text: string, size: number): void {
  const entry = place % ENTRIES;
  known[entry * ENTRY] = reading;
  known[entry * ENTRY + 1] = place;
  known[entry * ENTRY + 2] = size;
  knownTexts[entry] = text;
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
  const keys = keysOf(labels);
  const { count, target } = endingOf(name, keys, written, compress);
  if (target !== undefined && !(Number.isInteger(target) && target >= 0 && target < POINTER_LIMIT))
    throw new TypeError(`a name's pointer takes an integer from 0 to ${POINTER_LIMIT - 1}, not ${target}`);
  const own = labels.slice(0, count);
  const ending = target === undefined ? 1 : 2;
  const bytes = new Uint8Array(own.reduce((size, label) => size + 1 + label.length, ending));
  let at = 0;
  for (let i = 0; i < own.length; i++) {
    const [label, key, place] = [own[i]!, keys[i]!, offset + at];
    if (place < POINTER_LIMIT) {
      if (!written.has(key)) written.set(key, place);
      written.set(placeKey(place), written.get(key)!);
    }
    bytes[at] = label.length;
    bytes.set(label, at + 1);
    at += 1 + label.length;
  }
  if (target !== undefined) {
    bytes[at] = 0xc0 | (target >> 8);
    bytes[at + 1] = target;
  }
  return bytes;
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
  return plainLabels(text) ?? anyLabels(text);
}

/** The labels of most names: of ASCII, with nothing that is escaped. Undefined for others, and for what is too long. */
function plainLabels(text: string): Uint8Array[] | undefined {
  if (text.length > LONGEST_NAME - 2 || !PLAIN_NAME.test(text)) return undefined;
  const labels: Uint8Array[] = [];
  for (const part of text.split(".")) {
    if (part.length > LONGEST_LABEL) return undefined;
    const label = new Uint8Array(part.length);
    for (let i = 0; i < part.length; i++) label[i] = part.charCodeAt(i);
    labels.push(label);
  }
  return labels;
}

function anyLabels(text: string): Uint8Array[] {
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

/** What `written` calls these labels, those without the first, and so on. */
function keysOf(labels: readonly Uint8Array[]): string[] {
  const keys = labels.map(keyOf);
  for (let i = keys.length - 2; i >= 0; i--) keys[i] += `.${keys[i + 1]!}`;
  return keys;
}

function keyOf(label: Uint8Array): string {
  let key = "";
  for (const byte of label) key += String.fromCharCode(byte === 0x2e ? 0x100 : byte);
  return key;
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
    read: readOneOf,
    begin: beginReading,
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
    read(bytes, at, end, start, reading) {
      const found = readOneOf(bytes, at, end, start, reading);
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
    return escapedLabel(readText(bytes, 0, bytes.length));
  });
  return { text: labels.join(".") };
}
