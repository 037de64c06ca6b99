import type { Layer, Packet } from "#packet/dissect.ts";
import { bits, checksum, choose, computed, flags, list, padding, u16, u32 } from "#packet/field.ts";
import { message, type Finding } from "#packet/message.ts";
import { asciiField } from "#wire/ascii-text.ts";
import { findDuplicateSack } from "#wire/tcp-duplicate-sack.ts";
import { TcpOption } from "#wire/tcp-options.ts";
import { tcpText } from "#wire/tcp-text.ts";

/** What the data of a segment that resets is: the cause, as text (RFC 9293 3.5.2). Nothing follows it. */
export const TcpReset = message("tcp.reset", {
  title: "Reset cause",
  rfc: "RFC 9293 3.5.2",
  transparent: true,
  fields: { cause: asciiField("tcp.reset_cause", "Reset cause") },
  on: { "tcp.reset": 0 },
});

/** Streams of bytes that arrive whole and in order. RFC 9293; the AE flag is RFC 7560's and accurate ECN's. */
export const Tcp = message("tcp", {
  title: "Transmission Control Protocol",
  rfc: "RFC 9293",
  fields: {
    sourcePort: u16(0, { query: ["tcp.srcport", "tcp.port"] }),
    destinationPort: u16(0, { query: ["tcp.dstport", "tcp.port"] }),
    sequence: u32(0, { query: "tcp.seq" }),
    // Queries look for it only in a header that may be one: the byte with its size is the thirteenth.
    acknowledgment: choose(
      "$12 < 0x50",
      { 1: u32(0, { query: [], title: "Acknowledgment" }) },
      { otherwise: u32(0, { query: ["tcp.ack", "tcp.ack_raw"], title: "Acknowledgment" }) },
    ),
    dataOffset: bits(4, computed("headerSize / 4"), { query: [], about: "in words of four bytes" }),
    flags: flags(
      {
        accurateEcn: [0x100, "tcp.flags.ae"],
        cwr: [0x080, "tcp.flags.cwr"],
        ece: [0x040, "tcp.flags.ece"],
        urg: [0x020, "tcp.flags.urg"],
        ack: [0x010, "tcp.flags.ack"],
        psh: [0x008, "tcp.flags.push"],
        rst: [0x004, "tcp.flags.reset"],
        syn: [0x002, "tcp.flags.syn"],
        fin: [0x001, "tcp.flags.fin"],
      },
      { bits: 12 },
    ),
    window: u16(65_535, { query: "tcp.window_size_value" }),
    checksum: u16(checksum({ algorithm: "internet", over: "layer", pseudo: true }), { display: "hex" }),
    urgentPointer: u16(0),
    options: list(TcpOption, { fits: "kind < 2 || length >= 2 && length <= rest" }),
    padding: padding(4),
  },
  headerSize: "dataOffset * 4",
  needs: "4",
  stops: { "a header of less than 20 bytes": "dataOffset >= 5" },
  next: [
    { table: "tcp.reset", when: "flags.rst" },
    { table: "tcp.port", key: "sourcePort < destinationPort ? sourcePort : destinationPort" },
    { table: "tcp.port", key: "sourcePort < destinationPort ? destinationPort : sourcePort" },
  ],
  on: { "ip.proto": 6 },
  info: (values, { payloadSize }) => tcpText(values, payloadSize),
  derived: {
    "tcp.seq_raw": {
      type: "number",
      title: "Sequence",
      value: "sequence",
      when: "quoted == 0 && dataOffset >= 0",
    },
    "tcp.hdr_len": { type: "number", title: "Header length", value: "dataOffset * 4" },
    "tcp.flags.res": { type: "boolean", title: "Reserved", value: "flags.other != 0" },
    "tcp.options": { type: "bytes", title: "Options", value: optionBytes },
    "tcp.options.sack.dsack_le": {
      type: "number",
      title: "Duplicate segment's left edge",
      value: (packet, layer) => findDuplicateSack(packet, layer, 0),
    },
    "tcp.options.sack.dsack_re": {
      type: "number",
      title: "Duplicate segment's right edge",
      value: (packet, layer) => findDuplicateSack(packet, layer, 4),
    },
    "tcp.len": {
      type: "number",
      title: "Segment length",
      value: "size - dataOffset * 4",
      when: "quoted == 0 && dataOffset * 4 <= size",
    },
    "tcp.payload": { type: "bytes", title: "Payload", value: "payload", when: "flags.rst == 0" },
  },
});

function optionBytes({ bytes, captured }: Packet, { start, headerEnd, values }: Layer): Finding | undefined {
  const end = Math.min(headerEnd, captured);
  if (values["urgentPointer"] === undefined || end <= start + 20) return undefined;
  return { value: bytes.subarray(start + 20, end), start: start + 20, end };
}
