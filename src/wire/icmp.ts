import {
  bit,
  bits,
  bytes,
  checksum,
  coded,
  computed,
  i32,
  ip,
  list,
  struct,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { IcmpExtension } from "#wire/icmp-extension.ts";
import { icmpText } from "#wire/icmp-text.ts";
import { lookahead } from "#wire/lookahead.ts";
import { MobileIpExtension } from "#wire/mobile-ip.ts";

const TYPES = {
  0: "Echo reply",
  3: "Destination unreachable",
  4: "Source quench",
  5: "Redirect",
  8: "Echo request",
  9: "Router advertisement",
  10: "Router solicitation",
  11: "Time exceeded",
  12: "Parameter problem",
  13: "Timestamp request",
  14: "Timestamp reply",
  15: "Information request",
  16: "Information reply",
  17: "Address mask request",
  18: "Address mask reply",
  30: "Traceroute",
  42: "Extended echo request",
  43: "Extended echo reply",
} as const;

const oneOf = (...types: readonly number[]): string =>
  `(${types.map((type) => `type == ${type}`).join(" || ")})`;

const ECHO = oneOf(0, 8);
const EXTENDED = oneOf(42, 43);
const IDENTIFIED = oneOf(0, 8, 13, 14, 15, 16, 17, 18, 42, 43);
const NUMBERED = oneOf(0, 8, 13, 14, 15, 16, 17, 18);
const ERROR = oneOf(3, 4, 5, 11, 12);
/** Errors that say how long the packet is that they quote, so that something may follow it (RFC 4884). */
const MEASURED = oneOf(3, 11, 12);
const TOO_BIG = "type == 3 && code == 4";
// The length is the sixth byte. Where it is 0, it counts as unused; `length` is what emit was given.
const HAS_LENGTH = "($5 != 0 || length != 0)";
/** Without a length, an extension may still follow 128 bytes, of a packet that is shorter (RFC 4884 5.5). */
const IS_EXTENDED =
  "(rest > 128 && (type != 4 && type != 5 && $5 != 0 ? $5 * 4 < rest : $10 * 256 + $11 <= 128))";

/** Bytes of the quoted header and eight more: the header's length is in its first byte. */
const QUOTED = "(($8 & 15) * 4 + 8)";

const RouterAddress = message("icmp.router", {
  fields: {
    address: ip("0.0.0.0", { query: "icmp.router_address" }),
    preference: i32(0, { query: "icmp.pref_level" }),
  },
});

const EchoRequestFlags = message("icmp.ext.echo.request", {
  fields: {
    reserved: bits(7, 0, { query: "icmp.ext.echo.req.res", display: "hex" }),
    local: bit({ query: "icmp.ext.echo.req.local" }),
  },
});

const EchoReplyFlags = message("icmp.ext.echo.reply", {
  fields: {
    state: bits(3, 0, { query: "icmp.ext.echo.rsp.state" }),
    reserved: bits(2, 0, { query: "icmp.ext.echo.rsp.res", display: "hex" }),
    active: bit({ query: "icmp.ext.echo.rsp.active" }),
    ipv4: bit({ query: "icmp.ext.echo.rsp.ipv4", title: "IPv4" }),
    ipv6: bit({ query: "icmp.ext.echo.rsp.ipv6", title: "IPv6" }),
  },
});

const extensionBehind = lookahead(IcmpExtension, (bytes, start) => {
  const length = bytes[start] === 4 || bytes[start] === 5 ? 0 : bytes[start + 5]!;
  return start + 8 + (length > 0 ? length * 4 : 128);
});

/** Control messages of IPv4: echo, errors that quote the start of a packet, router discovery. RFC 792. */
export const Icmp = message("icmp", {
  title: "Internet Control Message Protocol",
  rfc: "RFC 792",
  fields: {
    type: u8(8, { names: TYPES }),
    code: u8(0),
    checksum: u16(checksum({ algorithm: "internet", over: "layer" }), { display: "hex" }),
    identifier: when(IDENTIFIED, u16(0, { query: "icmp.ident" })),
    sequence: when(NUMBERED, u16(0, { query: "icmp.seq" })),
    originateTimestamp: when(oneOf(13, 14), u32(0)),
    receiveTimestamp: when(oneOf(13, 14), u32(0)),
    transmitTimestamp: when(oneOf(13, 14), u32(0)),
    addressMask: when(oneOf(17, 18), ip()),
    extendedSequence: when(EXTENDED, u8(0, { query: "icmp.ext.echo.seq" })),
    request: when("type == 42", struct(EchoRequestFlags)),
    reply: when("type == 43", struct(EchoReplyFlags)),
    echoExtension: when("type == 42 && rest > 0", struct(IcmpExtension, { query: "icmp.ext" })),
    gateway: when("type == 5", ip("0.0.0.0", { query: "icmp.redir_gw" })),
    quench: when("type == 4", u32(0, { query: [], title: "Unused" })),
    pointer: when("type == 12", u8(0)),
    unused: when(
      `(type == 11 || type == 3 && code != 4) && !${HAS_LENGTH}`,
      bytes(4, { query: "icmp.unused", title: "Unused" }),
    ),
    unusedBefore: when(
      `(type == 11 || type == 3) && ${HAS_LENGTH}`,
      bytes(1, { query: "icmp.unused", title: "Unused" }),
    ),
    unusedPair: when(`${TOO_BIG} && !${HAS_LENGTH}`, bytes(2, { query: "icmp.unused", title: "Unused" })),
    unusedTail: when(`type == 12 && !${HAS_LENGTH}`, bytes(3, { query: "icmp.unused", title: "Unused" })),
    length: when(
      `${MEASURED} && ${HAS_LENGTH}`,
      u8(0, { about: "of the quoted packet, in words of four bytes" }),
    ),
    unusedAfter: when(
      `${MEASURED} && ${HAS_LENGTH} && !(${TOO_BIG})`,
      bytes(2, { query: "icmp.unused", title: "Unused" }),
    ),
    mtu: when(TOO_BIG, u16(0, { title: "MTU of the next hop" })),
    extension: when(`${ERROR} && ${IS_EXTENDED}`, coded(extensionBehind)),
    numberOfAddresses: when("type == 9", u8(computed("count.addresses"), { query: "icmp.num_addrs" })),
    entrySize: when("type == 9", u8(2, { query: "icmp.addr_entry_size", about: "in words of four bytes" })),
    lifetime: when("type == 9", u16(1800, { about: "in seconds" })),
    addresses: when("type == 9 && entrySize == 2", list(RouterAddress, { count: "numberOfAddresses" })),
    mobility: when("type == 9 && entrySize == 2 && rest > 0", list(MobileIpExtension)),
    content: when(
      `!(${ECHO} || ${ERROR} || type == 9) && rest > 0`,
      bytes("rest", { query: [], title: "Content" }),
    ),
  },
  needs: "6",
  next: {
    table: "ip.proto",
    key: 4,
    when: ERROR,
    quoted: true,
    // Of a redirect, Wireshark takes no more than RFC 792 says it quotes: the header, and eight bytes.
    length: `type == 5 && ${QUOTED} < rest ? ${QUOTED} : length > 0 && length * 4 < rest ? length * 4 : rest`,
  },
  on: { "ip.proto": 1 },
  info: (values) => icmpText(values, (TYPES as Readonly<Record<number, string>>)[values.type]),
  derived: {
    "icmp.ident_le": {
      type: "number",
      title: "Identifier, little endian",
      value: "(identifier & 255) * 256 + (identifier >> 8)",
      when: IDENTIFIED,
    },
    "icmp.seq_le": {
      type: "number",
      title: "Sequence, little endian",
      value: "(sequence & 255) * 256 + (sequence >> 8)",
      when: NUMBERED,
    },
    "icmp.length.original_datagram": {
      type: "number",
      title: "Length of the quoted packet",
      value: "length * 4",
      when: `${MEASURED} && $5 != 0`,
    },
  },
});
