import type { FactType } from "#packet/codec.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import type { Spec } from "#packet/spec.ts";

/** A name that queries can use, and where it comes from. */
export interface QueryField {
  readonly name: string;
  readonly type: FactType;
  readonly title: string;
  /** The layers in which it can occur. */
  readonly layers: readonly Message[];
  /** Names of the numbers. */
  readonly names?: ReadonlyMap<number, string>;
  /** The largest number that it can hold, where its declaration says. */
  readonly most?: number;
  /** Its values are worked out of several fields: compiled queries ask the thorough way. */
  readonly indirect: boolean;
}

interface Found {
  type: FactType;
  title: string;
  layers: Set<Message>;
  most?: number;
  names?: ReadonlyMap<number, string>;
  indirect: boolean;
}

/** Every query name of a registry's protocols and of the frame around them. */
export function queryFieldsOf(registry: Registry): ReadonlyMap<string, QueryField> {
  const found = new Map<string, Found>();
  const add = (
    name: string,
    layer: Message,
    type: FactType,
    title: string,
    names?: ReadonlyMap<number, string>,
  ): void => {
    const known = found.get(name) ?? { type, title, layers: new Set(), indirect: false };
    known.layers.add(layer);
    if (names && !known.names) known.names = names;
    found.set(name, known);
  };
  for (const message of registry.messages) {
    if (!message.transparent) add(message.protocol, message, "protocol", message.title);
    walkMessage(message, (spec) => {
      if (spec.kind === "flags") {
        for (const name of spec.query ?? []) add(name, message, "number", spec.title ?? name);
        for (const flag of spec.flags)
          for (const name of flag.query ?? []) add(name, message, "boolean", flag.title ?? name);
      } else if (spec.kind === "codec") {
        for (const fact of spec.codec.facts ?? []) add(fact.query, message, fact.type, fact.title);
        if (!spec.codec.facts)
          for (const name of spec.query ?? []) add(name, message, "text", spec.title ?? name);
      } else
        for (const name of spec.query ?? []) {
          add(name, message, typeOf(spec), spec.title ?? name, spec.kind === "uint" ? spec.names : undefined);
          if (spec.kind === "uint" && !spec.signed && spec.bits <= 48)
            found.get(name)!.most = Math.max(found.get(name)!.most ?? 0, 2 ** spec.bits - 1);
        }
      if (spec.kind === "struct")
        for (const { name, type, title } of spec.message.derived) {
          add(name, message, type, title);
          found.get(name)!.indirect = true;
        }
    });
    for (const { name, type, title, expression } of message.derived) {
      add(name, message, type, title);
      if (expression && type !== "number" && type !== "boolean") found.get(name)!.indirect = true;
    }
  }
  const fields = [...found].map(([name, { layers, ...rest }]): [string, QueryField] => [
    name,
    { name, ...rest, layers: [...layers] },
  ]);
  return new Map([...fields, ...FRAME_FIELDS.map((field): [string, QueryField] => [field.name, field])]);
}

/** Calls `visit` for every field of a message, those inside structures too, each structure once. */
export function walkMessage(message: Message, visit: (spec: Spec) => void, seen = new Set<Message>()): void {
  if (seen.has(message)) return;
  seen.add(message);
  const walk = (spec: Spec): void => {
    visit(spec);
    if (spec.kind === "struct") walkMessage(spec.message, visit, seen);
    else if (spec.kind === "list") walk(spec.item);
    else if (spec.kind === "when") walk(spec.field);
    else if (spec.kind === "choose") {
      if (spec.raw) visit(spec.raw);
      for (const each of [...spec.cases.values(), spec.otherwise]) walk(each);
    }
  };
  for (const { spec, whole } of message.members) {
    if (whole) visit(whole);
    walk(spec);
  }
}

/** What a query may do with a field's values. */
export function typeOf(spec: Spec): FactType {
  switch (spec.kind) {
    case "uint":
      return spec.display === "boolean" ? "boolean" : "number";
    case "flags":
      return "number";
    case "address":
      return spec.family;
    case "bytes":
      return spec.form;
    case "codec":
      return "text";
    default:
      return "none";
  }
}

function frameField(name: string, type: FactType, title: string): QueryField {
  return { name: `frame.${name}`, type, title, layers: [], indirect: false };
}

/** What is known of a packet beside its bytes. */
export const FRAME_FIELDS: readonly QueryField[] = [
  { name: "frame", type: "protocol", title: "Frame", layers: [], indirect: false },
  frameField("number", "number", "Frame number"),
  frameField("len", "number", "Length on the wire"),
  frameField("cap_len", "number", "Captured length"),
  frameField("time", "time", "Arrival time"),
  frameField("time_epoch", "time", "Time since 1970"),
  frameField("time_relative", "duration", "Time since the first frame"),
  frameField("time_delta", "duration", "Time since the frame before"),
  frameField("interface_id", "number", "Interface"),
  frameField("interface_name", "text", "Interface name"),
  frameField("interface_description", "text", "Interface description"),
  frameField("encap_type", "number", "Encapsulation type"),
  frameField("offset_shift", "duration", "Time shift of this packet"),
  frameField("marked", "boolean", "Frame is marked"),
  frameField("ignored", "boolean", "Frame is ignored"),
  frameField("comment", "text", "Comment"),
  frameField("protocols", "text", "Protocols in the frame"),
];
