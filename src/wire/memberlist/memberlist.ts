import type { Codec } from "#packet/codec.ts";
import { checksum, choose, coded, computed, text, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { lossless, type Lossless } from "#wire/lossless.ts";
import { budgetOf, TYPE_FACT, typeByte, type Format } from "#wire/memberlist/format.ts";
import { FRAME_LIMITS } from "#wire/memberlist/limits.ts";
import { INDIRECT_PING, MESSAGE_TYPE_NAMES, PING } from "#wire/memberlist/messages.ts";
import { PACKET_FORMATS } from "#wire/memberlist/packet.ts";
import { STREAM_FORMATS } from "#wire/memberlist/stream.ts";
import type { TypedMap } from "#wire/memberlist/typed-map.ts";
import {
  foundSealed,
  joinSealed,
  SEALED_FACTS,
  showSealed,
  splitSealed,
  type Sealed,
} from "#wire/memberlist/wrapping.ts";

/** A message's body as a field. Of a segment of a stream, what cannot be read may go on in the next. */
function bodyCodec<Value extends object>(
  type: string,
  format: Format<Value>,
  segment: boolean,
): Codec<Lossless<Value>> {
  return lossless({
    name: `memberlist.${type}`,
    initial: format.initial,
    read: (bytes, at, end) => {
      const found = format.decode(bytes.subarray(at, end), budgetOf(FRAME_LIMITS, segment));
      if (found.ok) return { ...found, end };
      return { ok: false, end, ...(!(segment && found.truncated) && { problem: found.error }) };
    },
    write: (value) => format.encode(value),
    random: (random) => format.random(random),
    show: (value) => format.show(value),
    facts: [TYPE_FACT, ...format.facts],
    found: (value, take) => {
      take(TYPE_FACT.query, typeByte(type));
      format.found(value, take);
    },
  });
}

/**
 * Bytes 0 and 1 begin a ping, an indirect ping, or an encrypted packet of that version: nothing but the receiver's
 * configuration says which. We look whether a map with a known key follows, as chance has it once in 2^40 packets.
 */
function orSealed<Value extends object>(
  type: "ping" | "indirectPing",
  format: Format<Value>,
  map: Pick<TypedMap<never>, "begins">,
): Codec<Lossless<Value | Sealed>> {
  const version = typeByte(type);
  const plain = bodyCodec(type, format, false);
  return {
    ...plain,
    read: (bytes, at, end, start) => {
      const found = plain.read(bytes, at, end, start);
      if (!("error" in found) && found.problem === undefined) return found;
      // The version is the byte before, which the layer's type field has read.
      const sealed = splitSealed(bytes.subarray(at - 1, end));
      return sealed.ok && !map.begins(bytes, at, end) ? { value: sealed.value, next: end } : found;
    },
    write: (value, offset, state) => {
      return isSealed(value)
        ? joinSealed({ ...value, version }).subarray(1)
        : plain.write(value, offset, state);
    },
    show: (value) => (isSealed(value) ? showSealed(value) : plain.show(value)),
    facts: [...plain.facts!, ...SEALED_FACTS],
    factsOf: (value, take) => {
      if (isSealed(value)) foundSealed(value, take);
      else plain.factsOf!(value, take);
    },
  };
}

function isSealed<Value extends object>(value: Lossless<Value | Sealed>): value is Sealed {
  return "nonce" in value;
}

const PACKET_TYPES = new Map([
  ...MESSAGE_TYPE_NAMES,
  [0, "ping, or encrypted (version 0)"],
  [1, "indirectPing, or encrypted (version 1)"],
]);
const { ping, indirectPing, ack, nack, suspect, alive, dead, user, compound, compress } = PACKET_FORMATS;

const DATA = "memberlist.data";
const LABEL = {
  labelLength: when("type == 244", u8(computed("sizeOf.label"), { query: [] })),
  label: when("type == 244", text("labelLength", { query: "memberlist.label" })),
};

function showBody(body: unknown, codecs: Readonly<Record<number, unknown>>, type: number): string {
  const codec = codecs[type] as { readonly spec: { readonly codec: Codec<unknown> } } | undefined;
  return codec && body !== undefined ? codec.spec.codec.show(body) : "";
}

const PACKET_BODIES = {
  0: coded(orSealed("ping", ping, PING)),
  1: coded(orSealed("indirectPing", indirectPing, INDIRECT_PING)),
  2: coded(bodyCodec("ack", ack, false)),
  3: coded(bodyCodec("suspect", suspect, false)),
  4: coded(bodyCodec("alive", alive, false)),
  5: coded(bodyCodec("dead", dead, false)),
  7: coded(bodyCodec("compound", compound, false)),
  8: coded(bodyCodec("user", user, false)),
  9: coded(bodyCodec("compress", compress, false)),
  11: coded(bodyCodec("nack", nack, false)),
};

/**
 * Membership by gossip, as HashiCorp's memberlist and Serf speak it, in packets. A label and a checksum are layers of
 * their own around the message. An encrypted packet has no type: its first byte is the encryption's version.
 */
export const Memberlist = message("memberlist", {
  title: "memberlist",
  label: "Memberlist",
  fields: {
    type: u8(8, { query: [], names: PACKET_TYPES, title: "Message type" }),
    ...LABEL,
    crc: when("type == 12", u32(checksum({ algorithm: "crc32", over: "payload" }), { display: "hex" })),
    body: when("type != 12 && type != 244", choose("type", PACKET_BODIES, { length: "rest", query: DATA })),
  },
  checks: {
    "a message of a type that packets do not have":
      "type <= 5 || (type >= 7 && type <= 9) || type == 11 || type == 12 || type == 244",
    "an empty label": "type != 244 || labelLength > 0",
    "nothing behind a label": "type != 244 || rest > 0",
    "nothing behind a checksum, which crashes memberlist 0.2.2": "type != 12 || rest > 0",
  },
  next: { table: "memberlist", key: 0, when: "type == 12 || type == 244" },
  on: { "udp.port": 7946, memberlist: 0 },
  info: ({ type, label, body }) =>
    label === undefined ? showBody(body, PACKET_BODIES, type) : `label ${label}`,
});

const STREAM_BODIES = {
  0: coded(bodyCodec("ping", STREAM_FORMATS.ping, true)),
  2: coded(bodyCodec("ack", STREAM_FORMATS.ack, true)),
  6: coded(bodyCodec("pushPull", STREAM_FORMATS.pushPull, true)),
  8: coded(bodyCodec("user", STREAM_FORMATS.user, true)),
  9: coded(bodyCodec("compress", STREAM_FORMATS.compress, true)),
  10: coded(bodyCodec("encrypt", STREAM_FORMATS.encrypt, true)),
  13: coded(bodyCodec("error", STREAM_FORMATS.error, true)),
};

/** The same in streams: the exchange of all that two nodes know, pings where packets do not pass, long user messages. */
export const MemberlistStream = message("memberlist.stream", {
  protocol: "memberlist",
  prefix: "memberlist",
  title: "memberlist stream",
  label: "Memberlist",
  fields: {
    type: u8(6, { query: [], names: MESSAGE_TYPE_NAMES, title: "Message type" }),
    ...LABEL,
    body: when("type != 244", choose("type", STREAM_BODIES, { length: "rest", query: DATA })),
  },
  checks: { "an empty label": "type != 244 || labelLength > 0" },
  next: { table: "memberlist.stream", key: 0, when: "type == 244" },
  on: { "tcp.port": 7946, "memberlist.stream": 0 },
  info: ({ type, label, body }) =>
    label === undefined ? showBody(body, STREAM_BODIES, type) : `label ${label}`,
});
