import { concatBytes } from "#base/bytes.ts";
import type { Fact } from "#packet/codec.ts";
import {
  ADDRESS,
  BOOLEAN,
  BYTES,
  bytesOrNil,
  dictionary,
  FLOAT,
  I64,
  list,
  TEXT,
  U16,
  U32,
  U64,
  U8,
  type Kind,
  type TakeFact,
} from "#wire/memberlist/kinds.ts";
import { FRAME_LIMITS, MEMBERLIST_LIMITS, MOST_META_BYTES } from "#wire/memberlist/limits.ts";
import { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";
import { field, orNil, TypedMap, type ValueOf } from "#wire/memberlist/typed-map.ts";

/*
 * Serf inside memberlist: its messages are memberlist's user messages and user state, its tags are a node's meta data,
 * its network coordinates come with acks. Times named ltime are Lamport clocks.
 */

export const LEAVE = new TypedMap("leave", {
  ltime: field("LTime", U64),
  node: field("Node", TEXT),
  prune: field("Prune", BOOLEAN),
});
export type SerfLeave = ValueOf<typeof LEAVE>;

export const JOIN = new TypedMap("join", { ltime: field("LTime", U64), node: field("Node", TEXT) });
export type SerfJoin = ValueOf<typeof JOIN>;

const PAST_EVENT = new TypedMap("event", {
  name: field("Name", TEXT),
  payload: field("Payload", bytesOrNil()),
});

const PAST_EVENTS = new TypedMap("events", {
  events: field("Events", list(PAST_EVENT)),
  ltime: field("LTime", U64),
});

/** The user state of a push/pull. */
export const STATE = new TypedMap("push_pull", {
  eventLtime: field("EventLTime", U64),
  events: field("Events", list(orNil(PAST_EVENTS))),
  ltime: field("LTime", U64),
  leftMembers: field("LeftMembers", list(TEXT)),
  queryLtime: field("QueryLTime", U64),
  statusLtimes: field("StatusLTimes", dictionary(U64)),
});
export type SerfState = ValueOf<typeof STATE>;

export const EVENT = new TypedMap("event", {
  coalesce: field("CC", BOOLEAN),
  ltime: field("LTime", U64),
  name: field("Name", TEXT),
  payload: field("Payload", bytesOrNil()),
});
export type SerfEvent = ValueOf<typeof EVENT>;

/** Flags: 1 acknowledge, 2 do not rebroadcast. The timeout is in nanoseconds. */
export const QUERY = new TypedMap("query", {
  address: field("Addr", ADDRESS),
  filters: field("Filters", list(BYTES)),
  flags: field("Flags", U32),
  id: field("ID", U32),
  ltime: field("LTime", U64),
  name: field("Name", TEXT),
  payload: field("Payload", bytesOrNil()),
  port: field("Port", U16),
  relayFactor: field("RelayFactor", U8),
  sourceNode: field("SourceNode", TEXT),
  timeout: field("Timeout", I64),
});
export type SerfQuery = ValueOf<typeof QUERY>;

export const RESPONSE = new TypedMap("response", {
  flags: field("Flags", U32),
  from: field("From", TEXT),
  id: field("ID", U32),
  ltime: field("LTime", U64),
  payload: field("Payload", bytesOrNil()),
});
export type SerfResponse = ValueOf<typeof RESPONSE>;

const RELAY_ADDRESS = new TypedMap("relay", {
  ip: field("IP", ADDRESS),
  port: field("Port", U16),
  zone: field("Zone", TEXT),
});

/** Before a response that another node is to pass on. */
export const RELAY = new TypedMap("relay", {
  address: field("DestAddr", RELAY_ADDRESS),
  name: field("DestName", TEXT),
});
export type SerfRelay = ValueOf<typeof RELAY>;

/** The messages that are a type and one map. The others (6 to 8) travel in a response's payload. */
const MAPS = {
  leave: { type: 0, map: LEAVE },
  join: { type: 1, map: JOIN },
  state: { type: 2, map: STATE },
  event: { type: 3, map: EVENT },
  query: { type: 4, map: QUERY },
  response: { type: 5, map: RESPONSE },
} as const;
const RELAY_TYPE = 9;

export type SerfMessage =
  | { readonly type: "leave"; readonly body: SerfLeave }
  | { readonly type: "join"; readonly body: SerfJoin }
  | { readonly type: "state"; readonly body: SerfState }
  | { readonly type: "event"; readonly body: SerfEvent }
  | { readonly type: "query"; readonly body: SerfQuery }
  | { readonly type: "response"; readonly body: SerfResponse }
  | { readonly type: "relay"; readonly body: SerfRelay; readonly message: SerfMessage };

const BY_TYPE = new Map(Object.entries(MAPS).map(([name, { type, map }]) => [type as number, { name, map }]));

/** Serf's message in a user message's payload; undefined when it is none. */
export function decodeSerf(payload: Uint8Array, limits = MEMBERLIST_LIMITS): SerfMessage | undefined {
  if (payload[0] === RELAY_TYPE) return decodeRelay(payload, limits);
  const known = BY_TYPE.get(payload[0] ?? -1);
  if (!known) return undefined;
  const found = known.map.decode(payload, 1, payload.length, limits);
  if (!found.ok || found.known === 0) return undefined;
  // Peers do not look behind it, and behind a state Parley's nodes have their key-values.
  if (found.end !== payload.length && known.name !== "state") return undefined;
  return { type: known.name, body: found.value } as SerfMessage;
}

/** The user state of a push/pull, and what another application has put behind it; undefined when it is none. */
export function decodeSerfState(
  payload: Uint8Array,
  limits = MEMBERLIST_LIMITS,
): { readonly state: SerfState; readonly rest: Uint8Array } | undefined {
  if (payload[0] !== MAPS.state.type) return undefined;
  const found = STATE.decode(payload, 1, payload.length, limits);
  if (!found.ok || found.known === 0) return undefined;
  return { state: found.value, rest: payload.subarray(found.end) };
}

function decodeRelay(payload: Uint8Array, limits: typeof MEMBERLIST_LIMITS): SerfMessage | undefined {
  const found = RELAY.decode(payload, 1, payload.length, limits);
  // A relay inside a relay is nothing that anybody sends.
  if (!found.ok || found.known === 0 || payload[found.end] === RELAY_TYPE) return undefined;
  const message = decodeSerf(payload.subarray(found.end), limits);
  return message && { type: "relay", body: found.value, message };
}

/** The payload that carries a message. Throws TypeError for values that it cannot hold. */
export function encodeSerf(message: SerfMessage): Uint8Array {
  if (message.type === "relay") {
    const inner = encodeSerf(message.message);
    return concatBytes([Uint8Array.of(RELAY_TYPE), RELAY.encode(message.body), inner]);
  }
  const { type, map } = MAPS[message.type];
  // The body's type belongs to the map's: both come from the message's type.
  const writer = new MsgpackWriter();
  (map as Kind<unknown>).write(writer, message.body, map.name);
  return concatBytes([Uint8Array.of(type), writer.finish()]);
}

const TAGS = dictionary(TEXT);
const TAGS_BYTE = 0xff;

/** Serf's tags in a node's meta data; undefined when they are none. */
export function decodeTags(meta: Uint8Array): ReadonlyMap<string, string> | undefined {
  if (meta[0] !== TAGS_BYTE) return undefined;
  const reader = new MsgpackReader(meta, 1, meta.length, MEMBERLIST_LIMITS);
  const tags = TAGS.read(reader);
  return reader.problem || reader.at !== meta.length ? undefined : tags;
}

/** The meta data that says tags. Throws TypeError when they do not fit. */
export function encodeTags(tags: ReadonlyMap<string, string>): Uint8Array {
  const writer = new MsgpackWriter();
  writer.append(Uint8Array.of(TAGS_BYTE));
  TAGS.write(writer, tags, "tags");
  const meta = writer.finish();
  if (meta.length > MOST_META_BYTES) throw new TypeError(`tags take ${meta.length} bytes, more than 512`);
  return meta;
}

/** Where a node lies in the network, in seconds (Vivaldi). */
export const COORDINATE = new TypedMap("coordinate", {
  adjustment: field("Adjustment", FLOAT),
  error: field("Error", FLOAT),
  height: field("Height", FLOAT),
  vector: field("Vec", list(FLOAT)),
});
export type Coordinate = ValueOf<typeof COORDINATE>;
const COORDINATE_VERSION = 1;

/** The coordinate in an ack's payload; undefined when there is none. */
export function decodeCoordinate(payload: Uint8Array): Coordinate | undefined {
  if (payload[0] !== COORDINATE_VERSION) return undefined;
  const found = COORDINATE.decode(payload, 1);
  return found.ok && found.known > 0 && found.end === payload.length ? found.value : undefined;
}

export function encodeCoordinate(coordinate: Coordinate): Uint8Array {
  return concatBytes([Uint8Array.of(COORDINATE_VERSION), COORDINATE.encode(coordinate)]);
}

/** Names in queries of what Serf's messages hold. */
export const SERF_FACTS: readonly Fact[] = [
  { query: "serf.type", type: "number", title: "Message type" },
  ...[...Object.values(MAPS).map(({ map }) => map), RELAY].flatMap((map) => map.facts(`serf.${map.name}`)),
];
export const TAG_FACTS: readonly Fact[] = [{ query: "serf.tag", type: "text", title: "Tag" }];
export const COORDINATE_FACTS: readonly Fact[] = COORDINATE.facts("serf.coordinate");

/** What queries find of Serf in a user message's payload or in user state. */
export function foundSerf(payload: Uint8Array, take: TakeFact): void {
  for (let message = decodeSerf(payload, FRAME_LIMITS); message;) {
    const { type, map } = message.type === "relay" ? { type: RELAY_TYPE, map: RELAY } : MAPS[message.type];
    take("serf.type", type);
    (map as Kind<unknown>).found(message.body, `serf.${map.name}`, take);
    message = message.type === "relay" ? message.message : undefined;
  }
}

export function foundTags(meta: Uint8Array, take: TakeFact): void {
  for (const [name, value] of decodeTags(meta) ?? []) take("serf.tag", `${name}=${value}`);
}

export function foundCoordinate(payload: Uint8Array, take: TakeFact): void {
  const coordinate = decodeCoordinate(payload);
  if (coordinate) COORDINATE.found(coordinate, "serf.coordinate", take);
}
