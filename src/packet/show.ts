import { safeText } from "#base/safe-text.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { hexText } from "#packet/primitive.ts";
import type { Problem } from "#packet/problem.ts";
import type { Node } from "#packet/read.ts";
import type { Spec } from "#packet/spec.ts";

/** A line of the tree that people see of a packet. */
export interface TreeLine {
  readonly depth: number;
  readonly text: string;
  /** The name that queries give it. */
  readonly query?: string;
  /** Range in the packet's bytes. */
  readonly start: number;
  readonly end: number;
}

/** The packet as a tree: a line for each layer, its fields below it, and what is wrong at the end. */
export function packetTree(packet: Packet): TreeLine[] {
  const lines: TreeLine[] = [];
  for (const layer of packet.layers) {
    const { message, start, headerEnd } = layer;
    const text = `${message.title}${summaryOf(layer)}`;
    lines.push({ depth: 0, text, query: message.protocol, start, end: headerEnd });
    for (const node of packet.nodes(layer)) showNode(node, 1, lines);
  }
  for (const problem of packet.problems) {
    const { at } = problem;
    lines.push({
      depth: 0,
      text: `[${problemText(problem)}, byte ${at - packet.start}]`,
      start: at,
      end: at,
    });
  }
  return lines;
}

/** What is wrong, in words: of which kind it is stands before those that do not say so themselves. */
export function problemText({ kind, error }: Problem): string {
  return error.includes(kind) ? error : `${kind}: ${error}`;
}

function summaryOf(layer: Layer): string {
  const info = layerInfo(layer);
  return info === "" ? "" : `: ${info}`;
}

/** What a layer says of itself in one line; "" when it says nothing. */
export function layerInfo({ message, values, whole, headerEnd, end }: Layer): string {
  if (!message.info || !whole) return "";
  return safeText(message.info(values, { payloadSize: end - headerEnd }));
}

function showNode(node: Node, depth: number, lines: TreeLine[]): void {
  const { spec, start, end, value, children } = node;
  const query = spec.query?.[0];
  const place = { depth, start, end, ...(query !== undefined && { query }) };
  const title = titleFor(node);
  if (spec.kind === "list" && children.length === 0) return;
  if (spec.kind === "bytes" && start === end) return;
  if (spec.kind === "struct" || spec.kind === "list") lines.push({ ...place, text: groupTitle(node, title) });
  else
    lines.push({ ...place, text: `${bitPattern(node)}${title}: ${valueText(spec, value)}${unitOf(node)}` });
  if (spec.kind === "flags") showFlags(node, depth + 1, lines);
  for (const child of children) showNode(child, depth + 1, lines);
}

function groupTitle({ spec, name, children }: Node, title: string): string {
  if (spec.kind === "list") return `${title}: ${children.length}`;
  return isItem(name) ? `${title} ${Number(name) + 1}` : title;
}

/** Items of a list have numbers for names. */
function isItem(name: string): boolean {
  return /^\d+$/.test(name);
}

/** What a field is called; an item has its list's title, of which there are several. */
function titleFor({ spec, name }: Node): string {
  const title = spec.title ?? name;
  if (!isItem(name)) return title;
  if (/(ss|x|sh)es$/.test(title)) return title.slice(0, -2);
  return title.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
}

/** The unit in which a number counts, of which the field's description begins with it. */
function unitOf({ spec }: Node): string {
  if (spec.kind !== "uint" || spec.about === undefined) return "";
  const unit = /^(in (?:256ths|\w*seconds|tenths|units|words)|times \d)[^;,]*/.exec(spec.about)?.[0];
  return unit === undefined ? "" : ` (${unit})`;
}

function showFlags({ spec, value, start, end }: Node, depth: number, lines: TreeLine[]): void {
  if (spec.kind !== "flags") return;
  const values = value as Readonly<Record<string, boolean>>;
  for (const { name, mask, title, query } of spec.flags) {
    const bit = 31 - Math.clz32(mask);
    const pattern = patternOf(spec.bits, spec.bits - 1 - bit, 1, values[name] ? 1 : 0);
    const text = `${pattern} = ${title ?? name}: ${values[name] ? "set" : "not set"}`;
    lines.push({ depth, text, start, end, ...(query?.[0] !== undefined && { query: query[0] }) });
  }
}

/** "0100 .... = " for a field that shares its bytes. */
function bitPattern({ bits, spec, value, start, end }: Node): string {
  if (!bits || typeof value !== "number" || (end - start) * 8 === bits.count) return "";
  if (spec.kind !== "uint") return "";
  const first = bits.offset >> 3;
  const size = ((bits.offset + bits.count + 7) >> 3) - first;
  return `${patternOf(size * 8, bits.offset - first * 8, bits.count, value)} = `;
}

function patternOf(width: number, offset: number, count: number, value: number): string {
  const digits = (value < 0 ? value + 2 ** count : value).toString(2).padStart(count, "0");
  const all = ".".repeat(offset) + digits + ".".repeat(width - offset - count);
  return all.replaceAll(/(.{4})(?=.)/g, "$1 ");
}

/** A value as people read it: names beside numbers, long bytes cut short. Safe for a terminal. */
export function valueText(spec: Spec, value: unknown): string {
  switch (spec.kind) {
    case "uint":
      return numberText(spec, value as number | bigint);
    case "flags": {
      const values = value as Readonly<Record<string, boolean>>;
      const set = spec.flags.filter(({ name }) => values[name]).map(({ title, name }) => title ?? name);
      return set.length === 0 ? "none" : set.join(", ");
    }
    case "bytes":
      if (typeof value === "string") return `"${safeText(value)}"`;
      return bytesText(value as Uint8Array);
    case "codec":
      return safeText(spec.codec.show(value));
    default:
      return safeText(String(value));
  }
}

function numberText(spec: Spec & { readonly kind: "uint" }, value: number | bigint): string {
  if (spec.display === "boolean") return value ? "true" : "false";
  const digits = spec.bits % 8 === 0 ? spec.bits / 4 : Math.ceil(spec.bits / 4);
  const plain = spec.display === "hex" ? `0x${value.toString(16).padStart(digits, "0")}` : String(value);
  const name = spec.names?.get(Number(value));
  return name === undefined ? plain : `${name} (${plain})`;
}

/** Bytes as hexadecimal digits, the first thirty-two. */
export function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return "none";
  const shown = hexText(bytes, 0, Math.min(bytes.length, MOST_BYTES));
  return bytes.length > MOST_BYTES ? `${shown}… (${bytes.length} bytes)` : shown;
}

const MOST_BYTES = 32;
