import {
  bit,
  bits,
  bytes,
  checksum,
  coded,
  computed,
  ip,
  ip6,
  list,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { zeroText } from "#wire/zero-text.ts";

/** A label of an MPLS stack. RFC 4950. */
const MplsLabel = message("icmp.mpls", {
  fields: {
    label: bits(20),
    experimental: bits(3, 0, { query: "icmp.mpls.exp" }),
    bottom: bit({ query: "icmp.mpls.s", title: "Bottom of the stack" }),
    ttl: u8(0, { title: "Time to live" }),
  },
});

const MPLS = "class == 1 && type == 1";
const INTERFACE = "class == 2";
const part = (mask: number): string => `${INTERFACE} && (type & ${mask}) != 0`;
const ADDRESS = "class == 3 && type == 3";

/** MPLS labels (RFC 4950), an interface that a packet came in by (RFC 5837), or the one that is asked for (RFC 8335). */
const IcmpObject = message("icmp.object", {
  title: "Object",
  rfc: "RFC 4884 8",
  fields: {
    length: u16(computed("headerSize"), { query: "icmp.ext.length" }),
    class: u8(0, {
      query: "icmp.ext.class",
      names: { 1: "MPLS label stack", 2: "Interface information", 3: "Interface identification" },
    }),
    type: u8(0, { query: "icmp.ext.ctype" }),
    labels: list(MplsLabel, { count: `${MPLS} ? rest / 4 : 0` }),
    strayLabel: when(`${MPLS} && rest > 0`, bytes("rest", { query: "icmp.mpls.data" })),
    index: when(part(8), u32(0, { query: "icmp.int_info.index", title: "Interface index" })),
    family: when(part(4), u16(1, { query: "icmp.int_info.afi", title: "Address family" })),
    familyReserved: when(part(4), bytes(2, { query: "icmp.reserved", title: "Reserved" })),
    address: when(`${part(4)} && family == 1`, ip("0.0.0.0", { query: "icmp.int_info.ipv4" })),
    address6: when(`${part(4)} && family == 2`, ip6("::", { query: "icmp.int_info.ipv6" })),
    nameLength: when(part(2), u8(computed("sizeOf.name + 1"), { query: "icmp.int_info.name_length" })),
    name: when(
      part(2),
      coded(zeroText("icmp.int_info.name", "Interface name"), { length: "nameLength - 1" }),
    ),
    mtu: when(part(1), u32(1500, { query: "icmp.int_info.mtu", title: "MTU" })),
    askedName: when("class == 3 && type == 1", coded(zeroText("icmp.int_ident.name", "Interface name"))),
    askedIndex: when("class == 3 && type == 2", u32(0, { query: "icmp.int_ident.index" })),
    askedFamily: when(ADDRESS, u16(1, { query: "icmp.int_ident.afi" })),
    askedLength: when(
      ADDRESS,
      u8(computed("askedFamily == 1 ? 4 : askedFamily == 2 ? 16 : sizeOf.askedAddress"), {
        query: "icmp.int_ident.addr_length",
      }),
    ),
    askedReserved: when(ADDRESS, bytes(1, { query: "icmp.int_ident.reserved", title: "Reserved" })),
    askedIp: when(`${ADDRESS} && askedFamily == 1`, ip("0.0.0.0", { query: "icmp.int_ident.ipv4" })),
    askedIp6: when(`${ADDRESS} && askedFamily == 2`, ip6("::", { query: "icmp.int_ident.ipv6" })),
    askedAddress: when(
      `${ADDRESS} && askedFamily != 1 && askedFamily != 2`,
      bytes("rest", { query: "icmp.int_ident.address" }),
    ),
    data: when(
      "rest > 0 && class != 2 && class != 3 && !(class == 1 && type == 1)",
      bytes("rest", { query: "icmp.ext.data" }),
    ),
    extra: when("rest > 0", bytes("rest", { query: [] })),
  },
  headerSize: "length",
  stops: { "an object of less than four bytes": "length >= 4" },
  derived: {
    "icmp.int_info.role": { type: "number", title: "Role", value: "type >> 6", when: INTERFACE },
    "icmp.int_info.reserved": { type: "number", title: "Reserved", value: "type >> 4 & 3", when: INTERFACE },
    "icmp.int_info.ifindex": { type: "boolean", title: "Index", value: "type >> 3 & 1", when: INTERFACE },
    "icmp.int_info.ipaddr": { type: "boolean", title: "Address", value: "type >> 2 & 1", when: INTERFACE },
    "icmp.int_info.name_present": { type: "boolean", title: "Name", value: "type >> 1 & 1", when: INTERFACE },
    "icmp.int_info.mtu_present": { type: "boolean", title: "MTU", value: "type & 1", when: INTERFACE },
  },
});

/** What follows the packet that an error quotes, or the header of an extended echo. RFC 4884 7. */
export const IcmpExtension = message("icmp.ext", {
  title: "Extension",
  rfc: "RFC 4884",
  fields: {
    version: bits(4, 2),
    reserved: bits(12, 0, { query: "icmp.ext.res", display: "hex" }),
    checksum: u16(checksum({ algorithm: "internet", over: "layer" }), { display: "hex" }),
    objects: list(IcmpObject),
  },
});
