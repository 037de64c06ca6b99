import { bytes, checksum, choose, coded, u16, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { IcmpExtension } from "#wire/icmp-extension.ts";
import { icmpv6Text } from "#wire/icmpv6-text.ts";
import { lookahead } from "#wire/lookahead.ts";
import { MldQuery, MldReport, MldReport2 } from "#wire/mld.ts";
import {
  NeighborAdvertisement,
  NeighborSolicitation,
  Redirect,
  RouterAdvertisement,
  RouterSolicitation,
} from "#wire/neighbor-discovery.ts";

// The length is the first byte. Where it is 0, it counts as unused; `length` is what emit was given.
const HAS_LENGTH = "($0 != 0 || length != 0)";

const extensionBehind = lookahead(IcmpExtension, (bytes, start) => start + 8 + bytes[start + 4]! * 8);

/** Errors that may say how long the packet is that they quote, so that something may follow it. */
const Quoting = message("icmpv6.quoting", {
  title: "Error",
  rfc: "RFC 4884",
  fields: {
    unused: when(`!${HAS_LENGTH}`, bytes(4, { query: "icmpv6.reserved" })),
    length: when(
      HAS_LENGTH,
      u8(0, { query: "icmpv6.length", about: "of the quoted packet, in units of eight bytes" }),
    ),
    unusedAfter: when(HAS_LENGTH, bytes(3, { query: "icmpv6.reserved" })),
    extension: when("length > 0 && length * 8 < rest", coded(extensionBehind)),
  },
});

const PacketTooBig = message("icmpv6.too_big", { fields: { mtu: u32(1280, { query: "icmpv6.mtu" }) } });

const ParameterProblem = message("icmpv6.parameter", {
  fields: { pointer: u32(0, { query: "icmpv6.pointer", about: "where in the packet" }) },
});

const Echo = message("icmpv6.echo", {
  fields: { identifier: u16(), sequence: u16(0, { query: ".sequence_number" }) },
});

const TYPES = {
  1: "Destination unreachable",
  2: "Packet too big",
  3: "Time exceeded",
  4: "Parameter problem",
  128: "Echo request",
  129: "Echo reply",
  130: "Multicast listener query",
  131: "Multicast listener report",
  132: "Multicast listener done",
  133: "Router solicitation",
  134: "Router advertisement",
  135: "Neighbor solicitation",
  136: "Neighbor advertisement",
  137: "Redirect",
  143: "Multicast listener report, version 2",
};

/**
 * What nodes of IPv6 tell each other: errors, which quote the packet that they are about, echoes, neighbor discovery
 * and multicast listener discovery.
 */
export const Icmpv6 = message("icmpv6", {
  title: "Internet Control Message Protocol v6",
  label: "ICMPv6",
  rfc: "RFC 4443",
  fields: {
    type: u8(128, { names: TYPES }),
    code: u8(),
    checksum: u16(checksum({ algorithm: "internet", over: "layer", pseudo: true }), { display: "hex" }),
    body: choose(
      "type",
      {
        1: Quoting,
        2: PacketTooBig,
        3: Quoting,
        4: ParameterProblem,
        128: Echo,
        129: Echo,
        130: MldQuery,
        131: MldReport,
        132: MldReport,
        133: RouterSolicitation,
        134: RouterAdvertisement,
        135: NeighborSolicitation,
        136: NeighborAdvertisement,
        137: Redirect,
        143: MldReport2,
      },
      { query: "icmpv6.data" },
    ),
  },
  next: {
    table: "ip.proto",
    key: 41,
    when: "type >= 1 && type <= 4 || type >= 133 && type <= 137",
    quoted: true,
  },
  on: { "ip.proto": 58 },
  info: ({ type, code, body }) =>
    icmpv6Text(type, code, (TYPES as Readonly<Record<number, string>>)[type], body),
});
