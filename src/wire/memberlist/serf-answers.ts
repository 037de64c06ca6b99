import { concatBytes } from "#base/bytes.ts";
import { ADDRESS, BOOLEAN, BYTES, dictionary, list, TEXT, U16, U8 } from "#wire/memberlist/kinds.ts";
import { MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";
import { field, TypedMap, type MapFields, type MapValue, type ValueOf } from "#wire/memberlist/typed-map.ts";

/*
 * What travels inside Serf's queries and their answers: filters, requests about keys and what is answered to them, and
 * what a member knows of a disputed name.
 */

const CONFLICT_TYPE = 6;
const KEY_REQUEST_TYPE = 7;
const KEY_RESPONSE_TYPE = 8;

const KEY_REQUEST = new TypedMap("key_request", { key: field("Key", BYTES) });

/** Keys are base64 text, the one that encrypts first; it stands alone too, which Serf before 0.9.4 does not know. */
export const KEY_RESPONSE = new TypedMap("key_response", {
  keys: field("Keys", list(TEXT)),
  message: field("Message", TEXT),
  primaryKey: field("PrimaryKey", TEXT),
  result: field("Result", BOOLEAN),
});
export type SerfKeyResponse = ValueOf<typeof KEY_RESPONSE>;

/** A member as Serf keeps it. Status: 1 alive, 2 leaving, 3 left, 4 failed. */
export const SERF_MEMBER = new TypedMap("member", {
  address: field("Addr", ADDRESS),
  delegateSpoken: field("DelegateCur", U8),
  delegateHighest: field("DelegateMax", U8),
  delegateLowest: field("DelegateMin", U8),
  name: field("Name", TEXT),
  port: field("Port", U16),
  protocolSpoken: field("ProtocolCur", U8),
  protocolHighest: field("ProtocolMax", U8),
  protocolLowest: field("ProtocolMin", U8),
  status: field("Status", U8),
  tags: field("Tags", dictionary(TEXT)),
});
export type SerfMember = ValueOf<typeof SERF_MEMBER>;

/** The payload of a query that installs, uses or removes a key, or, with an empty one, lists all. */
export function encodeKeyRequest(key: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(KEY_REQUEST_TYPE), KEY_REQUEST.encode({ key })]);
}

/** The key of such a query; undefined when the payload is none. Go peers do not look at the type, and crash without one. */
export function decodeKeyRequest(payload: Uint8Array): Uint8Array | undefined {
  const found = KEY_REQUEST.decode(payload, 1);
  return payload.length > 0 && found.ok ? found.value.key : undefined;
}

export function encodeKeyResponse(response: SerfKeyResponse): Uint8Array {
  return concatBytes([Uint8Array.of(KEY_RESPONSE_TYPE), KEY_RESPONSE.encode(response)]);
}

/** What a member answers about its keys; undefined when it is something else. */
export function decodeKeyResponse(payload: Uint8Array): SerfKeyResponse | undefined {
  return decodeTyped(payload, KEY_RESPONSE_TYPE, KEY_RESPONSE);
}

/** What we know of a disputed name, or nothing. */
export function encodeConflictResponse(member: SerfMember | undefined): Uint8Array {
  const body = member ? SERF_MEMBER.encode(member) : NIL;
  return concatBytes([Uint8Array.of(CONFLICT_TYPE), body]);
}

/** Where a member knows a disputed name; undefined when it knows none, or says something else. */
export function decodeConflictResponse(payload: Uint8Array): SerfMember | undefined {
  return decodeTyped(payload, CONFLICT_TYPE, SERF_MEMBER);
}

function decodeTyped<F extends MapFields>(
  payload: Uint8Array,
  type: number,
  map: TypedMap<F>,
): MapValue<F> | undefined {
  if (payload[0] !== type) return undefined;
  const found = map.decode(payload, 1);
  return found.ok && found.known > 0 ? found.value : undefined;
}

const NIL = Uint8Array.of(0xc0);

const NODE_FILTER = 0;
const TAG_FILTER = 1;
const NAMES = list(TEXT);
const TAG_EXPRESSION = new TypedMap("filter", { expression: field("Expr", TEXT), tag: field("Tag", TEXT) });

/** Whom a query is for: members of these names, or with a tag that an expression finds something in. */
export type SerfFilter =
  | { readonly type: "nodes"; readonly names: readonly string[] }
  | { readonly type: "tag"; readonly tag: string; readonly expression: string };

export function encodeFilter(filter: SerfFilter): Uint8Array {
  if (filter.type === "tag") {
    const { tag, expression } = filter;
    return concatBytes([Uint8Array.of(TAG_FILTER), TAG_EXPRESSION.encode({ tag, expression })]);
  }
  const writer = new MsgpackWriter();
  NAMES.write(writer, filter.names, "names");
  return concatBytes([Uint8Array.of(NODE_FILTER), writer.finish()]);
}

/** Undefined for what is no filter. */
export function decodeFilter(bytes: Uint8Array): SerfFilter | undefined {
  if (bytes[0] === TAG_FILTER) {
    const found = TAG_EXPRESSION.decode(bytes, 1);
    if (!found.ok || found.known === 0) return undefined;
    return { type: "tag", ...found.value };
  }
  if (bytes[0] !== NODE_FILTER) return undefined;
  const reader = new MsgpackReader(bytes, 1, bytes.length, MEMBERLIST_LIMITS);
  const names = NAMES.read(reader);
  return reader.problem ? undefined : { type: "nodes", names: names ?? [] };
}
