import { concatBytes } from "#base/bytes.ts";
import type { Fact } from "#packet/codec.ts";
import {
  budgetOf,
  decodeMap,
  failed,
  mapFormat,
  MessageSet,
  readable,
  TYPE_FACT,
  type AnyMessage,
  type Body,
  type Budget,
  type Format,
  type UnknownMessage,
} from "#wire/memberlist/format.ts";
import { randomBytes, type TakeFact } from "#wire/memberlist/kinds.ts";
import {
  FRAME_LIMITS,
  MEMBERLIST_LIMITS,
  MOST_COMPOUND_PARTS,
  type MemberlistLimits,
} from "#wire/memberlist/limits.ts";
import { compress, decompress } from "#wire/memberlist/lzw.ts";
import {
  ACK,
  ALIVE,
  COMPRESS,
  DEAD,
  DEFAULT_VERSIONS,
  INDIRECT_PING,
  MESSAGE_TYPES,
  NACK,
  PING,
  SUSPECT,
  type Ack,
  type Alive,
  type Dead,
  type IndirectPing,
  type Nack,
  type Ping,
  type Suspect,
} from "#wire/memberlist/messages.ts";
import {
  COORDINATE_FACTS,
  decodeSerf,
  foundCoordinate,
  foundSerf,
  foundTags,
  SERF_FACTS,
  TAG_FACTS,
} from "#wire/memberlist/serf.ts";

/** The application's bytes; Serf's messages are some. */
export interface User {
  readonly payload: Uint8Array;
}

/** Several messages in one packet. */
export interface Compound {
  readonly parts: readonly PacketMessage[];
}

/** A message that travels compressed; its compressed bytes where they could not be decompressed. */
export type Compressed<Message> =
  | { readonly algorithm: number; readonly message: Message }
  | { readonly algorithm: number; readonly buffer: Uint8Array };

interface Message<Type extends string, Value> {
  readonly type: Type;
  readonly body: Value;
  /** What is wrong, though it could be read: it cannot be encoded, and nobody should be sent it. */
  readonly problem?: string;
}

/** What a packet says: the messages that do not only carry others. */
export type GossipMessage =
  | Message<"ping", Ping>
  | Message<"indirectPing", IndirectPing>
  | Message<"ack", Ack>
  | Message<"nack", Nack>
  | Message<"suspect", Suspect>
  | Message<"alive", Alive>
  | Message<"dead", Dead>
  | Message<"user", User>;

export type PacketMessage =
  | GossipMessage
  | Message<"compound", Compound>
  | Message<"compress", Compressed<PacketMessage>>
  | UnknownMessage;

export const PING_FORMAT = mapFormat(PING, ({ node, sequenceNumber }) => `${node} ${sequenceNumber}`);
export const ACK_FORMAT = mapFormat(ACK, ({ sequenceNumber }) => `${sequenceNumber}`, {
  facts: COORDINATE_FACTS,
  found: ({ payload }, take) => {
    if (payload) foundCoordinate(payload, take);
  },
});

/** What queries find in a node's meta data. */
export const META = {
  facts: TAG_FACTS,
  found: ({ meta }: { readonly meta?: Uint8Array | undefined }, take: TakeFact): void => {
    if (meta) foundTags(meta, take);
  },
};

const USER_FORMAT: Format<User> = {
  initial: { payload: new Uint8Array(0) },
  decode: (bytes) => ({ ok: true, value: { payload: bytes }, end: bytes.length }),
  encode: ({ payload }) => payload,
  random: (random) => ({ payload: randomBytes(random, random.below(20)) }),
  show: ({ payload }) => showUser(payload, payload.length),
  facts: [{ query: "memberlist.user.payload", type: "bytes", title: "Payload" }, ...SERF_FACTS],
  found: ({ payload }, take) => {
    take("memberlist.user.payload", payload);
    foundSerf(payload, take);
  },
};

/** A user message of which `length` bytes were announced. */
export function showUser(payload: Uint8Array, length: number): string {
  const serf = decodeSerf(payload, FRAME_LIMITS);
  return serf ? `Serf ${serf.type}` : `user message of ${length} bytes`;
}

const GOSSIP_FORMATS = {
  ping: PING_FORMAT,
  indirectPing: mapFormat(INDIRECT_PING, ({ node, sequenceNumber }) => `${node} ${sequenceNumber}`),
  ack: ACK_FORMAT,
  nack: mapFormat(NACK, ({ sequenceNumber }) => `${sequenceNumber}`),
  suspect: mapFormat(SUSPECT, ({ node, incarnation, from }) => `${node} ${incarnation} from ${from}`),
  alive: {
    ...mapFormat(ALIVE, ({ node, incarnation }) => `${node} ${incarnation}`, META),
    initial: { ...ALIVE.zero, versions: DEFAULT_VERSIONS },
  },
  dead: mapFormat(DEAD, ({ node, incarnation, from }) => `${node} ${incarnation} from ${from}`),
  user: USER_FORMAT,
};

const GOSSIP_FACTS: readonly Fact[] = [
  TYPE_FACT,
  ...Object.values(GOSSIP_FORMATS).flatMap(({ facts }) => facts),
];

const COMPOUND_FORMAT: Format<Compound> = {
  initial: { parts: [] },
  decode: decodeCompound,
  encode: ({ parts }) => encodeCompound(parts.map(encodeMessage)).subarray(1),
  random: (random) => ({ parts: Array.from({ length: random.below(4) }, () => gossip.random(random)) }),
  show: ({ parts }) => `compound of ${parts.map((part) => PACKET_MESSAGES.show(part)).join(", ")}`,
  facts: GOSSIP_FACTS,
  found: ({ parts }, take) => {
    for (const part of parts) PACKET_MESSAGES.found(part, take);
  },
};

function decodeCompound(bytes: Uint8Array, budget: Budget): Body<Compound> {
  const count = bytes[0] ?? 0;
  let at = 1 + 2 * count;
  if (bytes.length < at) return failed("the lengths of a compound end too early", true);
  const parts: PacketMessage[] = [];
  let problem: string | undefined;
  if (count > MOST_COMPOUND_PARTS) problem = `a compound of ${count} parts, which memberlist 0.2.2 loses`;
  for (let i = 0; i < count; i++) {
    const length = (bytes[1 + 2 * i]! << 8) | bytes[2 + 2 * i]!;
    if (at + length > bytes.length) {
      problem ??= `${count - i} parts of a compound are missing`;
      break;
    }
    if (length === 0) problem ??= "an empty part of a compound, which crashes memberlist 0.2.2";
    const part = PACKET_MESSAGES.decodeInside(bytes.subarray(at, at + length), budget);
    problem ??= part.problem;
    parts.push(part);
    at += length;
  }
  return readable({ parts }, at, problem);
}

const LZW = 0;

/** A compressed message of one of `messages()`, which are asked for only when they are all declared. */
export function compressFormat<Inner extends AnyMessage>(
  messages: () => MessageSet<Inner>,
  innerFacts: readonly Fact[],
  plain: (random: Parameters<Format<unknown>["random"]>[0]) => Inner,
): Format<Compressed<Inner>> {
  return {
    initial: { algorithm: LZW, buffer: compress(new Uint8Array(0)) },
    decode: (bytes, budget) => decodeCompressed(bytes, budget, messages()),
    encode: (value) => {
      if ("buffer" in value) return COMPRESS.encode(value);
      if (value.algorithm !== LZW) throw new TypeError(`compress.algorithm ${value.algorithm} is unknown`);
      return compressMessage(messages().encode(value.message)).subarray(1);
    },
    random: (random) => ({ algorithm: LZW, message: plain(random) }),
    show: (value) =>
      "message" in value
        ? `compressed ${messages().show(value.message)}`
        : `${value.buffer.length} compressed bytes`,
    facts: [...COMPRESS.facts("memberlist.compress"), ...innerFacts],
    found: (value, take) => {
      take("memberlist.compress.algo", value.algorithm);
      if ("message" in value) messages().found(value.message, take);
      else take("memberlist.compress.buf", value.buffer);
    },
  };
}

function decodeCompressed<Inner extends AnyMessage>(
  bytes: Uint8Array,
  budget: Budget,
  messages: MessageSet<Inner>,
): Body<Compressed<Inner>> {
  const found = decodeMap(COMPRESS, bytes, budget.limits);
  if (!found.ok) return found;
  const { end } = found;
  const { algorithm, buffer } = found.value;
  const opaque = (problem: string): Body<Compressed<Inner>> => readable({ algorithm, buffer }, end, problem);
  if (algorithm !== LZW) return opaque(`an unknown compression algorithm ${algorithm}`);
  const { decompressedFreely, decompressedTimes } = budget.limits;
  const worth = Math.max(decompressedFreely, decompressedTimes * buffer.length);
  const plain = decompress(buffer, Math.min(budget.decompressed, worth));
  if (!plain.ok) return opaque(plain.error);
  if (plain.bytes.length === 0) return opaque("nothing in compression, which crashes memberlist 0.2.2");
  budget.decompressed -= plain.bytes.length;
  const message = messages.decodeInside(plain.bytes, budget);
  return readable({ algorithm, message }, end, message.problem);
}

const gossip = new MessageSet<GossipMessage>(GOSSIP_FORMATS);

const COMPRESS_FORMAT: Format<Compressed<PacketMessage>> = compressFormat(
  () => PACKET_MESSAGES,
  GOSSIP_FACTS,
  (random) => gossip.random(random),
);

export const PACKET_FORMATS = { ...GOSSIP_FORMATS, compound: COMPOUND_FORMAT, compress: COMPRESS_FORMAT };

/** Everything that a packet can be behind its label, checksum and encryption. */
export const PACKET_MESSAGES = new MessageSet<PacketMessage>(PACKET_FORMATS);

/** All that a packet says, compounds and compression undone. Never throws. */
export function decodePacket(
  bytes: Uint8Array,
  limits: MemberlistLimits = MEMBERLIST_LIMITS,
): { readonly messages: readonly GossipMessage[]; readonly problems: readonly string[] } {
  const messages: GossipMessage[] = [];
  const problems: string[] = [];
  const visit = (message: PacketMessage): void => {
    const { problem } = message;
    if (message.type === "compound") {
      const { parts } = message.body;
      // A part's problem is told there.
      if (problem !== undefined && parts.every((part) => part.problem !== problem)) problems.push(problem);
      for (const part of parts) visit(part);
    } else if (message.type === "compress" && "message" in message.body) visit(message.body.message);
    else if (message.type === "compress" || message.type === "unknown") problems.push(problem ?? "unknown");
    else messages.push(message);
  };
  visit(PACKET_MESSAGES.decode(bytes, budgetOf(limits)));
  return { messages, problems };
}

/** A message's bytes. Throws TypeError for what a field cannot hold and for what crashes peers. */
export function encodeMessage(message: PacketMessage): Uint8Array {
  return PACKET_MESSAGES.encode(message);
}

/** A compound of messages that are encoded already. */
export function encodeCompound(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length > MOST_COMPOUND_PARTS)
    throw new TypeError(`a compound takes ${MOST_COMPOUND_PARTS} parts, not ${parts.length}`);
  const header = new Uint8Array(2 + 2 * parts.length);
  header[0] = MESSAGE_TYPES.compound;
  header[1] = parts.length;
  for (const [i, { length }] of parts.entries()) {
    if (length === 0 || length > 0xffff) throw new TypeError(`a part of a compound with ${length} bytes`);
    header[2 + 2 * i] = length >> 8;
    header[3 + 2 * i] = length;
  }
  return concatBytes([header, ...parts]);
}

/** A message that is encoded already, compressed. In packets that is worth it when it is smaller, in streams always done. */
export function compressMessage(message: Uint8Array): Uint8Array {
  if (message.length === 0) throw new TypeError("an empty message in compression crashes peers");
  const body = COMPRESS.encode({ algorithm: LZW, buffer: compress(message) });
  return concatBytes([Uint8Array.of(MESSAGE_TYPES.compress), body]);
}
