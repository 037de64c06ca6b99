import type { Codec } from "#packet/codec.ts";
import { coded, ip, list, u32, u8 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { readUint, writeUint } from "#packet/primitive.ts";
import { float32 } from "#wire/ospf/float.ts";
import { tlv } from "#wire/ospf/tlv.ts";

/** A mask of administrative groups; queries find each of its bits, too. RFC 3630 2.5.9. */
const groups: Codec<number> = {
  name: "administrative groups",
  initial: 0,
  read(from, at, end) {
    if (at + 4 > end) return { error: "truncated", at };
    return { value: readUint(from, at, 4, false), next: at + 4 };
  },
  write(value) {
    const mask = new Uint8Array(4);
    writeUint(mask, 0, 4, value, false);
    return mask;
  },
  random: (random) => random.next(),
  show: (value) => `0x${value.toString(16)}`,
  facts: [
    { query: "ospf.mpls.linkcolor", type: "number", title: "Administrative groups" },
    { query: "ospf.mpls.group", type: "number", title: "Administrative group" },
  ],
  factsOf(value, found) {
    found("ospf.mpls.linkcolor", value);
    for (let i = 0; i < 32; i++) if ((value >>> i) & 1) found("ospf.mpls.group", 2 ** i);
  },
};

const bandwidth = coded(float32("ospf.mpls.link_max_bw", "Bandwidth"));

/** What is known of a link. RFC 3630 2.5, RFC 4203 1.1 (identifiers) and 1.3 (shared risk link groups). */
export const TrafficEngineeringLinkTlv = tlv("ospf.te.link.tlv", {
  title: "Link sub-TLV",
  rfc: "RFC 3630 2.5",
  names: {
    1: "Link type",
    2: "Link ID",
    3: "Local interface IP address",
    4: "Remote interface IP address",
    5: "Traffic engineering metric",
    6: "Maximum bandwidth",
    7: "Maximum reservable bandwidth",
    8: "Unreserved bandwidth",
    9: "Administrative group",
    11: "Link Local/Remote Identifiers",
    14: "Link Protection Type",
    15: "Interface Switching Capability Descriptor",
    16: "Shared Risk Link Group",
  },
  unknown: "ospf.tlv_value",
  cases: {
    1: u8(1, { query: "ospf.mpls.linktype", names: { 1: "Point-to-point", 2: "Multi-access" } }),
    2: ip("0.0.0.0", { query: "ospf.mpls.linkid" }),
    3: list(ip("0.0.0.0", { query: "ospf.mpls.local_addr" })),
    4: list(ip("0.0.0.0", { query: "ospf.mpls.remote_addr" })),
    5: u32(0, { query: "ospf.mpls.te_metric" }),
    6: bandwidth,
    7: bandwidth,
    8: list(coded(float32("ospf.mpls.pri", "Unreserved bandwidth")), { count: 8 }),
    9: coded(groups),
    11: message("ospf.te.link.identifiers", {
      title: "Link identifiers",
      rfc: "RFC 4203 1.1",
      fields: {
        local: u32(0, { query: "ospf.mpls.local_id" }),
        remote: u32(0, { query: "ospf.mpls.remote_id" }),
      },
    }),
    16: list(u32(0, { query: "ospf.mpls.shared_risk_link_group" })),
  },
});
export type TrafficEngineeringLinkTlv = ValuesOf<typeof TrafficEngineeringLinkTlv>;

/** A router's address, or one of its links. RFC 3630 2.4. */
export const TrafficEngineeringTlv = tlv("ospf.te.tlv", {
  title: "Traffic engineering TLV",
  rfc: "RFC 3630 2.4",
  names: { 1: "Router Address", 2: "Link" },
  unknown: "ospf.tlv_value",
  cases: {
    1: ip("0.0.0.0", { query: "ospf.mpls.routerid" }),
    2: list(TrafficEngineeringLinkTlv),
  },
});
export type TrafficEngineeringTlv = ValuesOf<typeof TrafficEngineeringTlv>;

/** Opaque type 1: what traffic engineering knows of a router and its links. RFC 3630. */
export const TrafficEngineeringLsa = message("ospf.te", {
  title: "Traffic Engineering LSA",
  rfc: "RFC 3630",
  fields: { tlvs: list(TrafficEngineeringTlv) },
  derived: { "ospf.lsa.mpls": { type: "boolean", title: "Traffic engineering", value: "1" } },
});
export type TrafficEngineeringLsa = ValuesOf<typeof TrafficEngineeringLsa>;
