import type { FactType, FactValue } from "#packet/codec.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { byteOffset, evaluate, namesIn, type Expression } from "#packet/expression.ts";
import type { Derived, Message } from "#packet/message.ts";
import { typeOf, type QueryField } from "#packet/query-field.ts";
import { byteNamed, scopeValue, type Node } from "#packet/read.ts";

/** One value under the name that queries give it, and where it was read. */
export interface PacketFact {
  readonly query: string;
  readonly type: FactType;
  /** Absent for what is only there or not. */
  readonly value?: FactValue;
  readonly start: number;
  readonly end: number;
  readonly layer: Layer;
}

/**
 * Everything that a query could ask about a packet's layers, in the order of the bytes. The slow and thorough way.
 * With `fields`, others may be left out.
 */
export function factsOf(packet: Packet, fields?: readonly QueryField[]): PacketFact[] {
  const found: PacketFact[] = [];
  for (const [i, layer] of packet.layers.entries()) {
    if (fields && !fields.some(({ layers }) => layers.includes(layer.message))) continue;
    const nodes = packet.nodes(layer);
    if (layer.message.needs && nodes.length === 0) continue;
    if (!layer.message.transparent) found.push(protocolFact(packet, layer, packet.layers[i - 1]));
    for (const node of nodes) nodeFacts(packet, node, layer, found);
    for (const derived of layer.message.derived) {
      if (fields && !fields.some(({ name }) => name === derived.name)) continue;
      const fact = derivedFact(packet, layer, derived);
      if (fact) found.push(fact);
    }
  }
  return found;
}

/** The bytes of a layer, with a length before it that is no layer of its own. */
function protocolFact(packet: Packet, layer: Layer, below: Layer | undefined): PacketFact {
  const { message } = layer;
  const { start } = below?.message.transparent ? below : layer;
  const end = Math.min(layer.end, packet.captured);
  return {
    query: message.protocol,
    type: "protocol",
    value: packet.bytes.subarray(start, end),
    start,
    end,
    layer,
  };
}

function nodeFacts(packet: Packet, node: Node, layer: Layer, found: PacketFact[]): void {
  const { spec, value, start, end } = node;
  const place = { start, end, layer };
  if (node.also) {
    const { spec: also, value: all } = node.also;
    for (const query of also.query ?? [])
      found.push({ query, type: typeOf(also), value: all as FactValue, ...place });
  }
  if (spec.kind === "flags") {
    const flags = value as Readonly<Record<string, boolean | number>>;
    let raw = Number(flags["other"] ?? 0);
    for (const { name, mask } of spec.flags) if (flags[name]) raw += mask;
    for (const query of spec.query ?? []) found.push({ query, type: "number", value: raw, ...place });
    for (const { name, query } of spec.flags)
      for (const each of query ?? [])
        found.push({ query: each, type: "boolean", value: flags[name] ? 1 : 0, ...place });
  } else if (spec.kind === "codec" && spec.codec.factsOf) {
    const types = new Map(spec.codec.facts!.map((fact) => [fact.query, fact.type]));
    spec.codec.factsOf(value, (query, each) => {
      const type = types.get(query) ?? "text";
      found.push({ query, type, ...(type !== "none" && { value: each }), ...place });
    });
  } else {
    const type = typeOf(spec);
    const plain =
      type === "none" ? {} : { value: spec.kind === "codec" ? spec.codec.show(value) : (value as FactValue) };
    for (const query of spec.query ?? []) found.push({ query, type, ...plain, ...place });
  }
  for (const child of node.children) nodeFacts(packet, child, layer, found);
  if (spec.kind === "struct") nestedFacts(packet, node, spec.message, layer, found);
}

/** Derived values of a message inside a layer, whose size is what its fields take. */
function nestedFacts(
  { bytes }: Packet,
  node: Node,
  message: Message,
  layer: Layer,
  found: PacketFact[],
): void {
  const { start, end } = node;
  const values = node.value as Readonly<Record<string, unknown>>;
  const scope = (name: string): number =>
    byteNamed(bytes, start, end, name) ??
    (name === "size" || name === "headerSize" ? end - start : scopeValue(values, name, () => 0));
  const isNameKnown = (name: string): boolean => {
    const offset = byteOffset(name);
    if (offset !== undefined) return start + offset < end;
    // Of what is there only in part the size is not known.
    return (LAYER_NAMES.has(name) && !node.partial) || values[name.split(".")[0]!] !== undefined;
  };
  const isKnown = (each: Expression): boolean => [...namesIn(each)].every(isNameKnown);
  for (const { name: query, type, expression, when } of message.derived) {
    if (!expression || !isKnown(expression)) continue;
    if (when && !(isKnown(when) && evaluate(when, scope) !== 0)) continue;
    const value = type === "none" ? {} : { value: derivedValue(expression, values, scope) };
    found.push({ query, type, ...value, start, end, layer });
  }
}

function derivedFact(packet: Packet, layer: Layer, derived: Derived): PacketFact | undefined {
  const { name: query, type, expression, find, when, carried } = derived;
  const scope = layerScope(layer, packet);
  const isKnown = (each: Expression): boolean =>
    [...namesIn(each)].every((name) => isNameKnown(packet, layer, name));
  if (when && !(isKnown(when) && evaluate(when, scope) !== 0)) return undefined;
  const found = find?.(packet, layer);
  if (find) return found && { query, type, ...found, layer };
  const start = layer.headerEnd;
  const end = Math.min(carried ? layer.limit : layer.end, packet.captured);
  if (!expression) {
    if (end <= start || packet.layers.at(-1) === layer) return undefined;
    return { query, type, value: packet.bytes.subarray(start, end), start, end, layer };
  }
  if (!isKnown(expression)) return undefined;
  const value = derivedValue(expression, layer.values, scope);
  return { query, type, value, start: layer.start, end: start, layer };
}

/** An expression's number; of one that is only a field's name, the field's value, which may be an address. */
function derivedValue(
  expression: Expression,
  values: Readonly<Record<string, unknown>>,
  scope: (name: string) => number,
): FactValue {
  const own = expression.type === "name" ? values[expression.name] : undefined;
  return typeof own === "string" || own instanceof Uint8Array ? own : evaluate(expression, scope);
}

function isNameKnown({ captured }: Packet, layer: Layer, name: string): boolean {
  const offset = byteOffset(name);
  if (offset !== undefined) return layer.start + offset < Math.min(layer.limit, captured);
  return LAYER_NAMES.has(name) || layer.values[name.split(".")[0]!] !== undefined;
}

/** Names in expressions about a whole layer. */
export function layerScope(layer: Layer, { bytes, captured }: Packet): (name: string) => number {
  const limit = Math.min(layer.limit, captured);
  return (name) => {
    const byte = byteNamed(bytes, layer.start, limit, name);
    if (byte !== undefined) return byte;
    if (name === "headerSize") return layer.headerEnd - layer.start;
    if (name === "payloadSize") return layer.end - layer.headerEnd;
    if (name === "size") return layer.end - layer.start;
    if (name === "quoted") return layer.quoted ? 1 : 0;
    return scopeValue(layer.values, name, () => layer.end - layer.headerEnd);
  };
}

const LAYER_NAMES = new Set(["headerSize", "payloadSize", "size", "rest", "quoted"]);
