import {
  ADDRESS,
  BOOLEAN,
  bytes,
  BYTES,
  bytesOrNil,
  COUNT,
  TEXT,
  U16,
  U32,
  U8,
} from "#wire/memberlist/kinds.ts";
import { MOST_META_BYTES, VERSION_BYTES } from "#wire/memberlist/limits.ts";
import { field, omitted, TypedMap, type ValueOf } from "#wire/memberlist/typed-map.ts";

/** Where the answer to a ping goes; very old peers do not say. */
const SOURCE = {
  sourceAddress: omitted("SourceAddr", ADDRESS),
  sourceNode: omitted("SourceNode", TEXT),
  sourcePort: omitted("SourcePort", U16),
};

/** Are you there? Over UDP, and over TCP when nothing comes back. */
export const PING = new TypedMap("ping", {
  node: field("Node", TEXT),
  sequenceNumber: field("SeqNo", U32),
  ...SOURCE,
});
export type Ping = ValueOf<typeof PING>;

/** Asks for a ping of a third node, whose answer is passed on. */
export const INDIRECT_PING = new TypedMap("indirect_ping", {
  nack: field("Nack", BOOLEAN),
  node: field("Node", TEXT),
  port: field("Port", U16),
  sequenceNumber: field("SeqNo", U32),
  target: field("Target", ADDRESS),
  ...SOURCE,
});
export type IndirectPing = ValueOf<typeof INDIRECT_PING>;

export const ACK = new TypedMap("ack", {
  payload: field("Payload", bytesOrNil()),
  sequenceNumber: field("SeqNo", U32),
});
export type Ack = ValueOf<typeof ACK>;

/** The third node of an indirect ping does not answer, but the one in between lives. */
export const NACK = new TypedMap("nack", { sequenceNumber: field("SeqNo", U32) });
export type Nack = ValueOf<typeof NACK>;

const ACCUSATION = {
  from: field("From", TEXT),
  incarnation: field("Incarnation", U32),
  node: field("Node", TEXT),
};

export const SUSPECT = new TypedMap("suspect", ACCUSATION);
export type Suspect = ValueOf<typeof SUSPECT>;

/** A node is dead; when it says so itself, it left. */
export const DEAD = new TypedMap("dead", ACCUSATION);
export type Dead = ValueOf<typeof DEAD>;

const NODE = {
  address: field("Addr", ADDRESS),
  incarnation: field("Incarnation", U32),
  meta: field("Meta", bytesOrNil({ most: MOST_META_BYTES })),
  port: field("Port", U16),
  versions: field("Vsn", bytes({ size: VERSION_BYTES })),
};

/** What memberlist speaks without an application's own protocol: 1 to 5, spoken 2. */
export const DEFAULT_VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0);

export const ALIVE = new TypedMap("alive", { node: field("Node", TEXT), ...NODE });
export type Alive = ValueOf<typeof ALIVE>;

/** Begins a push/pull, in which two nodes exchange all they know. */
export const PUSH_PULL = new TypedMap("push_pull", {
  join: field("Join", BOOLEAN),
  nodes: field("Nodes", COUNT),
  userStateLength: field("UserStateLen", COUNT),
});
export type PushPullHeader = ValueOf<typeof PUSH_PULL>;

/** One node in a push/pull. State: 0 alive, 1 suspect, 2 dead, 3 left. */
export const NODE_STATE = new TypedMap("push_pull", {
  name: field("Name", TEXT),
  state: field("State", U8),
  ...NODE,
});
export type NodeState = ValueOf<typeof NODE_STATE>;

/** Begins a user message in a stream. */
export const USER = new TypedMap("user", { length: field("UserMsgLen", COUNT) });

/** Another message, compressed; algorithm 0 is LZW. */
export const COMPRESS = new TypedMap("compress", {
  algorithm: field("Algo", U8),
  buffer: field("Buf", BYTES),
});
export type Compress = ValueOf<typeof COMPRESS>;

/** Why a stream's request was not answered. */
export const ERROR = new TypedMap("error", { error: field("Error", TEXT) });
export type ErrorResponse = ValueOf<typeof ERROR>;

/** The first byte of every message. */
export const MESSAGE_TYPES = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  encrypt: 10,
  nack: 11,
  crc: 12,
  error: 13,
  label: 244,
} as const;

export const MESSAGE_TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(MESSAGE_TYPES).map(([name, type]) => [type, name]),
);
