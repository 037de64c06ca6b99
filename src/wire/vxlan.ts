import { bit, bits, u16, u24, u8 } from "#packet/field.ts";
import { message } from "#packet/message.ts";

/** Ethernet frames in UDP, of many networks that do not see each other. RFC 7348; the group policy bits are a draft's. */
export const Vxlan = message("vxlan", {
  title: "Virtual eXtensible Local Area Network",
  rfc: "RFC 7348",
  fields: {
    groupPolicy: bit({ query: "vxlan.flag_g" }),
    reserved1: bits(3, 0, { query: [] }),
    hasNetwork: bits(1, 1, { query: "vxlan.flag_i", display: "boolean", title: "Network is valid" }),
    reserved2: bits(4, 0, { query: [] }),
    dontLearn: bit({ query: "vxlan.flag_d" }),
    reserved3: bits(2, 0, { query: [] }),
    policyApplied: bit({ query: "vxlan.flag_a" }),
    reserved4: bits(3, 0, { query: [] }),
    group: u16(0, { query: "vxlan.gbp", title: "Group policy" }),
    network: u24(0, { query: "vxlan.vni" }),
    reserved5: u8(0, { query: "vxlan.reserved8" }),
  },
  next: { table: "vxlan" },
  on: { "udp.port": 4789 },
  info: ({ hasNetwork, network, groupPolicy, group }) =>
    `${hasNetwork ? `network ${network}` : "no network"}${groupPolicy ? `, group ${group}` : ""}`,
  derived: {
    "vxlan.flags": { type: "number", title: "Flags", value: "$0 * 256 + $1" },
    "vxlan.flags_reserved": {
      type: "number",
      title: "Reserved flags",
      value: "reserved1 << 12 | reserved2 << 7 | reserved3 << 4 | reserved4",
    },
  },
});
